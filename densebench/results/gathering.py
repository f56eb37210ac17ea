"""What ``compare`` compares: the runs of the given files, those of a baseline file, and the published ones."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from densebench.errors import ResultsError
from densebench.records import Run
from densebench.results.csv_file import read
from densebench.results.store import read_all

_PACKAGE = Path(__file__).parents[1]
# Inside an installed package, under results/ in a checkout.
PUBLISHED = (_PACKAGE / "published.csv", _PACKAGE.parent / "results" / "published.csv")


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """The runs to compare, and those of a baseline that was given as a file."""

    runs: tuple[Run, ...]
    baseline_runs: tuple[Run, ...]


def gather(paths: Iterable[str | Path], *, baseline: str | None = None, published: bool = False) -> Gathered:
    """Read everything; ``published`` adds what others reported of the variants. Raises :class:`ResultsError`."""
    runs = read_all(paths)
    if published:
        runs = _add_published(runs)
    theirs = read_all([baseline]) if baseline is not None and _is_file(baseline) else []
    return Gathered(runs=tuple(runs), baseline_runs=tuple(theirs))


def _is_file(baseline: str) -> bool:
    """A name of a row or ``column=value`` is no file, even if a folder happens to be called so."""
    return baseline.endswith(".csv") or (os.sep in baseline and Path(baseline).exists())


def _add_published(runs: Sequence[Run]) -> list[Run]:
    """The runs, then the published figures of their variants that are not among them."""
    known = {run.run for run in runs if run.phase == "published"}
    variants = {run.variant for run in runs if run.phase not in ("published", "trial")}
    return [*runs, *(run for run in read_published() if run.variant in variants and run.run not in known)]


def read_published() -> list[Run]:
    """All published figures that come with densebench."""
    path = next((path for path in PUBLISHED if path.is_file()), None)
    if path is None:
        raise ResultsError("The published figures (published.csv) are not installed: leave --published out.")
    return read(path)
