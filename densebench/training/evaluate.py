"""Evaluation of a trained network: scores, throughput and latency."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from densebench.data.batches import EvalBatches
from densebench.data.images import Dataset, Images
from densebench.errors import InputError
from densebench.measuring.stopwatch import Clock, elapsed, percentile
from densebench.recipes import RECIPES
from densebench.training.backends.backend import BackendFacts
from densebench.training.inference import compute_logits
from densebench.training.scores import Scores, are_probabilities, score
from densebench.training.steps.choose import make_steps
from densebench.training.steps.step import Batch, InferenceSteps
from densebench.training.trainee import Trainee

_WARM_UP_BATCHES = 3
_LATENCY_BATCHES = 50
_LATENCY_SECONDS = 20.0  # no more batches are timed after that


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The scores of a network on some images, and its speed."""

    scores: Scores
    probabilities: bool  # whether the network answers with them, and not with logits
    eval_seconds: float | None  # over all images, making their batches included, after a warm-up
    images_per_second: float | None
    latency_ms_p50: float | None  # of one full batch, from the host's memory back to it
    latency_ms_p95: float | None


def evaluate(
    *,
    model: keras.Model,
    facts: BackendFacts,
    dataset: Dataset,
    images: Images,
    batch_size: int,
    raise_if_stopped: Callable[[], None],
    probabilities: bool | None = False,
    test_time_flip: bool = False,
    clock: Clock = time.perf_counter,
) -> Evaluation:
    """Evaluate on ``images``, which are of ``dataset``; raises :class:`InputError` if the network does not fit it.

    ``probabilities``: whether the network answers with them, and not with logits; None: as its answers to a batch show.
    ``test_time_flip``: its answers to each image and to the mirror image are averaged; both passes are in all times.
    """
    _check_fit(model, dataset)
    steps = _make_inference_steps(model, facts)
    steps = _MirroredSteps(steps) if test_time_flip else steps
    batches = EvalBatches(images, mean=dataset.mean, deviation=dataset.deviation, batch_size=batch_size)
    first = next(iter(batches))[0]
    if probabilities is None:
        probabilities = are_probabilities(steps.logits(steps.place(first)))
    latencies = _time_batches(steps, first, raise_if_stopped, clock)
    start = clock()
    answers = compute_logits(steps, batches, raise_if_stopped)
    scores = score(answers, len(dataset.class_names), probabilities=probabilities)
    seconds = elapsed(start, clock())
    return Evaluation(
        scores=scores,
        probabilities=probabilities,
        eval_seconds=seconds,
        images_per_second=scores.images / seconds if seconds else None,
        latency_ms_p50=_find_milliseconds(latencies, 0.5),
        latency_ms_p95=_find_milliseconds(latencies, 0.95),
    )


class _MirroredSteps(InferenceSteps):
    """The answers of other steps, averaged over each image and its mirror image."""

    def __init__(self, steps: InferenceSteps) -> None:
        self._steps = steps

    def place(self, array: NDArray[Any]) -> Batch:
        return self._steps.place(array), self._steps.place(np.ascontiguousarray(array[:, :, ::-1]))

    def logits(self, x: Batch) -> NDArray[np.float32]:
        image, mirrored = (self._steps.logits(part) for part in x)
        return (image + mirrored) * np.float32(0.5)


def _make_inference_steps(model: keras.Model, facts: BackendFacts) -> InferenceSteps:
    """Steps for inference alone: an optimizer that was never built takes no memory."""
    trainee = Trainee(model=model, optimizer=keras.optimizers.SGD(), build_seconds=0.0)
    return make_steps(trainee, RECIPES["blog"], facts)


def _time_batches(
    steps: InferenceSteps, batch: NDArray[Any], raise_if_stopped: Callable[[], None], clock: Clock
) -> list[float]:
    """Seconds of one batch after another, each waited for."""
    for _ in range(_WARM_UP_BATCHES):
        steps.logits(steps.place(batch))
        raise_if_stopped()
    began = clock()
    seconds: list[float | None] = []
    while len(seconds) < _LATENCY_BATCHES and clock() - began < _LATENCY_SECONDS:
        start = clock()
        steps.logits(steps.place(batch))
        seconds.append(elapsed(start, clock()))
        raise_if_stopped()
    return [value for value in seconds if value is not None]


def _check_fit(model: keras.Model, dataset: Dataset) -> None:
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise InputError(
            f"The model has {len(model.inputs)} inputs and {len(model.outputs)} outputs, and what is evaluated takes "
            "images and gives one answer for each: give one that does."
        )
    classes, side = model.output_shape[-1], model.input_shape[1]
    sizes = (dataset.image_size, None)  # None: images of any size
    if classes != len(dataset.class_names) or side not in sizes:
        kind = "images of any size" if side is None else f"{side}x{side} images"
        raise InputError(
            f"The model is for {classes} classes of {kind}, but {dataset.name} has "
            f"{len(dataset.class_names)} classes of {dataset.image_size}x{dataset.image_size}: give the --dataset "
            "it was trained on, or its --image-size."
        )


def _find_milliseconds(seconds: list[float], fraction: float) -> float | None:
    value = percentile(seconds, fraction)
    return None if value is None else value * 1000
