"""Verdicts in one sentence, and estimates as they are shown."""

from collections.abc import Sequence

from densebench.comparison.contrasts import Contrast
from densebench.comparison.formats import UNKNOWN, differ, p_text
from densebench.comparison.metrics import METRICS, Metric
from densebench.comparison.values import Verdict, Word

_TIMES = "\N{MULTIPLICATION SIGN}"


def format_estimate(verdict: Verdict) -> str:
    """A ratio after a multiplication sign, a difference with its sign: ``+0.31 pp``."""
    if verdict.estimate is None:
        return UNKNOWN
    if verdict.kind == "ratio":
        return _ratio_text(verdict.estimate)
    factor, unit = _unit_of_difference(METRICS[verdict.metric])
    return f"{verdict.estimate * factor:+.{2 if unit else 4}f}{unit}"


def _ratio_text(ratio: float) -> str:
    return f"{_TIMES}{ratio:.3f}" if 0.1 <= ratio < 100 else f"{_TIMES}{ratio:.4g}"


def format_interval(verdict: Verdict) -> str:
    """The interval in the estimate's unit: ``[1.052, 1.116]``."""
    interval = verdict.interval
    if interval is None:
        return UNKNOWN
    if verdict.kind == "ratio":
        return f"[{interval.low:.3f}, {interval.high:.3f}]"
    factor, unit = _unit_of_difference(METRICS[verdict.metric])
    digits = 2 if unit else 4
    return f"[{interval.low * factor:+.{digits}f}, {interval.high * factor:+.{digits}f}]"


def _unit_of_difference(metric: Metric) -> tuple[float, str]:
    return (100.0, " pp") if metric.show == "percent" else (1.0, "")


def describe(contrast: Contrast, word: Word, p_holm: float | None, more_seeds: int | None) -> str:
    """Why the verdict is what it is, in one sentence."""
    metric = contrast.metric
    if word == "not comparable":
        return _describe_obstacles(contrast.obstacles)
    if metric.exact:
        return "Exact, so without a test."
    if word == "no test":
        return _sentence(f"one run on a side allows no test{_floor_text(contrast.floor)}")
    if contrast.estimate is None:
        return f"A value is not a finite number{' above 0' if metric.kind == 'ratio' else ''}."
    counts = f"{contrast.runs[0]} against {contrast.runs[1]} runs"
    if contrast.p is None:
        return _sentence(f"no run differs from the others of its side, {counts}")
    test = "paired by seed" if contrast.paired else "Welch's t test"
    advice = _advise_seeds(more_seeds) if word == "inconclusive" else ""
    return _sentence(f"{test}, {counts}, p {p_text(p_holm)}{advice}")


def _describe_obstacles(columns: Sequence[str]) -> str:
    unequal = [column for column in columns if column != "status"]
    parts = [differ(unequal)] if unequal else []
    if "status" in columns:
        parts.append("a run is not completed")
    return _sentence("; ".join(parts))


def _floor_text(floor: float | None) -> str:
    if floor is None:
        return ""
    return f"; the number of test images alone leaves it open by ±{floor * 100:.2f} pp"


def _advise_seeds(more: int | None) -> str:
    if more is None:
        return "; more seeds will hardly settle it"
    return f"; about {more} more {'seed' if more == 1 else 'seeds'} a side would probably settle it"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
