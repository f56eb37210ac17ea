"""The values that a plan is made of: what is asked, what one network would cost, and what was chosen."""

from dataclasses import dataclass

from densebench.comparison.statistics import Interval
from densebench.machine import Environment


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What a training does, whichever the network."""

    train_images: int
    eval_images: int  # after every epoch: test and validation
    image_size: int
    epochs: int
    seeds: int = 1

    @property
    def held_images(self) -> int:
        """Images in memory."""
        return self.train_images + self.eval_images


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What an hour of the machine and a kWh cost, in one currency, and its power in watts if that is given."""

    per_hour: float | None = None
    per_kwh: float | None = None
    watts: float | None = None
    currency: str = ""  # a sign or a code


NO_PRICES = Prices()


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What one training costs."""

    total_seconds: float
    total_interval: Interval  # 95 %
    peak_bytes: float | None
    peak_interval: Interval | None  # 95 %
    on_gpu: bool  # whose memory it is; else the process's
    energy_joules: float | None
    price: float | None
    measured: bool  # at this batch size; else predicted from others
    source: str | None  # the run that measured it
    measured_at: str | None  # the start of that, or of the newest measurement it is predicted from; ISO 8601
    implementation: str | None


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Test accuracy that may be expected, as fractions, and from where."""

    mean: float  # of the user's runs; of published figures the middle of their range
    low: float  # 95 % interval over several runs; else the range of the figures
    high: float
    deviation: float | None  # of several own runs
    count: int  # own runs, or sources
    is_own: bool
    source: str  # the runs, or the publications


@dataclass(frozen=True, kw_only=True)
class TargetTime:
    """When a training first reaches the target, by the epochs in which own runs of its kind did."""

    epochs: tuple[int, ...]  # of the runs that reached it
    count: int  # runs at hand
    best: float  # highest test accuracy of any of their epochs
    seconds: float | None  # None where a run missed it, or what an epoch costs is unknown
    interval: Interval | None  # 95 %, for one more run; None of a single one, which does not show how epochs vary

    @property
    def missed(self) -> int:
        """Runs that never reached it."""
        return self.count - len(self.epochs)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One network in one setting: what it would cost, what it may reach, and whether that is within the budget."""

    label: str
    variant: str
    params: int
    forward_macs: int | None  # None: unknown of one of its layers
    batch_size: int
    precision: str
    backend: str
    devices: int
    prediction: Prediction | None  # None where nothing could be measured
    problem: str | None  # why nothing could be measured: a sentence
    accuracy: Accuracy | None
    command: str  # that would train it
    fits: bool | None = None  # None: without a budget, or where a figure of it is unknown
    is_close: bool = False  # a limit lies within the interval of its figure
    reason: str = ""  # what it exceeds or lacks: "time", "memory and price"
    on_front: bool = False
    target_time: TargetTime | None = None  # None: without a target, or no learning curve shows it


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """A change of a training that makes it fit."""

    option: str  # as typed: "--recipe short"
    prediction: Prediction
    changes_training: bool  # so that its accuracy is another


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What to train, and what would have to be changed to train something more accurate."""

    chosen: Candidate | None
    by_accuracy: bool  # whether it is the most accurate; else its accuracy is unknown, and it computes most
    by_target: bool  # whether it is the first of those at the target whose time to it is known, however accurate
    nearest: Candidate | None  # the most promising that does not fit
    alternatives: tuple[Alternative, ...]  # for the nearest


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that ``plan`` has found."""

    candidates: tuple[Candidate, ...]  # in the order asked for
    choice: Choice
    workload: Workload
    dataset: str
    recipe: str
    batch_size: int | None  # None: several
    machine: Environment
    measured: tuple[str, ...]  # variants, in this plan
    measuring_seconds: float
    budget: str | None
    cost: str  # of the front, as --cost takes it
    target: float | None  # test accuracy, a fraction
    prices: Prices
    notes: tuple[str, ...]
