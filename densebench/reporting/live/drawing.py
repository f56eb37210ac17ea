"""What the panel of a live view shows: a heading, bars, and the last epochs, fitted to 80 columns."""

from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from densebench.escape import plain
from densebench.records import EpochRecord
from densebench.reporting.live import text as shown
from densebench.reporting.live.lines import started
from densebench.reporting.live.state import Progress

WIDTHS = {
    "epoch": 5,
    "time": 7,
    "images/s": 8,
    "train loss": 10,
    "train acc": 9,
    "test loss": 9,
    "test acc": 9,
}  # with the memory: 80 columns


def heading(state: Progress) -> Table:
    """Which run it is, and how long all of it has taken."""
    row = Table.grid(expand=True, padding=(0, 1))
    row.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    row.add_column(justify="right", no_wrap=True)
    number = f"run {min(state.ended + 1, len(state.planned))} of {len(state.planned)}" if state.planned else "run"
    about = started(state)[0] if state.name else "starting"
    row.add_row(
        Text.assemble((f"{number}  ", "dim"), (plain(state.name), "bold"), f"  {plain(about)}"),
        Text(shown.duration(state.elapsed), "dim"),
    )
    return row


def bars(state: Progress) -> Table:
    """Two or three bars: all runs, this run's epochs, this epoch's steps."""
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(justify="right", no_wrap=True, min_width=13)
    done = state.finished + state.epoch_fraction
    if len(state.planned) > 1:
        _add_bar(grid, "all runs", state.all_done, 1.0, f"{100 * state.all_done:.0f} %", state.all_left)
    if state.epochs:
        _add_bar(grid, "this run", done, state.epochs, f"{state.finished}/{state.epochs}", state.run_left)
    step = state.step
    if step:
        _add_bar(grid, f"epoch {step.epoch}", step.step, step.steps, f"{step.step}/{step.steps}", state.epoch_left)
    return grid


def _add_bar(grid: Table, label: str, done: float, total: float, count: str, left: float | None) -> None:
    bar = ProgressBar(total=total or 1.0, completed=done, complete_style="cyan", finished_style="cyan")
    remaining = Text("" if left is None else f"{shown.duration(left)} left", "dim")
    grid.add_row(Text(label, "dim"), bar, Text(count), remaining)


def transfer_bar(what: str, done: int, total: int | None) -> Table:
    """A download or a preparation; without a known total the bar only moves."""
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(no_wrap=True, overflow="ellipsis", max_width=40)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    bar = ProgressBar(total=total, completed=done, pulse=total is None, complete_style="cyan")
    grid.add_row(Text(what), bar, Text(f"{100 * done // total} %" if total else f"{done:,}"))
    return grid


def epochs_table(state: Progress) -> Table:
    """The last epochs, and below them the running one as far as it is."""
    records, step = list(state.records), state.step  # copies: another thread may be adding to them
    table = Table(box=None, pad_edge=False, header_style="dim")
    owner = shown.memory(records[-1])[0] if records else "host"
    for title, width in (*WIDTHS.items(), (f"{owner} mem", 9)):
        table.add_column(title, justify="right", no_wrap=True, min_width=width)
    for record in records:
        table.add_row(*_cells(record))
    if step:
        so_far = shown.rate(step.images_per_second), shown.loss(step.loss), shown.accuracy(step.accuracy)
        table.add_row(str(step.epoch), shown.duration(state.clock() - state.epoch_began), *so_far, style="dim")
    return table


def _cells(record: EpochRecord) -> list[str]:
    return [
        shown.UNKNOWN if record.epoch is None else str(record.epoch),
        shown.duration(record.epoch_seconds),
        shown.rate(record.images_per_second),
        shown.loss(record.train_loss),
        shown.accuracy(record.train_accuracy),
        shown.loss(record.test_loss),
        shown.accuracy(record.test_accuracy),
        shown.memory(record)[1],
    ]
