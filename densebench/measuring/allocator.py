"""Keeps the C allocator from giving large buffers back to the kernel between steps.

glibc serves requests above a threshold, which grows to at most 32 MiB, by ``mmap`` and unmaps them when they are freed
(mallopt(3), M_MMAP_THRESHOLD). The activations of a DenseNet are larger, so every step would pay again for page faults
and zeroed pages. Kept in the heap, they are paid for once. TensorFlow and JAX take host tensors from ``malloc``.
"""

import ctypes
import platform

M_TRIM_THRESHOLD = -1  # malloc.h
M_MMAP_MAX = -4
NEVER = -1  # mallopt(3): "Setting M_TRIM_THRESHOLD to -1 disables trimming completely."


def keep_large_buffers() -> bool:
    """Serve every request from the heap and never shrink it; whether the C library took it (glibc only).

    To be called at the start of the process, before a framework allocates. It changes no result: only time, and the
    resident memory between peaks.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    mallopt.argtypes, mallopt.restype = [ctypes.c_int, ctypes.c_int], ctypes.c_int
    return all([mallopt(M_MMAP_MAX, 0) == 1, mallopt(M_TRIM_THRESHOLD, NEVER) == 1])
