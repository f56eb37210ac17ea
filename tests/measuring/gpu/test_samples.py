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


def test_a_list_of_processes_is_read_only_where_the_cards_memory_changed_or_every_tenth_time(samples, nvml) -> None:
    for _ in range(20):
        samples.take()
    assert nvml.calls.count("nvmlDeviceGetComputeRunningProcesses") == 2


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
