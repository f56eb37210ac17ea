"""What is compared between runs: one figure a run, by name. The run is the unit, never the epoch."""

from dataclasses import dataclass
from typing import Literal

from densebench.errors import unknown
from densebench.records import COLUMNS, Show

# How a run's figure is made of its column: the value for the whole run, or one computed from those of the epochs. A
# last value or a sum needs every epoch that it is made of; a median and a maximum leave unknown ones and NaN out.
Over = Literal["run", "last", "median", "max", "sum"]

# What must be equal for two figures to say something about the networks.
HARDWARE = ("device", "device_kind", "gpu_name", "gpu_memory_bytes", "cpu", "cpu_cores", "cpu_quota", "threads")
DATA = ("dataset", "dataset_sha256", "classes", "image_size", "test_images")


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure of a run. ``kind`` says how two are compared: by their ratio or by their difference."""

    name: str
    column: str  # of COLUMNS
    over: Over
    title: str
    show: Show
    best: Literal["low", "high"]
    kind: Literal["ratio", "difference"]
    exact: bool
    requires_equal: tuple[str, ...]  # columns
    means: str


def metric(
    column: str,
    over: Over,
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
        column=column,
        over=over,
        title=title or about.title,
        show=about.show,
        best=about.best or "low",
        kind="difference" if is_accuracy or column.endswith("_loss") else "ratio",
        exact=about.exact,
        requires_equal=requires_equal,
        means=means or about.means,
    )


PER_EPOCH = (*HARDWARE, "train_images", "image_size")
PER_IMAGE = (*HARDWARE, "image_size")

METRICS: dict[str, Metric] = {
    entry.name: entry
    for entry in (
        metric("params", "run"),
        metric("trainable_params", "run"),
        metric("forward_macs", "run"),
        metric("weights_bytes", "run"),
        metric("model_file_bytes", "run"),
        metric("checkpoint_file_bytes", "run"),
        metric(
            "epoch_seconds",
            "median",
            requires_equal=PER_EPOCH,
            means="Median over the epochs of the training steps' time.",
        ),
        metric(
            "images_per_second",
            "median",
            requires_equal=PER_IMAGE,
            means="Median over the epochs of the steady images a second.",
        ),
        metric("step_ms_p50", "median", requires_equal=PER_IMAGE),
        metric("latency_ms_p50", "median", requires_equal=PER_IMAGE),
        metric("first_step_seconds", "run", requires_equal=PER_IMAGE),
        metric("gpu_peak_bytes", "max", requires_equal=PER_IMAGE),
        metric("host_peak_bytes", "max", requires_equal=PER_IMAGE),
        metric(
            "energy_joules",
            "sum",
            requires_equal=PER_EPOCH,
            means="Energy of the whole card, summed over the epochs.",
        ),
        metric("total_seconds", "run", requires_equal=PER_EPOCH),
        metric("time_to_target_seconds", "run", requires_equal=(*PER_EPOCH, *DATA, "target")),
        metric("train_loss", "last", requires_equal=DATA),
        metric("train_accuracy", "last", requires_equal=DATA),
        metric("validation_accuracy", "last", requires_equal=DATA),
        metric("test_loss", "last", requires_equal=DATA),
        metric(
            "test_accuracy",
            "last",
            requires_equal=DATA,
            means="Top-1 accuracy on the test images after the last epoch.",
        ),
        metric(
            "test_accuracy",
            "max",
            name="best_test_accuracy",
            requires_equal=DATA,
            title="Best of test",
            means="Highest test accuracy of any epoch: chosen by looking at the test images.",
        ),
        metric("test_top5_accuracy", "last", requires_equal=DATA),
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
