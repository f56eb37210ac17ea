"""``plan --budget``: limits on what a training will cost, in the words of ``compare --budget``, and ``price``."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from densebench.columns import Show
from densebench.comparison.options import Limit, parse_limits
from densebench.comparison.statistics import Interval
from densebench.errors import join_names, unknown
from densebench.prediction.values import Candidate

Span = tuple[float, Interval]  # a figure, and its interval


@dataclass(frozen=True, kw_only=True)
class PlanFigure:
    """What a limit may be put on."""

    names: tuple[str, ...]
    word: str  # what a candidate beyond the limit has too much of, or too little
    show: Show
    find: Callable[[Candidate], Span | None]
    adds_up: bool = False  # over seeds
    is_cost: bool = False  # that --cost can name, for the front


def _exactly(value: float | None) -> Span | None:
    return None if value is None else (value, Interval(low=value, high=value))


def _find_total(candidate: Candidate) -> Span | None:
    found = candidate.prediction
    return None if found is None else (found.total_seconds, found.total_interval)


def _find_peak(candidate: Candidate, *kinds: bool) -> Span | None:
    """The memory of a GPU or of the process, whichever of them are asked for."""
    found = candidate.prediction
    if found is None or found.on_gpu not in kinds or found.peak_bytes is None or found.peak_interval is None:
        return None
    return found.peak_bytes, found.peak_interval


def _find_target_time(candidate: Candidate) -> Span | None:
    """Without end where a run of its kind never reached the target."""
    found = candidate.target_time
    if found is None or (found.seconds is None and not found.missed):
        return None
    seconds = math.inf if found.seconds is None else found.seconds
    return seconds, found.interval or Interval(low=seconds, high=seconds)


TOTAL_TIME = PlanFigure(
    names=("total_time", "total_seconds", "predicted_total_seconds"),
    word="time",
    show="seconds",
    find=_find_total,
    adds_up=True,
    is_cost=True,
)
TIME_TO_TARGET = PlanFigure(
    names=("time_to_target", "time_to_target_seconds", "predicted_time_to_target_seconds"),
    word="time to target",
    show="seconds",
    find=_find_target_time,
    is_cost=True,
)
PRICE = PlanFigure(
    names=("price",),
    word="price",
    show="number",
    find=lambda candidate: _exactly(candidate.prediction.price if candidate.prediction else None),
    adds_up=True,
    is_cost=True,
)
_PLAN_FIGURES = (
    TOTAL_TIME,
    TIME_TO_TARGET,
    PRICE,
    PlanFigure(
        names=("memory", "predicted_peak_bytes"),
        word="memory",
        show="bytes",
        find=lambda candidate: _find_peak(candidate, True, False),
        is_cost=True,
    ),
    PlanFigure(
        names=("gpu_peak_bytes",), word="GPU memory", show="bytes", find=lambda candidate: _find_peak(candidate, True)
    ),
    PlanFigure(
        names=("host_peak_bytes",),
        word="host memory",
        show="bytes",
        find=lambda candidate: _find_peak(candidate, False),
    ),
    PlanFigure(
        names=("energy", "energy_joules"),
        word="energy",
        show="joules",
        find=lambda candidate: _exactly(candidate.prediction.energy_joules if candidate.prediction else None),
        adds_up=True,
        is_cost=True,
    ),
    PlanFigure(
        names=("accuracy", "test_accuracy", "expected_accuracy"),
        word="accuracy",
        show="percent",
        find=lambda candidate: _exactly(candidate.accuracy.mean if candidate.accuracy else None),
    ),
    PlanFigure(names=("params",), word="params", show="count", find=lambda candidate: _exactly(candidate.params)),
    PlanFigure(
        names=("macs", "forward_macs"),
        word="MACs",
        show="count",
        find=lambda candidate: _exactly(candidate.forward_macs),
    ),
)
_BY_NAME = {name: figure for figure in _PLAN_FIGURES for name in figure.names}
COSTS = tuple(name for name, figure in _BY_NAME.items() if figure.is_cost)

Limits = Sequence[Limit[PlanFigure]]
_Spans = Sequence[tuple[Limit[PlanFigure], Span | None]]  # each limit, and what the candidate has of it


def find_plan_figure(name: str) -> PlanFigure:
    """What can be limited, by name; raises :class:`InputError` with the nearest names."""
    if name not in _BY_NAME:
        raise unknown("figure of a plan", name, _BY_NAME)
    return _BY_NAME[name]


def parse_plan_budget(text: str) -> Limits:
    """Read ``--budget``; raises :class:`InputError` for the first part that is no limit."""
    return parse_limits(text, find_plan_figure)


def find_figure(figure: PlanFigure, candidate: Candidate, seeds: int) -> Span | None:
    """A figure of one training, or of all of them where it adds up."""
    found = figure.find(candidate)
    if found is None or not figure.adds_up:
        return found
    value, interval = found
    return value * seeds, Interval(low=interval.low * seeds, high=interval.high * seeds)


def list_exceeded(candidate: Candidate, limits: Limits, seeds: int) -> list[PlanFigure]:
    """What a candidate has too much of, or too little; what is unknown is not among them."""
    return _list_beyond(_find_spans(candidate, limits, seeds))


def _find_spans(candidate: Candidate, limits: Limits, seeds: int) -> _Spans:
    return [(limit, find_figure(limit.of, candidate, seeds)) for limit in limits]


def _list_beyond(spans: _Spans) -> list[PlanFigure]:
    return list(dict.fromkeys(limit.of for limit, span in spans if span is not None and not limit.is_kept(span[0])))


def judge(candidate: Candidate, limits: Limits, seeds: int) -> Candidate:
    """The candidate with whether it is within the limits."""
    spans = _find_spans(candidate, limits, seeds)
    beyond = [figure.word for figure in _list_beyond(spans)]
    unknown_words = [limit.of.word for limit, span in spans if span is None]
    if beyond:
        return replace(candidate, fits=False, reason=join_names(beyond))
    if unknown_words:
        return replace(candidate, fits=None, reason=f"{join_names(list(dict.fromkeys(unknown_words)))} unknown")
    close = [
        limit.of.word
        for limit, span in spans
        if span is not None and not (limit.is_kept(span[1].low) and limit.is_kept(span[1].high))
    ]
    return replace(candidate, fits=True, is_close=bool(close))


def find_excess(candidate: Candidate, limits: Limits, seeds: int) -> float | None:
    """The largest ratio by which it is beyond a limit; ``None`` where a figure is unknown."""
    ratios = []
    for limit in limits:
        span = find_figure(limit.of, candidate, seeds)
        if span is None:
            return None
        value, bound = (span[0], limit.value) if limit.sign.startswith("<") else (limit.value, span[0])
        ratios.append(value / bound if bound > 0 else float("inf"))
    return max(ratios, default=None)
