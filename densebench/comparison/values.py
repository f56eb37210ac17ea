"""The values that a comparison is made of. Everything below them computes them, everything above shows them."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from densebench.comparison.metrics import METRICS
from densebench.comparison.options import CompareOptions, GateLevel
from densebench.comparison.statistics import Interval
from densebench.config import RunConfig
from densebench.recipes import Recipe
from densebench.records import WITH_EPOCHS, WITH_UPDATES, Phase, Run

Word = Literal["better", "worse", "same", "inconclusive", "no test", "not comparable"]
Outcome = Literal["failed", "passed", "inconclusive"]

TIME_TO_TARGET = METRICS["time_to_target_seconds"]

# What goes without saying: the settings of a run that shares its batches with nobody.
ON_ONE_DEVICE: Mapping[str, object] = {"devices": 1, "hosts": 1, "batch_norm": "global"}
_BEFORE_THERE_WAS_A_CHOICE: Mapping[str, object] = {
    **ON_ONE_DEVICE,
    "optimizer": Recipe.optimizer,
    "checkpoint_every": RunConfig.checkpoint_every,
    "launcher": "loop",
}
_OF_PHASES: Mapping[str, tuple[Phase, ...]] = {  # that make any: elsewhere nothing is assumed
    "optimizer": WITH_UPDATES,
    "checkpoint_every": WITH_EPOCHS,
    "launcher": ("train",),
}


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One metric over the runs of a row."""

    metric: str
    values: tuple[float | None, ...]  # one a run, in the row's order; infinite: the target was never reached
    n: int  # runs whose value is known
    mean: float | None  # not finite if a known value is not: the mean of the others would flatter
    deviation: float | None  # of the sample; None below two known values
    interval: Interval | None  # 95 %, of the mean

    @property
    def known(self) -> tuple[float, ...]:
        return tuple(value for value in self.values if value is not None)

    @property
    def figure(self) -> float | None:
        """The mean where it is a finite number."""
        return self.mean if self.mean is not None and math.isfinite(self.mean) else None

    @property
    def missed(self) -> int:
        """Runs that never reached their target."""
        return self.values.count(math.inf) if self.metric == TIME_TO_TARGET.name else 0


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One metric of a row against its baseline; estimate and interval are a ratio or a difference (``kind``)."""

    metric: str
    kind: Literal["ratio", "difference"]
    word: Word
    estimate: float | None
    interval: Interval | None  # 95 %; None without a test
    p: float | None  # Welch's, or of the paired t test
    interval_holm: Interval | None  # the one that decides; None without a test, or with too few runs to decide on it
    confidence_holm: float | None  # of the interval that decides, as a fraction
    p_holm: float | None  # p, adjusted over all rows of the metric
    error: float | None  # standard error of the estimate, or of its logarithm for a ratio
    freedom: float | None  # degrees of freedom of the test
    p_permutation: float | None  # exact, from four runs a side
    p_permutation_least: float | None  # that this number of runs allows
    paired: bool
    too_few: bool  # runs to decide anything on p
    more_seeds: int | None  # a side, that would probably settle an inconclusive one
    seeds_needed: int | None  # the same in all: the number at which to decide
    floor: float | None  # half-width of the binomial 95 % interval where one run a side allows no test
    marked: bool  # across different hardware
    reason: str  # one sentence


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Images a second of a row by those of the same work on one device; of that itself, 1."""

    devices: int  # of all hosts
    reference: str  # label of the row of one device
    ratio: float
    interval: Interval | None  # 95 %, of the ratio; None without several runs on both sides

    @property
    def efficiency(self) -> float:
        """As a fraction of what so many times one device would do."""
        return self.ratio / self.devices

    @property
    def efficiency_interval(self) -> Interval | None:
        if self.interval is None:
            return None
        return Interval(low=self.interval.low / self.devices, high=self.interval.high / self.devices)


@dataclass(frozen=True, kw_only=True)
class Row:
    """Runs that differ in nothing but the seed, or in what ``by`` leaves open."""

    label: str
    phase: Phase
    runs: tuple[Run, ...]  # by seed
    summaries: tuple[Summary, ...]  # one a metric, in the order of METRICS
    mixed: tuple[str, ...] = ()  # columns in which the runs differ all the same
    repeats: tuple[int, ...] = ()  # places of runs that learned, to the last digit, what one before them did
    is_baseline: bool = False
    baseline: str | None = None  # label of the row that the verdicts are against
    verdicts: tuple[Verdict, ...] = ()
    on_front: bool = False
    dominated_by: str | None = None  # label of a row as accurate at less cost, or more accurate at no more
    within_budget: bool | None = None  # None: no budget was given, or a figure of it is unknown
    scaling: Scaling | None = None  # None: of one device that no other row is compared with, or nothing to compare with

    def summary(self, metric: str) -> Summary:
        return self.summaries[tuple(METRICS).index(metric)]

    def verdict(self, metric: str) -> Verdict | None:
        return next((verdict for verdict in self.verdicts if verdict.metric == metric), None)

    @property
    def completed(self) -> bool:
        return all(run.status == "completed" for run in self.runs)


@dataclass(frozen=True, kw_only=True)
class EnvironmentDifference:
    """A column in which the rows' environments differ: each value with the labels of the rows that have it."""

    column: str
    values: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One condition of ``--fail-on`` for one row."""

    condition: str
    row: str
    outcome: Outcome
    reason: str
    confidence: float | None = None  # of the interval that decides, as a fraction; None without a test


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """Whether a comparison found a regression: exit code 3."""

    failed: bool
    strict: bool
    level: GateLevel
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, kw_only=True)
class BudgetResult:
    """What a budget leaves, by label; the excluded rows are no longer in the comparison."""

    budget: str
    within: tuple[str, ...]
    excluded: tuple[str, ...]
    unknown: tuple[str, ...]  # rows that lack a figure of the budget: neither in nor out
    best: str | None  # the most accurate within it
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A comparison of runs; rows in the order asked for, published ones among them, known by their ``phase``."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]  # sentences that a reader of the figures needs
    options: CompareOptions
    environments: tuple[EnvironmentDifference, ...]
    gate: GateResult | None = None
    budget: BudgetResult | None = None

    def of(self, phase: Phase) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.phase == phase)


def get_setting(run: Run, column: str) -> object:
    """The value of a column that describes the run or its environment.

    A run that does not say on how many devices it was made used one, the optimizer SGD, a checkpoint an epoch, and no
    launcher: its file is older than the columns. With one device, the statistics of its part of the batch are those of
    the whole. Nothing is assumed of what others published, nor of an optimizer where nothing was trained.
    """
    value: object = getattr(run if hasattr(run, column) else run.environment, column)
    if column not in _BEFORE_THERE_WAS_A_CHOICE or run.phase == "published":
        return value
    if run.phase not in _OF_PHASES.get(column, (run.phase,)):
        return value
    is_alone = column == "batch_norm" and count_devices(run) == 1
    return _BEFORE_THERE_WAS_A_CHOICE[column] if value is None or is_alone else value


def count_devices(run: Run) -> int:
    """Devices of all hosts that shared the batches."""
    return (run.devices or 1) * (run.hosts or 1)


def get_settings(row: Row, column: str) -> tuple[object, ...]:
    """The different values of a column among the runs of a row, in their order; one, unless the row mixes them."""
    return tuple(dict.fromkeys(get_setting(run, column) for run in row.runs))


def get_shares(row: Row, column: str) -> frozenset[tuple[object, Fraction]]:
    """The different values of a column, each with the fraction of the row's runs that have it."""
    counts = Counter(get_setting(run, column) for run in row.runs)
    return frozenset((value, Fraction(count, len(row.runs))) for value, count in counts.items())
