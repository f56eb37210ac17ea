import sys
import types

import pytest
import rich.console
from rich.text import Text

from densebench.reporting.live.lines import PlainView
from densebench.reporting.live.panel import LiveView
from densebench.reporting.notebook import open_progress, render_html, render_text


@pytest.fixture
def jupyter(monkeypatch):
    """The program runs in a notebook."""
    monkeypatch.setattr(rich.console, "_is_jupyter", lambda: True)
    monkeypatch.delenv("DATABRICKS_RUNTIME_VERSION", raising=False)


def test_texts_are_escaped_and_keep_their_colours():
    shown = render_html(Text("<b>&", style="red"))
    assert "&lt;b&gt;&amp;" in shown
    assert "color: " in shown


def test_a_text_is_neither_folded_nor_coloured():
    assert render_text(Text("x" * 500, style="red")) == "x" * 500 + "\n"


def test_a_notebook_with_ipywidgets_gets_the_panel(jupyter, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", types.ModuleType("ipywidgets"))
    assert isinstance(open_progress(shown=True), LiveView)


def test_a_notebook_without_ipywidgets_gets_lines(jupyter, monkeypatch):
    monkeypatch.setattr("densebench.reporting.notebook.find_spec", lambda name: None)
    assert isinstance(open_progress(shown=True), PlainView)


def test_a_program_without_a_terminal_gets_lines_and_a_quiet_one_nothing(capfd):
    view = open_progress(shown=True)
    assert isinstance(view, PlainView)
    view.console.print("seen")
    open_progress(shown=False).console.print("unseen")
    assert capfd.readouterr() == ("", "seen\n")
