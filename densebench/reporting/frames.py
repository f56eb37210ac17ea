"""Comparisons and tables as pandas frames with nullable types: unknown is ``NA``, never 0."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from densebench.comparison.values import Comparison
from densebench.records import COLUMNS
from densebench.reporting.export import describe_verdict, flatten_row
from densebench.reporting.grid import Grid
from densebench.reporting.rendering import values
from densebench.results.cells import write_plain

if TYPE_CHECKING:
    import pandas as pd

_TYPES: dict[type, str] = {str: "string", int: "Int64", float: "Float64", bool: "boolean"}


def make_comparison_frame(comparison: Comparison) -> "pd.DataFrame":
    """One row a row of the comparison, with the columns of ``compare --format csv``."""
    rows = [{"phase": row.phase, **flatten_row(row, None)} for row in comparison.rows]
    return _make_frame(rows, _infer_types(rows))


def make_verdicts_frame(comparison: Comparison) -> "pd.DataFrame":
    """One row a verdict: a metric of a row against its baseline."""
    rows = [
        {"row": row.label, "baseline": row.baseline, "metric": verdict.metric, **_flatten(describe_verdict(verdict))}
        for row in comparison.rows
        for verdict in row.verdicts
    ]
    return _make_frame(rows, _infer_types(rows))


def make_grid_frame(grid: Grid) -> "pd.DataFrame":
    """The values of a table, in base units."""
    rows = values(grid)
    return _make_frame(rows, _infer_types(rows))


def _flatten(content: Mapping[str, object]) -> dict[str, object]:
    """A verdict's fields, the ends of its intervals each in a column."""
    rest = {name: value for name, value in content.items() if name not in ("interval", "interval_holm")}
    low, high = _ends_of(content["interval"])
    low_holm, high_holm = _ends_of(content["interval_holm"])
    return {**rest, "low": low, "high": high, "low_holm": low_holm, "high_holm": high_holm}


def _ends_of(interval: object) -> tuple[object, object]:
    return (interval["low"], interval["high"]) if isinstance(interval, dict) else (None, None)


def _make_frame(rows: Sequence[Mapping[str, object]], types: Mapping[str, str]) -> "pd.DataFrame":
    import pandas as pd

    def write(cell: object) -> str | None:
        return None if cell is None else write_plain(cell)

    return pd.DataFrame(
        {
            name: pd.Series([write(row[name]) if kind == "string" else row[name] for row in rows], dtype=kind)
            for name, kind in types.items()
        }
    )


def _infer_types(rows: Sequence[Mapping[str, object]]) -> dict[str, str]:
    """The nullable type of each column, by its values, or by its name where none is known."""
    return {name: _infer_type(name, [row[name] for row in rows]) for name in (rows[0] if rows else ())}


def _infer_type(name: str, cells: Sequence[object]) -> str:
    found = {type(cell) for cell in cells if cell is not None}
    if found == {int, float}:
        return "Float64"
    if len(found) == 1:
        return _TYPES[found.pop()]
    if str in found:  # a row that mixes several values has them as one text
        return "string"
    if name in COLUMNS:
        return _TYPES[COLUMNS[name].type]
    is_text = name in ("baseline", "dominated_by", "reason") or name.endswith("_verdict")
    return "string" if is_text else "boolean" if name == "within_budget" else "Float64"
