import pytest

from densebench.measuring.gpu.card_lookup import FoundCard
from densebench.measuring.gpu.nvml import Card
from densebench.measuring.gpu.samples import Samples

MIB = 2**20
OURS = 4242


@pytest.fixture
def samples(nvml, card, clock) -> Samples:
    card.compute = {OURS: 100 * MIB}
    return Samples(Card(FoundCard(nvml=nvml, handle=card)), pid=OURS, clock=clock)


def test_peaks_are_the_largest_samples_since_the_beginning(samples, card) -> None:
    for used in (200, 700, 300):
        card.used, card.compute = used * MIB, {OURS: (used - 50) * MIB}
        samples.take()
        samples.begin_epoch()
    assert (samples.device_peak(), samples.process_peak()) == (700 * MIB, 650 * MIB)


def test_a_process_that_grows_as_another_shrinks_is_seen_by_the_next_sample(samples, card) -> None:
    samples.take()
    card.compute = {OURS: 800 * MIB}
    samples.take()
    assert samples.process_peak() == 800 * MIB


def test_peaks_are_unknown_once_the_driver_is_silent(samples, nvml, card) -> None:
    card.used = 700 * MIB
    samples.take()
    nvml.dead = "GPU is lost"
    samples.take()
    assert samples.device_peak() is samples.process_peak() is None
    assert "GPU is lost" in samples.memory_source(0.01)


def test_the_source_names_the_interval_that_was_kept_if_samples_came_late(samples, clock) -> None:
    for _ in range(10):
        clock.now += 0.03
        samples.take()
    assert samples.memory_source(0.01).endswith("every 30 ms")
    assert samples.memory_source(0.025).endswith("every 25 ms")


def test_a_card_of_ones_own_needs_no_warning(samples) -> None:
    samples.take()
    assert samples.warnings() == ()


def take(samples, card, reasons) -> None:
    card.reasons = reasons
    samples.take()


def test_one_throttled_sample_of_many_is_no_warning(samples, card) -> None:
    samples.begin_epoch()
    for reasons in (0x20, *[0] * 20):
        take(samples, card, reasons)
    assert samples.warnings() == ()


def test_throttling_in_a_tenth_of_the_epochs_samples_is_a_warning_that_stays(samples, card) -> None:
    samples.begin_epoch()
    for reasons in (0x20, 0x20, *[0] * 12):
        take(samples, card, reasons)
    assert samples.warnings() == ("GPU throttled by heat",)
    samples.begin_epoch()
    take(samples, card, 0)
    assert samples.warnings() == ("GPU throttled by heat",)


def test_idle_samples_before_the_epoch_do_not_hide_its_throttling(samples, card) -> None:
    for _ in range(50):
        take(samples, card, 0)
    samples.begin_epoch()
    take(samples, card, 0x04)
    assert samples.warnings() == ("GPU throttled by the power limit",)


def test_a_process_that_a_container_lists_with_no_memory_is_unknown_and_not_0(samples, card) -> None:
    card.used, card.compute = 700 * MIB, {OURS: 0}
    samples.take()
    assert samples.process_peak() is None
    assert "the driver does not report the memory of a process" in samples.memory_source(0.01)
