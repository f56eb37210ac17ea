"""Results on standard output, progress and messages on standard error."""

import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.measure import Measurement

from densebench.config import RUNS_DIR
from densebench.errors import join_names
from densebench.reporting.grid import Grid
from densebench.reporting.grid_output import draw_grids, write_grids
from densebench.reporting.rendering import json_in_ascii

if TYPE_CHECKING:
    from densebench.comparison.values import Comparison
    from densebench.launching import Finished

_PIPED_WIDTH = 10_000  # no reader of a pipe has a width
_SPARE = 4  # columns by which a table is narrowed until it fits
_EXACT_FORMATS = ("csv", "json", "latex")  # read by programs


def open_stderr() -> Console:
    """Standard error, for progress and messages."""
    return Console(stderr=True)


def print_result(table: Callable[[int | None], RenderableType], text: Callable[[], str], form: str) -> None:
    """Print a result as a table or, made by ``text``, in another format."""
    if form == "table":
        print_table(table)
    else:
        _print_document(text(), form)


def _print_document(text: str, form: str) -> None:
    r"""JSON has ``\u`` for what the encoding of the output lacks; CSV and LaTeX are UTF-8 in any terminal."""
    encoding = (sys.stdout.encoding or "utf-8").lower()
    if form not in _EXACT_FORMATS or encoding.startswith("utf"):
        print(text, end="")
    elif form == "json":
        print(json_in_ascii(text), end="")
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))


def print_table(table: Callable[[int | None], RenderableType]) -> None:
    """Print what ``table`` makes for the width of the terminal; whole, with None for a width, where there is none."""
    if sys.stdout.isatty():
        console = Console()
        console.print(_fit_to_width(table, console), crop=False)  # a command stays whole, to be copied
    else:
        Console(width=_PIPED_WIDTH).print(table(None), soft_wrap=True)


def _fit_to_width(table: Callable[[int | None], RenderableType], console: Console) -> RenderableType:
    """What fits into the console: letters that its encoding writes as several take more room than planned."""
    if console.encoding.startswith("utf"):
        return table(console.width)
    options = console.options.update(max_width=_PIPED_WIDTH)
    widths = range(console.width, console.width // 2, -_SPARE)
    drawn = (table(width) for width in widths)
    fitting = (one for one in drawn if Measurement.get(console, options, one).minimum <= console.width)
    return next(fitting, table(console.width))


def print_grids(grids: Sequence[Grid], form: str, kind: str) -> None:
    """Print grids in any format; ``kind`` is what a JSON document of them calls itself."""
    print_result(lambda width: draw_grids(grids, width=width), lambda: write_grids(grids, form, kind), form)


def print_finished(finished: Sequence["Finished"], form: str) -> int:
    """Print what runs cost and reached, and how to continue one that was interrupted; returns their exit code.

    A signal's code goes before a failure's, and that before success.
    """
    from densebench.reporting.run_tables import format_runs_as, make_run_tables

    begun = [one for one in finished if one.has_begun]  # of the others the progress has said all there is
    runs = [one.run for one in begun]
    if runs:
        print_result(lambda width: make_run_tables(runs, width=width), lambda: format_runs_as(runs, form), form)
        if form == "table" and sys.stdout.isatty():
            _print_results(begun)
    for one in begun:
        if one.outcome.status == "interrupted" and one.run.phase == "train":
            print_message(f"Continue with: {_command_on(one, 'train', '--resume')}")
    return max((one.outcome.exit_code for one in finished), default=0)


def _print_results(finished: Sequence["Finished"]) -> None:
    """Print where the results are, and which command comes next."""
    folders = sorted({str(one.results.parent) for one in finished})
    completed = [one for one in finished if one.outcome.status == "completed"]
    if len(finished) > 1:
        print_message(f"Results: {len(finished)} files in {join_names(folders)}")
        if len(completed) > 1:
            print_message(f"Next: {shlex.join(['densebench', 'compare', *folders])}")
        return
    print_message(f"Results: {finished[0].results}")
    if completed and completed[0].run.phase == "train":
        print_message(f"Next: {_command_on(completed[0], 'eval')}")


def print_next(
    comparison: "Comparison", typed: str, *, columns: Sequence[str] | None = None, has_page: bool = False
) -> None:
    """Print to a terminal which command comes after the one ``typed``, if anything is left to find out.

    ``columns`` are those that were asked for.
    """
    if not sys.stdout.isatty():
        return
    from densebench.reporting.conclusion import suggest_baseline, suggest_seeds
    from densebench.reporting.row_columns import expand_columns

    baseline = suggest_baseline(comparison)
    seeds = suggest_seeds(comparison, expand_columns(columns))
    if baseline is not None:
        print_message(f"Next: {typed} --baseline {shlex.quote(baseline)}")
    elif seeds is not None:
        print_message(f"Next: {seeds}")
    elif not has_page:
        print_message(f"Next: {typed} --html report.html")


def print_message(sentence: str) -> None:
    """Print a sentence on standard error."""
    open_stderr().print(escape(sentence), highlight=False, soft_wrap=True)


def explain_aliases(names: Sequence[str] | None) -> Sequence[str] | None:
    """Say what names of other libraries mean; gives the names back, as the command line's callbacks do."""
    from densebench.models.variants import explain_alias

    for sentence in dict.fromkeys(map(explain_alias, names or ())):
        if sentence:
            print_message(f"Note: {sentence}")
    return names


def print_written(paths: Sequence[Path]) -> None:
    """Print which files were written."""
    for path in paths:
        print_message(f"Wrote {path}.")


def print_error(sentence: str) -> None:
    """Print what went wrong."""
    open_stderr().print(f"[bold red]error:[/] {escape(sentence)}", highlight=False, soft_wrap=True)


def _command_on(finished: "Finished", *command: str) -> str:
    """A command that takes the name of the run."""
    words = ["densebench", *command, finished.run.run]
    runs_dir = finished.directory.parent
    if runs_dir != Path(RUNS_DIR):
        words += ["--runs-dir", str(runs_dir)]
    return shlex.join(words)
