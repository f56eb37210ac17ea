"""Results files as densebench writes them: the rows of one run, whose description repeats to the byte on every row.

The description is decoded once and cut out of the bytes; pandas parses what is left, the epochs, of many files at once.
That is several times faster than to parse all of it, and the equality of the descriptions is checked on the way. A file
that departs from this form in anything is left to :mod:`densebench.results.checked_rows`, which names what is wrong.
"""

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from densebench.records import COLUMNS
from densebench.results.cells import Misfit, decode, quote_cell
from densebench.results.epoch_table import make_frame, to_array
from densebench.results.plausibility import Bounds, get_bounds

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# pandas would read a number from these, as a careful reader would not: space around it, and words for 1 and 0. It does
# not read NaN, so a file that has one is read row by row, alone.
_ODD_SPACE = (b" ,", b", ", b" \n", b"\n ", b"\t", b"\x0b", b"\x0c")
_ODD_WORDS = (b"true", b"false", b"nan")


class UniformFile(NamedTuple):
    """A file's description, undecoded, and its epochs as CSV without a header."""

    description: dict[str, str]  # column: cell
    epoch_columns: tuple[str, ...]
    epochs: bytes
    rows: int


def split(content: bytes) -> UniformFile | None:
    """Separate the description from the epochs; None if the file is not of the form."""
    header, _, body = content.removeprefix(_BYTE_ORDER_MARK).partition(b"\n")
    try:
        names = header.decode("ascii").split(",")
        cells = next(csv.reader([body.partition(b"\n")[0].decode()], strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return None
    first, end = _epoch_span(names)
    if len(cells) != len(names) or len(set(names)) != len(names) or end - first < 2 or b"\0" in body:
        return None
    before = "".join(f"{quote_cell(cell)}," for cell in cells[:first]).encode()
    after = "".join(f",{quote_cell(cell)}" for cell in cells[end:]).encode() + b"\n"
    epochs = _cut_out(body, before, after)
    if epochs is None or not _is_plain(epochs, end - first):
        return None
    described = [*zip(names[:first], cells[:first], strict=True), *zip(names[end:], cells[end:], strict=True)]
    known = {name: cell for name, cell in described if name in COLUMNS}
    if any("," in cell and COLUMNS[name].type is not str for name, cell in known.items()):
        return None  # a decimal comma
    return UniformFile(known, tuple(names[first:end]), epochs, epochs.count(b"\n"))


def _epoch_span(names: Sequence[str]) -> tuple[int, int]:
    """Where the epochs' columns stand, if they stand side by side; else an empty span."""
    places = [place for place, name in enumerate(names) if name in COLUMNS and COLUMNS[name].level == "epoch"]
    if not places or places[-1] - places[0] + 1 != len(places):
        return 0, 0
    return places[0], places[-1] + 1


def _cut_out(body: bytes, before: bytes, after: bytes) -> bytes | None:
    """The rows without what stands before and after the epochs; None if it is not the same on every row."""
    if not (body.startswith(before) and body.endswith(after)):
        return None
    epochs = body[len(before) : -len(after)].replace(after + before, b"\n") + b"\n"
    rows = epochs.count(b"\n")
    return epochs if len(body) == rows * (len(before) + len(after)) + len(epochs) - rows else None


def _is_plain(epochs: bytes, width: int) -> bool:
    """Whether every row can only have ``width`` cells, none quoted, too long or misread by pandas."""
    if b'"' in epochs or b"\r" in epochs or epochs.count(b",") != epochs.count(b"\n") * (width - 1):
        return False
    limit = csv.field_size_limit()
    if len(epochs) > limit and max(map(len, epochs.split(b"\n"))) > limit:
        return False
    lowered = epochs.lower()
    return not (epochs.startswith(b" ") or any(odd in lowered for odd in (*_ODD_SPACE, *_ODD_WORDS)))


def parse_epochs(epoch_columns: tuple[str, ...], content: bytes) -> "pd.DataFrame | None":
    """The epochs of files with the same columns as a typed frame; None if a cell does not fit its column.

    Numbers are read with every bit (pandas' parser rounds correctly). Counts and texts repeat, so each is decoded once.
    """
    import pandas as pd

    types = {name: "float64" if COLUMNS[name].type is float else "object" for name in epoch_columns}
    try:
        cells = pd.read_csv(
            io.BytesIO(content),
            header=None,
            names=list(epoch_columns),
            index_col=False,
            dtype=types,
            keep_default_na=False,
            na_values=[""],
            quoting=csv.QUOTE_NONE,
            low_memory=False,
        )
        columns = {name: _to_typed(name, cells[name]) for name in epoch_columns}
    except (ValueError, OverflowError):  # pandas' own errors of parsing and decoding are ValueErrors, and so is Misfit
        return None
    return make_frame(columns, len(cells))


def _to_typed(name: str, cells: "pd.Series") -> Any:
    """The nullable array of a column; raises :class:`Misfit`."""
    import pandas as pd

    column = COLUMNS[name]
    if column.type is float:
        values = cells.to_numpy()
        bounds = get_bounds(column)
        if bounds is not None and _has_any_outside(bounds, values):
            raise Misfit(f"{name} is not {bounds.words}", 0)
        return pd.arrays.FloatingArray(values, cells.isna().to_numpy())
    places, texts = pd.factorize(cells)
    decoded = to_array(column, [*decode(column, list(texts)), None])
    return decoded.take(places)  # -1, the place of an empty cell, takes the None at the end


def _has_any_outside(bounds: Bounds, values: "np.ndarray") -> bool:
    below = values <= bounds.low if bounds.is_open else values < bounds.low
    return bool((below | (values > bounds.high)).any())
