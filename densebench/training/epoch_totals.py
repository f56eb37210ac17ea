"""The figures of an epoch as its steps come in."""

import math

from densebench.errors import NonFiniteLoss
from densebench.events import PROGRESS_INTERVAL, Progress
from densebench.measuring.stopwatch import Clock
from densebench.training.steps.step import StepResult


def advise(*, precision: str, epoch: int, checkpoint_every: int) -> str:
    """What can be done when training has failed in an epoch, and which checkpoint is kept, if there is one."""
    other = "" if precision == "float32" else f", or use --precision float32 instead of {precision}"
    saved = (epoch - 1) // checkpoint_every * checkpoint_every if checkpoint_every else 0
    kept = f"; the checkpoint of epoch {saved} is kept" if saved else ""
    return f"lower --learning-rate{other}{kept}."


class EpochTotals:
    """Sums loss and accuracy over the steps."""

    def __init__(self, *, epoch: int, steps: int, clock: Clock, advice: str) -> None:
        self._epoch, self._steps = epoch, steps
        self._advice = advice  # for a loss that is not finite
        self._clock = clock
        self._loss = 0.0
        self._images = self._correct = 0
        self._first: tuple[float, int] | None = None  # when the first step was done, on how many images
        self._reported = -math.inf

    @property
    def loss(self) -> float:
        """Mean over the images so far."""
        return self._loss / self._images

    @property
    def accuracy(self) -> float:
        """Top-1, over the images so far."""
        return self._correct / self._images

    def add(self, step: int, images: int, result: StepResult) -> Progress | None:
        """Add a finished step; returns the progress if it is time to report it.

        Raises :class:`NonFiniteLoss` if the step shows that training has failed.
        """
        self._require_finite("loss", result.loss, step)
        self._require_finite("gradient", result.backward_sign, step)
        self._loss += result.loss * images
        self._correct += result.correct
        self._images += images
        return self._report(step, images)

    def _require_finite(self, what: str, value: float, step: int) -> None:
        if not math.isfinite(value):
            raise NonFiniteLoss(
                f"The {what} became {value} in epoch {self._epoch}, step {step} of {self._steps}: {self._advice}"
            )

    def _report(self, step: int, images: int) -> Progress | None:
        now = self._clock()
        rate = self._rate(now)
        if self._first is None:
            self._first = now, images
        if now - self._reported < PROGRESS_INTERVAL and step < self._steps:
            return None
        self._reported = now
        return Progress(
            epoch=self._epoch,
            step=step,
            steps=self._steps,
            loss=self.loss,
            accuracy=self.accuracy,
            images_per_second=rate,
        )

    def _rate(self, now: float) -> float | None:
        if self._first is None or now <= self._first[0]:
            return None
        return (self._images - self._first[1]) / (now - self._first[0])
