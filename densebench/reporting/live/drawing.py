"""What the panel of a live view shows: a heading, bars, and the last epochs, fitted to the width of the terminal."""

from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from densebench.escape import plain
from densebench.events import Transfer
from densebench.records import EpochRecord
from densebench.reporting.live import text
from densebench.reporting.live.state import State

_GAP = 2
_WIDTHS = {
    "epoch": 5,
    "time": 7,
    "images/s": 8,
    "train loss": 10,
    "train acc": 9,
    "test loss": 9,
    "test acc": 9,
    "mem": 9,
}  # 80 columns
_LEARNED = ("train loss", "train acc", "test loss", "test acc")  # of which a measurement of speed has none
_KEEP = ("epoch", "test acc", "mem", "time", "test loss", "train acc", "images/s", "train loss")  # the last goes first


def draw_heading(state: State) -> Table:
    """Which run it is, and how long all of it has taken."""
    number = f"run {min(state.ended + 1, state.count)} of {state.count}" if state.count else "run"
    run = state.current.run
    name = run.run
    about = text.describe_network(run) if run.variant else "starting"
    title = Text.assemble((f"{number}  ", "dim"), (plain(name), "bold"), f"  {plain(about)}")
    return draw_title(title, state.elapsed)


def draw_title(title: Text, elapsed: float) -> Table:
    """A line with the seconds that all has taken at its end."""
    row = Table.grid(expand=True, padding=(0, 1))
    row.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    row.add_column(justify="right", no_wrap=True)
    row.add_row(title, Text(text.format_duration(elapsed), "dim"))
    return row


def draw_all(state: State) -> Table:
    """The bar of all runs, in a table that takes more bars."""
    grid = _make_bars()
    _add_bar(grid, "all runs", state.all_done, 1.0, f"{100 * state.all_done:.0f} %", state.all_left)
    return grid


def _make_bars() -> Table:
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(justify="right", no_wrap=True, min_width=13)
    return grid


def draw_bars(state: State) -> Table:
    """Two or three bars: all runs, this run's epochs, this epoch's steps."""
    grid = draw_all(state) if state.count > 1 else _make_bars()
    run = state.current
    epochs, so_far = run.run.epochs, run.progress
    if epochs:
        _add_bar(grid, "this run", run.finished + run.epoch_fraction, epochs, f"{run.finished}/{epochs}", run.run_left)
    if run.stage is not None:
        _add_stage(grid, run.stage, state.clock() - run.stage_began, state.stage_seconds.get(run.stage))
    elif so_far:
        count = f"{so_far.step}/{so_far.steps}"
        _add_bar(grid, f"epoch {so_far.epoch}", so_far.step, so_far.steps, count, run.epoch_left)
    return grid


def _add_bar(grid: Table, label: str, done: float, total: float, count: str, left: float | None) -> None:
    grid.add_row(Text(label, "dim"), make_bar(done, total), Text(count), describe_left(left))


def make_bar(done: float, total: float = 1.0) -> ProgressBar:
    """How much of a total is done."""
    return ProgressBar(total=total or 1.0, completed=done, complete_style="cyan", finished_style="cyan")


def describe_left(seconds: float | None) -> Text:
    """How long it will take; nothing where that is unknown."""
    return Text("" if seconds is None else f"{text.format_duration(seconds)} left", "dim")


def _add_stage(grid: Table, stage: str, seconds: float, last: float | None) -> None:
    """How long it has been going on, beside what it took last time."""
    before = "" if last is None else f"last {text.format_duration(last)}"
    bar = ProgressBar(total=last or 1.0, completed=seconds if last else 0.0, complete_style="cyan")
    grid.add_row(Text(stage, "dim"), bar, Text(text.format_duration(seconds)), Text(before, "dim"))


def draw_transfer(transfer: Transfer) -> Table:
    """A download or a decoding; without a known total the bar only moves."""
    done, total = transfer.done, transfer.total
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(no_wrap=True, overflow="ellipsis", max_width=40)
    grid.add_column(ratio=1)
    grid.add_column(justify="right", no_wrap=True)
    bar = ProgressBar(total=total, completed=done, pulse=total is None, complete_style="cyan")
    grid.add_row(Text(plain(transfer.what)), bar, Text(f"{100 * done // total} %" if total else f"{done:,}"))
    return grid


def draw_epochs(state: State, width: int) -> Table:
    """The last epochs, and below them the running one as far as it is; in the columns that fit."""
    run = state.current
    records, so_far = list(run.records), run.progress  # copies: another thread may be adding to them
    table = Table(box=None, pad_edge=False, header_style="dim")
    owner = text.format_memory(records[-1])[0] if records else "host"
    is_speed = (so_far is not None and so_far.loss is None) or any(record.epoch is None for record in records)
    shown = [name for name in _choose_columns(width) if not (is_speed and name in _LEARNED)]
    for name in shown:
        table.add_column(
            f"{owner} mem" if name == "mem" else name, justify="right", no_wrap=True, min_width=_WIDTHS[name]
        )
    for record in records:
        cells = dict(zip(_WIDTHS, _format_cells(record), strict=True))
        table.add_row(*(cells[name] for name in shown))
    if so_far:
        took = text.format_duration(state.clock() - run.epoch_began)
        train = text.format_loss(so_far.loss), text.format_accuracy(so_far.accuracy)
        rate = text.format_rate(so_far.images_per_second)
        running = dict(zip(_WIDTHS, (str(so_far.epoch), took, rate, *train), strict=False))
        table.add_row(*(running.get(name, "") for name in shown), style="dim")
    return table


def _choose_columns(width: int) -> list[str]:
    """Those that fit, in the order of the table; the first three of ``_KEEP`` always."""
    widths = [sum(_WIDTHS[name] + _GAP for name in _KEEP[:count]) - _GAP for count in range(len(_KEEP) + 1)]
    fitting = [count for count, needed in enumerate(widths) if needed <= width]
    kept = _KEEP[: max(3, *fitting)]
    return [name for name in _WIDTHS if name in kept]


def _format_cells(record: EpochRecord) -> list[str]:
    return [
        text.UNKNOWN if record.epoch is None else str(record.epoch),
        text.format_duration(record.epoch_seconds),
        text.format_rate(record.images_per_second),
        text.format_loss(record.train_loss),
        text.format_accuracy(record.train_accuracy),
        text.format_loss(record.test_loss),
        text.format_accuracy(record.test_accuracy),
        text.format_memory(record)[1],
    ]
