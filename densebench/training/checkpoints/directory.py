"""The checkpoint files of a run, and how the newest one is replaced.

``checkpoint.npz`` is the newest and ``checkpoint-previous.npz`` the one before it. A new one is written to a temporary
file, read back and verified before it replaces the newest, so a kill or a full disk at any moment leaves an intact one.
"""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from densebench import files
from densebench.errors import CheckpointError
from densebench.training.checkpoints import file
from densebench.training.checkpoints.description import Description, from_json
from densebench.training.checkpoints.file import Array, Contents, Damaged

NEWEST, PREVIOUS, _SET_ASIDE = "checkpoint.npz", "checkpoint-previous.npz", "checkpoint-damaged.npz"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """An intact checkpoint, and what the user must know about how it was found."""

    description: Description
    arrays: tuple[Array, ...]
    notices: tuple[str, ...]


def find_newest(directory: Path) -> Checkpoint | None:
    """The newest intact checkpoint, or ``None`` if there never was one.

    Raises :class:`CheckpointError` if there are some and all are damaged.
    """
    complaints = []
    for name in (NEWEST, PREVIOUS):
        try:
            contents = file.read(directory / name)
            description = from_json(contents.description)
            _require_described(description, contents.arrays)
        except FileNotFoundError:
            continue
        except Damaged as damage:
            complaints.append(f"{directory / name} {damage}")
            continue
        notices = tuple(f"{complaint}: continuing from epoch {description.epoch} instead." for complaint in complaints)
        return Checkpoint(description=description, arrays=contents.arrays, notices=notices)
    if complaints:
        raise CheckpointError(f"{', and '.join(complaints)}: no checkpoint is left, so start a new run.")
    return None


def replace_newest(directory: Path, contents: Contents) -> None:
    """Make this the newest checkpoint; if that raises ``OSError`` or :class:`Damaged`, the previous one remains."""
    with files.replacing(directory / NEWEST) as temporary:
        file.write(temporary, contents)
        file.read(temporary)
        with contextlib.suppress(FileNotFoundError):
            os.replace(directory / NEWEST, directory / PREVIOUS)


def set_damaged_aside(directory: Path) -> None:
    """Rename a damaged newest checkpoint, so that the next save does not replace the previous, good one by it."""
    with contextlib.suppress(FileNotFoundError):
        os.replace(directory / NEWEST, directory / _SET_ASIDE)


def remove_stale(directory: Path) -> None:
    """Remove what a killed process left; a run has one writer, so no other process is writing."""
    files.remove_stale(directory / NEWEST)


def file_bytes(directory: Path) -> int | None:
    """Size of the newest checkpoint; ``None`` if there is none."""
    try:
        return (directory / NEWEST).stat().st_size
    except OSError:
        return None


def advise(directory: Path) -> str:
    """What can be done when a checkpoint could not be written."""
    if not directory.is_dir():
        return "the run's directory was removed, and its checkpoints with it, so start a new run."
    remains = any((directory / name).exists() for name in (NEWEST, PREVIOUS))
    return "make room there, then continue with --resume" + ("; the previous checkpoint remains." if remains else ".")


def _require_described(description: Description, arrays: Sequence[Array]) -> None:
    described = [(facts.shape, facts.dtype) for facts in description.variables]
    if described != [(array.shape, array.dtype.str) for array in arrays]:
        raise Damaged("describes other arrays than it holds")


def remove_all(directory: Path) -> None:
    """Remove the checkpoints of a run that nobody will resume."""
    for name in (NEWEST, PREVIOUS):
        (directory / name).unlink(missing_ok=True)
