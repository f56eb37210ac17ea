"""Load results, compare them and count networks from Python."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import RenderableType

from densebench import workflows
from densebench.api.settings import check_paths, check_type
from densebench.comparison import values
from densebench.comparison.options import parse_compare_options
from densebench.errors import InputError
from densebench.reporting.comparison_tables import list_columns, make_comparison_tables, write_closing_notes
from densebench.reporting.frames import make_comparison_frame, make_grid_frame, make_verdicts_frame
from densebench.reporting.notebook import render_html, render_text
from densebench.results.frame import read_frame

if TYPE_CHECKING:
    import pandas as pd


def load(*paths: str | Path, last: bool = False) -> "pd.DataFrame":
    """Results files, and folders of them, as one frame: one row an epoch, or with ``last`` the last epoch of each run.

    The columns are those of the files, in ``docs/measuring.md``: bytes, seconds and fractions, with nullable types and
    ``NA`` where a value is unknown. What describes the run and its machine is repeated in each of its rows; evaluations
    and speed measurements have one row and their own ``phase``. Raises :class:`densebench.errors.ResultsError`.
    """
    return read_frame(check_paths(paths), last=last)


@dataclass(frozen=True, repr=False)
class Comparison:
    """What :func:`compare` has found. Shown as the tables of the command, in a notebook as in a terminal."""

    _comparison: values.Comparison

    def to_frame(self) -> "pd.DataFrame":
        """One row a row of the tables, with the columns of ``compare --format csv``.

        For each metric its mean over the runs, then ``_deviation`` (of the sample), ``_low`` and ``_high`` (95 %
        interval of the mean), ``_n`` (runs that have it), and against a baseline ``_estimate``, ``_p``, ``_p_holm`` and
        ``_verdict``, with the ends of its 95 % interval (``_estimate_low``) and of the one that decides
        (``_estimate_holm_low``). Units are those of :func:`load`.
        """
        return make_comparison_frame(self._comparison)

    def verdicts(self) -> "pd.DataFrame":
        """One row for each metric of a row that has a baseline; empty without one.

        ``estimate`` with its 95 % interval ``low`` to ``high`` is a ratio or a difference, as ``kind`` says;
        ``low_holm`` to ``high_holm`` is the interval that decides, at the level ``confidence_holm``. ``word`` is
        better, worse, same, inconclusive, no test or not comparable, and ``reason`` says why.
        """
        return make_verdicts_frame(self._comparison)

    @property
    def notes(self) -> list[str]:
        """What a reader of the figures needs to know, in sentences."""
        return write_closing_notes(self._comparison, list_columns(self._comparison))

    @property
    def failed(self) -> bool:
        """Whether ``fail_on`` found a regression; the command then exits with 3."""
        return self._comparison.gate is not None and self._comparison.gate.failed

    def plot(self, path: str | Path) -> list[Path]:
        """Draw pictures into a folder, or one into a file; returns the files written."""
        return workflows.plot_comparison(self._comparison, Path(path))

    def write_page(self, path: str | Path) -> Path:
        """Write an HTML page that needs no other file; returns the file."""
        return workflows.write_page(self._comparison, Path(path))

    def __repr__(self) -> str:
        return render_text(self._tables())

    def _repr_html_(self) -> str:
        return render_html(self._tables())

    def _tables(self) -> RenderableType:
        return make_comparison_tables(self._comparison)


def compare(
    *paths: str | Path,
    by: Sequence[str] | None = None,
    group: bool = True,
    baseline: str | Path | None = None,
    margin: str | None = None,
    cost: str = "epoch_seconds",
    budget: str | None = None,
    fail_on: str | None = None,
    strict: bool = False,
    gate_level: str = "family",
    looks: int = 1,
    sort: str | None = None,
    published: bool = False,
) -> Comparison:
    """Compare the runs of results files and folders: what each costs and reaches, with intervals over seeds.

    ``by`` groups by these columns instead of by all but the seed; ``group=False`` makes every run a row. ``baseline``
    is a row's name, a results file or ``"column=value"``. ``margin`` (``"1%,0.1pp"``), ``budget``
    (``"gpu_peak_bytes<=8GiB"``) and ``fail_on`` (``"epoch_seconds>+5%"``) are written as on the command line.
    ``gate_level`` is ``"family"`` (5 % false alarms over all conditions together) or ``"each"``; ``looks`` is how many
    times in all you compare while you add runs. ``published`` adds what others published of the same variants. Raises
    :class:`densebench.errors.InputError` and its child ``ResultsError``.
    """
    texts = {"margin": margin, "cost": cost, "budget": budget, "fail_on": fail_on, "sort": sort}
    for name, text in texts.items():
        if text is not None:
            check_type(name, text, str)
    if isinstance(by, str):
        raise InputError(f"by is {by!r} where a list of columns belongs, such as ['variant', 'backend'].")
    options = parse_compare_options(
        by=by,
        group=group,
        baseline=None if baseline is None else str(baseline),
        margin=margin,
        cost=cost,
        budget=budget,
        fail_on=fail_on,
        strict=strict,
        gate_level=gate_level,
        looks=looks,
        sort=sort,
    )
    return Comparison(workflows.compare(check_paths(paths), options, published=published))


def summary(*variants: str, classes: int = 10, image_size: int = 32) -> "pd.DataFrame":
    """What networks count, without training them: one row a variant, all named ones if none is named.

    Columns: variant, family, depth, growth_rate, params, trainable_params, non_trainable_params, forward_macs (of one
    image of ``image_size`` pixels), weights_bytes (float32) and source. Raises :class:`densebench.errors.InputError`.
    """
    counted = workflows.summarise(variants, classes=classes, image_size=image_size)
    return make_grid_frame(workflows.make_summary_tables(counted, layers=False)[0])
