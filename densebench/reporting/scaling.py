"""What several devices give, in words: how many times the images a second of one, and what share of the ideal."""

from collections.abc import Sequence

from densebench.comparison.values import Comparison, Row, Scaling
from densebench.records import Run
from densebench.units import UNKNOWN

EXPLAINED = "Scaling: images/s divided by that of one device and by the number of devices."
_MOST_TOLD = 6  # rows; of more, the least and the most efficient
_OF_ONE = " the images a second of one"
_OF_ONE_DEVICE = "100 %"  # by definition: no measured share is written so

_Scaled = tuple[Row, Scaling]


def format_efficiency(efficiency: float | None) -> str:
    """A share with one decimal; that of one device itself with none."""
    if efficiency is None:
        return UNKNOWN
    return _OF_ONE_DEVICE if efficiency == 1 else _write_share(efficiency)


def _write_share(efficiency: float) -> str:
    return f"{100 * efficiency:.1f} %"


def describe_scaling(scaling: Scaling | None) -> dict[str, object] | None:
    """All of it under names for JSON."""
    if scaling is None:
        return None
    return {
        "devices": scaling.devices,
        "reference": scaling.reference,
        "images_per_second_ratio": scaling.ratio,
        "efficiency": scaling.efficiency,
        "efficiency_interval": _list_ends(scaling),
    }


def _list_ends(scaling: Scaling) -> dict[str, float] | None:
    interval = scaling.efficiency_interval
    return None if interval is None else {"low": interval.low, "high": interval.high}


def conclude_scaling(comparison: Comparison) -> list[str]:
    """``2 devices give 1.83 times the images a second of one, 91.5 % of twice.``"""
    scaled = [(row, row.scaling) for row in comparison.rows if row.scaling is not None and row.scaling.devices > 1]
    if len(scaled) > _MOST_TOLD:
        return [_tell_range(scaled)]
    by_reference: dict[str, list[_Scaled]] = {}
    for one in sorted(scaled, key=lambda one: one[1].devices):
        by_reference.setdefault(one[1].reference, []).append(one)
    return [_tell_all(reference, found, comparison) for reference, found in by_reference.items()]


def _tell_all(reference: str, scaled: Sequence[_Scaled], comparison: Comparison) -> str:
    """Rows that are compared with one and the same, which is named where there are others."""
    is_only = len({row.scaling.reference for row in comparison.rows if row.scaling is not None}) == 1
    is_distinct = len({scaling.devices for _, scaling in scaled}) == len(scaled)
    parts = []
    for place, (row, scaling) in enumerate(scaled):
        name = _name_devices(row.runs[0]) if is_distinct else row.label
        verb, of = (" give" if is_distinct else " gives", _OF_ONE) if place == 0 else ("", "")
        parts.append(f"{name}{verb} {scaling.ratio:.2f} times{of}, {_tell_efficiency(scaling)}")
    start = "" if is_only or not is_distinct else f"{_name_work(reference, comparison)}: "
    return f"{start}{'; '.join(parts)}{_remark(scaled)}."


def _name_work(reference: str, comparison: Comparison) -> str:
    """The network, where each reference is another; else the label of the reference."""
    networks = {row.scaling.reference: row.runs[0].variant for row in comparison.rows if row.scaling is not None}
    return networks[reference] if len(set(networks.values())) == len(networks) else reference


def _tell_range(scaled: Sequence[_Scaled]) -> str:
    least, most = (choose(scaled, key=lambda one: one[1].efficiency) for choose in (min, max))
    texts = [f"{_write_share(scaling.efficiency)} ({row.label})" for row, scaling in (least, most)]
    return f"Scaling efficiency of {len(scaled)} rows on several devices: {' to '.join(texts)}{_remark(scaled)}."


def _tell_efficiency(scaling: Scaling) -> str:
    """``91.5 % of twice (95 % interval [90.1, 93.0] %)``."""
    ideal = "twice" if scaling.devices == 2 else f"{scaling.devices} times"
    text = f"{_write_share(scaling.efficiency)} of {ideal}"
    if (interval := scaling.efficiency_interval) is None:
        return text
    return f"{text} (95 % interval [{100 * interval.low:.1f}, {100 * interval.high:.1f}] %)"


def _name_devices(run: Run) -> str:
    """``2 devices``, ``2 hosts``, ``4 devices of 2 hosts``."""
    devices, hosts = run.devices or 1, run.hosts or 1
    if hosts == 1:
        return f"{devices} devices"
    return f"{hosts} hosts" if devices == 1 else f"{devices * hosts} devices of {hosts} hosts"


def _remark(scaled: Sequence[_Scaled]) -> str:
    runs = [run for row, _ in scaled for run in row.runs]
    shares = any(run.environment.device_kind == "cpu" and (run.devices or 1) > 1 for run in runs)
    return "; the devices of a CPU share its cores" if shares else ""
