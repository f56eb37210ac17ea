"""What is compared between runs: one figure a run, by name. The run is the unit, never the epoch."""

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from densebench.comparison.statistics import total
from densebench.errors import unknown
from densebench.records import COLUMNS, EpochRecord, Run, Show

Figure = Callable[[Run], float | None]

# What must be equal for two figures to say something about the networks.
HARDWARE = ("device", "device_kind", "gpu_name", "gpu_memory_bytes", "cpu", "cpu_cores", "cpu_quota", "threads")
DATA = ("dataset", "dataset_sha256", "classes", "image_size", "test_images")


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure of a run. ``kind`` says how two are compared: by their ratio or by their difference."""

    name: str
    title: str
    show: Show
    best: Literal["low", "high"]
    kind: Literal["ratio", "difference"]
    exact: bool
    requires_equal: tuple[str, ...]  # columns
    means: str
    figure: Figure


def of_run(name: str) -> Figure:
    """A column that describes the whole run."""
    return lambda run: getattr(run, name)


def last(name: str) -> Figure:
    """The value of the last epoch; unknown if just that epoch lacks it."""
    return lambda run: getattr(run.records[-1], name) if run.records else None


def over_epochs(name: str, summarise: Callable[[list[float]], float]) -> Figure:
    """A summary over the epochs that have the value."""

    def figure(run: Run) -> float | None:
        known = [value for record in run.records if (value := value_of(record, name)) is not None]
        return summarise(known) if known else None

    return figure


def value_of(record: EpochRecord, name: str) -> float | None:
    value: float | None = getattr(record, name)
    return None if value is None or math.isnan(value) else value


def total_of(name: str) -> Figure:
    """The sum over the epochs; a single unknown epoch leaves it unknown."""

    def figure(run: Run) -> float | None:
        values: list[float | None] = [getattr(record, name) for record in run.records]
        known = [value for value in values if value is not None]
        return total(known) if known and len(known) == len(values) else None

    return figure


def metric(
    column: str,
    figure: Figure,
    *,
    name: str | None = None,
    title: str | None = None,
    means: str | None = None,
    requires_equal: tuple[str, ...] = (),
) -> Metric:
    """A metric with title, form and direction of its column."""
    about = COLUMNS[column].about
    is_accuracy = about.show == "percent"
    return Metric(
        name=name or column,
        title=title or about.title,
        show=about.show,
        best=about.best or "low",
        kind="difference" if is_accuracy or column.endswith("_loss") else "ratio",
        exact=about.exact,
        requires_equal=requires_equal,
        means=means or about.means,
        figure=figure,
    )


PER_EPOCH = (*HARDWARE, "train_images", "image_size")
PER_IMAGE = (*HARDWARE, "image_size")

METRICS: dict[str, Metric] = {
    entry.name: entry
    for entry in (
        metric("params", of_run("params")),
        metric("trainable_params", of_run("trainable_params")),
        metric("forward_macs", of_run("forward_macs")),
        metric("weights_bytes", of_run("weights_bytes")),
        metric("model_file_bytes", of_run("model_file_bytes")),
        metric("checkpoint_file_bytes", of_run("checkpoint_file_bytes")),
        metric(
            "epoch_seconds",
            over_epochs("epoch_seconds", statistics.median),
            requires_equal=PER_EPOCH,
            means="Median over the epochs of the training steps' time.",
        ),
        metric(
            "images_per_second",
            over_epochs("images_per_second", statistics.median),
            requires_equal=PER_IMAGE,
            means="Median over the epochs of the steady images a second.",
        ),
        metric("step_ms_p50", over_epochs("step_ms_p50", statistics.median), requires_equal=PER_IMAGE),
        metric("latency_ms_p50", over_epochs("latency_ms_p50", statistics.median), requires_equal=PER_IMAGE),
        metric("first_step_seconds", of_run("first_step_seconds"), requires_equal=PER_IMAGE),
        metric("gpu_peak_bytes", over_epochs("gpu_peak_bytes", max), requires_equal=PER_IMAGE),
        metric("host_peak_bytes", over_epochs("host_peak_bytes", max), requires_equal=PER_IMAGE),
        metric(
            "energy_joules",
            total_of("energy_joules"),
            requires_equal=PER_EPOCH,
            means="Energy of the whole card, summed over the epochs.",
        ),
        metric("total_seconds", of_run("total_seconds"), requires_equal=PER_EPOCH),
        metric(
            "time_to_target_seconds", of_run("time_to_target_seconds"), requires_equal=(*PER_EPOCH, *DATA, "target")
        ),
        metric("train_loss", last("train_loss"), requires_equal=DATA),
        metric("train_accuracy", last("train_accuracy"), requires_equal=DATA),
        metric("validation_accuracy", last("validation_accuracy"), requires_equal=DATA),
        metric("test_loss", last("test_loss"), requires_equal=DATA),
        metric(
            "test_accuracy",
            last("test_accuracy"),
            requires_equal=DATA,
            means="Top-1 accuracy on the test images after the last epoch.",
        ),
        metric(
            "test_accuracy",
            over_epochs("test_accuracy", max),
            name="best_test_accuracy",
            requires_equal=DATA,
            title="Best of test",
            means="Highest test accuracy of any epoch: chosen by looking at the test images.",
        ),
        metric("test_top5_accuracy", last("test_top5_accuracy"), requires_equal=DATA),
    )
}
ALIASES = {
    "energy": "energy_joules",
    "total_time": "total_seconds",
    "time_to_target": "time_to_target_seconds",
    "memory": "gpu_peak_bytes",
    "accuracy": "test_accuracy",
    "macs": "forward_macs",
}


def find_metric(name: str) -> Metric:
    """The metric of a name or of its short form; raises :class:`InputError` with the nearest names."""
    full = ALIASES.get(name, name)
    if full not in METRICS:
        raise unknown("metric", name, [*METRICS, *ALIASES])
    return METRICS[full]
