"""The pages agree with the code: columns and words. ``python tests/test_docs.py --write`` regenerates the tables."""

import inspect
import re
import sys
from pathlib import Path

import pytest

from densebench.columns import Column
from densebench.models.layers import Layers
from densebench.records import COLUMNS

PAGE = Path(__file__).parents[1] / "docs" / "measuring.md"
BEGIN = "<!-- columns: written by `python tests/test_docs.py --write` -->\n"
END = "<!-- end of columns -->\n"
NETWORKS = PAGE.with_name("networks.md")
BEGIN_WORDS = "<!-- vocabulary: written by `python tests/test_docs.py --write` -->\n"
END_WORDS = "<!-- end of vocabulary -->\n"
KINDS = {str: "text", int: "integer", float: "number", bool: "true or false"}


def column_reference() -> str:
    """A Markdown table of every column: its name, level, kind, unit, direction and meaning."""
    rows = ["| column | per | kind | unit | better | meaning |", "|---|---|---|---|---|---|"]
    return "\n".join([*rows, *(_row(column) for column in COLUMNS.values())]) + "\n"


def _row(column: Column) -> str:
    about = column.about
    kind = KINDS[column.type] + (", exact" if about.exact else "")
    better = {"low": "lower", "high": "higher", None: ""}[about.best]
    unit = "fraction" if about.show == "percent" else about.unit
    cells = (f"`{column.name}`", column.level, kind, unit, better, about.means.replace("|", "\\|"))
    return "| " + " | ".join(cells) + " |"


def regenerate_table(page: str) -> str:
    """The page with its table regenerated."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + "\n" + column_reference() + "\n" + END + after


def vocabulary_reference() -> str:
    """A Markdown table of the words of a network: how each is called, and what it does."""
    words = [(name, word) for name, word in vars(Layers).items() if inspect.isfunction(word) and name[0] != "_"]
    rows = ["| word | what it does |", "|---|---|"]
    return "\n".join([*rows, *(_word_row(name, word) for name, word in words)]) + "\n"


def _word_row(name: str, word: object) -> str:
    signature = inspect.signature(word)  # type: ignore[arg-type]
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty) for parameter in list(signature.parameters.values())[1:]
    ]
    meaning = " ".join((inspect.getdoc(word) or "").replace("``", "`").split())
    return f"| `nn.{name}{inspect.Signature(parameters)}` | {meaning} |"


def regenerate_vocabulary(page: str) -> str:
    """The page with its table regenerated."""
    before, rest = page.split(BEGIN_WORDS)
    _, after = rest.split(END_WORDS)
    return before + BEGIN_WORDS + "\n" + vocabulary_reference() + "\n" + END_WORDS + after


def read_prose() -> str:
    return PAGE.read_text().split(BEGIN)[0]


def test_the_table_of_columns_matches_the_records() -> None:
    page = PAGE.read_text()
    assert page == regenerate_table(page), "run: python tests/test_docs.py --write"


def test_the_table_of_words_matches_the_vocabulary() -> None:
    page = NETWORKS.read_text()
    assert page == regenerate_vocabulary(page), "run: python tests/test_docs.py --write"


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_is_explained(name) -> None:
    assert f"`{name}`" in read_prose()


def test_only_existing_columns_are_explained() -> None:
    named = set(
        re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+)*_(?:seconds|bytes|joules|mhz|watts|p5|p50|p95|source))`", read_prose())
    )
    assert named <= set(COLUMNS)


def test_every_relative_link_leads_to_a_file() -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", PAGE.read_text()):
        assert (PAGE.parent / target).exists(), target


if __name__ == "__main__" and "--write" in sys.argv:
    PAGE.write_text(regenerate_table(PAGE.read_text()))
    NETWORKS.write_text(regenerate_vocabulary(NETWORKS.read_text()))
