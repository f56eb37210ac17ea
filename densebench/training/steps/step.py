"""Steps: one training step and one forward pass, as each backend does them best.

Separate from Keras's ``fit``, so that densebench decides when the device is waited for, when a step is traced and
compiled, and what is timed.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Batch = Any  # an array where the device can use it
Figures = Any  # what a step shows, where the device puts it


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What a training step showed, before its update."""

    loss: float  # mean cross-entropy of the batch
    correct: int
    backward_sign: float  # not finite if the backward pass failed


@dataclass(frozen=True, kw_only=True)
class CompileTimes:
    """Seconds; ``None`` where the backend does not separate the phase from the first step."""

    trace_seconds: float | None
    compile_seconds: float | None


class InferenceSteps(Protocol):
    """A network on one backend that is not trained."""

    def place(self, array: NDArray[Any]) -> Batch:
        """The array where the device can use it; may be called in another thread, while a step runs."""

    def logits(self, x: Batch) -> NDArray[np.float32]:
        """Inference: (B, classes); traced and compiled at the first call of a shape."""


class Steps(InferenceSteps, Protocol):
    """A network in training on one backend."""

    runs_ahead: bool  # whether a step can be read while the device computes those that were started after it

    def compile(self, *batch_sizes: int) -> CompileTimes:
        """Trace and compile the training step, where that can be done ahead, for batches of these sizes."""

    def step_bytes(self) -> int | None:
        """Memory that the largest compiled step takes on the device, if its compiler says so."""

    def recorded_bytes(self) -> int | None:
        """Peak memory of the device in the largest step that it repeats by itself, unseen by its allocator."""
        return None

    def begin(self, learning_rate: float) -> None:
        """Take the model's and the optimizer's variables as they are, and set the learning rate."""

    def start(self, x: Batch, y: Batch) -> Figures:
        """One step on x float32 (B, H, W, 3) and y int32 (B,), which need not be over when it returns."""

    def finish(self, figures: Figures) -> StepResult:
        """Wait for a step that was started. Called for each, in their order."""

    def train(self, x: Batch, y: Batch) -> StepResult:
        """One step; over when it returns."""
        return self.finish(self.start(x, y))

    def end(self) -> None:
        """Write the state back to the model's and the optimizer's variables."""


def read_step_result(shown: NDArray[np.float32]) -> StepResult:
    """The three values that a step returns in one transfer."""
    loss, correct, sign = shown.tolist()
    return StepResult(loss=loss, correct=int(correct), backward_sign=sign)
