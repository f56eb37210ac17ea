from densebench.measuring.gpu.card_lookup import FoundCard
from densebench.measuring.gpu.nvml import Card, Gauge

MIB = 2**20


def test_a_gauge_that_failed_is_not_asked_again_and_keeps_the_reason() -> None:
    asked = []

    def fail() -> int:
        asked.append(1)
        raise RuntimeError("Not Supported")

    gauge = Gauge(fail)
    assert [gauge.read(), gauge.read()] == [None, None]
    assert (len(asked), gauge.failure, gauge.worked) == (1, "Not Supported", False)


def test_a_card_is_described_with_its_memory_its_limits_and_who_is_on_it(nvml, card) -> None:
    card.used, card.compute, card.graphics = 300 * MIB, {7: 100 * MIB}, {8: None}
    facts = Card(FoundCard(nvml=nvml, handle=card)).facts()
    assert (facts.name, facts.uuid, facts.driver) == (card.name, card.uuid, "999.10")
    assert (facts.memory_bytes, facts.used_bytes) == (1000 * MIB, 300 * MIB)
    assert facts.processes == (7, 8)
    assert (facts.max_clock_mhz, facts.power_limit_watts) == (2000, 350.0)


def test_what_one_driver_cannot_tell_does_not_cost_the_other_figures(nvml, card) -> None:
    nvml.lacking = {"nvmlDeviceGetName", "nvmlDeviceGetMaxClockInfo"}
    facts = Card(FoundCard(nvml=nvml, handle=card)).facts()
    assert (facts.name, facts.max_clock_mhz) == (None, None)
    assert facts.uuid == card.uuid


def test_a_process_on_two_lists_is_one_process_with_its_larger_figure(nvml, card) -> None:
    card.compute, card.graphics, card.mps = {7: 300, 9: None}, {7: 200, 9: 50}, {}
    assert Card(FoundCard(nvml=nvml, handle=card)).processes() == {7: 300, 9: 50}


def test_a_card_whose_lists_cannot_be_read_has_no_processes_and_says_why(nvml, card) -> None:
    kinds = ("Compute", "Graphics", "MPSCompute")
    nvml.lacking = {f"nvmlDeviceGet{kind}RunningProcesses{end}" for kind in kinds for end in ("", "_v2")}
    lone = Card(FoundCard(nvml=nvml, handle=card))
    assert lone.processes() is None
    assert lone.process_failure is not None


def test_closing_leaves_nvml(nvml, card) -> None:
    nvml.nvmlInit()
    Card(FoundCard(nvml=nvml, handle=card)).close()
    assert nvml.opened == 0
