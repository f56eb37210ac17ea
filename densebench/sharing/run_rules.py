"""What keeps a run from being a record: unknown cells, a phase that it is not of, figures that contradict its curve."""

import math
from collections.abc import Iterator

from densebench.comparison.values import get_setting
from densebench.errors import InputError
from densebench.models.cost import count
from densebench.models.variants import find
from densebench.records import BY_THE_CLOCK, COLUMNS, EpochRecord, Run
from densebench.results.target import find_first_reaching
from densebench.sharing.required import (
    FORMS,
    MEASURED,
    NOT_OF_PHASE,
    check_command,
    check_form,
    explain_phase,
    explain_unknown,
    list_required,
)

_ROUNDING = 1e-6


def check_run(run: Run) -> Iterator[str]:
    """A sentence without its end for everything that is wrong."""
    if run.phase not in MEASURED:
        yield explain_phase(run.phase)
        return
    if run.status != "completed":
        yield f"its status is {run.status}{f' ({run.reason})' if run.reason else ''}, and a record is completed"
    missing = [name for name in list_required(run.phase, run.environment.device_kind) if _is_unknown(run, name)]
    if missing:
        yield explain_unknown(missing)
        return
    texts = [check_form(name, str(get_setting(run, name))) for name in FORMS]
    yield from (text for text in (*texts, check_command(run.command or "", run.phase, run.dataset or "")) if text)
    yield from _check_other_phases(run)
    yield from _check_counts(run)
    yield from _check_accuracies(run)
    if run.phase == "train":
        yield from _check_training(run)
    elif len(run.records) != 1:
        yield f"its phase is {run.phase}, which has one row, and it has {len(run.records)}"


def _is_unknown(run: Run, name: str) -> bool:
    """Whether any cell of the column is empty, or no number; a loss may be none, where training has diverged."""
    level = COLUMNS[name].level
    if level == "epoch":
        return not run.records or any(_is_empty(name, getattr(record, name)) for record in run.records)
    return _is_empty(name, get_setting(run, name))


def _is_empty(name: str, value: object) -> bool:
    is_number = not isinstance(value, float) or math.isfinite(value) or name.endswith("_loss")
    return value is None or not is_number


def _check_other_phases(run: Run) -> Iterator[str]:
    filled = [name for name in NOT_OF_PHASE[run.phase] if _has_any(run, name)]
    if filled:
        yield f"its phase is {run.phase}, which has no {', '.join(filled)}"
    if run.phase not in BY_THE_CLOCK and run.dataset == "synthetic":
        yield "its dataset is synthetic: accuracy on random labels means nothing"


def _has_any(run: Run, name: str) -> bool:
    if COLUMNS[name].level == "epoch":
        return any(getattr(record, name) is not None for record in run.records)
    return getattr(run, name) is not None


def _check_counts(run: Run) -> Iterator[str]:
    """A network of densebench's own has the parameters that it counts; the code of others is not run here."""
    if run.variant_sha256 is not None or ":" in run.variant:
        return
    try:
        counted = count(find(run.variant), classes=run.classes or 0, image_size=run.image_size or 0)
    except InputError as error:
        yield str(error).rstrip(".")
        return
    for name in ("params", "forward_macs"):
        claimed, known = getattr(run, name), getattr(counted, name)
        if claimed != known:
            yield f"{name} is {claimed} where {run.variant} has {known}"


def _check_accuracies(run: Run) -> Iterator[str]:
    """An accuracy is a number of images by all of them."""
    images = run.test_images or 0
    for record in run.records:
        right = (record.test_accuracy or 0.0) * images
        if abs(right - round(right)) > _ROUNDING * max(1, images):
            which = f"test_accuracy{_name_epoch(record)}"
            yield f"{which} is {record.test_accuracy!r}, which is no share of {images} images"
            return


def _check_training(run: Run) -> Iterator[str]:
    """All epochs in order, the times of each within the wall time, and the target at the epoch that reaches it."""
    numbers = [record.epoch for record in run.records]
    if numbers != list(range(1, len(numbers) + 1)):
        yield "its epochs do not count from 1 on"
    reached = None if run.target is None else find_first_reaching(run.records, run.target)
    stopped = reached is not None and reached is run.records[-1]
    if len(numbers) != run.epochs and not stopped:
        yield f"it has {len(numbers)} of {run.epochs} epochs"
    yield from _check_times(run)
    yield from _check_target(run, reached)
    if run.predicted_total_seconds is not None and run.predicted_total_seconds == run.total_seconds:
        yield "total_seconds is its prediction to the last digit, so it was not measured"


def _check_times(run: Run) -> Iterator[str]:
    before = 0.0
    for record in run.records:
        elapsed, steps = record.elapsed_seconds or 0.0, record.epoch_seconds or 0.0
        if elapsed - before < (steps + (record.eval_seconds or 0.0)) * (1 - _ROUNDING):
            yield f"elapsed_seconds grows by less than epoch_seconds and eval_seconds{_name_epoch(record)}"
            return
        before = elapsed
        timed = (run.train_images or 0) // (run.batch_size or 1) - 1  # steps, all but the first and an incomplete last
        if record.images_per_second and timed * (run.batch_size or 0) > steps * record.images_per_second * 1.001:
            yield f"epoch_seconds is too short for its images_per_second{_name_epoch(record)}"
            return
    if (run.total_seconds or 0.0) < before:
        yield f"total_seconds is {run.total_seconds!r}, less than the {before!r} s after its last epoch"


def _check_target(run: Run, reached: EpochRecord | None) -> Iterator[str]:
    claimed = run.time_to_target_seconds
    if run.target is None:
        if claimed is not None:
            yield "it has a time_to_target_seconds without a target"
        return
    if reached is None:
        if claimed is not None:
            yield f"time_to_target_seconds is {claimed!r}, but no epoch reaches the target of {run.target!r}"
        return
    if claimed is None or not math.isclose(claimed, reached.elapsed_seconds or 0.0, rel_tol=_ROUNDING):
        yield (
            f"time_to_target_seconds is {claimed!r}, but the target of {run.target!r} is first reached"
            f"{_name_epoch(reached)}, after {reached.elapsed_seconds!r} s"
        )


def _name_epoch(record: EpochRecord) -> str:
    return "" if record.epoch is None else f" in epoch {record.epoch}"
