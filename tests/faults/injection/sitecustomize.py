"""Puts faults in the way of a run's process, from outside: densebench itself knows nothing of this file.

Python imports it when its folder is on PYTHONPATH. In a process that runs ``densebench.running.worker`` it obeys
DENSEBENCH_TEST_FAULT, a list of faults parted by blanks:

    SAVE:POINT:N:ACTION  at the N-th time that POINT is reached while the process is at its SAVE-th checkpoint
                         (0: before its first); a CSV written after a checkpoint belongs to that checkpoint
    step:N:ACTION        in the N-th training step of the process: ``kill``, ``nan`` or ``out-of-memory``
    clock:backwards      every reading of the clock is earlier than the one before
    exit:crash           the process dies of SIGSEGV while Python tears it down
    keep:FOLDER          every checkpoint is linked into FOLDER as soon as it stands

POINT is ``checkpoint`` or ``csv``, a dot, and ``open``, ``write``, ``sync``, ``replace`` or ``sync-directory``. ACTION
is ``kill-before``, ``kill-inside`` (a write: half of it is done), ``kill-after``, ``kill-both`` (the parent too),
``terminate`` (SIGTERM to the parent), ``full`` (from now on this kind of file meets a full disk: half a write, then no
space) or ``read-only`` (from now on nothing can be changed).
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
    """What a file is, by its name; also a temporary one's."""
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
    """The faults asked for, and how far the process has come."""

    def __init__(self, specs):
        self.specs = [spec for spec in specs if spec[0].isdecimal()]
        self.kept = next((Path(spec[1]) for spec in specs if spec[0] == "keep"), None)
        self.saves = 0
        self.counts = {}
        self.full = set()
        self.read_only = False
        self.last = "csv"  # the kind of file that was replaced last: whose folder is synchronised

    def actions(self, kind, operation):
        """Count the call; the actions that are due at it."""
        if (kind, operation) == ("checkpoint", "open"):
            self.saves += 1
        if self.read_only and operation in ("open", "replace"):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        key = (str(self.saves), f"{kind}.{operation}")
        self.counts[key] = self.counts.get(key, 0) + 1
        return [spec[3] for spec in self.specs if (*spec[:2], spec[2]) == (*key, str(self.counts[key]))]

    def around(self, kind, operation, call, size=0):
        """Do the call with what is due before, inside and after it; ``size``: of what a write is given."""
        due = self.actions(kind, operation)
        if "kill-both" in due:
            kill(signal.SIGKILL, os.getppid(), os.getpid())
        if "kill-before" in due:
            kill(signal.SIGKILL, os.getpid())
        if "terminate" in due:
            kill(signal.SIGTERM, os.getppid())
            time.sleep(0.05)  # it comes back from there
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
    """A checkpoint in writing, under a buffer: what reaches it is what the kernel would be given."""

    faults = None

    def write(self, data):
        data = memoryview(data).cast("B")
        write = super().write
        return self.faults.around("checkpoint", "write", lambda size: write(data[:size]), len(data))


def install(faults):
    """Stand between the process and the calls that change its files."""
    File.faults = faults

    def opened(path, flags, *rest, **options):
        if flags & os.O_CREAT and kind_of(path) == "csv":
            return faults.around("csv", "open", lambda size: os_open(path, flags, *rest, **options))
        return os_open(path, flags, *rest, **options)

    def opened_buffered(path, mode="r", *rest, **options):
        if kind_of(path) == "checkpoint" and mode in ("wb", "xb"):
            return faults.around("checkpoint", "open", lambda size: io.BufferedWriter(File(path, mode)))
        return io_open(path, mode, *rest, **options)

    def written(descriptor, data):
        if kind_at(descriptor) == "csv":
            return faults.around("csv", "write", lambda size: os_write(descriptor, data[:size]), len(data))
        return os_write(descriptor, data)

    def synchronised(descriptor):
        kind = kind_at(descriptor)
        if kind is None and not os.path.isdir(f"/proc/self/fd/{descriptor}"):
            return os_fsync(descriptor)
        point = (kind, "sync") if kind else (faults.last, "sync-directory")
        return faults.around(*point, lambda size: os_fsync(descriptor))

    def replaced(source, target, **options):
        kind = kind_of(target)
        if kind is None:
            return os_replace(source, target, **options)
        faults.last = kind
        faults.around(kind, "replace", lambda size: os_replace(source, target, **options))
        if faults.kept and os.path.basename(target) == "checkpoint.npz":
            os.link(target, faults.kept / f"{faults.saves}.npz")

    os.open, os.write, os.fsync, os.replace, io.open = opened, written, synchronised, replaced, opened_buffered


def turn_clock_back():
    for name in ("perf_counter", "time"):
        setattr(time, name, backwards(getattr(time, name)))


def backwards(clock):
    start = clock()
    return lambda: 2 * start - clock()


class StepFaults(MetaPathFinder):
    """Changes how steps are made, as soon as their module has been loaded."""

    def __init__(self, specs):
        self.due = {int(number): action for _, number, action in specs}

    def find_spec(self, name, path=None, target=None):
        if name != STEPS:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def executed(module):
            execute(module)
            make = module.make_steps
            module.make_steps = lambda *arguments: self.changed(make(*arguments))

        spec.loader.exec_module = executed
        return spec

    def changed(self, steps):
        train, count = steps.train, iter(range(1, 1 << 62))

        def faulty(x, y):
            action = self.due.get(next(count))
            if action == "kill":
                kill(signal.SIGKILL, os.getpid())
            if action == "out-of-memory":
                raise out_of_memory()
            return train(x * float("nan") if action == "nan" else x, y)

        steps.train = faulty
        return steps


def out_of_memory():
    """The error that the backend's own allocator raises."""
    backend = os.environ["KERAS_BACKEND"]
    if backend == "tensorflow":
        return sys.modules["tensorflow"].errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
    if backend == "jax":
        return sys.modules["jax"].errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 1 bytes.")
    return sys.modules["torch"].OutOfMemoryError("CUDA out of memory. Tried to allocate 1 byte.")


def real_sitecustomize():
    """Do what the environment's own sitecustomize does, which this file hides."""
    spec = PathFinder.find_spec("sitecustomize", [path for path in sys.path if os.path.abspath(path) != HERE])
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


real_sitecustomize()
if WORKER in sys.orig_argv:
    asked = [spec.split(":") for spec in os.environ.get("DENSEBENCH_TEST_FAULT", "").split()]
    if asked:
        install(Faults(asked))
    if [spec for spec in asked if spec[0] == "exit"]:
        atexit.register(kill, signal.SIGSEGV, os.getpid())
    if [spec for spec in asked if spec[0] == "clock"]:
        turn_clock_back()
    if [spec for spec in asked if spec[0] == "step"]:
        sys.meta_path.insert(0, StepFaults([spec for spec in asked if spec[0] == "step"]))
