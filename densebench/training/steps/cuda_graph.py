"""Functions that a GPU repeats by itself: recorded once as a CUDA graph, then started by one call.

https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch

_Function = Callable[..., torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class _Recorded:
    """A function of inputs of one shape; everything else that it reads and writes stays where it is."""

    graph: torch.cuda.CUDAGraph
    inputs: tuple[torch.Tensor, ...]
    output: torch.Tensor


class Recorder:
    """Runs functions of tensors, each first by itself, for libraries look for algorithms then, and later by a record.

    The records share their memory, so one must be over before the next begins, as those of one thread are.
    """

    def __init__(self) -> None:
        self._met: set[tuple[str, torch.Size]] = set()
        self._records: dict[tuple[str, torch.Size], _Recorded] = {}
        self._pool: tuple[int, int] | None = None
        self.peak_bytes: int | None = None  # when a record was made, for repeating it allocates nothing

    def run(self, function: _Function, *inputs: torch.Tensor) -> torch.Tensor:
        """What the function returns, until it is overwritten by its next run on inputs of this shape."""
        key = function.__name__, inputs[0].shape
        if key not in self._met:
            self._met.add(key)
            return function(*inputs)
        if key not in self._records:
            self._records[key] = self._record(function, inputs)
        record = self._records[key]
        for held, given in zip(record.inputs, inputs, strict=True):
            held.copy_(given, non_blocking=True)
        record.graph.replay()
        return record.output

    def count(self) -> int:
        """Records, each of a function on inputs of one shape."""
        return len(self._records)

    def _record(self, function: _Function, inputs: tuple[torch.Tensor, ...]) -> _Recorded:
        """Without computing anything."""
        held, graph = tuple(each.clone() for each in inputs), torch.cuda.CUDAGraph()
        self._pool = self._pool or torch.cuda.graph_pool_handle()
        # not "global": the thread that copies batches ahead may ask for memory meanwhile
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            output = function(*held)
        self.peak_bytes = max(self.peak_bytes or 0, torch.cuda.max_memory_allocated())
        return _Recorded(graph=graph, inputs=held, output=output)
