"""``docs/notebook.ipynb`` runs: its cells one after another, without Jupyter, in a thread as some notebooks do."""

import ast
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebook.ipynb"


def cells():
    return [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]


def execute(source: str, names: dict[str, Any]) -> Any:
    """Do what a cell does; returns what it would show."""
    body = ast.parse(source).body
    last = body.pop() if isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "<cell>", "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)


def test_the_notebook_is_kept_without_outputs():
    for cell in cells():
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


def test_every_cell_of_the_notebook_runs_and_shows_something(in_tmp):
    names: dict[str, Any] = {}
    with ThreadPoolExecutor(1) as pool:
        shown = [pool.submit(execute, "".join(cell["source"]), names).result() for cell in cells()]
    assert [value is None for value in shown] == [True] + [False] * (len(shown) - 1)
    assert all(value._repr_html_() for value in shown[1:])
    assert list(names["runs"]["status"]) == ["completed", "completed"]
    assert len(names["epochs"]) == 4
    assert names["evaluation"].confusion().to_numpy().sum() == 50
    assert names["measured"]["images_per_second"].iloc[0] > 0
