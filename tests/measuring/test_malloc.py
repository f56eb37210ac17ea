import ctypes
import platform
import subprocess
import sys

import pytest

from densebench.measuring import malloc

TOUCH_AND_FREE = """
import ctypes, resource, sys, threading
from densebench.measuring.malloc import keep_large_buffers
if sys.argv[1] == "kept":
    assert keep_large_buffers()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
size = 128 * 2**20

def step():
    buffer = libc.malloc(size)
    ctypes.memset(buffer, 1, size)
    libc.free(buffer)

def steps():
    step()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(3):
        step()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

if sys.argv[2] == "main":
    steps()
else:
    other = threading.Thread(target=steps)
    other.start()
    other.join()
"""


def page_faults(how: str, thread: str) -> int:
    command = [sys.executable, "-c", TOUCH_AND_FREE, how, thread]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
@pytest.mark.parametrize("thread", ["main", "other"])
def test_a_large_buffer_is_faulted_in_once_and_not_at_every_step(thread) -> None:
    assert page_faults("kept", thread) < 100 < page_faults("default", thread)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_the_environment_says_how_the_allocator_was_set() -> None:
    ask = (
        "from densebench.measuring import environment, malloc; print(environment.probe().malloc);"
        "malloc.keep_large_buffers(); print(environment.probe().malloc)"
    )
    printed = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["default", "kept"]


def test_another_c_library_is_left_alone(monkeypatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert not malloc.keep_large_buffers()
    assert malloc.MALLOC.large_buffers == "default"


def test_a_c_library_without_mallopt_is_left_alone(monkeypatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not malloc.keep_large_buffers()


def test_a_refusal_is_reported(monkeypatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))

    def refuse(parameter: int, value: int) -> int:
        return int(parameter != malloc.M_MMAP_MAX)

    monkeypatch.setattr(ctypes, "CDLL", lambda name: type("Library", (), {"mallopt": refuse}))
    assert not malloc.keep_large_buffers()
