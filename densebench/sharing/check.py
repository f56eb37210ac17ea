"""Files that are to stand among the records: each is read, and every reason against it is a sentence."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from densebench.comparison.run_figures import list_losses
from densebench.errors import ResultsError, join_names
from densebench.records import COLUMNS, Run
from densebench.results.csv_file import read
from densebench.results.store import identify, list_files
from densebench.sharing.run_rules import check_run
from densebench.sharing.table_rules import OWN_COLUMNS, check_row, read_table

_MOST_NAMES = 3  # in a sentence
_LONGEST_NAME = 40  # characters


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The files that were looked at, and what is wrong with them."""

    files: tuple[Path, ...]
    refused: tuple[Path, ...]
    findings: tuple[str, ...]  # sentences that begin with the file


def check_files(paths: Sequence[str | Path]) -> Checked:
    """Whether files, and those of folders, can be records: results files, or tables of ``compare --format csv``.

    Raises :class:`ResultsError` for a folder without any.
    """
    files = [file for path in paths for file in list_files(Path(path))]
    seen = _Seen()
    found = {file: list(_check_file(file, seen)) for file in files}
    return Checked(
        files=tuple(found),
        refused=tuple(file for file, sentences in found.items() if sentences),
        findings=tuple(sentence for sentences in found.values() for sentence in sentences),
    )


def is_table(file: Path) -> bool:
    """Whether a file is a table of ``compare --format csv``, by its first line."""
    return set(OWN_COLUMNS) <= set(_read_header(file))


class _Seen:
    """The runs of the files before, none of which may be there again."""

    def __init__(self) -> None:
        self._files: dict[tuple[object, ...], Path] = {}
        self._trainings: dict[tuple[float, ...], Run] = {}  # by their losses

    def note(self, run: Run, file: Path) -> Iterator[str]:
        """What is wrong with it, beside those that were noted before."""
        other = self._files.setdefault(identify(run), file)
        if other != file:
            yield f"it is in {other} too"
        losses = list_losses(run)
        same = self._trainings.setdefault(losses, run) if losses else run
        if identify(same) != identify(run):
            yield f"its losses are those of {same.run[:_LONGEST_NAME]} to the last digit, and a training is shared once"


def _check_file(file: Path, seen: _Seen) -> Iterator[str]:
    try:
        if is_table(file):
            yield from (f"{file}, line {row.line}: {text}." for row in read_table(file) for text in check_row(row))
            return
        if finding := _check_header(_read_header(file)):
            yield f"{file}: {finding}."
            return
        runs = read(file)
    except ResultsError as error:
        yield str(error)
        return
    found: dict[str, list[str]] = {}
    for run in runs:
        for text in (*check_run(run), *seen.note(run, file)):
            found.setdefault(text, []).append(run.run)
    yield from (f"{file}: {_name_runs(names, runs)}{text}." for text, names in found.items())


def _read_header(file: Path) -> list[str]:
    """The names of the first line; none of a file that the reader of results explains."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            return next(csv.reader(text), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def _check_header(names: Sequence[str]) -> str | None:
    if {"predicted_total_seconds", "expected_accuracy"} <= set(names):
        return "it is a table of plan, and a prediction is no measurement"
    unknown = [name[:_LONGEST_NAME] for name in names if name not in COLUMNS]
    return f"it has unknown columns: {_shorten(unknown)}" if unknown else None


def _name_runs(names: Sequence[str], runs: Sequence[Run]) -> str:
    """Of a file of several runs, those that a finding is about."""
    if len(runs) == 1:
        return ""
    return f"{'run' if len(names) == 1 else 'runs'} {_shorten(names)}: "


def _shorten(names: Sequence[str]) -> str:
    more = [f"{len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else []
    return join_names([*names[:_MOST_NAMES], *more])
