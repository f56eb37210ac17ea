"""The last stages of ``gpu.py``: a training that goes on from call to call, and what ``plan`` predicts of it."""

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gpu_parts import Ended, Part, PartFailed, PartUnfinished, append_row, find_last_words, require_success
from gpu_scale import Asked

from densebench.records import Run
from densebench.results import csv_file

TRAINING = "gpu-training"  # the run's name
DATASET = "cifar10-images"


# 5: a training


def list_training_parts(asked: Asked) -> Iterator[Part]:
    """One training that goes on, stage by stage, until its epochs are done."""
    yield Part(
        name="training",
        command=lambda seconds: make_training_command(asked, seconds),
        judge=lambda ended: describe_training(ended, asked),
        seconds=float("inf"),
    )


def make_training_command(asked: Asked, seconds: float) -> list[str]:
    """Train as long as there is time to end well; a run that was begun goes on."""
    limit = ["--time-limit", f"{max(seconds - 30, seconds / 2):.0f}s", *asked.places("training")]
    if find_training(asked):
        return ["-m", "densebench", "train", "--resume", TRAINING, *limit]
    settings = ["--backend", asked.trained_on, *describe_workload(asked, asked.scale.epochs)]
    return ["-m", "densebench", "train", asked.scale.network, "--run", TRAINING, *settings, *limit]


def describe_workload(asked: Asked, epochs: int) -> list[str]:
    """The options that a training and its prediction share."""
    words = ["--recipe", "short", "--epochs", str(epochs), "--dataset", find_dataset(asked), *asked.scale.data]
    return [*words, "--batch-size", str(asked.scale.batch_sizes[0]), "--precision", asked.scale.precisions[-1]]


def find_dataset(asked: Asked) -> str:
    """The images of CIFAR-10 as files, unpacked if need be; else made-up ones."""
    if asked.data_dir is None or asked.scale.is_tiny:
        return "synthetic"
    folder, archive = asked.data_dir / DATASET, asked.data_dir / f"{DATASET}.tar.gz"
    if not folder.is_dir() and archive.is_file():
        unpacked = asked.output / "unpacked"
        if not unpacked.is_dir():
            with tarfile.open(archive) as packed:
                packed.extractall(unpacked, filter="data")
        folder = find_images(unpacked)
    return f"folder:{folder}" if folder.is_dir() else "synthetic"


def find_images(unpacked: Path) -> Path:
    """The folder with ``train``, whether or not the archive has a folder around it."""
    return next((each for each in (unpacked, *sorted(unpacked.iterdir())) if (each / "train").is_dir()), unpacked)


def find_training(asked: Asked) -> Run | None:
    """The training as far as it has come."""
    file = asked.output / "training" / f"{TRAINING}.csv"
    return csv_file.read(file)[0] if file.exists() else None


def describe_training(ended: Ended, asked: Asked) -> str:
    """How far it has come; raises :class:`PartUnfinished` where it can go on."""
    run = find_training(asked)
    if run is None or not run.records or run.status == "failed":
        raise PartFailed(find_last_words(ended))
    last = run.records[-1]
    accuracy = "unknown" if last.test_accuracy is None else f"{last.test_accuracy:.2%}"
    epochs = f"{len(run.records)} of {run.epochs} epochs on {run.dataset}, {last.epoch_seconds:.1f} s an epoch"
    done = f"{epochs}, test accuracy {accuracy}"
    if run.status != "completed":
        raise PartUnfinished(done)
    return done


# 6: the prediction of that


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A row of ``plan.csv``."""

    figure: str
    predicted: float | None
    low: float | None  # of the 95 % interval
    high: float | None
    came: float | None
    ratio: float | None  # of what came to what was predicted


def list_plan_parts(asked: Asked) -> Iterator[Part]:
    """``plan`` for as many epochs as were trained, from a trial of now, beside what came."""
    yield Part(
        name="plan",
        command=lambda _: make_plan_command(asked),
        judge=lambda ended: compare_with_plan(ended, asked),
        seconds=asked.scale.part_seconds,
    )


def make_plan_command(asked: Asked) -> list[str]:
    """Raises :class:`PartFailed` where nothing was trained."""
    run = find_training(asked)
    if run is None or not run.records:
        raise PartFailed("nothing was trained: run stage 5 first")
    workload = ["--backend", str(run.backend), *describe_workload(asked, len(run.records))]
    settings = ["--within", asked.scale.within, *asked.places("plan"), "--format", "json"]
    return ["-m", "densebench", "plan", asked.scale.network, *workload, *settings]


def compare_with_plan(ended: Ended, asked: Asked) -> str:
    """Append what was predicted and what came; returns both in words."""
    require_success(ended)
    (found,) = json.loads(ended.stdout)["plan"]
    run = find_training(asked)
    if run is None or found["predicted_total_seconds"] is None:
        raise PartFailed(str(found["reason"] or "nothing was predicted"))
    peak = "gpu_peak_bytes" if found["memory"] == "gpu" else "host_peak_bytes"
    memory = max((getattr(record, peak) or 0 for record in run.records), default=0) or None
    known = [record.energy_joules for record in run.records if record.energy_joules is not None]
    came = {
        "predicted_total_seconds": run.total_seconds,
        "predicted_peak_bytes": memory,
        "energy_joules": sum(known) if len(known) == len(run.records) else None,
    }
    words = []
    for figure, value in came.items():
        predicted = found[figure]
        row = Compared(
            figure=figure.removeprefix("predicted_"),
            predicted=predicted,
            low=found.get(f"{figure}_low"),
            high=found.get(f"{figure}_high"),
            came=value,
            ratio=round(value / predicted, 4) if value and predicted else None,
        )
        append_row(asked.output / "plan.csv", row)
        words += [f"{row.figure} {row.ratio}"] if row.ratio else []
    return f"what came over what was predicted: {', '.join(words)}"
