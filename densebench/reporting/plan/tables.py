"""What ``plan`` prints: a row a network, the choice, and the command that starts it."""

from collections.abc import Callable, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from densebench.errors import count_noun
from densebench.escape import plain
from densebench.prediction.values import Candidate, Plan, Prediction
from densebench.reporting.comparison_tables import draw_grid
from densebench.reporting.grid import Grid, GridColumn, make_column
from densebench.reporting.plan import formats
from densebench.reporting.plan.sentences import write_closing, write_heading
from densebench.units import UNKNOWN


def make_plan_tables(plan: Plan, *, width: int | None = None) -> RenderableType:
    """Everything that ``plan`` prints."""
    lines = [*write_heading(plan), ""]
    table = draw_grid(make_plan_grid(plan), width)
    closing = write_closing(plan)
    return Group(*map(_note, lines), *table, *map(_note, closing), *_write_start(plan))


def make_plan_grid(plan: Plan) -> Grid:
    """One row a network, as a person reads it. Where room is short, what decides stays longest."""
    found, seeds = plan.candidates, plan.workload.seeds
    accuracies = [one.accuracy for one in found]
    columns = (
        make_column("variant", "Network", [one.label for one in found]),
        _figures(
            "predicted_total_seconds", "Time" if seeds == 1 else "Time, each", found, formats.format_seconds, keep=10
        ),
        _texts("interval", "95 % interval", [_show(one, formats.format_interval) for one in found], keep=5),
        *_list_totals(found, seeds),
        *_list_target_times(plan),
        _figures("predicted_peak_bytes", "Memory", found, formats.format_memory, keep=8),
        _figures("energy_joules", _title_sum("Energy", seeds), found, lambda one: _energy(one, seeds), keep=3),
        _figures("price", _title_sum("Price", seeds), found, lambda one: _price(one, plan), keep=4),
        _texts("expected_accuracy", "Expected accuracy", list(map(formats.format_accuracy, accuracies)), 6, right=True),
        _texts("accuracy_source", "Known from", list(map(formats.format_source, accuracies)), keep=1),
        _texts("fits", "Fits", list(map(formats.format_fit, found)), keep=7),
        _texts("on_front", "Pareto", ["front" if one.on_front else "" for one in found], keep=2),
    )
    return Grid(
        name="plan",
        columns=tuple(column for column in columns if _is_telling(column, plan)),
        dim=tuple(one.fits is False or one.prediction is None for one in found),
    )


def _list_target_times(plan: Plan) -> list[GridColumn]:
    """When each first reaches the target, and by which runs that is known."""
    if plan.target is None:
        return []
    times = [formats.format_target_time(one.target_time, one.prediction) for one in plan.candidates]
    counts = [count_noun(one.target_time.count, "own run") if one.target_time else "" for one in plan.candidates]
    return [
        _texts("time_to_target_seconds", f"Time to {formats.format_target(plan.target)}", times, keep=9, right=True),
        _texts("target_source", "Known from", counts, keep=2),
    ]


def _list_totals(found: Sequence[Candidate], seeds: int) -> list[GridColumn]:
    """The time of all runs, where there are several."""
    if seeds == 1:
        return []
    title = _title_sum("Time", seeds)
    return [_figures("all_total_seconds", title, found, lambda one: formats.format_seconds(one, seeds), keep=9)]


def _title_sum(title: str, seeds: int) -> str:
    return title if seeds == 1 else f"{title}, all {seeds}"


def _figures(
    name: str, title: str, found: Sequence[Candidate], write: Callable[[Prediction], str], *, keep: int
) -> GridColumn:
    return _texts(name, title, [_show(one, write) for one in found], keep, right=True)


def _texts(name: str, title: str, texts: Sequence[str], keep: int, *, right: bool = False) -> GridColumn:
    return make_column(name, title, texts, show="number" if right else "text", texts=texts, keep=keep)


def _show(candidate: Candidate, write: Callable[[Prediction], str]) -> str:
    return UNKNOWN if candidate.prediction is None else write(candidate.prediction)


def _is_telling(column: GridColumn, plan: Plan) -> bool:
    """A column of unknown figures, or of the same answer to a question that nobody asked, is not shown."""
    texts = [cell.text for cell in column.cells]
    if column.name == "fits":
        return plan.budget is not None or any(one.prediction is None for one in plan.candidates)
    if column.name == "on_front":
        return len(texts) > 1 and any(texts)
    if column.name in ("interval", "energy_joules", "price", "accuracy_source", "target_source"):
        return any(text not in ("", UNKNOWN) for text in texts)
    return True


def _energy(found: Prediction, seeds: int) -> str:
    joules = None if found.energy_joules is None else found.energy_joules * seeds
    return formats.format_energy(joules, found)


def _price(found: Prediction, plan: Plan) -> str:
    price = None if found.price is None else found.price * plan.workload.seeds
    return formats.format_price(price, found, plan.prices)


def _write_start(plan: Plan) -> list[Text]:
    """The command last, and in one line however long, so that it is ready to copy."""
    if plan.choice.chosen is None:
        return []
    command = plain(plan.choice.chosen.command)
    return [Text.assemble(("Start: ", "bold"), command, no_wrap=True, overflow="ignore")]


def _note(text: str) -> Text:
    return Text(plain(text))
