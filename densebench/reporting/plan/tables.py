"""What ``plan`` prints: a row a network, the choice, and the command that starts it."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from densebench.escape import plain
from densebench.prediction.values import Candidate, Plan
from densebench.reporting.comparison_tables import grid_parts
from densebench.reporting.grid import Grid, GridColumn, make_column, results_column
from densebench.reporting.plan import formats
from densebench.reporting.plan.sentences import write_closing, write_heading
from densebench.units import UNKNOWN


def make_plan_tables(plan: Plan, *, width: int | None = None) -> RenderableType:
    """Everything that ``plan`` prints."""
    lines = [*write_heading(plan), ""]
    table = grid_parts(make_plan_grid(plan), width)
    closing = write_closing(plan)
    return Group(*map(_note, lines), *table, *map(_note, closing), *_write_start(plan))


def make_plan_grid(plan: Plan) -> Grid:
    """One row a network, as a person reads it."""
    seeds, found = plan.workload.seeds, plan.candidates
    columns = [
        results_column("variant", [one.label for one in found]),
        _column("predicted_total_seconds", "Time, 1 run", [_time(one) for one in found], keep=10),
        _column("predicted_peak_bytes", "Memory", [_memory(one) for one in found], keep=8),
        _column("energy_joules", "Energy", [_energy(one, seeds) for one in found], keep=4),
        _column("price", "Price", [_price(one, plan) for one in found], keep=7),
        make_column(
            "expected_accuracy", "Expected accuracy", [formats.format_accuracy(one.accuracy) for one in found], keep=6
        ),
        make_column("fits", "Fits", [formats.format_fit(one) for one in found], keep=9),
        make_column("on_front", "Front", ["front" if one.on_front else "" for one in found], keep=5),
    ]
    if seeds > 1:
        times = [formats.format_total(one.prediction, seeds) if one.prediction else UNKNOWN for one in found]
        columns.insert(2, _column("all_total_seconds", f"Time, {seeds} runs", times, keep=9))
    return Grid(
        name="plan",
        columns=tuple(column for column in columns if _is_telling(column, plan)),
        dim=tuple(one.fits is False or one.prediction is None for one in found),
    )


def _column(name: str, title: str, texts: Sequence[str], *, keep: int) -> GridColumn:
    return make_column(name, title, texts, show="number", texts=texts, keep=keep)


def _is_telling(column: GridColumn, plan: Plan) -> bool:
    """A column of unknown figures, or of the same answer to a question that nobody asked, is not shown."""
    if column.name == "fits":
        return plan.budget is not None or any(one.prediction is None for one in plan.candidates)
    if column.name in ("energy_joules", "price"):
        return any(cell.text != UNKNOWN for cell in column.cells)
    return True


def _time(candidate: Candidate) -> str:
    return UNKNOWN if candidate.prediction is None else formats.format_total(candidate.prediction)


def _memory(candidate: Candidate) -> str:
    return UNKNOWN if candidate.prediction is None else formats.format_memory(candidate.prediction)


def _energy(candidate: Candidate, seeds: int) -> str:
    found = candidate.prediction
    if found is None or found.energy_joules is None:
        return UNKNOWN
    return formats.format_energy(found.energy_joules * seeds, found)


def _price(candidate: Candidate, plan: Plan) -> str:
    found = candidate.prediction
    if found is None or found.price is None:
        return UNKNOWN
    return formats.format_price(found.price * plan.workload.seeds, found, plan.prices)


def _write_start(plan: Plan) -> list[Text]:
    """The command last, so that it is ready to copy."""
    if plan.choice.chosen is None:
        return []
    return [Text.assemble(("Start:  ", "bold"), plain(plan.choice.chosen.command))]


def _note(text: str) -> Text:
    return Text(plain(text))
