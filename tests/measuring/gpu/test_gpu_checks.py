"""The checks of ``benchmarks/gpu_checks.py`` that need a card, on the fake one."""

import gpu_checks
import pytest

from densebench.measuring.gpu.allocator import GpuMemory
from densebench.measuring.gpu.card_lookup import FoundCard
from densebench.measuring.gpu.nvml import Card


@pytest.fixture
def measure(nvml, card, clock):
    """Keeps the fake card busy for 30 s: its counter sees ``seen`` of 300 W, its clock takes 2 s to its height."""

    def measure(*, seen=1.0):
        card.clock, began = 345, clock.now

        def work():
            clock.now += 0.01
            card.milliwatts = 300_000
            card.millijoules += round(3_000 * seen)
            card.clock = 2000 if clock.now - began > 2 else 1500
            card.reasons = 0x20 if clock.now - began > 24 else 0

        found = Card(FoundCard(nvml=nvml, handle=card))
        card.milliwatts = 300_000
        readings = gpu_checks.measure_load("jax", found, work, 30.0, clock)
        return {reading.figure: reading for reading in readings}

    return measure


def test_the_counter_agrees_with_the_integral_of_the_power(measure):
    energy = measure()["joules by the counter"]
    assert (energy.value, energy.expected) == (pytest.approx(9000, rel=0.01), pytest.approx(9000, rel=0.01))
    assert energy.agrees == "yes"
    assert energy.note == "counter; expected: sampled power: the card has no energy counter"


def test_a_counter_that_sees_a_part_of_the_power_does_not_agree(measure):
    assert measure(seen=0.8)["joules by the counter"].agrees == "no"


def test_a_card_without_a_counter_is_unknown(measure, nvml):
    nvml.lacking = {"nvmlDeviceGetTotalEnergyConsumption", "nvmlDeviceGetPowerUsage"}
    energy = measure()["joules by the counter"]
    assert (energy.value, energy.agrees) == (None, "unknown")


def test_the_ramp_of_the_clock_is_seen(measure):
    found = measure()
    assert found["idle clock, MHz"].value == 345
    assert found["median clock under load, MHz"].value == 2000
    assert found["seconds until the clock was within 2 % of that"].value == pytest.approx(2.0, abs=0.2)
    assert found["share of samples that were throttled"].value == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize(("counted", "agrees"), [(10, ["yes", "yes"]), (14, ["no", "yes"])])
def test_a_known_array_is_found_by_allocator_and_driver(nvml, card, monkeypatch, counted, agrees):
    class Allocator:
        def peak(self):
            return GpuMemory(peak_bytes=allocated[0], reserved_bytes=None, source="allocator")

    def fill(backend, size):
        allocated[0] += size * counted // 10
        card.used += size

    allocated = [0]
    monkeypatch.setattr(gpu_checks, "fill", fill)
    monkeypatch.setattr(gpu_checks, "open_allocator", lambda backend: Allocator())
    monkeypatch.setattr(gpu_checks, "find_card", lambda: FoundCard(nvml=nvml, handle=card))
    assert [reading.agrees for reading in gpu_checks.check_memory("jax", gpu_checks.TINY)] == agrees


@pytest.mark.parametrize(
    ("value", "expected", "agrees"), [(104, 100, "yes"), (94, 100, "no"), (None, 100, "unknown"), (1, None, "unknown")]
)
def test_figures_agree_within_a_fraction(value, expected, agrees):
    assert gpu_checks.compare(value, expected, 0.05) == agrees
