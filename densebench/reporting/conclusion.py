"""The sentences that close a comparison: who won, by how much, how sure; never more than the verdicts say."""

from collections.abc import Callable, Sequence

from densebench.comparison.comparability import get_terms
from densebench.comparison.formats import (
    format_confidence,
    format_estimate,
    format_estimate_interval,
    format_interval,
    format_summary,
)
from densebench.comparison.grouping import find_leading
from densebench.comparison.metric import Metric
from densebench.comparison.values import Comparison, Row, Verdict, Word, get_settings
from densebench.errors import count_noun, join_names
from densebench.records import Phase
from densebench.reporting.comparison_grids import TITLES
from densebench.reporting.scaling import conclude_scaling

_Judged = tuple[Row, Verdict]
_ONE_OF_SEVERAL = "its baseline"
_MOST_NAMES = 2  # of rows in a sentence; more are counted
_UNDECIDED: dict[Word, str] = {
    "same": "the same within the margin",
    "inconclusive": "inconclusive",
    "no test": "untested (one run a side)",
    "not comparable": "not comparable",
}


def conclude(comparison: Comparison, columns: Sequence[str] | None = None) -> list[str]:
    """What the verdicts say of accuracy, or speed, and of the cost; without a baseline, the best means.

    And what several devices give over one. Of ``columns`` that were chosen, no other figure is quoted.
    """
    found, scaling = _list_phases(comparison), conclude_scaling(comparison)
    quoted = [(rows, _list_quoted(phase, comparison, columns)) for phase, rows in found]
    if _has_baseline(comparison):
        verdicts = [sentence for rows, metrics in quoted for sentence in _conclude_verdicts(rows, metrics)]
        return [*verdicts, *scaling]
    best = [sentence for rows, metrics in quoted for sentence in _list_best(rows, metrics)]
    return [*best, *scaling, "Differences are tested against a --baseline only."] if best else scaling


def suggest_seeds(comparison: Comparison, columns: Sequence[str] | None = None) -> str | None:
    """How to settle what the verdicts leave open by more runs; None where they leave nothing, or more hardly help.

    Of ``columns`` that were chosen, no other verdict counts.
    """
    verdicts = [
        verdict
        for row in comparison.of("train")
        for metric in _list_quoted("train", comparison, columns)
        if (verdict := row.verdict(metric.name)) is not None
    ]
    needed = [one.seeds_needed for one in verdicts if one.word == "inconclusive" and one.seeds_needed is not None]
    if needed:
        looks = max(2, comparison.options.looks)
        return f"train with --seeds 0-{min(needed) - 1} --skip-completed, then compare with --looks {looks}"
    if any(one.word == "no test" for one in verdicts):
        return "train with --seeds 0-4 --skip-completed, then compare again"
    return None


def suggest_baseline(comparison: Comparison) -> str | None:
    """The name of the row to compare the others with, the first of several; None where there is a baseline already."""
    if comparison.options.baseline is not None:
        return None
    finished = ([row for row in rows if row.completed] for _, rows in _list_phases(comparison))
    return next((rows[0].label for rows in finished if len(rows) > 1), None)


def _list_phases(comparison: Comparison) -> list[tuple[Phase, tuple[Row, ...]]]:
    """Those that were measured here, with their rows, in the order of the tables."""
    return [(phase, rows) for phase in TITLES if phase != "published" and (rows := comparison.of(phase))]


def _has_baseline(comparison: Comparison) -> bool:
    return any(row.baseline is not None for row in comparison.rows)


def _list_quoted(phase: Phase, comparison: Comparison, columns: Sequence[str] | None = None) -> list[Metric]:
    """Accuracy, or throughput, and the cost of a training, as far as chosen; no accuracy on random labels."""
    cost = [comparison.options.cost] if phase == "train" else []
    metrics = {metric.name: metric for metric in (find_leading(phase), *cost)}
    is_luck = any("synthetic" in get_settings(row, "dataset") for row in comparison.of(phase))
    return [
        metric
        for metric in metrics.values()
        if (columns is None or metric.name in columns) and not (is_luck and metric.show == "percent")
    ]


def name_metric(metric: Metric) -> str:
    """Its name in a sentence."""
    return metric.name.replace("_", " ") if metric.show == "percent" else metric.title.lower()


def _conclude_verdicts(rows: Sequence[Row], metrics: Sequence[Metric]) -> list[str]:
    judged = {
        metric.name: (metric, [(row, found) for row in rows if (found := row.verdict(metric.name)) is not None])
        for metric in metrics
    }
    others = sum(not row.is_baseline for row in rows)
    return [_conclude_metric(metric, found, others) for metric, found in judged.values() if found]


def _conclude_metric(metric: Metric, found: Sequence[_Judged], others: int) -> str:
    """``others`` are all rows but the baselines, those too that lack the figure."""
    baselines = list(dict.fromkeys(row.baseline or "" for row, _ in found))
    base = baselines[0] if len(baselines) == 1 else _ONE_OF_SEVERAL
    rest = [text for word, text in _UNDECIDED.items() for text in _tell_rest(found, word, text)]
    by_word = [[each for each in found if each[1].word == word] for word in ("better", "worse")]
    won = [text for rows in by_word for text in _tell_won(metric, rows, base, others)]
    if not won:
        return f"No difference from {base} in {name_metric(metric)} is shown: {join_names(rest)}."
    return f"{'; '.join([*won, join_names(rest)] if rest else won)}."


def _tell_won(metric: Metric, rows: Sequence[_Judged], base: str, others: int) -> list[str]:
    """Who beats whom, of rows with one verdict; of several, the one that stands best by its estimate."""
    if not rows:
        return []
    choose: Callable[..., _Judged] = min if metric.best == "low" else max
    row, verdict = choose(rows, key=lambda each: each[1].estimate or 0.0)
    every = "both" if others == 2 else f"all {others}"
    several = f"{every if len(rows) == others else f'{len(rows)} of {others}'} other rows"
    them = row.label if len(rows) == 1 else several
    is_better = verdict.word == "better"
    winner, loser = (them, base) if is_better else (base, them)
    winner = winner.capitalize() if winner in (several, _ONE_OF_SEVERAL) else winner
    beat = "beat" if is_better and len(rows) > 1 else "beats"
    sentence = f"{winner} {beat} {loser} in {name_metric(metric)}"
    across = ", across different hardware" if any(found.marked for _, found in rows) else ""
    if len(rows) == 1:
        whose = "" if is_better else f"{row.label}: "
        return [f"{sentence} ({whose}{_describe(verdict)}){across}"]
    size = "largest" if is_better else "smallest"
    return [f"{sentence}{across}, with the {size} difference for {row.label} ({_describe(verdict)})"]


def _describe(verdict: Verdict) -> str:
    """By how much and how sure."""
    parts = [format_estimate(verdict)]
    if verdict.interval_holm is not None and verdict.confidence_holm is not None:
        interval = format_estimate_interval(verdict, verdict.interval_holm)
        parts.append(f"{format_confidence(verdict.confidence_holm)} interval {interval}")
    return ", ".join(parts)


def _tell_rest(found: Sequence[_Judged], word: Word, text: str) -> list[str]:
    labels = [row.label for row, verdict in found if verdict.word == word]
    return [f"{_count(labels)} {'is' if len(labels) == 1 else 'are'} {text}"] if labels else []


def _count(labels: Sequence[str]) -> str:
    return join_names(labels) if len(labels) <= _MOST_NAMES else f"{len(labels)} rows"


def _list_best(rows: Sequence[Row], metrics: Sequence[Metric]) -> list[str]:
    return [text for metric in metrics for text in _tell_best(metric, rows)]


def _tell_best(metric: Metric, rows: Sequence[Row]) -> list[str]:
    """Nothing of rows that may not be compared with one another, nor where all have the same figure."""
    known = [(figure, row) for row in rows if row.completed and (figure := row.summary(metric.name).figure) is not None]
    if len({get_terms(metric, row) for _, row in known}) != 1 or len({figure for figure, _ in known}) == 1:
        return []
    best = (min if metric.best == "low" else max)(figure for figure, _ in known)
    ahead = [row for figure, row in known if figure == best]
    word = "Lowest" if metric.best == "low" else "Highest"
    labels = [row.label for row in ahead]
    return [f"{word} {name_metric(metric)}: {_count(labels)}, {_describe_mean(metric, ahead[0])}."]


def _describe_mean(metric: Metric, row: Row) -> str:
    summary = row.summary(metric.name)
    text = format_summary(metric, summary)
    if metric.exact:
        return text
    runs = count_noun(summary.n, "run")
    if summary.interval is None:
        return f"{text} ({runs})"
    return f"{text} ({runs}, 95 % interval {format_interval(metric.show, summary.interval)})"
