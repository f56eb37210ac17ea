"""One tiny run over several processes, each of which can be disturbed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from network import enter, set_link

from densebench.records import Run
from densebench.results import csv_file
from densebench.running.directory import has_begun

_NETWORKS = {"jax": 79, "tensorflow": 80, "torch": 81}  # one each, so that backends can be tried at the same time
RUN = "a"
SETTINGS = [
    *("10x2", "--dataset", "synthetic", "--image-size", "8", "--classes", "6", "--train-limit", "36"),
    *("--test-limit", "16", "--batch-size", "8", "--threads", "1", "--deterministic", "--learning-rate", "0.001"),
    *("--run", RUN),
]
_ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "COLUMNS": "400",
    # compiles in half the time
    "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
}
STARTING_SECONDS = 240.0
POLL = 0.05


def find_hosts(backend: str) -> dict[str, str]:
    """The hosts of a backend's runs, with their addresses."""
    return {f"{backend[:5]}-h{number}": f"10.{_NETWORKS[backend]}.0.{number}" for number in (1, 2)}


@dataclass(frozen=True, kw_only=True)
class Setup:
    """Which processes a run has."""

    backend: str
    hosts: int
    devices: int  # of each host
    epochs: int  # so many that a random moment falls inside

    @property
    def ranks(self) -> int:
        return self.hosts * (self.devices if self.backend == "torch" else 1)

    def find_host(self, rank: int) -> int:
        return rank * self.hosts // self.ranks


class RanksRun:
    """The commands of a run, one a host, all in one folder."""

    def __init__(self, setup: Setup, folder: Path, *options: str, port: int) -> None:
        self.setup, self.folder = setup, folder
        hosts = find_hosts(setup.backend)
        self.names = list(hosts)
        addresses = ",".join(f"{address}:{port}" for address in hosts.values())
        options = options or (*SETTINGS, "--epochs", str(setup.epochs), "--backend", setup.backend)
        self.commands = []
        for host in range(setup.hosts):
            shared = ("--hosts", f"{host}@{addresses}") if setup.hosts > 1 else ()
            command = [sys.executable, "-m", "densebench", "train", *options, "--devices", str(setup.devices), *shared]
            with (folder / f"host{host}.txt").open("ab") as output:
                self.commands.append(
                    psutil.Popen(
                        enter(self.names[host], command, with_names=True) if setup.hosts > 1 else command,
                        cwd=folder,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=output,
                        env={**os.environ, **_ENVIRONMENT},
                    )
                )

    @property
    def is_over(self) -> bool:
        return any(command.poll() is not None for command in self.commands)

    def find_workers(self) -> list[psutil.Process]:
        """By their ranks."""
        workers = [
            child
            for command in self.commands
            for child in sorted(command.children(), key=lambda each: each.pid)
            if "densebench.running.worker" in child.cmdline()
        ]
        if len(workers) != self.setup.ranks:
            raise RuntimeError(f"{len(workers)} processes where the run has {self.setup.ranks}")
        return workers

    def read(self) -> Run | None:
        """The row of the run with its epochs."""
        path = self.folder / "results" / f"{RUN}.csv"
        return csv_file.read(path)[0] if path.exists() else None

    def wait_for(self, epochs: int) -> bool:
        """Until so many epochs are finished, or the first has begun; whether all still runs then."""
        end = time.monotonic() + STARTING_SECONDS
        while not self.is_over and time.monotonic() < end:
            run = self.read()
            if has_begun(self.folder / "runs" / RUN) and run is not None and len(run.records) >= epochs:
                return True
            time.sleep(POLL)
        return False

    def wait(self, seconds: float) -> list[tuple[float, int | None]]:
        """Seconds until each command has ended, and its exit code: ``None`` for one that has not."""
        began = time.monotonic()
        ends: dict[int, tuple[float, int | None]] = {}
        while len(ends) < len(self.commands) and time.monotonic() - began < seconds:
            for host, command in enumerate(self.commands):
                if host not in ends and command.poll() is not None:
                    ends[host] = (time.monotonic() - began, command.returncode)
            time.sleep(POLL)
        return [ends.get(host, (seconds, None)) for host in range(len(self.commands))]


@contextmanager
def start(setup: Setup, folder: Path, *options: str, port: int) -> Iterator[RanksRun]:
    """The run; whatever of it is left after the block is killed."""
    run = RanksRun(setup, folder, *options, port=port)
    try:
        yield run
    finally:
        for process in [*(child for command in run.commands for child in _list_children(command)), *run.commands]:
            with suppress(psutil.Error):
                process.kill()
        for command in run.commands:
            command.wait()


def _list_children(command: psutil.Popen) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return list(command.children(recursive=True))
    return []


def send(run: RanksRun, number: int, *, rank: int | None = None, host: int | None = None) -> None:
    """A signal to the process of a rank, or to the command of a host."""
    (run.commands[host] if rank is None else run.find_workers()[rank]).send_signal(number)


@contextmanager
def cut_link(name: str) -> Iterator[None]:
    """In the block the host is cut off."""
    set_link(name, "down")
    try:
        yield
    finally:
        set_link(name, "up")


SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGSEGV": signal.SIGSEGV, "SIGSTOP": signal.SIGSTOP}
ASKING = {"SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT}
CUT = "link cut"
