"""The host's facts: processor, memory, and what a control group leaves of them."""

import os
import platform
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")


@dataclass(frozen=True, kw_only=True)
class CpuFacts:
    """What the process may use of the processor."""

    model: str | None
    cores: int | None
    quota: float | None  # cores that a control group allows on average; None: no limit


def cpu_facts(root: Path = ROOT) -> CpuFacts:
    """Model, cores by affinity, and the control group's limit on them."""
    return CpuFacts(model=cpu_model(root), cores=usable_cores(), quota=cpu_quota(root))


def cpu_model(root: Path = ROOT) -> str | None:
    """Model name of the processor: Linux's /proc/cpuinfo, macOS's sysctl, or what Python knows."""
    return _cpuinfo_model(root) or _sysctl("machdep.cpu.brand_string") or platform.processor() or platform.machine()


def usable_cores() -> int | None:
    """Cores that the process may be scheduled on, which may be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def cpu_quota(root: Path = ROOT) -> float | None:
    """The tightest limit of the process's control groups (version 2, then 1), in cores; ``None`` without one."""
    limits = [_quota(*text.split()[:2]) for text in _group_files(root, "", "cpu.max")]
    for group in _group_folders(root, "cpu"):
        quota, period = _read(group / "cpu.cfs_quota_us"), _read(group / "cpu.cfs_period_us")
        limits.append(_quota(quota, period) if quota and period else None)
    return min((limit for limit in limits if limit is not None), default=None)


def ram_bytes() -> int | None:
    """Memory of the host."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None


def _quota(quota: str, period: str) -> float | None:
    """``("200000", "100000")`` -> 2.0; ``max`` and -1 say that there is no limit."""
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:
        return None
    return int(quota) / int(period)


def _group_files(root: Path, controller: str, name: str) -> Iterator[str]:
    yield from (text for folder in _group_folders(root, controller) if (text := _read(folder / name)))


def _group_folders(root: Path, controller: str) -> Iterator[Path]:
    """The process's control group under ``controller`` ("" in version 2), then every group around it."""
    mount = root / "sys/fs/cgroup" / controller
    for line in (_read(root / "proc/self/cgroup") or "").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            inner = Path(path.lstrip("/"))
            yield from (mount / folder for folder in (inner, *inner.parents))


def _cpuinfo_model(root: Path) -> str | None:
    for line in (_read(root / "proc/cpuinfo") or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name" and value.strip():
            return value.strip()
    return None


def _sysctl(name: str) -> str | None:
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
