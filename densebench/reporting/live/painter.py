"""Keeps a drawing below what is printed, and writes only those of its lines that have changed.

A whole drawing is erased and written only where the width of the terminal has changed or something is printed above:
a terminal without synchronised output would show the moment between.
"""

import threading
from collections.abc import Callable, Sequence

from rich.console import Console, RenderableType
from rich.text import Text

_ERASE_LINE = "\x1b[2K"
_ERASE_BELOW = "\r\x1b[J"


class Painter:
    """Draws what ``draw`` returns a few times a second, between :meth:`start` and :meth:`stop`."""

    def __init__(self, console: Console, draw: Callable[[], RenderableType], *, refreshes: int) -> None:
        self._console, self._draw = console, draw
        self._seconds = 1 / refreshes
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._lines: list[str] = []  # that stand on the terminal, the cursor below the last
        self._width = console.width  # when they were written

    def start(self) -> None:
        self._console.show_cursor(False)
        self.paint()
        self._thread = threading.Thread(target=self._repeat, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Erase the drawing and give the terminal back."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        with self._lock:
            self._write(self._erase())
            self._console.show_cursor(True)

    def print(self, text: Text) -> None:
        """Print a line that stays, above the drawing."""
        with self._lock:
            self._write(self._erase())
            self._console.print(text, soft_wrap=True)
            if self._thread is not None:
                self.paint()

    def paint(self) -> None:
        """Bring the terminal to what is to be seen now."""
        with self._lock:
            erase = self._erase() if self._console.width != self._width else ""
            self._width = self._console.width
            lines = self._render()
            self._write(erase + _write_changes(self._lines, lines))
            self._lines = lines

    def _repeat(self) -> None:
        while not self._ended.wait(self._seconds):
            self.paint()

    def _render(self) -> list[str]:
        with self._console.capture() as capture:
            self._console.print(self._draw())
        return capture.get().splitlines()[: max(self._console.height - 1, 1)]

    def _erase(self) -> str:
        rows = _count_rows(self._lines, self._console.width)
        self._lines = []
        return _move_up(rows) + _ERASE_BELOW if rows else ""

    def _write(self, text: str) -> None:
        if text:
            self._console.file.write(text)
            self._console.file.flush()


def _write_changes(before: Sequence[str], after: Sequence[str]) -> str:
    """What turns the lines ``before`` into ``after``, from below the last line to below the last line."""
    if list(before) == list(after):
        return ""
    kept = [index < len(before) and before[index] == line for index, line in enumerate(after)]
    lines = ["\n" if same else f"\r{_ERASE_LINE}{line}\n" for same, line in zip(kept, after, strict=True)]
    return _move_up(len(before)) + "".join(lines) + (_ERASE_BELOW if len(after) < len(before) else "")


def _count_rows(lines: Sequence[str], width: int) -> int:
    """Rows of the terminal that lines take once it has become so narrow that it wraps them."""
    return sum(max(1, -(-Text.from_ansi(line).cell_len // width)) for line in lines)


def _move_up(rows: int) -> str:
    return f"\x1b[{rows}A\r" if rows else ""
