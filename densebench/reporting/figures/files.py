"""Pictures as files: PNG, SVG or PDF, written completely or not at all."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from densebench.errors import InputError, ResultsError, join_names
from densebench.files import remove_abandoned, replace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
_METADATA: dict[str, dict[str, str | None]] = {
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}  # same runs, same bytes


def is_picture(target: Path) -> bool:
    """Whether the target is a picture by its ending, and not a folder for pictures, which may be yet to be made.

    Raises :class:`InputError` for an ending that is neither, such as ``.jpg``.
    """
    if target.suffix.lower() in FORMATS:
        return True
    if not target.suffix or target.is_dir():
        return False
    endings = join_names(FORMATS, "or")
    raise InputError(f"{target} is no picture that can be drawn: end its name in {endings}, or give a folder.")


@contextmanager
def drawing() -> Iterator[None]:
    """Repeatable names in SVG, text as text in SVG and PDF, a box for a letter that the font lacks."""
    import matplotlib

    with (
        matplotlib.rc_context({"svg.hashsalt": "densebench", "svg.fonttype": "none", "pdf.fonttype": 42}),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def save(figure: "Figure", target: Path) -> Path:
    """Write a picture; raises :class:`ResultsError` if it cannot be written."""
    kind = target.suffix.lower()
    picture = io.BytesIO()
    figure.savefig(picture, format=kind[1:], metadata=_METADATA.get(kind))
    return write_file(target, picture.getvalue())


def write_file(target: Path, content: bytes) -> Path:
    """Write a file completely or not at all; raises :class:`ResultsError`."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(target)
        replace(target, content)
    except OSError as error:
        raise ResultsError(f"{target} cannot be written ({error.strerror or error}): choose another place.") from None
    return target
