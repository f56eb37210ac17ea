"""How the host that owns a run learns why another host's part of it ended: by a file in the run's directory.

Only where the hosts share that directory; elsewhere each host says what it has seen itself.
"""

import contextlib
import time
from pathlib import Path

from densebench import files
from densebench.running.directory import run_directory

_WAIT_SECONDS = 3.0  # that the other host's parent has to say why its part ended
_POLL_SECONDS = 0.1


def leave_reason(runs_dir: str, run: str, host: int, reason: str) -> None:
    """Say in the directory of a run, if it is there, why the part of this host has ended."""
    directory = run_directory(runs_dir, run)
    if directory.is_dir():
        with contextlib.suppress(OSError):
            files.replace(_reason_file(directory, host), reason.encode())


def take_reason(directory: Path, hosts: int) -> str | None:
    """What other hosts have said, and remove it; ``None`` where nobody says anything within seconds."""
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        for path in [_reason_file(directory, host) for host in range(1, hosts)]:
            with contextlib.suppress(OSError):
                text = path.read_text()
                path.unlink()
                return text
        if time.monotonic() >= end:
            return None
        time.sleep(_POLL_SECONDS)


def forget_reasons(directory: Path, hosts: int) -> None:
    """Remove what was said of an earlier start of the run."""
    for host in range(1, hosts):
        with contextlib.suppress(OSError):
            _reason_file(directory, host).unlink()


def _reason_file(directory: Path, host: int) -> Path:
    return directory / f"lost-host{host}.txt"
