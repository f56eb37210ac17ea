"""What SLURM's own commands say: its queue, its cards. No library is loaded for it."""

import subprocess

from densebench.errors import InputError, first_line

_TIMEOUT = 30.0  # seconds


def read_queue(job: str) -> dict[int, tuple[str, str]] | None:
    """State and node of each task of a job that is still queued or running, by its number in the array.

    A job that is no array has the number 0. ``None`` where SLURM does not answer.
    """
    done = _ask(["squeue", "-h", "-r", "-j", job, "-o", "%i|%T|%N"])
    if done is None:
        return None
    if done.returncode:
        return {} if "Invalid job id" in done.stderr else None
    rows = (line.split("|") for line in done.stdout.splitlines() if line.count("|") == 2)
    return {int(name.partition("_")[2] or 0): (state, node) for name, state, node in rows}


def has_cards(partition: str | None) -> bool:
    """Whether any node of the partition, or of the default one, has GPUs; raises :class:`InputError` without SLURM."""
    done = _ask(["sinfo", "-h", "-o", "%P|%G", *(["-p", partition] if partition else [])])
    if done is None or done.returncode:
        said = "sinfo is not here, or took too long" if done is None else first_line(done.stderr)
        raise InputError(f"SLURM does not answer ({said}): start the command on a host of the cluster.")
    rows = [line.split("|") for line in done.stdout.splitlines() if "|" in line]
    return any("gpu" in cards for name, cards in rows if partition or name.endswith("*"))


def stop_job(job: str, *, at_once: bool) -> None:
    """Cancel a job and all its tasks: SIGTERM, and SIGKILL after SLURM's grace time, or SIGKILL now."""
    _ask(["scancel", *(["--signal=KILL", "--full"] if at_once else []), job])


def _ask(command: list[str]) -> "subprocess.CompletedProcess[str] | None":
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=_TIMEOUT)
    except (OSError, subprocess.SubprocessError):
        return None
