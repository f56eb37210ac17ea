"""Keeps the C allocator from giving large buffers back to the kernel between steps.

glibc serves requests above a threshold, which grows to at most 32 MiB, by ``mmap`` and unmaps them when they are freed
(mallopt(3), M_MMAP_THRESHOLD). The activations of a DenseNet are larger, so every step would pay again for page faults
and zeroed pages. Kept in the heap, they are paid for once. Each thread gets its own arena, whose heaps cannot hold
more than 64 MiB and use ``mmap`` regardless of M_MMAP_MAX (malloc/malloc.c, sysmalloc), so there is one arena.

JAX and PyTorch take tensors on the host from ``malloc``. TensorFlow does without oneDNN; with it, it has its own pool.
"""

import ctypes
import platform
from dataclasses import dataclass
from typing import Literal

_M_TRIM_THRESHOLD = -1  # malloc.h
M_MMAP_MAX = -4
_M_ARENA_MAX = -8
_SETTINGS = {
    M_MMAP_MAX: 0,
    _M_TRIM_THRESHOLD: -1,  # mallopt(3): "Setting M_TRIM_THRESHOLD to -1 disables trimming completely."
    _M_ARENA_MAX: 1,
}


@dataclass
class _Malloc:
    """How this process's allocator was set: glibc cannot be asked."""

    large_buffers: Literal["default", "kept"] = "default"


MALLOC = _Malloc()


def keep_large_buffers() -> bool:
    """Serve every request from one heap and never shrink it; whether the C library accepted it (glibc only).

    To be called at the start of the process, before a framework starts its threads. It changes no result: only time,
    and the resident memory between peaks.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    mallopt.argtypes, mallopt.restype = [ctypes.c_int, ctypes.c_int], ctypes.c_int
    accepted = [mallopt(parameter, value) == 1 for parameter, value in _SETTINGS.items()]
    if all(accepted):
        MALLOC.large_buffers = "kept"
    return all(accepted)
