"""What a comparison is asked to do: the texts of the command line, parsed once into values."""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from densebench.columns import Show
from densebench.comparison.metric import Metric
from densebench.comparison.metrics import METRICS, find_metric
from densebench.comparison.statistics import share_alpha
from densebench.errors import InputError, unknown
from densebench.quantities import convert_to_unit, parse_quantity
from densebench.units import Form

_LIMIT = re.compile(r"\s*([A-Za-z0-9_]+)\s*(<=|>=|<|>)\s*(.+?)\s*")
_THRESHOLD = re.compile(r"\s*([A-Za-z0-9_]+)\s*([<>])\s*([+-])\s*([0-9.].*?)\s*")


_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}

GateLevel = Literal["family", "each"]  # whose chance of a false alarm is 5 %: of all conditions together, or of each


@dataclass(frozen=True, kw_only=True)
class Margin:
    """Differences too small to matter: of ratios as a fraction, of accuracies as a fraction of images."""

    ratio: float = 0.01
    difference: float = 0.001


class Limited(Protocol):
    """What a limit may be put on: it has a form in which it is written."""

    @property
    def show(self) -> Show: ...


Limitable = TypeVar("Limitable", bound=Limited)


@dataclass(frozen=True, kw_only=True)
class Limit(Generic[Limitable]):
    """One bound on one figure, in the figure's unit."""

    of: Limitable
    sign: str  # <=, >=, < or >
    value: float

    def is_kept(self, figure: float) -> bool:
        """Whether a figure is within it."""
        return _SIGNS[self.sign](figure, self.value)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Limits that a row must keep, all of them; ``text`` is as given."""

    text: str
    limits: tuple[Limit[Metric], ...]


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A condition under which a row fails: its ratio or difference above, or below, a bound."""

    text: str
    metric: Metric
    above: bool
    bound: float  # a ratio, or a difference in the metric's unit


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """What a comparison is asked to do."""

    by: tuple[str, ...] | None = None  # columns to group by; None: all but the seed
    group: bool = True  # False: every run is a row
    baseline: str | None = None  # a row's name, a results file, or column=value
    margin: Margin = Margin()
    cost: Metric = METRICS["epoch_seconds"]  # of the Pareto front
    budget: Budget | None = None
    fail_on: tuple[Threshold, ...] = ()
    strict: bool = False  # the gate also fails where it is inconclusive
    gate_level: GateLevel = "family"
    looks: int = 1  # verdicts taken in all while runs are added
    sort: str | None = None  # a metric or column; "-name" reverses the order

    @property
    def alpha(self) -> float:
        """The chance of a false verdict at one look."""
        return share_alpha(self.looks)


def parse_compare_options(
    *,
    by: Sequence[str] | None = None,
    group: bool = True,
    baseline: str | None = None,
    margin: str | None = None,
    cost: str = "epoch_seconds",
    budget: str | None = None,
    fail_on: str | None = None,
    strict: bool = False,
    gate_level: str = "family",
    looks: int = 1,
    sort: str | None = None,
) -> CompareOptions:
    """The options as ``densebench compare`` takes them; raises :class:`InputError` for the first that is wrong."""
    return CompareOptions(
        by=None if by is None else tuple(by),
        group=group,
        baseline=baseline,
        margin=parse_margin(margin),
        cost=find_metric(cost),
        budget=None if budget is None else parse_budget(budget),
        fail_on=() if fail_on is None else parse_thresholds(fail_on),
        strict=strict,
        gate_level=_parse_gate_level(gate_level),
        looks=_check_looks(looks),
        sort=sort,
    )


def _parse_gate_level(text: str) -> GateLevel:
    levels: dict[str, GateLevel] = {"family": "family", "each": "each"}
    if text not in levels:
        raise unknown("gate level", text, levels)
    return levels[text]


def _check_looks(looks: int) -> int:
    if looks < 1:
        raise InputError(f"--looks: {looks} is no number of looks: give 1 or more.")
    return looks


def parse_names(text: str | None) -> tuple[str, ...] | None:
    """``a, b`` -> ("a", "b")."""
    return None if text is None else tuple(name.strip() for name in text.split(","))


def parse_margin(text: str | None) -> Margin:
    """Read ``--margin``: ``2%`` for ratios, ``0.3pp`` for accuracies, or both with a comma."""
    margin = Margin()
    for part in () if text is None else text.split(","):
        given = parse_quantity(part, "--margin")
        if given.form == "percent" and given.value < 1:
            margin = Margin(ratio=given.value, difference=margin.difference)
        elif given.form == "points":
            margin = Margin(ratio=margin.ratio, difference=given.value)
        else:
            raise InputError(f"--margin {text}: give a share below 100% for ratios and points as 0.3pp for accuracies.")
    return margin


def parse_budget(text: str) -> Budget:
    """Read ``--budget``; raises :class:`InputError` for the first part that is no limit."""
    return Budget(text=text, limits=parse_limits(text, find_metric))


def parse_limits(text: str, find: Callable[[str], Limitable]) -> tuple[Limit[Limitable], ...]:
    """Read limits on what ``find`` knows by name; raises :class:`InputError` for the first part that is none."""
    return tuple(_parse_limit(part, find) for part in text.split(","))


def _parse_limit(text: str, find: Callable[[str], Limitable]) -> Limit[Limitable]:
    match = _LIMIT.fullmatch(text)
    if match is None:
        raise InputError(f"--budget: {text.strip()!r} is no limit: write it as gpu_peak_bytes<=8GiB or total_time<=2h.")
    name, sign, value = match.groups()
    of = find(name)
    where = f"--budget {text.strip()}"
    limit = convert_to_unit(of.show, parse_quantity(value, where), where)
    if of.show == "percent" and limit > 1:
        raise InputError(f"{where} is more than all: write it as 94% or 0.94.")
    return Limit(of=of, sign=sign, value=limit)


def parse_thresholds(text: str) -> tuple[Threshold, ...]:
    """Read ``--fail-on``; raises :class:`InputError` for the first part that is no condition."""
    return tuple(_parse_threshold(part.strip()) for part in text.split(","))


def _parse_threshold(text: str) -> Threshold:
    match = _THRESHOLD.fullmatch(text)
    if match is None:
        raise InputError(
            f"--fail-on: {text!r} is no condition: write it as epoch_seconds>+5% or test_accuracy<-0.3pp, with a sign."
        )
    name, direction, sign, value = match.groups()
    metric = find_metric(name)
    given = parse_quantity(value, f"--fail-on {text}")
    change = given.value if sign == "+" else -given.value
    if given.form != _form_of_change(metric) or (metric.kind == "ratio" and change <= -1):
        raise InputError(f"--fail-on {text}: {_advise(metric)}.")
    bound = 1 + change if metric.kind == "ratio" else change
    return Threshold(text=text, metric=metric, above=direction == ">", bound=bound)


def _form_of_change(metric: Metric) -> Form:
    if metric.kind == "ratio":
        return "percent"
    return "points" if metric.show == "percent" else "plain"


def _advise(metric: Metric) -> str:
    if metric.kind == "ratio":
        return f"{metric.name} is compared by its ratio, so give a share above -100%, as +5%"
    if metric.show == "percent":
        return f"{metric.name} is compared by its difference, so give points, as -0.3pp"
    return f"{metric.name} is compared by its difference, so give a plain number, as +0.1"
