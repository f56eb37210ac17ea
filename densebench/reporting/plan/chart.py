"""What the pictures of a plan show, as plain values: a panel a cost, a mark a network, the limits of the budget."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from densebench.comparison.options import Limit
from densebench.prediction.budget import (
    COSTS,
    TIME_TO_TARGET,
    PlanFigure,
    find_figure,
    find_plan_figure,
    parse_plan_budget,
)
from densebench.prediction.values import Candidate, Plan
from densebench.reporting.figures.style import LOG_FROM
from densebench.reporting.plan import formats
from densebench.units import UNITS

_ACCURACY = "accuracy"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One network: its cost with the 95 % interval, in the unit of the panel, and how it is drawn."""

    label: str
    low: float
    value: float
    high: float
    text: str  # the cost as the table has it
    measured: bool
    fits: bool  # False only where it is known not to
    on_front: bool
    accuracy: tuple[float, float, float] | None  # lowest, expected and highest, in percent


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One cost of all networks of which it is known."""

    title: str
    unit: str
    marks: tuple[Mark, ...]
    limits: tuple[float, ...]  # of the budget, in the same unit
    is_log: bool

    @property
    def axis(self) -> str:
        """The title with its unit."""
        return f"{self.title}, {self.unit}" if self.unit else self.title


def list_panels(plan: Plan) -> list[Panel]:
    """The cost of the front, the time to the target, then what else the budget limits; those that are known of any."""
    limits = _read_limits(plan)
    limited = [limit.of for limit in limits if any(name in COSTS for name in limit.of.names)]
    aims = [] if plan.target is None else [TIME_TO_TARGET]
    chosen = list(dict.fromkeys([find_plan_figure(plan.cost), *aims, *limited]))
    panels = [_make_panel(plan, figure, limits) for figure in chosen]
    return [panel for panel in panels if panel.marks]


def list_accuracy_limits(plan: Plan) -> list[float]:
    """What the budget demands of accuracy, in percent."""
    return [100 * limit.value for limit in _read_limits(plan) if _ACCURACY in limit.of.names]


def _read_limits(plan: Plan) -> Sequence[Limit[PlanFigure]]:
    return () if plan.budget is None else parse_plan_budget(plan.budget)


def _make_panel(plan: Plan, figure: PlanFigure, limits: Sequence[Limit[PlanFigure]]) -> Panel:
    seeds = plan.workload.seeds
    found = [(one, find_figure(figure, one, seeds)) for one in plan.candidates]
    spans = [(one, span) for one, span in found if span is not None and math.isfinite(span[0])]
    bounds = [limit.value for limit in limits if limit.of is figure]
    unit, size = _choose_unit(plan, figure, max((interval.high for _, (_, interval) in spans), default=0.0))
    marks = tuple(
        Mark(
            label=one.label,
            low=interval.low / size,
            value=value / size,
            high=interval.high / size,
            text=_write(one, figure, plan),
            measured=one.prediction is not None and one.prediction.measured,
            fits=one.fits is not False,
            on_front=one.on_front,
            accuracy=_find_accuracy(one),
        )
        for one, (value, interval) in spans
    )
    ends = [end for mark in marks for end in (mark.low, mark.high)] + [bound / size for bound in bounds]
    of_all = f" of all {seeds} runs" if figure.adds_up and seeds > 1 else ""
    return Panel(
        title=f"{_name(figure, plan)}{of_all}",
        unit=unit,
        marks=marks,
        limits=tuple(bound / size for bound in bounds),
        is_log=bool(ends) and max(ends) > LOG_FROM * min(ends) > 0,
    )


def _name(figure: PlanFigure, plan: Plan) -> str:
    if figure is TIME_TO_TARGET and plan.target is not None:
        return f"Time to {formats.format_target(plan.target)}"
    return f"{figure.word[0].upper()}{figure.word[1:]}"


def _choose_unit(plan: Plan, figure: PlanFigure, largest: float) -> tuple[str, float]:
    """The unit of an axis that reaches to the largest value, and its size."""
    match figure.show:
        case "seconds":
            unit = formats.choose_time_unit(largest)
        case "bytes":
            unit = formats.choose_bytes_unit(largest)
        case "joules":
            unit = "kWh"
        case _:
            return plan.prices.currency, 1.0
    return unit, UNITS[unit][1]


def _find_accuracy(candidate: Candidate) -> tuple[float, float, float] | None:
    found = candidate.accuracy
    return None if found is None else (100 * found.low, 100 * found.mean, 100 * found.high)


def _write(candidate: Candidate, figure: PlanFigure, plan: Plan) -> str:
    """The figure as the table has it; a time with its interval."""
    found, seeds = candidate.prediction, plan.workload.seeds
    if found is None:
        return ""
    if figure is TIME_TO_TARGET:
        return formats.format_target_time(candidate.target_time, found)
    match figure.show:
        case "seconds":
            return formats.format_total(found, seeds)
        case "bytes":
            return formats.format_memory(found)
        case "joules":
            return formats.format_energy(None if found.energy_joules is None else found.energy_joules * seeds, found)
    return formats.format_price(None if found.price is None else found.price * seeds, found, plan.prices)
