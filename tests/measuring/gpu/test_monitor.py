import time
from collections.abc import Callable

import pytest

from densebench.measuring.gpu.allocator import NO_GPU, GpuMemory
from densebench.measuring.gpu.card_lookup import FoundCard, NoCardError
from densebench.measuring.gpu.monitor import (
    NoGpu,
    SamplingMonitor,
    ask_gpu,
    describe_memory_source,
    list_warnings,
    open_monitor,
)
from densebench.measuring.gpu.nvml import Card

MIB = 2**20
OURS = 4242


@pytest.fixture
def monitor(nvml, card, clock) -> SamplingMonitor:
    card.compute = {OURS: 100 * MIB}
    return SamplingMonitor(Card(FoundCard(nvml=nvml, handle=card)), pid=OURS, clock=clock)


def raising(message: str) -> Callable[[], FoundCard]:
    def find() -> FoundCard:
        raise NoCardError(message)

    return find


# Memory


def test_the_peak_of_card_and_process_outlives_the_moment_it_was_seen(monitor, card) -> None:
    card.used, card.compute = 700 * MIB, {OURS: 600 * MIB}
    monitor.sample()
    card.used, card.compute = 300 * MIB, {OURS: 200 * MIB}
    reading = monitor.end_epoch()
    assert reading.device_peak_bytes == 700 * MIB
    assert reading.process_peak_bytes == 600 * MIB
    assert reading.memory_source == "NVML memory version 2 every 100 ms"


def test_a_peak_is_kept_from_epoch_to_epoch(monitor, card) -> None:
    card.used = 700 * MIB
    monitor.begin_epoch()
    card.used = 300 * MIB
    monitor.end_epoch()
    monitor.begin_epoch()
    assert monitor.end_epoch().device_peak_bytes == 700 * MIB


def test_where_the_cards_memory_is_hidden_the_process_is_still_watched_at_every_sample(nvml, card, clock) -> None:
    nvml.lacking = {"nvmlDeviceGetMemoryInfo", "nvmlDeviceGetMemoryInfo_v2"}
    monitor = SamplingMonitor(Card(FoundCard(nvml=nvml, handle=card)), pid=OURS, clock=clock)
    monitor.sample()
    card.compute = {OURS: 800 * MIB}
    monitor.sample()
    card.compute = {OURS: 100 * MIB}
    reading = monitor.end_epoch()
    assert (reading.device_peak_bytes, reading.process_peak_bytes) == (None, 800 * MIB)
    assert reading.memory_source == "NVML memory unknown: Not Supported"


def test_a_process_on_two_lists_is_counted_once(monitor, card) -> None:
    card.compute, card.graphics = {OURS: 300 * MIB}, {OURS: 300 * MIB}
    assert monitor.end_epoch().process_peak_bytes == 300 * MIB


def test_a_process_under_mps_is_found_on_its_list(monitor, card) -> None:
    card.compute, card.mps = {99: 30 * MIB}, {OURS: 300 * MIB}
    reading = monitor.end_epoch()
    assert reading.process_peak_bytes == 300 * MIB
    assert reading.warnings == ("GPU shared with 1 other process",)


def test_in_a_container_without_pids_the_process_is_unknown_and_the_card_is_not(monitor, card) -> None:
    card.used, card.compute = 700 * MIB, {}
    reading = monitor.end_epoch()
    assert reading.process_peak_bytes is None
    assert reading.device_peak_bytes == 700 * MIB
    assert "process unknown: PID 4242 is not on the card's list" in reading.memory_source


def test_a_driver_that_hides_the_memory_of_processes_leaves_it_unknown(monitor, card) -> None:
    card.compute = {OURS: None}
    reading = monitor.end_epoch()
    assert reading.process_peak_bytes is None
    assert "the driver does not report the memory of a process" in reading.memory_source


def test_an_unsupported_process_list_leaves_the_process_unknown_with_the_drivers_words(nvml, card, clock) -> None:
    nvml.lacking = {f"nvmlDeviceGet{kind}RunningProcesses" for kind in ("Compute", "Graphics", "MPSCompute")} | {
        "nvmlDeviceGetComputeRunningProcesses_v2"
    }
    reading = SamplingMonitor(Card(FoundCard(nvml=nvml, handle=card)), pid=OURS, clock=clock).end_epoch()
    assert reading.process_peak_bytes is None
    assert "process unknown: Not Supported" in reading.memory_source


def test_an_older_driver_is_asked_for_the_older_list(monitor, nvml, card) -> None:
    nvml.lacking = {"nvmlDeviceGetComputeRunningProcesses"}
    assert monitor.end_epoch().process_peak_bytes == 100 * MIB


def test_version_1_of_the_memory_figure_is_a_fallback_that_is_told(nvml, card, clock) -> None:
    nvml.lacking = {"nvmlDeviceGetMemoryInfo_v2"}
    card.used = 100 * MIB
    reading = SamplingMonitor(Card(FoundCard(nvml=nvml, handle=card)), pid=OURS, clock=clock).end_epoch()
    assert reading.device_peak_bytes == 150 * MIB
    assert "version 1" in reading.memory_source
    assert "NVML memory counts the driver's own reserve (version 1)" in reading.warnings


def test_samples_that_came_late_are_told_by_the_interval_that_was_kept(monitor, clock) -> None:
    for _ in range(9):
        clock.now += 0.4
        monitor.sample()
    clock.now += 0.4
    assert monitor.end_epoch().memory_source == "NVML memory version 2 every 400 ms"


# Energy


def test_energy_is_the_difference_of_the_counter_over_the_epoch_alone(monitor, card) -> None:
    card.millijoules = 5_000
    monitor.begin_epoch()
    card.millijoules = 47_500
    assert monitor.end_epoch().energy_joules == 42.5
    card.millijoules = 90_000  # the evaluation
    monitor.begin_epoch()
    card.millijoules = 91_000
    reading = monitor.end_epoch()
    assert (reading.energy_joules, reading.energy_source) == (1.0, "counter, over less than 10 s")


def test_an_old_card_has_its_power_integrated_and_says_so(nvml, card, clock) -> None:
    nvml.lacking = {"nvmlDeviceGetTotalEnergyConsumption"}
    monitor = SamplingMonitor(Card(FoundCard(nvml=nvml, handle=card)), pid=OURS, clock=clock)
    card.milliwatts = 999_000  # before the epoch
    monitor.sample()
    clock.now += 5
    card.milliwatts = 100_000
    monitor.begin_epoch()
    clock.now += 1
    card.milliwatts = 200_000
    monitor.sample()
    clock.now += 2
    reading = monitor.end_epoch()
    assert reading.energy_joules == pytest.approx(150 * 1 + 200 * 2)
    assert reading.energy_source == "sampled power: the card has no energy counter"


def test_a_card_without_counter_and_power_has_no_energy(nvml, card, clock) -> None:
    nvml.lacking = {"nvmlDeviceGetTotalEnergyConsumption", "nvmlDeviceGetPowerUsage"}
    monitor = SamplingMonitor(Card(FoundCard(nvml=nvml, handle=card)), pid=OURS, clock=clock)
    monitor.begin_epoch()
    reading = monitor.end_epoch()
    assert reading.energy_joules is None
    assert reading.energy_source == "no counter and no power: Not Supported"


def test_a_counter_that_stood_still_gives_no_energy_rather_than_0(monitor, card) -> None:
    card.millijoules = 7
    monitor.begin_epoch()
    reading = monitor.end_epoch()
    assert reading.energy_joules is None
    assert "too short" in reading.energy_source


def test_a_counter_that_was_reset_gives_no_energy(monitor, card) -> None:
    card.millijoules = 9_000
    monitor.begin_epoch()
    card.millijoules = 10
    reading = monitor.end_epoch()
    assert reading.energy_joules is None
    assert "reset" in reading.energy_source


# What a reader must know


def test_other_processes_on_the_card_are_counted_at_their_most(monitor, card) -> None:
    card.compute = {OURS: MIB, 7: MIB, 8: None}
    monitor.sample()
    card.compute = {OURS: MIB}
    assert monitor.end_epoch().warnings == ("GPU shared with 2 other processes",)


def test_processes_before_ours_appears_are_all_others(monitor, card) -> None:
    card.compute = {7: MIB}
    monitor.sample()
    card.compute, card.used = {OURS: MIB}, 5
    assert monitor.end_epoch().warnings == ("GPU shared with 1 other process",)


def test_where_our_pid_is_hidden_one_on_the_list_may_be_us(monitor, card) -> None:
    card.compute = {7: MIB}
    assert monitor.end_epoch().warnings == ()
    card.compute, card.used = {7: MIB, 8: MIB}, 5
    assert monitor.end_epoch().warnings == ("GPU shared with at least 1 other process",)


def test_throttling_is_named_by_its_causes_and_remembered(monitor, card) -> None:
    card.reasons = 0x20 | 0x40 | 0x04
    monitor.begin_epoch()
    card.reasons = 0
    monitor.end_epoch()
    monitor.begin_epoch()
    assert monitor.end_epoch().warnings == ("GPU throttled by the power limit and heat",)


def test_an_idle_card_and_clocks_set_by_hand_are_no_throttling(monitor, card) -> None:
    card.reasons = 0x01 | 0x02 | 0x100
    monitor.begin_epoch()
    assert monitor.end_epoch().warnings == ()


def test_an_older_driver_is_asked_for_throttling_by_the_older_name(monitor, nvml, card) -> None:
    nvml.lacking = {"nvmlDeviceGetCurrentClocksEventReasons"}
    card.reasons = 0x40
    monitor.begin_epoch()
    assert monitor.end_epoch().warnings == ("GPU throttled by heat",)


def test_a_low_clock_is_flagged_and_recorded(monitor, card) -> None:
    card.clock = 1200
    monitor.begin_epoch()
    reading = monitor.end_epoch()
    assert reading.clock_mhz == 1200
    assert reading.warnings == ("GPU clock below 75% of its maximum",)


def test_the_clock_is_the_median_of_the_epoch(monitor, card) -> None:
    card.clock = 100
    monitor.sample()
    card.clock = 2000
    monitor.begin_epoch()
    for clock in (1900, 1700):
        card.clock = clock
        monitor.sample()
    assert monitor.end_epoch().clock_mhz == 1800  # of 2000, 1900, 1700 and, at the end, 1700


def test_a_mig_instance_has_its_own_memory_and_the_whole_cards_energy(nvml, card, make_card, clock) -> None:
    instance = make_card(uuid="MIG-1", parent=card, used=10 * MIB, compute={OURS: 9 * MIB})
    card.used, card.mig_mode = 900 * MIB, 1
    monitor = SamplingMonitor(Card(FoundCard(nvml=nvml, handle=instance)), pid=OURS, clock=clock)
    monitor.begin_epoch()
    card.millijoules = 3000
    reading = monitor.end_epoch()
    assert (reading.device_peak_bytes, reading.energy_joules) == (10 * MIB, 3.0)
    assert reading.warnings == ("GPU is a MIG instance: energy and clocks are the whole card's",)


def test_mig_with_an_unknown_instance_is_told(nvml, card, clock) -> None:
    card.mig_mode = 1
    monitor = SamplingMonitor(Card(FoundCard(nvml=nvml, handle=card)), pid=OURS, clock=clock)
    assert monitor.end_epoch().warnings == ("MIG is on and the instance unknown: NVML memory is the whole card's",)


# A driver that dies, and none


def test_a_driver_that_dies_ends_the_figures_with_its_reason_and_raises_nothing(monitor, nvml, card) -> None:
    card.used = 700 * MIB
    monitor.begin_epoch()
    nvml.dead = "GPU is lost"
    monitor.sample()
    reading = monitor.end_epoch()
    assert reading.device_peak_bytes is reading.process_peak_bytes is reading.energy_joules is None
    assert "GPU is lost" in reading.memory_source
    assert reading.energy_source == "the energy counter stopped: GPU is lost"
    assert "NVML stopped answering" in reading.warnings
    monitor.begin_epoch()
    assert monitor.end_epoch().energy_joules is None
    monitor.stop()


def test_a_lost_driver_is_not_asked_again(monitor, nvml) -> None:
    nvml.dead = "GPU is lost"
    monitor.sample()
    nvml.calls.clear()
    for _ in range(100):
        monitor.sample()
    assert len(nvml.calls) < 20


def test_without_a_driver_every_figure_is_empty_with_the_reason() -> None:
    monitor = open_monitor("gpu", find=raising("no NVIDIA driver: Driver Not Loaded"))
    monitor.start()
    monitor.begin_epoch()
    reading = monitor.end_epoch()
    monitor.stop()
    assert reading.process_peak_bytes is reading.device_peak_bytes is reading.energy_joules is reading.clock_mhz is None
    assert reading.memory_source == reading.energy_source == "no NVIDIA driver: Driver Not Loaded"


def test_a_run_on_the_cpu_asks_no_driver() -> None:
    reading = open_monitor("cpu", find=raising("never asked")).end_epoch()
    assert reading.memory_source == NO_GPU


# The thread


def test_the_thread_sees_a_peak_between_two_epochs_and_leaves_nvml(nvml, card) -> None:
    nvml.nvmlInit()
    monitor = open_monitor("gpu", find=lambda: FoundCard(nvml=nvml, handle=card))
    monitor.start()
    card.used = 900 * MIB
    asked = len(nvml.calls)
    while len(nvml.calls) < asked + 20:
        time.sleep(0.001)
    card.used = 0
    assert monitor.end_epoch().device_peak_bytes == 900 * MIB
    monitor.stop()
    asked = len(nvml.calls)
    time.sleep(0.2)
    assert len(nvml.calls) == asked
    assert nvml.opened == 0


def test_stopping_twice_leaves_nvml_once(monitor, nvml) -> None:
    nvml.nvmlInit()
    monitor.stop()
    monitor.stop()
    assert nvml.opened == 0


# Facts


def test_the_facts_of_the_card_are_those_of_nvml(nvml, card) -> None:
    card.compute, card.used = {7: MIB}, 5 * MIB
    nvml.nvmlInit()
    facts = ask_gpu(find=lambda: FoundCard(nvml=nvml, handle=card))
    assert (facts.name, facts.driver, facts.memory_bytes) == ("NVIDIA Fake 100", "999.10", 1000 * MIB)
    assert (facts.used_bytes, facts.processes) == (5 * MIB, (7,))
    assert (facts.max_clock_mhz, facts.power_limit_watts) == (2000, 350)
    assert nvml.opened == 0


def test_a_fact_that_the_card_does_not_tell_is_unknown_alone(nvml, card) -> None:
    nvml.lacking = {"nvmlDeviceGetEnforcedPowerLimit"}
    facts = ask_gpu(find=lambda: FoundCard(nvml=nvml, handle=card))
    assert facts.power_limit_watts is None
    assert facts.max_clock_mhz == 2000


def test_no_card_is_described_by_its_reason() -> None:
    assert ask_gpu(find=raising("no NVIDIA driver")) == NoGpu(reason="no NVIDIA driver")


# Beside the allocator's peak


def test_both_sources_stand_in_one_cell_and_a_shared_reason_stands_once(monitor) -> None:
    reading = monitor.end_epoch()
    counted = GpuMemory(peak_bytes=1, reserved_bytes=None, source="torch")
    assert describe_memory_source(counted, reading) == "torch; NVML memory version 2 every 100 ms"
    none = GpuMemory(peak_bytes=None, reserved_bytes=None, source=NO_GPU)
    assert describe_memory_source(none, open_monitor("cpu").end_epoch()) == NO_GPU


def test_a_peak_that_only_nvml_has_is_warned_of(monitor) -> None:
    reading = monitor.end_epoch()
    none = GpuMemory(peak_bytes=None, reserved_bytes=None, source="no statistics")
    counted = GpuMemory(peak_bytes=1, reserved_bytes=None, source="torch")
    assert list_warnings(none, reading) == ("GPU memory is NVML's: the allocator has no peak",)
    assert list_warnings(counted, reading) == ()
    assert list_warnings(none, open_monitor("cpu").end_epoch()) == ()
