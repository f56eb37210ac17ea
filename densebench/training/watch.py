"""Watch: what measures a training and whom it tells; and what it tells them."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from densebench.measuring.gpu.allocator import AllocatorMemory
from densebench.measuring.gpu.monitor import Monitor
from densebench.measuring.stopwatch import Clock


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The newest finished step; loss and accuracy are means over the epoch so far."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float
    images_per_second: float | None  # of this epoch so far, its first step excluded


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """What it took until the first step was done, in seconds; ``None`` where the backend does not tell it apart."""

    build_seconds: float
    trace_seconds: float | None
    compile_seconds: float | None
    first_step_seconds: float | None  # with trace and compile


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What measures a training, and whom it tells."""

    monitor: Monitor  # started by the caller, and stopped
    allocator: AllocatorMemory
    on_progress: Callable[[Progress], None]  # at most ten times a second
    on_ready: Callable[[Readiness], None]  # once, before the first record
    on_warning: Callable[[str], None]  # each once
    should_stop: Callable[[], None]  # called after every step and every batch evaluated; raises to stop there
    started: float | None = None  # reading of the clock when the run began; None: when train() is called
    clock: Clock = time.perf_counter
