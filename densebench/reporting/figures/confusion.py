"""Which class was taken for which: the picture of an evaluation."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from densebench.reporting.figures.files import drawing, is_picture, save
from densebench.reporting.figures.style import INK, label, make_figure, title
from densebench.units import format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WITH_NUMBERS = 20  # classes; more are shown by colour alone
_CELL = 0.46  # inches


def _draw(matrix: Sequence[Sequence[int]], class_names: Sequence[str]) -> "Figure":
    """Rows are true classes, columns predicted ones; shares of the row by colour, counts in the cells."""
    from matplotlib.ticker import PercentFormatter

    classes = len(matrix)
    side = max(4.0, min(_CELL * classes, 14.0))
    figure, (axes,) = make_figure(1, width=side + 2.2, heights=(side + 1.2,))
    shares = [[count / (sum(row) or 1) for count in row] for row in matrix]
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.grid(False)
    names = [label(name) for name in class_names]
    if classes <= 3 * _WITH_NUMBERS:
        axes.set_xticks(range(classes), names, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(classes), names)
    if classes <= _WITH_NUMBERS:
        _write_counts(axes, matrix, shares)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    title(axes, f"{format_number('percent', _right(matrix))} of {sum(map(sum, matrix)):,} images right")
    figure.colorbar(image, ax=axes, shrink=0.7, label="share of the true class", format=PercentFormatter(1, 0))
    return figure


def plot_confusion(
    matrix: Sequence[Sequence[int]], class_names: Sequence[str], target: Path, name: str = "confusion"
) -> Path:
    """Draw it into a .png, .svg or .pdf file, or as ``name.png`` into a folder; returns the file written.

    Raises :class:`InputError` for another ending, and :class:`ResultsError` if the file cannot be written.
    """
    file = target if is_picture(target) else target / f"{name}.png"
    with drawing():
        return save(_draw(matrix, class_names), file)


def _write_counts(axes: "Axes", matrix: Sequence[Sequence[int]], shares: Sequence[Sequence[float]]) -> None:
    for row, counts in enumerate(matrix):
        for column, count in enumerate(counts):
            if count:
                ink = "white" if shares[row][column] > 0.5 else INK
                axes.text(column, row, f"{count:,}", ha="center", va="center", color=ink, fontsize=8)


def _right(matrix: Sequence[Sequence[int]]) -> float:
    """Share of the images on the diagonal."""
    return sum(row[place] for place, row in enumerate(matrix)) / (sum(map(sum, matrix)) or 1)
