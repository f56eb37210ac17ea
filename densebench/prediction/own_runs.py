"""The user's own trainings that show what another of the same kind will learn."""

from collections.abc import Collection, Mapping, Sequence

from densebench.comparison.values import get_setting
from densebench.records import Run


def find_alike(runs: Sequence[Run], variant: str, wanted: Mapping[str, Collection[object]]) -> list[Run]:
    """The completed trainings of a network whose columns have one of the ``wanted`` values each: data and recipe.

    Images of one name may be others, such as a copy in another format: only those of the newest training count, for
    what will be trained on is not read before.
    """
    alike = [
        run
        for run in runs
        if (run.phase, run.status, run.variant) == ("train", "completed", variant)
        and all(get_setting(run, column) in values for column, values in wanted.items())
    ]
    newest = max(alike, key=lambda run: run.started or "", default=None)
    return [run for run in alike if newest is not None and run.dataset_sha256 == newest.dataset_sha256]


def is_whole(run: Run) -> bool:
    """Whether it has all epochs that it was asked for: one that stopped at its target has fewer."""
    return len(run.records) == run.epochs
