"""Injects faults into a run's process from outside: densebench itself has no code for them.

Python imports it when its folder is on PYTHONPATH. In a process that runs ``densebench.running.worker`` it
reads INJECTED_FAULTS, a list of faults separated by blanks:

    SAVE:POINT:N:ACTION  at the N-th time that POINT is reached while the process is at its SAVE-th checkpoint
                         (0: before its first); a CSV written after a checkpoint belongs to that checkpoint
    step:N:ACTION        in the N-th training step of the process: ``kill``, ``nan`` or ``out-of-memory``
    clock:backwards      every reading of the clock is earlier than the one before
    exit:crash           the process is killed by SIGSEGV while Python shuts down
    keep:FOLDER          every checkpoint is linked into FOLDER as soon as it is complete

POINT is ``checkpoint`` or ``csv``, a dot, and ``open``, ``write``, ``sync``, ``replace`` or ``sync-directory``. ACTION
is ``kill-before``, ``kill-inside`` (after half of a write), ``kill-after``, ``kill-both`` (the parent too),
``terminate`` (SIGTERM to the parent), ``full`` (half of this write succeeds, then the disk is full
for this kind of file) or ``read-only`` (from now on nothing can be changed).
"""

import atexit
import errno
import importlib.util
import io
import os
import signal
import sys
import time
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from pathlib import Path

HERE = str(Path(__file__).parent)
WORKER = "densebench.running.worker"
STEPS = "densebench.training.steps.choose"

os_open, os_write, os_fsync, os_replace, io_open = os.open, os.write, os.fsync, os.replace, io.open


def kind_of(path):
    """The kind of a file, by its name or its temporary name."""
    name = os.path.basename(os.fsdecode(path)) if isinstance(path, str | bytes | os.PathLike) else ""
    if "checkpoint" in name and ".npz" in name:
        return "checkpoint"
    return "csv" if ".csv" in name else None


def kind_at(descriptor):
    return kind_of(os.readlink(f"/proc/self/fd/{descriptor}"))


def kill(number, *processes):
    for process in processes:
        os.kill(process, number)


class Faults:
    """The requested faults, and how far the process has come."""

    def __init__(self, specs):
        self.specs = [spec for spec in specs if spec[0].isdecimal()]
        self.kept = next((Path(spec[1]) for spec in specs if spec[0] == "keep"), None)
        self.saves = 0
        self.counts = {}
        self.full = set()
        self.read_only = False
        self.last = "csv"  # the kind of file that was replaced last, whose folder is synchronised next

    def take_actions(self, kind, operation):
        """Count the call and return the actions that are due at it."""
        if (kind, operation) == ("checkpoint", "open"):
            self.saves += 1
        if self.read_only and operation in ("open", "replace"):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        key = (str(self.saves), f"{kind}.{operation}")
        self.counts[key] = self.counts.get(key, 0) + 1
        return [spec[3] for spec in self.specs if (*spec[:2], spec[2]) == (*key, str(self.counts[key]))]

    def call_with_faults(self, kind, operation, call, size=0):
        """Make the call, with the actions due before, during and after it; ``size``: bytes of a write."""
        due = self.take_actions(kind, operation)
        if "kill-both" in due:
            kill(signal.SIGKILL, os.getppid(), os.getpid())
        if "kill-before" in due:
            kill(signal.SIGKILL, os.getpid())
        if "terminate" in due:
            kill(signal.SIGTERM, os.getppid())
            time.sleep(0.05)  # the parent passes the signal on
        if "read-only" in due:
            self.read_only = True
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        if "full" in due:
            self.full.add(kind)
            return call(size // 2)
        if operation == "write" and kind in self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if "kill-inside" in due:
            call(size // 2)
            kill(signal.SIGKILL, os.getpid())
        result = call(size)
        if "kill-after" in due:
            kill(signal.SIGKILL, os.getpid())
        return result


class File(io.FileIO):
    """A checkpoint being written, below its buffer: it gets exactly the writes that the kernel would."""

    faults = None

    def write(self, data):
        data = memoryview(data).cast("B")
        write = super().write
        return self.faults.call_with_faults("checkpoint", "write", lambda size: write(data[:size]), len(data))


def install(faults):
    """Wrap the calls by which the process changes its files."""
    File.faults = faults

    def patched_open(path, flags, *rest, **options):
        if flags & os.O_CREAT and kind_of(path) == "csv":
            return faults.call_with_faults("csv", "open", lambda size: os_open(path, flags, *rest, **options))
        return os_open(path, flags, *rest, **options)

    def patched_io_open(path, mode="r", *rest, **options):
        if kind_of(path) == "checkpoint" and mode in ("wb", "xb"):
            return faults.call_with_faults("checkpoint", "open", lambda size: io.BufferedWriter(File(path, mode)))
        return io_open(path, mode, *rest, **options)

    def patched_write(descriptor, data):
        if kind_at(descriptor) == "csv":
            return faults.call_with_faults("csv", "write", lambda size: os_write(descriptor, data[:size]), len(data))
        return os_write(descriptor, data)

    def patched_fsync(descriptor):
        kind = kind_at(descriptor)
        if kind is None and not os.path.isdir(f"/proc/self/fd/{descriptor}"):
            return os_fsync(descriptor)
        point = (kind, "sync") if kind else (faults.last, "sync-directory")
        return faults.call_with_faults(*point, lambda size: os_fsync(descriptor))

    def patched_replace(source, target, **options):
        kind = kind_of(target)
        if kind is None:
            return os_replace(source, target, **options)
        faults.last = kind
        faults.call_with_faults(kind, "replace", lambda size: os_replace(source, target, **options))
        if faults.kept and os.path.basename(target) == "checkpoint.npz":
            os.link(target, faults.kept / f"{faults.saves}.npz")

    os.open, os.write, os.fsync, os.replace, io.open = (
        patched_open,
        patched_write,
        patched_fsync,
        patched_replace,
        patched_io_open,
    )


def turn_clock_back():
    for name in ("perf_counter", "time"):
        setattr(time, name, make_backwards(getattr(time, name)))


def make_backwards(clock):
    start = clock()
    return lambda: 2 * start - clock()


class StepFaults(MetaPathFinder):
    """Wraps the training steps as soon as their module is loaded."""

    def __init__(self, specs):
        self.due = {int(number): action for _, number, action in specs}

    def find_spec(self, name, path=None, target=None):
        if name != STEPS:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            make = module.make_steps
            module.make_steps = lambda *arguments: self.add_faults(make(*arguments))

        spec.loader.exec_module = exec_module
        return spec

    def add_faults(self, steps):
        start, count = steps.start, iter(range(1, 1 << 62))

        def faulty(x, y):
            action = self.due.get(next(count))
            if action == "kill":
                kill(signal.SIGKILL, os.getpid())
            if action == "out-of-memory":
                raise make_memory_error()
            return start(x * float("nan") if action == "nan" else x, y)

        steps.start = faulty
        return steps


def make_memory_error():
    """Return the error that the backend's allocator raises."""
    backend = os.environ["KERAS_BACKEND"]
    if backend == "tensorflow":
        return sys.modules["tensorflow"].errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
    if backend == "jax":
        return sys.modules["jax"].errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 1 bytes.")
    return sys.modules["torch"].OutOfMemoryError("CUDA out of memory. Tried to allocate 1 byte.")


def run_real_sitecustomize():
    """Run the environment's own sitecustomize, which this file hides."""
    spec = PathFinder.find_spec("sitecustomize", [path for path in sys.path if os.path.abspath(path) != HERE])
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


run_real_sitecustomize()
if WORKER in sys.orig_argv:
    specs = [spec.split(":") for spec in os.environ.get("INJECTED_FAULTS", "").split()]
    if specs:
        install(Faults(specs))
    if [spec for spec in specs if spec[0] == "exit"]:
        atexit.register(kill, signal.SIGSEGV, os.getpid())
    if [spec for spec in specs if spec[0] == "clock"]:
        turn_clock_back()
    if [spec for spec in specs if spec[0] == "step"]:
        sys.meta_path.insert(0, StepFaults([spec for spec in specs if spec[0] == "step"]))
