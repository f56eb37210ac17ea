"""Verdicts in one sentence, and estimates as they are shown."""

from densebench.comparison.comparability import obstacles
from densebench.comparison.formats import differ, p_text
from densebench.comparison.metrics import METRICS, Metric
from densebench.comparison.values import Interval, Row, Verdict
from densebench.units import UNKNOWN

TIMES = "\N{MULTIPLICATION SIGN}"


def estimate_text(verdict: Verdict) -> str:
    """A ratio after a multiplication sign, a difference with its sign: ``+0.31 pp``."""
    if verdict.estimate is None:
        return UNKNOWN
    if verdict.kind == "ratio":
        return ratio_text(verdict.estimate)
    factor, unit = difference_unit(METRICS[verdict.metric])
    return f"{verdict.estimate * factor:+.{2 if unit else 4}f}{unit}"


def ratio_text(ratio: float) -> str:
    return f"{TIMES}{ratio:.3f}" if 0.1 <= ratio < 100 else f"{TIMES}{ratio:.4g}"


def interval_of(verdict: Verdict) -> str:
    """The interval in the estimate's unit: ``[1.052, 1.116]``."""
    if verdict.interval is None:
        return UNKNOWN
    return ends(verdict, verdict.interval)


def ends(verdict: Verdict, interval: Interval) -> str:
    if verdict.kind == "ratio":
        return f"[{interval.low:.3f}, {interval.high:.3f}]"
    factor, unit = difference_unit(METRICS[verdict.metric])
    digits = 2 if unit else 4
    return f"[{interval.low * factor:+.{digits}f}, {interval.high * factor:+.{digits}f}]"


def difference_unit(metric: Metric) -> tuple[float, str]:
    return (100.0, " pp") if metric.show == "percent" else (1.0, "")


def describe(metric: Metric, verdict: Verdict, row: Row, baseline: Row) -> str:
    """Why the verdict is what it is, in one sentence."""
    counts = f"{row.summary(metric.name).n} against {baseline.summary(metric.name).n} runs"
    if verdict.word == "not comparable":
        columns = obstacles(metric, row, baseline)
        unfinished = "a run is not completed" if "status" in columns else ""
        unequal = [column for column in columns if column != "status"]
        return sentence("; ".join(part for part in (differ(unequal) if unequal else "", unfinished) if part))
    if metric.exact:
        return "Exact, so without a test."
    if verdict.word == "no test":
        return sentence(f"one run on a side allows no test{floor_text(verdict)}")
    if verdict.estimate is None:
        return "A value is not a number that can be reckoned with."
    if verdict.p is None:
        return sentence(f"no run differs from the others of its side, {counts}")
    how = "paired by seed" if verdict.paired else "Welch's t test"
    return sentence(f"{how}, {counts}, p {p_text(verdict.p_holm)}{more_text(verdict)}")


def floor_text(verdict: Verdict) -> str:
    if verdict.floor is None:
        return ""
    return f"; the number of test images alone leaves it open by ±{verdict.floor * 100:.2f} pp"


def more_text(verdict: Verdict) -> str:
    if verdict.word != "inconclusive":
        return ""
    if verdict.more_seeds is None:
        return "; more seeds will hardly settle it"
    seeds = "seed" if verdict.more_seeds == 1 else "seeds"
    return f"; about {verdict.more_seeds} more {seeds} a side would probably settle it"


def sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
