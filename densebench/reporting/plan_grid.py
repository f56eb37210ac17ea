"""The plan that ``train --dry-run`` prints."""

from collections.abc import Sequence
from dataclasses import dataclass

from densebench.reporting.grid import Grid
from densebench.reporting.network_tables import count, text


@dataclass(frozen=True, kw_only=True)
class PlanRow:
    """One run that would be made."""

    run: str
    what: str  # new, resume, or complete
    variant: str
    dataset: str
    epochs: int
    batch_size: int
    steps: int | None
    params: int
    forward_macs: int
    results: str  # the CSV
    directory: str


def plan_grid(rows: Sequence[PlanRow]) -> Grid:
    """One row a run, in the order in which they would be made."""
    return Grid(
        name="plan",
        columns=(
            text("run", "Run", [row.run for row in rows]),
            text("what", "What", [row.what for row in rows], keep=8),
            text("variant", "Variant", [row.variant for row in rows]),
            text("dataset", "Dataset", [row.dataset for row in rows], keep=1),
            count("epochs", "Epochs", [row.epochs for row in rows], keep=7),
            count("batch_size", "Batch", [row.batch_size for row in rows], keep=5),
            count("steps", "Steps", [row.steps for row in rows], keep=6),
            count("params", "Params", [row.params for row in rows], keep=7),
            count("forward_macs", "MACs", [row.forward_macs for row in rows], keep=4),
            text("results", "Results", [row.results for row in rows], keep=3),
            text("directory", "Everything else", [row.directory for row in rows], keep=2),
        ),
    )
