"""Watch: what measures a training while it runs."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from densebench.measuring.gpu.allocator import AllocatorMemory
from densebench.measuring.gpu.monitor import Monitor
from densebench.measuring.stopwatch import Clock


@dataclass(frozen=True, kw_only=True)
class Watch:
    """The instruments of a training, its clock, and its way to be stopped."""

    monitor: Monitor  # started by the caller, and stopped
    allocator: AllocatorMemory
    raise_if_stopped: Callable[[], None]  # called after every step and every batch evaluated; raises to stop there
    started: float | None = None  # reading of the clock when the run began; None: when train() is called
    spent: float = 0.0  # seconds until the run was stopped, which its unfinished epoch may have had a part of
    clock: Clock = time.perf_counter
