"""The grid of ``status``: what has come of the runs of sweeps."""

from collections.abc import Sequence
from dataclasses import dataclass

from densebench.errors import count_noun
from densebench.reporting.grid import Grid, make_column, make_results_column


@dataclass(frozen=True, kw_only=True)
class SweepRow:
    """One run of a sweep, as it stands."""

    run: str
    state: str  # completed, running, queued, failed, interrupted, or not started
    finished: int  # epochs
    epochs: int
    test_accuracy: float | None  # a fraction, after the last finished epoch
    where: str | None  # it goes on there
    launcher: str | None  # None: of no sweep
    sweep: str | None
    job: str | None  # SLURM's number
    restarts: int | None
    reason: str | None


def make_sweep_grid(rows: Sequence[SweepRow], *, whole: bool) -> Grid:
    """One row a run, in the order of the sweeps; the columns that nothing is known for only if it is ``whole``."""
    columns = (
        make_results_column("run", [row.run for row in rows]),
        make_column("state", "State", [row.state for row in rows]),
        make_column("finished", "Done", [row.finished for row in rows], show="count", keep=9),
        make_results_column("epochs", [row.epochs for row in rows], keep=9),
        make_results_column("test_accuracy", [row.test_accuracy for row in rows], keep=7),
        make_column("where", "On", [row.where for row in rows], keep=8),
        make_results_column("launcher", [row.launcher for row in rows], keep=6),
        make_column("sweep", "Sweep", [row.sweep for row in rows], keep=2),
        make_column("job", "Job", [row.job for row in rows], keep=4),
        make_results_column("restarts", [row.restarts for row in rows], keep=3),
        make_results_column("reason", [row.reason for row in rows], keep=5),
    )
    known = [column for column in columns if whole or any(cell.value is not None for cell in column.cells)]
    return Grid(name="status", columns=tuple(known))


def describe_states(rows: Sequence[SweepRow]) -> str:
    """How many runs are in which state: ``"12 runs: 7 completed, 2 running, 3 queued."``."""
    states = list(dict.fromkeys(row.state for row in rows))
    parts = [f"{sum(row.state == state for row in rows)} {state}" for state in states]
    return f"{count_noun(len(rows), 'run')}: {', '.join(parts)}."
