"""Shows how true ``densebench plan`` is: predicts trainings, makes them, and compares.

``python benchmarks/prediction.py --dataset folder:cifar10-images`` makes for every network, batch size and backend a
trial (as ``plan`` does) and then the training that it predicts, one right after the other, so
that both meet the same machine; the images of a folder are decoded before, as they are for every run but the first.
``--report`` alone reads the results and prints and writes what follows from them: each
training against its own trial (measured), against the trials of all other networks (others), and against those of three
small networks (three), as ``plan`` predicts what it had no time to measure.
"""

import argparse
import csv
import dataclasses
import json
import math
import shlex
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from densebench.config import DataConfig
from densebench.data import datasets
from densebench.models import cost, variants
from densebench.models.cost import Cost
from densebench.prediction.measurements import Measurement, measure
from densebench.prediction.predict import Predictor
from densebench.prediction.values import NO_PRICES, Prediction, Workload
from densebench.records import Run
from densebench.results import store

NETWORKS = "resnet20,preresnet32,resnet56,40x12,densenet-40x12,100x12,resnet110,wrn16x8"
THREE = ("resnet20", "40x12", "100x12")
_TEST_IMAGES = 300
_IMAGES = 1000  # of the dataset that a trial stands for; how many remain after full batches is kept
_FEWEST_STEPS = 6  # of an epoch


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One training, and what was predicted of it."""

    kind: str  # measured, others or three
    variant: str
    batch_size: int
    backend: str
    implementation: str
    train_images: int
    epochs: int
    trained: str  # the run
    forward_macs: int
    total_seconds: float
    predicted_total_seconds: float
    predicted_total_seconds_low: float
    predicted_total_seconds_high: float
    peak_bytes: float
    predicted_peak_bytes: float
    predicted_peak_bytes_low: float
    predicted_peak_bytes_high: float

    @property
    def time_error(self) -> float:
        """As a fraction of what it took."""
        return self.predicted_total_seconds / self.total_seconds - 1

    @property
    def memory_error(self) -> float:
        return self.predicted_peak_bytes / self.peak_bytes - 1

    @property
    def time_is_inside(self) -> bool:
        return self.predicted_total_seconds_low <= self.total_seconds <= self.predicted_total_seconds_high

    @property
    def memory_is_inside(self) -> bool:
        return self.predicted_peak_bytes_low <= self.peak_bytes <= self.predicted_peak_bytes_high


def main() -> None:
    """Parse the options, measure, and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--networks", default=NETWORKS)
    parser.add_argument("--batch-sizes", default="64,128")
    parser.add_argument("--backends", default="tensorflow,jax")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30.0, help="that the steps of a training are to take")
    parser.add_argument("--most-images", type=int, default=10_000)
    parser.add_argument("--results", type=Path, default=Path("results/prediction"))
    parser.add_argument("--runs", type=Path, default=Path("runs/prediction"))
    parser.add_argument("--report", action="store_true", help="measure nothing")
    given = parser.parse_args()
    for backend in [] if given.report else given.backends.split(","):
        for batch_size in given.batch_sizes.split(","):
            for name in given.networks.split(","):
                _measure_one(given, name, int(batch_size), backend)
    runs = store.read_all([given.results / "runs"])
    outcomes = list(list_outcomes(runs))
    _write(outcomes, given.results / "prediction.csv")
    report(outcomes)


def _measure_one(given: argparse.Namespace, name: str, batch_size: int, backend: str) -> None:
    """A trial, then the training that it predicts, of as many images as take about the given time."""
    common = ["--dataset", given.dataset, "--backend", backend, "--batch-size", str(batch_size)]
    places = ["--results-dir", str(given.results / "runs"), "--runs-dir", str(given.runs)]
    limits = ["--epochs", str(given.epochs), "--test-limit", str(_TEST_IMAGES)]
    plan = ["plan", name, *common, *places, *limits, "--train-limit", str(_IMAGES), "--remeasure", "--within", "5m"]
    (row,) = json.loads(_run([*plan, "--format", "json"]))["plan"]
    trial = measure(store.read_all([store.run_path(given.results / "runs", row["measured_by"])])[0])
    assert trial is not None
    wanted = min(given.seconds / given.epochs / trial.image_seconds, given.most_images)
    batches = max(_FEWEST_STEPS, int(wanted / batch_size))
    images = batches * batch_size + _IMAGES % batch_size
    datasets.load(DataConfig(dataset=given.dataset, train_limit=images, test_limit=_TEST_IMAGES))  # decodes a folder
    _run(["train", name, *common, *places, *limits, "--train-limit", str(images)])


def _run(arguments: Sequence[str]) -> str:
    """A training that diverges, as a short one may at the recipe's rate, is left out, and the next goes on."""
    print(shlex.join(["densebench", *arguments]), file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "densebench", *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=arguments[0] == "plan").stdout


def list_outcomes(runs: Sequence[Run]) -> Iterator[Outcome]:
    """Every completed training against what its own trial, those of others and those of three networks say."""
    trials = [(run, found) for run in runs if run.phase == "trial" and (found := measure(run)) is not None]
    for run in (run for run in runs if run.phase == "train" and run.status == "completed"):
        same = [found for trial, found in trials if _have_equal_settings(trial, run)]
        own = [one for one in same if (one.variant, one.batch_size) == (run.variant, run.batch_size)]
        others = [one for one in same if one.variant != run.variant]
        three = [one for one in others if one.variant in THREE]
        for kind, known in (("measured", own), ("others", others), ("three", three)):
            if known and (kind != "three" or run.variant not in THREE):
                yield _compare(kind, run, known)


def _have_equal_settings(trial: Run, run: Run) -> bool:
    names = ("backend", "precision", "implementation", "jit")
    return all(getattr(trial, name) == getattr(run, name) for name in names)


def _compare(kind: str, run: Run, known: Sequence[Measurement]) -> Outcome:
    found = _predict(run, known)
    peak = max(record.host_peak_bytes or 0 for record in run.records)
    assert run.total_seconds is not None
    assert found.peak_bytes is not None
    assert found.peak_interval is not None
    return Outcome(
        kind=kind,
        variant=run.variant,
        batch_size=run.batch_size or 0,
        backend=run.backend or "",
        implementation=run.implementation or "",
        train_images=run.train_images or 0,
        epochs=run.epochs or 0,
        trained=run.run,
        forward_macs=run.forward_macs or 0,
        total_seconds=run.total_seconds,
        predicted_total_seconds=found.total_seconds,
        predicted_total_seconds_low=found.total_interval.low,
        predicted_total_seconds_high=found.total_interval.high,
        peak_bytes=peak,
        predicted_peak_bytes=found.peak_bytes,
        predicted_peak_bytes_low=found.peak_interval.low,
        predicted_peak_bytes_high=found.peak_interval.high,
    )


def _predict(run: Run, known: Sequence[Measurement]) -> Prediction:
    work = Workload(
        train_images=run.train_images or 0,
        eval_images=(run.test_images or 0) + (run.validation_images or 0),
        image_size=run.image_size or 0,
        epochs=run.epochs or 0,
    )

    def count(variant: str) -> Cost:
        return cost.count(variants.find(variant), classes=run.classes or 10, image_size=run.image_size or 32)

    return Predictor(known, count).predict(run.variant, count(run.variant), run.batch_size or 0, work, NO_PRICES)


def _write(outcomes: Sequence[Outcome], path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in dataclasses.fields(Outcome)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(dataclasses.asdict(one) for one in outcomes)


def report(outcomes: Sequence[Outcome]) -> None:
    """Print the errors of each kind, every training, and how often the intervals hold what came."""
    for kind in ("measured", "others", "three"):
        own = [one for one in outcomes if one.kind == kind]
        if not own:
            continue
        print(f"\n{kind}: {len(own)} trainings")
        for what, errors, inside in (
            ("time", [one.time_error for one in own], [one.time_is_inside for one in own]),
            ("memory", [one.memory_error for one in own], [one.memory_is_inside for one in own]),
        ):
            sizes = sorted(map(abs, errors))
            spread = math.sqrt(statistics.fmean(math.log1p(error) ** 2 for error in errors))
            print(
                f"  {what:8}error: median {statistics.median(sizes):.1%}, worst {sizes[-1]:.1%}, "
                f"mean {statistics.fmean(errors):+.1%}, root mean square of the logarithm {spread:.3f}; "
                f"{sum(inside)} of {len(inside)} inside the 95 % interval"
            )
        for one in own:
            name = f"{one.backend:11}{one.batch_size:4} {one.variant:16}"
            times = f"{one.predicted_total_seconds:8.1f} s predicted, {one.total_seconds:8.1f} s taken"
            print(f"    {name}{times} ({one.time_error:+.1%}); memory {one.memory_error:+.1%}")


if __name__ == "__main__":
    main()
