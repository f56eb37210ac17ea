"""Each row against its baseline in a word, which may be ``inconclusive``, and a sentence that says why."""

import dataclasses
import math
from collections.abc import Sequence

from densebench.comparison import statistics
from densebench.comparison.contrasts import Contrast, contrast, to_scale
from densebench.comparison.formats import differ, p_text
from densebench.comparison.metrics import METRICS, Metric
from densebench.comparison.options import Margin
from densebench.comparison.values import Row, Verdict, Word

_LEVEL = 0.05


def judge_rows(rows: Sequence[Row], baselines: Sequence[Row | None], margin: Margin) -> list[Row]:
    """The rows with their verdicts; Holm's adjustment runs over the rows of each metric."""
    verdicts: list[list[Verdict]] = [[] for _ in rows]
    for metric in METRICS.values():
        for index, verdict in judge_metric(metric, rows, baselines, margin):
            verdicts[index].append(verdict)
    return [
        dataclasses.replace(row, baseline=baseline.label if baseline else None, verdicts=tuple(found))
        for row, baseline, found in zip(rows, baselines, verdicts, strict=True)
    ]


def judge_metric(
    metric: Metric, rows: Sequence[Row], baselines: Sequence[Row | None], margin: Margin
) -> list[tuple[int, Verdict]]:
    """The verdicts of one metric, each with the index of its row; none where a side lacks the figure."""
    contrasts = [
        (index, contrast(metric, row, baseline))
        for index, (row, baseline) in enumerate(zip(rows, baselines, strict=True))
        if baseline is not None and row.summary(metric.name).n and baseline.summary(metric.name).n
    ]
    adjusted = iter(statistics.holm([found.p for _, found in contrasts if found.p is not None]))
    return [(index, _judge(found, None if found.p is None else next(adjusted), margin)) for index, found in contrasts]


def _judge(found: Contrast, p_holm: float | None, margin: Margin) -> Verdict:
    word = _choose_word(found, p_holm, margin)
    more_seeds = _count_more_seeds(found, margin) if word == "inconclusive" else None
    return Verdict(
        metric=found.metric.name,
        kind=found.metric.kind,
        word=word,
        estimate=found.estimate,
        interval=found.interval,
        p=found.p,
        p_holm=p_holm,
        p_permutation=found.p_permutation,
        paired=found.paired,
        more_seeds=more_seeds,
        floor=found.floor,
        marked=found.marked,
        reason=_describe(found, word, p_holm, more_seeds),
    )


def _choose_word(found: Contrast, p_holm: float | None, margin: Margin) -> Word:
    if found.obstacles:
        return "not comparable"
    if found.estimate is None:
        return "inconclusive"
    # an allocator's peak repeats to the byte, so its difference is real
    if found.metric.exact or (found.metric.show == "bytes" and found.repeats):
        return _direction(found.metric, found.estimate)
    if min(found.runs) < 2:
        return "no test"
    if found.interval is None or p_holm is None:
        return "inconclusive"
    limit = _limit_of(found.metric, margin)
    if -limit <= to_scale(found.metric, found.interval.low) and to_scale(found.metric, found.interval.high) <= limit:
        return "same"
    return _direction(found.metric, found.estimate) if p_holm < _LEVEL else "inconclusive"


def _direction(metric: Metric, estimate: float) -> Word:
    neutral = 1.0 if metric.kind == "ratio" else 0.0
    if estimate == neutral:
        return "same"
    return "better" if (estimate < neutral) == (metric.best == "low") else "worse"


def _limit_of(metric: Metric, margin: Margin) -> float:
    """The margin on the scale of the test; losses have none."""
    if metric.kind == "ratio":
        return math.log1p(margin.ratio)
    return margin.difference if metric.show == "percent" else 0.0


def _count_more_seeds(found: Contrast, margin: Margin) -> int | None:
    """How many more runs a side would probably settle it, from the spread seen so far."""
    if found.estimate is None or found.deviation is None:
        return None
    needed = statistics.seeds_needed(
        to_scale(found.metric, found.estimate), found.deviation, _limit_of(found.metric, margin), pairs=found.paired
    )
    return None if needed is None else max(1, needed - min(found.runs))


def _describe(contrast: Contrast, word: Word, p_holm: float | None, more_seeds: int | None) -> str:
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
