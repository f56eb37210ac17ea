"""Pictures as files: PNG, SVG or PDF, whole or not at all."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from densebench.errors import ResultsError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
METADATA: dict[str, dict[str, str | None]] = {
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}  # same runs, same bytes


@contextmanager
def drawing() -> Iterator[None]:
    """Repeatable names in SVG, text in PDF as text, a box for a letter that the font lacks."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "densebench", "pdf.fonttype": 42}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def save(figure: "Figure", target: Path) -> Path:
    """Write a picture beside its place, then move it there, so that no half picture is ever seen."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem[:40]}.", suffix=target.suffix)
        os.close(handle)
        try:
            figure.savefig(aside, format=target.suffix[1:].lower(), metadata=METADATA.get(target.suffix.lower()))
            os.chmod(aside, 0o644)
            os.replace(aside, target)
        finally:
            Path(aside).unlink(missing_ok=True)
    except OSError as error:
        raise ResultsError(f"{target} cannot be written ({error.strerror or error}): choose another place.") from None
    return target
