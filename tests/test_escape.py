import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from densebench.escape import LATEX, fit_encoding, latex, markdown, plain

HOSTILE = ["[red]x[/red]", "\x1b[31mred\x1b[0m", "a\nb", "a\rb", "\u202egnp.exe", "a\tb", "\x00", "\x9b31m", "a\u2028b"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_plain_text_is_one_line_that_moves_no_cursor(text):
    assert re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029]", plain(text)) is None


@given(st.text())
def test_a_markdown_cell_neither_ends_nor_becomes_html(text):
    escaped = markdown(text)
    assert re.search(r"(?<!\\)(\\\\)*\|", escaped) is None
    assert "<" not in escaped
    assert "\n" not in escaped


def test_markdown_links_and_emphasis_stay_text():
    assert markdown("[x](y) *a* `b`") == r"\[x\]\(y\) \*a\* \`b\`"
    assert markdown("<script>&") == "&lt;script&gt;&amp;"


@given(st.text())
def test_latex_runs_no_command_of_the_text(text):
    rest = plain(text)
    for letter in rest:
        assert LATEX.get(letter, letter) in latex(letter)
    unescaped = re.sub(
        "|".join(re.escape(made) for made in sorted(LATEX.values(), key=len, reverse=True)), "", latex(text)
    )
    assert re.search(r"[\\{}$&#%_^~]", unescaped) is None


def test_a_latex_row_that_begins_with_a_bracket_is_no_argument():
    assert latex("[2em]") == "{[}2em{]}"


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("ascii", "1 +/- 2 x 3 != 4... V\\xf6gel \\u9ce5"), ("latin-1", "1 ± 2 × 3 != 4... Vögel \\u9ce5")],  # noqa: RUF001
)
def test_an_encoding_gets_marks_in_ascii_and_other_letters_as_escapes(encoding, expected):
    assert fit_encoding("1 ± 2 × 3 ≠ 4… Vögel 鳥", encoding) == expected  # noqa: RUF001


@given(st.text())
def test_any_text_can_be_written_in_any_encoding(text):
    assert fit_encoding(text, "ascii").isascii()
    assert fit_encoding(text, "cp1252").encode("cp1252").decode("cp1252") == fit_encoding(text, "cp1252")
