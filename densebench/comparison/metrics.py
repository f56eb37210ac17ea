"""What is compared between runs: one figure a run, by name. The run is the unit, never the epoch.

``METRICS`` says everything that anybody asks of a metric: how it is compared, and where tables, verdicts, listings,
pictures and the page show it. What an epoch writes into TensorBoard's log is said by its column, in
:mod:`densebench.records`.
"""

from collections.abc import Callable

from densebench.comparison.display import Bar, Cost, Curve, Display, Shown, clocked
from densebench.comparison.metric import Metric, metric
from densebench.errors import unknown
from densebench.machine import HARDWARE
from densebench.records import BY_THE_CLOCK, Phase

# What must be equal for two figures to say something about the networks, beside the hardware.
_DATA = ("dataset", "dataset_sha256", "classes", "image_size", "test_images")
_PER_IMAGE = (*HARDWARE, "devices", "hosts", "image_size")
_PER_EPOCH = (*_PER_IMAGE, "train_images")
_MEASURED: tuple[Phase, ...] = ("train", "eval", "speed", "inference")

METRICS: dict[str, Metric] = {
    entry.name: entry
    for entry in (
        metric(
            "params",
            "run",
            Display(
                table=Shown({"train": 20, "eval": 20, **clocked(20)}, keep=20),
                page_verdict=80,
                listed=10,
                cost=Cost(70, "pareto_params", in_overview=True),
                bar=Bar("size", 10),
            ),
        ),
        metric("trainable_params", "run", Display()),
        metric(
            "forward_macs",
            "run",
            Display(
                table=Shown({"train": 40, **clocked(30)}, keep=5),
                page_verdict=90,
                listed=20,
                cost=Cost(80),
                bar=Bar("size", 30),
            ),
        ),
        metric("weights_bytes", "run", Display(table=Shown({"train": 30}, keep=9), listed=30)),
        metric("model_file_bytes", "run", Display(listed=40, bar=Bar("size", 20))),
        metric("checkpoint_file_bytes", "run", Display(listed=50)),
        metric(
            "epoch_seconds",
            "median",
            Display(
                table=Shown({"train": 50, "published": 40}, keep=28, ratio=25),
                interval=Shown({"train": 60}, keep=1),
                judged=("train",),
                page_verdict=30,
                listed=70,
                cost=Cost(10, "pareto_time", in_overview=True),
                bar=Bar("time", 10),
            ),
            requires_equal=_PER_EPOCH,
            means="Median over the epochs of the training steps' time.",
        ),
        metric(
            "images_per_second",
            "median",
            Display(
                table=Shown({"train": 70, "eval": 60, **clocked(40)}, keep=19, orders=BY_THE_CLOCK),
                judged=("eval", "speed", "inference"),
                listed=80,
                bar=Bar("time", 20),
                axis_unit="images a second",
            ),
            requires_equal=_PER_IMAGE,
            means="Median over the epochs of the steady images a second.",
        ),
        metric(
            "step_ms_p50",
            "median",
            Display(table=Shown(clocked(50), keep=26, ratio=25), listed=90),
            requires_equal=_PER_IMAGE,
        ),
        metric(
            "latency_ms_p50",
            "median",
            Display(table=Shown({"eval": 70}, keep=15, ratio=12), judged=_MEASURED, listed=220),
            requires_equal=_PER_IMAGE,
        ),
        metric(
            "first_step_seconds",
            "run",
            Display(table=Shown(clocked(60), keep=6), listed=60),
            requires_equal=_PER_IMAGE,
        ),
        metric(
            "gpu_peak_bytes",
            "max",
            Display(
                table=Shown({"train": 80, "eval": 80, **clocked(70), "published": 60}, keep=23, ratio=11),
                judged=_MEASURED,
                page_verdict=50,
                listed=100,
                cost=Cost(40, "pareto_memory"),
                bar=Bar("memory", 10),
            ),
            requires_equal=_PER_IMAGE,
        ),
        metric(
            "host_peak_bytes",
            "max",
            Display(
                table=Shown({"train": 90, "eval": 90, **clocked(80)}, keep=22, ratio=10),
                judged=_MEASURED,
                page_verdict=60,
                listed=110,
                cost=Cost(50),
                bar=Bar("memory", 20),
            ),
            requires_equal=(*_PER_IMAGE, "dataset", "train_images", "test_images", "malloc"),  # which it includes
            stands_in_for="gpu_peak_bytes",
        ),
        metric(
            "energy_joules",
            "sum",
            Display(
                table=Shown({"train": 100}, keep=24, ratio=12),
                judged=("train",),
                page_verdict=70,
                listed=120,
                cost=Cost(60),
                bar=Bar("energy", 10),
            ),
            requires_equal=_PER_EPOCH,
            means="Energy of the whole card, summed over the epochs.",
            needs_end=True,
        ),
        metric(
            "total_seconds",
            "run",
            Display(
                table=Shown({"train": 110, "published": 50}, keep=26, ratio=15),
                page_verdict=40,
                listed=130,
                cost=Cost(20),
                bar=Bar("time", 30),
            ),
            requires_equal=(*_PER_EPOCH, "validation_images", "test_images", "checkpoint_every"),
            needs_end=True,
        ),
        metric(
            "time_to_target_seconds",
            "run",
            Display(table=Shown({"train": 120}, keep=27), listed=210, cost=Cost(30)),
            requires_equal=(*_PER_EPOCH, *_DATA, "target", "checkpoint_every"),
            needs_end=True,
        ),
        metric(
            "train_loss",
            "last",
            Display(listed=140, curve=Curve("loss", "Train loss", "cross-entropy, nats")),
            requires_equal=_DATA,
            needs_end=True,
        ),
        metric(
            "train_accuracy",
            "last",
            Display(listed=150, curve=Curve("accuracy", "Train accuracy", "accuracy, %")),
            requires_equal=_DATA,
            needs_end=True,
        ),
        metric("validation_loss", "last", Display(listed=155), requires_equal=_DATA, needs_end=True),
        metric("validation_accuracy", "last", Display(listed=160), requires_equal=_DATA, needs_end=True),
        metric(
            "test_loss",
            "last",
            Display(
                table=Shown({"eval": 50}, keep=7),
                page_verdict=20,
                listed=170,
                curve=Curve("loss", "Test loss", "cross-entropy, nats", leads=True),
            ),
            requires_equal=_DATA,
            needs_end=True,
        ),
        metric(
            "test_accuracy",
            "last",
            Display(
                table=Shown({"train": 130, "eval": 30, "published": 30}, 29, orders=("train", "eval", "published")),
                interval=Shown({"train": 140}, keep=2),
                judged=_MEASURED,
                page_verdict=10,
                listed=180,
                curve=Curve("accuracy", "Test accuracy", "accuracy, %", leads=True),
            ),
            requires_equal=_DATA,
            means="Top-1 accuracy on the test images after the last epoch.",
            needs_end=True,
        ),
        metric(
            "test_accuracy",
            "max",
            Display(table=Shown({"train": 150}, keep=-1), listed=190),
            name="best_test_accuracy",
            requires_equal=_DATA,
            title="Best of test",
            means="Highest test accuracy of any epoch: chosen by looking at the test images.",
            needs_end=True,
        ),
        metric(
            "test_top5_accuracy",
            "last",
            Display(table=Shown({"eval": 40}, keep=8), listed=200),
            requires_equal=_DATA,
            needs_end=True,
        ),
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


def order_metrics(place: Callable[[Display], int | None]) -> list[Metric]:
    """The metrics that have a place, in the order of their places."""
    found = [(key, metric) for metric in METRICS.values() if (key := place(metric.display)) is not None]
    return [metric for _, metric in sorted(found, key=lambda entry: entry[0])]


def find_metric(name: str) -> Metric:
    """The metric of a name or of its short form; raises :class:`InputError` with the nearest names."""
    full = ALIASES.get(name, name)
    if full not in METRICS:
        raise unknown("metric", name, [*METRICS, *ALIASES])
    return METRICS[full]
