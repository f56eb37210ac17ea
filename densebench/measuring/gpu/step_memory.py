"""Peak memory of training steps, without what the search for algorithms takes.

In the first step on each shape cuDNN and XLA try algorithms out, and a trial may take several times as much memory as
the step. Where the allocator can begin a new peak, those steps are left out. Where it cannot, as on JAX, the figure is
what the compiler says that the step takes.
"""

from collections.abc import Callable
from dataclasses import replace

from densebench.measuring.gpu.allocator import AllocatorMemory, GpuMemory


class StepMemory:
    """Called around every step; only a shape's first step costs more than looking up a number."""

    def __init__(
        self,
        allocator: AllocatorMemory,
        compiled_bytes: int | None = None,
        recorded_bytes: Callable[[], int | None] = lambda: None,
    ) -> None:
        """``compiled_bytes``: what the step takes on the device by its compiler's own account, if it gives one.

        ``recorded_bytes``: the peak when a step was recorded that the device then repeats, unseen by the allocator.
        """
        self._allocator, self._compiled_bytes, self._recorded_bytes = allocator, compiled_bytes, recorded_bytes
        self._shapes: set[int] = set()
        self._earlier: list[GpuMemory] = []  # peaks of steps between two searches
        self._is_counting = False  # whether the allocator's peak began after a search
        self._steps = 0  # that it counts

    def begin_step(self, images: int) -> None:
        """A step on so many images is next."""
        if images not in self._shapes:
            self._earlier += self._read_steps(self._allocator.peak())
            self._is_counting = False

    def end_step(self, images: int) -> None:
        """The device has finished the step."""
        if images in self._shapes:
            self._steps += 1
            return
        self._shapes.add(images)
        self._is_counting, self._steps = self._allocator.reset(), 0

    def peak(self) -> GpuMemory:
        """The peak so far; the source says whether a search is in it."""
        seen, recorded = self._find_peak(), self._recorded_bytes()
        if recorded is None or seen.peak_bytes is None or recorded <= seen.peak_bytes:
            return seen
        return replace(seen, peak_bytes=recorded, source=f"{seen.source}, when the step was recorded as a CUDA graph")

    def _find_peak(self) -> GpuMemory:
        now = self._allocator.peak()
        if now.peak_bytes is None:
            return now
        if self._compiled_bytes is not None:
            return _use_compiled(now, self._compiled_bytes)
        steps = [*self._earlier, *self._read_steps(now)]
        if not steps:
            return replace(now, source=f"{now.source}, the search for algorithms included")
        return GpuMemory(
            peak_bytes=max(each.peak_bytes or 0 for each in steps),
            reserved_bytes=max(each.reserved_bytes or 0 for each in steps) or None,
            source=f"{now.source} after the first step on each shape",
        )

    def _read_steps(self, now: GpuMemory) -> list[GpuMemory]:
        """The allocator's peak, if it is one of steps alone."""
        return [now] if self._is_counting and self._steps and now.peak_bytes is not None else []


def _use_compiled(now: GpuMemory, compiled_bytes: int) -> GpuMemory:
    """The compiler's figure, unless the allocator, whose peak includes the compiler's trials, has seen less."""
    if now.peak_bytes is not None and now.peak_bytes < compiled_bytes:
        return now
    source = f"memory_analysis() of the compiled step, because {now.source} counts the compiler's trials"
    return replace(now, peak_bytes=compiled_bytes, source=source)
