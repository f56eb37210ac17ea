import pytest

from densebench.errors import ResultsError
from densebench.results.file_rows import iterate_rows

HEADER = "run,status,phase,variant,epoch\n"


def rows(tmp_path, text):
    path = tmp_path / "results.csv"
    path.write_text(text)
    with path.open(newline="") as file:
        return [(row.line, row.cells) for row in iterate_rows(path, file)]


def test_a_row_comes_with_the_line_on_which_it_ends(tmp_path):
    text = HEADER + 'a,failed,train,"two\nlines",1\n\nb,completed,train,x,2\n'
    assert rows(tmp_path, text) == [
        (3, ["a", "failed", "train", "two\nlines", "1"]),
        (5, ["b", "completed", "train", "x", "2"]),
    ]


def test_a_further_header_begins_a_table_of_other_columns(tmp_path):
    text = HEADER + "a,completed,train,x,1\nvariant,run,phase,status\ny,b,train,completed\n"
    assert [cells for _, cells in rows(tmp_path, text)] == [
        ["a", "completed", "train", "x", "1"],
        ["y", "b", "train", "completed"],
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEADER + "a,completed,train,x\n", "line 2: it has 4 cells under 5 columns"),
        (HEADER + "a,completed,train,x", "line 2: it is cut off before its end of line"),
        (HEADER + "a,completed,train,x,", "line 2: it is cut off before its end of line"),
        (HEADER + 'a,completed,train,"x', "line 2: it is cut off before its end of line"),
        (HEADER + "a,completed,train,\0,1\n", "line 2: it holds a NUL byte"),
        (HEADER.replace("epoch", "run") + "a,completed,train,x,b\n", "line 1: it names a column twice"),
    ],
)
def test_damage_is_one_sentence_with_the_file_the_line_and_what_to_do(tmp_path, text, says):
    with pytest.raises(ResultsError) as caught:
        rows(tmp_path, text)
    assert str(caught.value) == f"{tmp_path / 'results.csv'}, {says}: the file is damaged, so restore it or remove it."


def test_a_last_row_without_an_end_of_line_that_has_all_cells_is_read(tmp_path):
    assert rows(tmp_path, HEADER + "a,completed,train,x,1") == [(2, ["a", "completed", "train", "x", "1"])]
    both = [(2, ["a", "running", "train", "x", ""]), (3, ["b", "running", "train", "x", ""])]
    assert rows(tmp_path, HEADER + "a,running,train,x,\nb,running,train,x,") == both


def test_another_kind_of_file_lacks_columns(tmp_path):
    with pytest.raises(ResultsError) as caught:
        rows(tmp_path, "name,age\nAda,36\n")
    assert str(caught.value) == (
        f"{tmp_path / 'results.csv'}, line 1: this is no densebench results file: it lacks the column "
        "run and status and phase and variant: give files that densebench wrote."
    )
