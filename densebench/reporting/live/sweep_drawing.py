"""What the panel shows while a launcher makes several runs at a time: a line for each that runs."""

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from densebench.errors import count_noun
from densebench.escape import plain
from densebench.reporting.live import text
from densebench.reporting.live.drawing import describe_left, draw_all, draw_title, make_bar
from densebench.reporting.live.run_state import RunState
from densebench.reporting.live.state import State

_MOST_LINES = 12  # of running runs
_WIDE = 100  # columns from which on the accuracy is shown too
_NAME_WIDTH = 34


def draw_sweep(state: State, width: int) -> Table:
    """How many runs there are and how far, then the running ones, those nearest to their end first."""
    sweep = Table.grid(expand=True)
    sweep.add_row(_draw_heading(state))
    sweep.add_row(draw_all(state))
    running = sorted(state.running, key=lambda run: state.estimate(run) or float("inf"))
    if running:
        sweep.add_row(_draw_running(state, running[:_MOST_LINES], width))
    if len(running) > _MOST_LINES:
        sweep.add_row(Text(f"and {len(running) - _MOST_LINES} more", "dim"))
    return sweep


def _draw_heading(state: State) -> Table:
    running = len(state.running)
    waiting = state.count - state.ended - running
    ended = f"{state.ended} of {count_noun(state.count, 'run')} ended"
    title = Text.assemble((ended, "bold"), f"  {running} running, {waiting} waiting")
    return draw_title(title, state.elapsed)


def _draw_running(state: State, running: list[RunState], width: int) -> Table:
    """Name, place, bar, epochs and what is left of each; the accuracy where there is room."""
    rows = Table.grid(expand=True, padding=(0, 1))
    rows.add_column(no_wrap=True, overflow="ellipsis", max_width=_NAME_WIDTH)
    rows.add_column(no_wrap=True, overflow="ellipsis", max_width=24)
    rows.add_column(ratio=1, min_width=4)
    for _ in range(3 if width >= _WIDE else 2):
        rows.add_column(justify="right", no_wrap=True)
    for run in running:
        done = (run.finished + run.epoch_fraction) / run.epochs if run.epochs else 0.0
        cells: list[RenderableType] = [
            Text(plain(run.run.run)),
            Text(plain(run.where or ""), "dim"),
            make_bar(done),
            Text(run.stage or f"{run.finished}/{run.epochs}") if run.run.variant else Text("starting"),
        ]
        if width >= _WIDE:
            cells.append(Text(_describe_accuracy(run)))
        rows.add_row(*cells, describe_left(state.estimate(run)))
    return rows


def _describe_accuracy(run: RunState) -> str:
    """The test accuracy after the last epoch."""
    records = list(run.records)
    return f"test {text.format_accuracy(records[-1].test_accuracy)}" if records else ""
