import pytest

from densebench.records import COLUMNS
from densebench.results.cells import LONGEST_TEXT, Misfit, decode, encode


def test_floats_keep_every_bit():
    column = COLUMNS["train_loss"]
    for value in (0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 2.0):
        assert decode(column, [encode(column, value)]) == [value]


def test_numpy_numbers_are_written_as_plain_ones():
    numpy = pytest.importorskip("numpy")
    assert encode(COLUMNS["train_loss"], numpy.float64(0.1)) == "0.1"
    assert encode(COLUMNS["params"], numpy.int64(7)) == "7"


def test_a_fraction_in_a_column_of_counts_is_a_mistake_of_ours_and_not_cut():
    with pytest.raises(TypeError):
        encode(COLUMNS["params"], 7.5)


def test_unknown_is_an_empty_cell_and_zero_is_not():
    for name in ("params", "train_loss", "jit", "device"):
        assert encode(COLUMNS[name], None) == ""
        assert decode(COLUMNS[name], [""]) == [None]
    assert encode(COLUMNS["params"], 0) == "0"
    assert encode(COLUMNS["jit"], False) == "false"


def test_numbers_that_begin_with_a_sign_stay_numbers():
    assert encode(COLUMNS["penalty"], -1.5) == "-1.5"


def test_a_text_is_cut_where_no_spreadsheet_could_hold_it():
    cell = encode(COLUMNS["reason"], "x" * (LONGEST_TEXT + 1))
    assert len(cell) == LONGEST_TEXT
    assert cell.endswith(f"x [cut off: {LONGEST_TEXT + 1} characters]…")


def test_a_misfit_counts_the_cells_before_it():
    with pytest.raises(Misfit) as caught:
        decode(COLUMNS["train_loss"], ["1.0", "", "two", "three"])
    assert caught.value.index == 2


def test_an_apostrophe_alone_is_no_text():
    assert decode(COLUMNS["reason"], ["'", "''"]) == [None, "'"]
