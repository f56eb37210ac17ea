"""The figures of several GPUs as one."""

import pytest

from densebench.measuring.gpu import several
from densebench.measuring.gpu.allocator import NO_GPU, GpuMemory
from densebench.measuring.gpu.monitor import GpuReading
from densebench.measuring.gpu.several import combine_peaks, combine_readings, list_devices, open_monitors


def reading(**values):
    usual = {
        "process_peak_bytes": 100,
        "device_peak_bytes": 200,
        "memory_source": "NVML",
        "energy_joules": 10.0,
        "energy_source": "counter",
        "clock_mhz": 1500.0,
        "warnings": (),
    }
    return GpuReading(**{**usual, **values})


def test_energy_is_of_all_memory_of_the_fullest_and_the_clock_of_the_slowest():
    combined = combine_readings([reading(), reading(device_peak_bytes=300, energy_joules=5.0, clock_mhz=1200.0)])
    assert (combined.process_peak_bytes, combined.device_peak_bytes) == (100, 300)
    assert (combined.energy_joules, combined.clock_mhz) == (15.0, 1200.0)
    assert (combined.memory_source, combined.energy_source) == ("NVML", "counter")


@pytest.mark.parametrize("field", ["process_peak_bytes", "device_peak_bytes", "energy_joules"])
def test_what_is_unknown_of_one_is_unknown_of_all(field):
    combined = combine_readings([reading(), reading(**{field: None, "energy_source": "the counter stopped"})])
    assert getattr(combined, field) is None
    assert combined.energy_source == "counter; the counter stopped"


def test_each_warning_is_said_once():
    warnings = [("throttled by heat",), ("throttled by heat", "another process"), ()]
    combined = combine_readings([reading(warnings=each) for each in warnings])
    assert combined.warnings == ("throttled by heat", "another process")


def test_the_allocators_peak_is_that_of_the_fullest_gpu():
    peaks = [GpuMemory(peak_bytes=peak, reserved_bytes=2 * peak, source="allocator") for peak in (5, 7)]
    assert combine_peaks(peaks) == GpuMemory(peak_bytes=7, reserved_bytes=14, source="allocator")
    unknown = GpuMemory(peak_bytes=None, reserved_bytes=None, source="no statistics")
    assert combine_peaks([*peaks, unknown]).peak_bytes is None


def test_every_gpu_has_a_monitor_and_an_allocator_of_its_own(monkeypatch):
    seen = []

    class Watched:
        def __init__(self, index):
            self.index = index

        def end_epoch(self):
            return reading(energy_joules=float(self.index))

        def __getattr__(self, name):
            return lambda: seen.append((name, self.index))

    monkeypatch.setattr(several, "open_monitor", lambda kind, find: Watched(find.args[0]))
    monitor = open_monitors("gpu", 3)
    monitor.start()
    monitor.begin_epoch()
    assert monitor.end_epoch().energy_joules == 3.0
    monitor.stop()
    assert seen == [(name, index) for name in ("start", "begin_epoch", "stop") for index in range(3)]


def test_all_allocators_begin_a_new_peak_even_if_one_cannot(monkeypatch):
    seen = []

    class Allocator:
        def __init__(self, index):
            self.index = index

        def reset(self):
            seen.append(self.index)
            return self.index != 0

    monkeypatch.setattr(several, "open_allocator", lambda backend, index: Allocator(index))
    assert not several.open_allocators("torch", 2).reset()
    assert seen == [0, 1]


def test_on_a_cpu_there_is_nothing_to_watch():
    assert open_monitors("cpu", 2).end_epoch().memory_source == NO_GPU


def test_devices_are_listed_with_their_host():
    first, second = list_devices("cpu", 2, first=2)
    assert first.endswith("/cpu:2")
    assert second.endswith("/cpu:3")
    assert first.split("/")[0] == second.split("/")[0]
