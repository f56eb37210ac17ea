"""What a notebook shows: tables as HTML, and the progress of runs by Rich's Jupyter support."""

import io
import sys
from importlib.util import find_spec

from rich.console import Console, RenderableType

from densebench.reporting.live.view import View, open_view

_WIDE = 10_000  # a notebook scrolls, so nothing is folded
_HTML = '<pre style="white-space:pre;overflow-x:auto;font-family:monospace">{code}</pre>'


def render_html(renderable: RenderableType) -> str:
    """What a terminal would show, as one ``<pre>`` element with its colours; texts are escaped."""
    console = Console(record=True, width=_WIDE, file=io.StringIO(), force_jupyter=False, color_system="truecolor")
    console.print(renderable, soft_wrap=True)
    return console.export_html(inline_styles=True, code_format=_HTML)


def render_text(renderable: RenderableType) -> str:
    """What a terminal of any width would show, without colours."""
    console = Console(width=_WIDE, file=io.StringIO(), force_jupyter=False, color_system=None)
    with console.capture() as capture:
        console.print(renderable, soft_wrap=True)
    return capture.get()


def open_progress(*, shown: bool) -> View:
    """The view of runs that a Python program makes, on standard error or below a notebook's cell.

    A notebook's panel needs ipywidgets; without them it gets one line an epoch, as a log file does.
    """
    console = Console(stderr=True, quiet=not shown)
    return open_view(console, live=shown and _can_redraw(console))


def _can_redraw(console: Console) -> bool:
    if console.is_jupyter:
        return "ipywidgets" in sys.modules or find_spec("ipywidgets") is not None
    return console.is_terminal and not console.is_dumb_terminal
