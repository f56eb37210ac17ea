"""Which device each backend would compute on, asked of it in its own process: loading it may fail, or take for ever."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from densebench.config import RunConfig

_LIMIT_SECONDS = 120.0  # loading takes seconds, or a minute from a slow disk


@dataclass(frozen=True, kw_only=True)
class BackendDevice:
    """The answer of one backend; ``kind`` is cpu or gpu, or ``None`` where it gave none and ``text`` is the reason."""

    backend: str
    kind: str | None
    text: str


def ask_devices(backends: Sequence[str], limit_seconds: float = _LIMIT_SECONDS) -> list[BackendDevice]:
    """The answers, in order; the backends load at the same time, and none is waited for longer than the limit."""
    with ThreadPoolExecutor(max(len(backends), 1)) as pool:
        return list(pool.map(partial(_ask, limit_seconds=limit_seconds), backends))


def explain_silence(devices: Sequence[BackendDevice]) -> Iterator[str]:
    """A sentence for each backend that gave no answer."""
    for device in devices:
        if device.kind is None:
            yield f"Backend {device.backend} cannot be used: {device.text}."


def _ask(backend: str, limit_seconds: float) -> BackendDevice:
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__, backend],  # -P: as in running/launchers/child.py
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return BackendDevice(backend=backend, kind=None, text=f"no answer in {limit_seconds:g} s")
    lines = (done.stderr if done.returncode else done.stdout).strip().splitlines() or [""]
    if done.returncode:
        reason = lines[-1].rstrip(".") or f"exit code {done.returncode}"
        return BackendDevice(backend=backend, kind=None, text=f"it does not load ({reason})")
    kind, _, name = lines[-1].partition("\t")
    return BackendDevice(backend=backend, kind=kind, text=name)


def _answer(backend: str) -> None:
    """Print what :func:`_ask` reads, from the set-up that a run has."""
    from densebench.training.backends.backend import prepare

    facts = prepare(RunConfig(variant="resnet20", run="env", backend=backend))
    print(f"{facts.device_kind}\t{facts.device_name or facts.device_kind.upper()}")


if __name__ == "__main__":
    _answer(sys.argv[1])
