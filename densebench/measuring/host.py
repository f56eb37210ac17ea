"""The host: its processor and memory, what a control group leaves of them, and what this process takes."""

import hashlib
import os
import platform
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/")


@dataclass(frozen=True, kw_only=True)
class CpuFacts:
    """What the process may use of the processor."""

    model: str | None
    cores: int | None
    quota: float | None  # cores that a control group allows on average; None: no limit


def read_cpu_facts(root: Path = _ROOT) -> CpuFacts:
    """Model, cores by affinity, and the control group's limit on them."""
    return CpuFacts(model=read_cpu_model(root), cores=count_usable_cores(), quota=read_cpu_quota(root))


def read_cpu_model(root: Path = _ROOT) -> str | None:
    """Model name of the processor: Linux's /proc/cpuinfo, macOS's sysctl, or what Python knows."""
    return (
        _read_cpuinfo_model(root)
        or _ask_sysctl("machdep.cpu.brand_string")
        or platform.processor()
        or platform.machine()
    )


def count_usable_cores() -> int | None:
    """Cores that the process may be scheduled on, which may be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def read_cpu_quota(root: Path = _ROOT) -> float | None:
    """The tightest limit of the process's control groups (version 2, then 1), in cores; ``None`` without one."""
    limits = [_parse_quota(*(_read(group / "cpu.max") or "").partition(" ")[::2]) for group in _list_groups(root, "")]
    for group in _list_groups(root, "cpu"):
        limits.append(_parse_quota(_read(group / "cpu.cfs_quota_us") or "", _read(group / "cpu.cfs_period_us") or ""))
    return min((limit for limit in limits if limit is not None), default=None)


def read_ram_bytes() -> int | None:
    """Memory of the host."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None


def read_host_peak_bytes(root: Path = _ROOT) -> int | None:
    """Peak resident memory of this process since it began.

    ``VmHWM`` first: it starts with the program, whereas ``ru_maxrss`` starts at the size of the parent process.
    """
    peak = _read_status_bytes("VmHWM", root)
    return _read_resource_peak() if peak is None else peak


def _read_status_bytes(field: str, root: Path = _ROOT) -> int | None:
    """A field such as ``VmHWM:   1740 kB`` of ``/proc/self/status``, in bytes; ``None`` where there is none."""
    lines = (_read(root / "proc/self/status") or "").splitlines()
    found = [line.split() for line in lines if line.startswith(f"{field}:")]
    return int(found[0][1]) * 1024 if found else None


def _parse_quota(quota: str, period: str) -> float | None:
    """``("200000", "100000")`` -> 2.0; ``max`` and -1 say that there is no limit."""
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:
        return None
    return int(quota) / int(period)


def _list_groups(root: Path, controller: str) -> Iterator[Path]:
    """The process's control group under ``controller`` ("" in version 2), then every group around it."""
    mount = root / "sys/fs/cgroup" / controller
    for line in (_read(root / "proc/self/cgroup") or "").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            inner = Path(path.lstrip("/"))
            yield from (mount / folder for folder in (inner, *inner.parents))


def _read_cpuinfo_model(root: Path) -> str | None:
    for line in (_read(root / "proc/cpuinfo") or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name" and value.strip():
            return value.strip()
    return None


def _ask_sysctl(name: str) -> str | None:
    if platform.system() != "Darwin":
        return None
    try:
        found = subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None


def _read_resource_peak() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    return convert_maxrss(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, sys.platform)


def convert_maxrss(maxrss: int, system: str) -> int | None:
    """``ru_maxrss`` is in bytes on macOS and in KiB elsewhere; 0 where the system does not fill it."""
    return (maxrss if system == "darwin" else maxrss * 1024) or None


def hash_host(name: str | None = None) -> str:
    """Eight hexadecimal digits that identify a host without naming it."""
    return hashlib.sha256((name or socket.gethostname()).encode()).hexdigest()[:8]
