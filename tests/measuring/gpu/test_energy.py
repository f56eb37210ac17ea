import pytest

from densebench.measuring.gpu.energy import EnergyMeter
from densebench.measuring.gpu.nvml import Gauge


def failing() -> float:
    raise RuntimeError("Not Supported")


def reading(*values: float) -> Gauge[float]:
    return Gauge(iter(values).__next__)


def test_the_counter_is_read_at_the_edges_of_an_epoch_alone(clock) -> None:
    counter = reading(5.0, 10.0, 52.5)
    meter = EnergyMeter(counter, Gauge(failing), clock)
    meter.begin()
    for _ in range(3):
        clock.now += 4
        meter.sample()
    assert (energy := meter.end()).joules == 42.5
    assert energy.source == "counter"


def test_an_epoch_that_is_short_for_the_counters_steps_says_so(clock) -> None:
    meter = EnergyMeter(reading(0.0, 10.0, 52.5), Gauge(failing), clock)
    clock.now += 20  # before the epoch
    meter.begin()
    clock.now += 9.9
    energy = meter.end()
    assert (energy.joules, energy.source) == (42.5, "counter, over less than 10 s")


def test_sampled_power_is_integrated_by_trapezoids_where_there_is_no_counter(clock) -> None:
    meter = EnergyMeter(Gauge(failing), reading(100.0, 200.0, 200.0), clock)
    meter.begin()
    clock.now += 2
    meter.sample()
    clock.now += 1
    assert meter.end().joules == pytest.approx(2 * 150 + 1 * 200)


def test_a_single_sample_of_power_is_no_energy(clock) -> None:
    meter = EnergyMeter(Gauge(failing), reading(100.0), clock)
    meter.begin()
    assert meter.end().joules is None


def test_a_counter_that_dies_leaves_the_figure_empty_rather_than_taken_in_two_ways(clock) -> None:
    meter = EnergyMeter(reading(5.0), reading(100.0, 100.0), clock)
    meter.begin()
    clock.now += 1
    energy = meter.end()
    assert energy.joules is None
    assert "the energy counter stopped" in energy.source
