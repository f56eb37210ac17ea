import io

import pytest
from rich.console import Console
from rich.text import Text

from densebench.reporting.live.painter import Painter


@pytest.fixture
def console():
    return Console(file=io.StringIO(), force_terminal=True, width=10, height=10, color_system=None)


@pytest.fixture
def paint(console):
    """What is written to bring the terminal to these lines."""
    shown = []
    painter = Painter(console, lambda: Text("\n".join(shown)), refreshes=4)

    def paint_lines(*lines):
        shown[:] = lines
        console.file.seek(0)
        console.file.truncate()
        painter.paint()
        return console.file.getvalue()

    return paint_lines


def test_nothing_is_written_where_nothing_has_changed(paint):
    paint("a", "b")
    assert paint("a", "b") == ""


def test_only_the_line_that_has_changed_is_written(paint):
    paint("a", "b", "c")
    assert paint("a", "x", "c") == "\x1b[3A\r\n\r\x1b[2Kx\n\n"


def test_lines_that_are_gone_are_erased(paint):
    paint("a", "b", "c")
    assert paint("a") == "\x1b[3A\r\n\r\x1b[J"


def test_a_narrower_terminal_has_wrapped_the_lines_that_are_erased(paint, console):
    paint("1234567890", "12")
    console.width = 4
    assert paint("1234", "12").startswith("\x1b[4A\r\r\x1b[J")


def test_no_more_lines_are_drawn_than_the_terminal_has(paint):
    assert paint(*map(str, range(30))).count("\n") == 9


def test_what_is_printed_stays_above_and_the_end_leaves_nothing_else(console):
    painter = Painter(console, lambda: Text("panel"), refreshes=4)
    painter.start()
    painter.print(Text("message"))
    painter.stop()
    text = console.file.getvalue()
    assert text.startswith("\x1b[?25l\r\x1b[2Kpanel\n\x1b[1A\r\r\x1b[Jmessage\n")
    assert text.endswith("panel\n\x1b[1A\r\r\x1b[J\x1b[?25h")
