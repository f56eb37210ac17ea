"""What a run on disk says about the cost of others like it: seconds an image, seconds an epoch, memory."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from densebench.comparison.statistics import mean
from densebench.comparison.values import get_setting
from densebench.records import WITH_EPOCHS, EpochRecord, Run

_BYTES_A_PIXEL = 3
_IMAGES_PER_SECOND = 1e-4, 1e9  # slower and faster is no machine, but a row that somebody has changed
_SHORTEST_TRAINING = 5.0  # seconds of steps; a shorter one tells less than a trial, and would replace it
_BEGINNING = EpochRecord(elapsed_seconds=0.0)
_FEW_STEPS = 10  # independent ones, whatever their number


_P5_TO_P95 = 3.29  # standard deviations of a normal distribution between its 5th and its 95th percentile


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One variant at one batch size; times in seconds."""

    run: str
    variant: str  # as name_network has it
    batch_size: int
    backend: str | None
    implementation: str | None  # plain or fast, as resolved
    on_gpu: bool
    image_seconds: float  # of training, making the batches included
    eval_image_seconds: float
    epoch_seconds: float  # of an epoch besides: what its first and last steps take longer, the checkpoint, the row
    start_seconds: float  # until the first epoch is under way: data, framework, building, compiling
    peak_bytes: float | None  # of the GPU; on a CPU of the process, without the images of the dataset
    image_joules: float | None
    spread: float  # relative standard error of image_seconds within the run
    started: str | None  # ISO 8601 with time zone


def find_measurements(
    runs: Iterable[Run], wanted: Mapping[str, Collection[object]], *, own: Collection[str] = ()
) -> list[Measurement]:
    """What the runs show whose columns have one of the ``wanted`` values each, or that are ``own`` by name.

    The newest comes first.
    """
    chosen = [run for run in runs if run.run in own or _has(run, wanted)]
    chosen.sort(key=lambda run: run.started or "", reverse=True)
    return [found for found in map(measure, chosen) if found is not None]


def _has(run: Run, wanted: Mapping[str, Collection[object]]) -> bool:
    return all(get_setting(run, column) in values for column, values in wanted.items())


def measure(run: Run) -> Measurement | None:
    """What a trial or a training of two epochs or more shows; ``None`` if a time is missing."""
    if run.phase not in WITH_EPOCHS or run.resumed or len(run.records) < 2 or not run.batch_size:
        return None
    if run.phase == "train" and sum(record.epoch_seconds or 0.0 for record in run.records) < _SHORTEST_TRAINING:
        return None
    paces = _list_paces(run)
    evaluation = _find_evaluation(run)
    if not paces or evaluation is None:
        return None
    image_seconds = math.fsum(one.images * one.seconds for one in paces) / math.fsum(one.images for one in paces)
    besides = [_find_besides(run, *pair, image_seconds, evaluation) for pair in pairwise(run.records)]
    start = _find_besides(run, _BEGINNING, run.records[0], image_seconds, evaluation)
    known = [one for one in besides if one is not None]
    if start is None or not known:
        return None
    epoch_seconds = max(0.0, mean(known))
    return Measurement(
        run=run.run,
        variant=name_network(run.variant, run.variant_sha256),
        batch_size=run.batch_size,
        backend=run.backend,
        implementation=run.implementation,
        on_gpu=run.environment.device_kind == "gpu",
        image_seconds=image_seconds,
        eval_image_seconds=evaluation,
        epoch_seconds=epoch_seconds,
        start_seconds=max(0.0, start - epoch_seconds),
        peak_bytes=_find_peak(run),
        image_joules=_find_joules(run),
        spread=_find_spread(run, paces, image_seconds),
        started=run.started,
    )


def name_network(variant: str, sha256: str | None) -> str:
    """A name that no other network has: of one that is not densebench's own, with the hash of its code."""
    return variant if sha256 is None else f"{variant} {sha256}"


def count_data_bytes(images: int, image_size: int) -> int:
    """The pixels of a dataset, which a run holds in memory."""
    return images * image_size * image_size * _BYTES_A_PIXEL


def _count_images(run: Run, record: EpochRecord) -> int | None:
    """Training images of an epoch; those of a trial but the first have one full batch and the last one."""
    if run.train_images is None or run.batch_size is None or run.phase == "train" or record.epoch == 1:
        return run.train_images
    return run.batch_size + (run.train_images % run.batch_size or run.batch_size)


@dataclass(frozen=True, kw_only=True)
class _Pace:
    """What an image took in an epoch, and of how many that is known: an epoch of two steps says little."""

    images: int
    seconds: float


def _list_paces(run: Run) -> list[_Pace]:
    slowest, fastest = _IMAGES_PER_SECOND
    return [
        _Pace(images=images, seconds=1 / rate)
        for record in run.records
        if (rate := record.images_per_second) and slowest < rate < fastest and (images := _count_images(run, record))
    ]


def _find_evaluation(run: Run) -> float | None:
    """Seconds an image."""
    known = [record.eval_seconds for record in run.records if record.eval_seconds is not None]
    return mean(known) / run.test_images if known and run.test_images else None


def _find_besides(
    run: Run, before: EpochRecord, record: EpochRecord, image_seconds: float, evaluation: float
) -> float | None:
    """What an epoch took that its images and its evaluation do not explain."""
    images = _count_images(run, record)
    if before.elapsed_seconds is None or record.elapsed_seconds is None or record.eval_seconds is None or not images:
        return None
    whole = record.elapsed_seconds - before.elapsed_seconds
    return whole - record.eval_seconds - (run.validation_images or 0) * evaluation - images * image_seconds


def _find_peak(run: Run) -> float | None:
    on_gpu = run.environment.device_kind == "gpu"
    peaks = [record.gpu_peak_bytes if on_gpu else record.host_peak_bytes for record in run.records]
    peak = max((peak for peak in peaks if peak is not None), default=None)
    if peak is None or on_gpu or run.phase == "trial":
        return peak
    if run.train_images is None or run.test_images is None or run.image_size is None:
        return None
    images = run.train_images + run.test_images + (run.validation_images or 0)
    return peak - count_data_bytes(images, run.image_size)


def _find_joules(run: Run) -> float | None:
    """Joules an image of the first epoch, which in a trial is the long one."""
    first = run.records[0]
    images = _count_images(run, first)
    return first.energy_joules / images if first.energy_joules is not None and images else None


def _find_spread(run: Run, paces: Sequence[_Pace], image_seconds: float) -> float:
    """From epoch to epoch where there are several; within the long one of a trial, as far as its steps lie apart."""
    count, images = len(paces), math.fsum(one.images for one in paces)
    deviations = math.fsum((one.images * (one.seconds - image_seconds)) ** 2 for one in paces)
    between = math.sqrt(count / (count - 1) * deviations) / images / image_seconds if count > 1 else 0.0
    return max(between, _find_spread_within(run.records[0])) if run.phase == "trial" or count == 1 else between


def _find_spread_within(first: EpochRecord) -> float:
    if not first.step_ms_p5 or not first.step_ms_p50 or not first.step_ms_p95:
        return 0.0
    return (first.step_ms_p95 - first.step_ms_p5) / _P5_TO_P95 / first.step_ms_p50 / math.sqrt(_FEW_STEPS)
