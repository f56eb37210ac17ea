"""The figures of an epoch as its steps come in."""

import math

from densebench.errors import NonFiniteLoss
from densebench.training.steps.step import StepResult
from densebench.training.watch import Progress, Watch

SECONDS_BETWEEN_REPORTS = 0.1
ADVICE = "lower --learning-rate, or use --precision float32; the checkpoint of the last finished epoch stands."


class EpochTotals:
    """Sums loss and accuracy over the steps and reports them, not too often."""

    def __init__(self, *, epoch: int, epochs: int, steps: int, watch: Watch) -> None:
        self._epoch, self._epochs, self._steps = epoch, epochs, steps
        self._watch = watch
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

    def add(self, step: int, images: int, result: StepResult) -> None:
        """Take a finished step; raises :class:`NonFiniteLoss` if it shows that training has failed."""
        self._require_finite("loss", result.loss, step)
        self._require_finite("gradient", result.backward_sign, step)
        self._loss += result.loss * images
        self._correct += result.correct
        self._images += images
        self._report(step, images)

    def _require_finite(self, what: str, value: float, step: int) -> None:
        if not math.isfinite(value):
            raise NonFiniteLoss(
                f"The {what} became {value} in epoch {self._epoch}, step {step} of {self._steps}: {ADVICE}"
            )

    def _report(self, step: int, images: int) -> None:
        now = self._watch.clock()
        rate = self._rate(now)
        if self._first is None:
            self._first = now, images
        if now - self._reported >= SECONDS_BETWEEN_REPORTS or step == self._steps:
            self._reported = now
            self._watch.on_progress(
                Progress(
                    epoch=self._epoch,
                    epochs=self._epochs,
                    step=step,
                    steps=self._steps,
                    loss=self.loss,
                    accuracy=self.accuracy,
                    images_per_second=rate,
                )
            )

    def _rate(self, now: float) -> float | None:
        if self._first is None or now <= self._first[0]:
            return None
        return (self._images - self._first[1]) / (now - self._first[0])
