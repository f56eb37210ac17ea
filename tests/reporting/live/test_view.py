"""The live view: what stands on a terminal of 80 columns and what stands in a log, by a fake clock."""

import io

import pytest
from rich.console import Console

from densebench.events import (
    Ended,
    Entered,
    EpochEnded,
    Message,
    Placed,
    Progress,
    Requeued,
    Started,
    Transfer,
    Warned,
)
from densebench.records import EpochRecord
from densebench.reporting.live.lines import PlainView
from densebench.reporting.live.panel import LiveView
from densebench.reporting.live.run_state import ShownRun
from densebench.reporting.live.view import open_view

HOSTILE = "[red]x[/red]\x1b[2J\r\u202eevil"


class FakeClock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def console(*, terminal=False, width=80):
    return Console(file=io.StringIO(), force_terminal=terminal, width=width, color_system=None, legacy_windows=False)


def printed(view):
    return [line.rstrip() for line in view.console.file.getvalue().splitlines()]


def drawn(view):
    """The panel as it stands now."""
    with view.console.capture() as capture:
        view.console.print(view)
    return [line.rstrip() for line in capture.get().splitlines()]


def started(name="100x12-s0", *, variant="100x12", params=769_162, epochs=300, steps=782, first_epoch=1):
    return Started(run=name, variant=variant, params=params, epochs=epochs, steps=steps, first_epoch=first_epoch)


def ended(status="completed", reason=None):
    return Ended(status=status, reason=reason, exit_code=int(status != "completed"))


def record(epoch, **values):
    figures = {
        "epoch_seconds": 20.1,
        "images_per_second": 2311.4,
        "train_loss": 1 / epoch,
        "train_accuracy": 0.8512,
        "test_loss": 1.2 / epoch,
        "test_accuracy": 0.832,
        "gpu_peak_bytes": 1_300_000_000,
    }
    return EpochRecord(epoch=epoch, **(figures | values))


def train_a_little(view, clock, epochs=2, name="100x12-s0"):
    view.begin([ShownRun(name=name, epochs=300), ShownRun(name="169x32-s0", epochs=300, work=3.0)])
    view.on(started(name))
    for epoch in range(1, epochs + 1):
        clock.now += 30
        view.on(EpochEnded(record=record(epoch)))


def test_a_terminal_gets_the_panel_and_a_pipe_gets_lines():
    assert isinstance(open_view(console(terminal=True)), LiveView)
    assert isinstance(open_view(console(terminal=False)), PlainView)
    assert isinstance(open_view(console(terminal=True), live=False), PlainView)


def test_the_log_holds_one_line_an_epoch():
    clock = FakeClock()
    view = PlainView(console(), clock=clock)
    train_a_little(view, clock)
    view.on(Progress(epoch=3, step=1, steps=782, loss=0.5, accuracy=0.8, images_per_second=2000.0))
    view.on(ended())
    assert printed(view) == [
        "2 runs, 600 epochs in all",
        "100x12-s0: started, 100x12 of 769,162 parameters, 300 epochs of 782 steps",
        "100x12-s0: epoch 1/300, 20.1 s, 2,311 images/s, train loss 1.0000 accuracy 85.12 %,"
        " test loss 1.2000 accuracy 83.20 %, GPU 1.21 GiB, about 9:59:30 left",
        "100x12-s0: epoch 2/300, 20.1 s, 2,311 images/s, train loss 0.5000 accuracy 85.12 %,"
        " test loss 0.6000 accuracy 83.20 %, GPU 1.21 GiB, about 9:59:00 left",
        "100x12-s0: completed after 1:00",
    ]


def test_the_panel_fits_80_columns():
    clock = FakeClock()
    view = LiveView(console(terminal=True), clock=clock)
    train_a_little(view, clock, epochs=7)
    clock.now += 9
    view.on(Progress(epoch=8, step=391, steps=782, loss=0.4312, accuracy=0.851, images_per_second=2290.0))
    assert drawn(view) == [
        "run 1 of 2  100x12-s0  100x12 of 769,162 parameters                         3:39",
        "all runs                                                       1 %  9:56:15 left",
        "this run ━                                                   7/300  2:26:15 left",
        "epoch 8  ━━━━━━━━━━━━━━━━━━━━━━━━╸                         391/782   15.0 s left",
        "epoch     time  images/s  train loss  train acc  test loss   test acc    GPU mem",
        "    3   20.1 s     2,311      0.3333    85.12 %     0.4000    83.20 %   1.21 GiB",
        "    4   20.1 s     2,311      0.2500    85.12 %     0.3000    83.20 %   1.21 GiB",
        "    5   20.1 s     2,311      0.2000    85.12 %     0.2400    83.20 %   1.21 GiB",
        "    6   20.1 s     2,311      0.1667    85.12 %     0.2000    83.20 %   1.21 GiB",
        "    7   20.1 s     2,311      0.1429    85.12 %     0.1714    83.20 %   1.21 GiB",
        "    8    9.0 s     2,290      0.4312    85.10 %",
    ]


def test_the_panel_of_a_measurement_of_speed_has_no_columns_of_learning_and_goes_when_it_is_over():
    view = LiveView(console(terminal=True), clock=FakeClock())
    view.begin([ShownRun(name="a-speed", epochs=1)])
    view.on(started("a-speed", epochs=1, steps=300))
    view.on(Progress(epoch=1, step=30, steps=300, loss=None, accuracy=None, images_per_second=500.0))
    assert "images/s" in drawn(view)[-2]
    assert "loss" not in "\n".join(drawn(view))
    view.on(ended())
    assert drawn(view) == []


def test_an_unknown_figure_is_left_out_of_the_log_and_a_dash_in_the_panel():
    clock = FakeClock()
    for view in (PlainView(console(), clock=clock), LiveView(console(terminal=True), clock=clock)):
        view.on(started("x", params=None, epochs=1, steps=None))
        view.on(EpochEnded(record=EpochRecord(epoch=1, host_peak_bytes=300 * 2**20)))
        lines = printed(view) if isinstance(view, PlainView) else drawn(view)
        text = "\n".join(lines)
        assert "300.0 MiB" in text
        assert "None" not in text
        assert "0.0000" not in text
    assert lines[-1].split() == ["1", "-", "-", "-", "-", "-", "-", "300.0", "MiB"]


@pytest.mark.parametrize("view_type", [PlainView, LiveView])
def test_a_hostile_name_moves_no_cursor_and_is_no_markup(view_type):
    clock = FakeClock()
    view = view_type(console(terminal=True), clock=clock)
    train_a_little(view, clock, name=HOSTILE)
    view.on(Transfer(what=HOSTILE, done=1, total=10))
    view.on(Message(text=HOSTILE))
    if isinstance(view, LiveView):
        view.console.print(view)
    view.on(ended("failed", HOSTILE))
    text = view.console.file.getvalue()
    assert "[red]x[/red]" in text
    assert not set(text) & {"\x1b", "\r", "\u202e"}


def test_a_resumed_run_begins_where_it_stopped():
    clock = FakeClock()
    view = PlainView(console(), clock=clock)
    view.on(started("x", steps=10, first_epoch=300))
    clock.now += 60
    view.on(EpochEnded(record=record(300)))
    assert "resumed after epoch 299" in printed(view)[0]
    assert "epoch 300/300" in printed(view)[1]
    assert "left" not in printed(view)[1]


def test_a_download_is_a_bar_until_it_is_done():
    view = LiveView(console(terminal=True), clock=FakeClock())
    view.on(Transfer(what="cifar-10-binary.tar.gz", done=40, total=160))
    assert "cifar-10-binary.tar.gz" in drawn(view)[-1]
    assert drawn(view)[-1].endswith("25 %")
    view.on(Transfer(what="cifar-10-binary.tar.gz", done=160, total=160))
    assert "cifar-10" not in "\n".join(drawn(view))


def test_a_download_is_a_line_a_quarter_in_the_log():
    view = PlainView(console(), clock=FakeClock())
    for done in range(0, 101):
        view.on(Transfer(what="x.tar.gz", done=done, total=100))
    assert printed(view) == [f"x.tar.gz: {percent} %" for percent in (0, 25, 50, 75, 100)]


@pytest.mark.parametrize("view_type", [PlainView, LiveView])
def test_messages_and_warnings_stay_on_the_screen(view_type):
    view = view_type(console(), clock=FakeClock())
    view.on(Message(text="No epoch was finished before."))
    view.on(Warned(text="the card is shared"))
    assert printed(view) == ["No epoch was finished before.", "the card is shared"]


def test_a_failure_stays_on_the_screen_with_its_reason():
    clock = FakeClock()
    view = LiveView(console(terminal=True), clock=clock)
    with view:
        train_a_little(view, clock, epochs=1)
        view.on(ended("failed", "the loss became NaN in epoch 2"))
    text = view.console.file.getvalue()
    assert "✗ 100x12-s0 failed after 30.0 s, the loss became NaN in epoch 2" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l"), "the cursor must be shown again"


@pytest.mark.parametrize(
    ("width", "heading"),
    [
        (80, "epoch time images/s train loss train acc test loss test acc GPU mem"),
        (60, "epoch time train acc test loss test acc GPU mem"),
        (40, "epoch time test acc GPU mem"),
        (30, "epoch test acc GPU mem"),
    ],
)
def test_test_accuracy_and_memory_stay_longest_in_a_narrow_terminal(width, heading):
    clock = FakeClock()
    view = LiveView(console(terminal=True, width=width), clock=clock)
    train_a_little(view, clock)
    view.on(Progress(epoch=3, step=391, steps=782, loss=0.4312, accuracy=0.851, images_per_second=2290.0))
    lines = drawn(view)
    assert max(map(len, lines)) <= width
    assert " ".join(lines[4].split()) == heading
    assert lines[5].endswith("83.20 %   1.21 GiB")


def test_the_panel_says_that_it_evaluates_and_how_long_that_took_last_time():
    clock = FakeClock()
    view = LiveView(console(terminal=True), clock=clock)
    train_a_little(view, clock, epochs=1)
    view.on(Entered(stage="evaluating"))
    clock.now += 3
    assert (drawn(view)[3].startswith("evaluating "), drawn(view)[3].endswith(" 3.0 s")) == (True, True)
    view.on(EpochEnded(record=record(2)))
    view.on(Entered(stage="evaluating"))
    clock.now += 1.5
    assert drawn(view)[3].endswith("1.5 s    last 3.0 s")


def test_the_log_counts_one_epoch_in_the_singular():
    view = PlainView(console(), clock=FakeClock())
    view.on(started("x", epochs=1, steps=1))
    assert printed(view)[0].endswith("1 epoch of 1 step")


def spread(view, clock):
    """Five runs of a launcher: one ended, two running, one starting, one waiting."""
    view.begin([ShownRun(name=f"resnet20-cifar10-s{seed}", epochs=10, work=5.0) for seed in range(5)])
    for seed in range(4):
        view.on(Placed(where=f"node{seed % 2 + 1} GPU {seed // 2}"), f"resnet20-cifar10-s{seed}")
    for seed in range(3):
        view.on(started(f"resnet20-cifar10-s{seed}", epochs=10), f"resnet20-cifar10-s{seed}")
    for epoch in range(1, 5):
        clock.now += 30
        for seed in range(3):
            view.on(EpochEnded(record=record(epoch)), f"resnet20-cifar10-s{seed}")
    view.on(Entered(stage="compiling"), "resnet20-cifar10-s2")
    view.on(ended(), "resnet20-cifar10-s0")


def test_runs_of_a_launcher_are_a_line_each_in_80_columns():
    clock = FakeClock()
    view = LiveView(console(terminal=True), clock=clock)
    spread(view, clock)
    assert drawn(view) == [
        "1 of 5 runs ended  3 running, 1 waiting                                     2:00",
        "all runs ━━━━━━━━━━━━━━━━━━╸                                  36 %     5:20 left",
        "resnet20-cifar10-s1 node2 GPU 0 ━━━━━━━━━━━                       4/10 3:00 left",
        "resnet20-cifar10-s2 node1 GPU 1 ━━━━━━━━━━━                  compiling 3:00 left",
        "resnet20-cifar10-s3 node2 GPU 1                               starting 5:00 left",
    ]


def test_runs_of_a_launcher_are_told_apart_in_the_log():
    clock = FakeClock()
    view = PlainView(console(), clock=clock)
    spread(view, clock)
    view.on(Message(text="It takes an hour."))
    view.on(Message(text="It goes on."), "resnet20-cifar10-s1")
    view.on(Requeued(reason="Its process on node1 GPU 1 was lost."), "resnet20-cifar10-s2")
    lines = printed(view)
    assert lines[1].startswith("resnet20-cifar10-s0: started on node1 GPU 0, 100x12")
    assert lines[-4].startswith("resnet20-cifar10-s0: completed after 2:00")
    assert lines[-3:] == [
        "It takes an hour.",
        "resnet20-cifar10-s1: It goes on.",
        "resnet20-cifar10-s2: Its process on node1 GPU 1 was lost.",
    ]
