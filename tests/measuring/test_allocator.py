import ctypes
import platform
import subprocess
import sys

import pytest

from densebench.measuring import allocator

TOUCH_AND_FREE = """
import ctypes, resource, sys
from densebench.measuring.allocator import keep_large_buffers
if sys.argv[1] == "kept":
    assert keep_large_buffers()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
size = 64 * 2**20
def step():
    buffer = libc.malloc(size)
    ctypes.memset(buffer, 1, size)
    libc.free(buffer)
step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(how: str) -> int:
    run = subprocess.run([sys.executable, "-c", TOUCH_AND_FREE, how], capture_output=True, text=True, check=True)
    return int(run.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_a_large_buffer_is_faulted_in_once_and_not_at_every_step() -> None:
    assert page_faults("kept") < 100 < page_faults("default")


def test_another_c_library_is_left_alone(monkeypatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert not allocator.keep_large_buffers()


def test_a_c_library_without_mallopt_is_left_alone(monkeypatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not allocator.keep_large_buffers()


def test_a_refusal_is_reported(monkeypatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))

    def refuse(parameter: int, value: int) -> int:
        return int(parameter != allocator.M_MMAP_MAX)

    monkeypatch.setattr(ctypes, "CDLL", lambda name: type("Library", (), {"mallopt": refuse}))
    assert not allocator.keep_large_buffers()
