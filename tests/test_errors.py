import pytest

from densebench import errors


@pytest.mark.parametrize(
    ("kind", "code"),
    [(errors.ResultsError, 2), (errors.DatasetError, 2), (errors.NonFiniteLoss, 1), (errors.OutOfMemory, 1)],
)
def test_wrong_input_exits_with_2_and_a_run_that_failed_with_1(kind, code):
    assert kind("A sentence.").exit_code == code


def test_an_interruption_exits_with_128_and_the_number_of_its_signal():
    assert errors.Interrupted("Stopped.", 15).exit_code == 143


def test_names_are_listed_as_in_a_sentence():
    assert (errors.join_names(["a"]), errors.join_names(["a", "b", "c"])) == ("a", "a, b and c")


def test_one_thing_is_singular():
    assert [errors.count_noun(number, "epoch") for number in (0, 1, 1000)] == ["0 epochs", "1 epoch", "1,000 epochs"]


def test_of_what_others_say_a_long_line_ends_at_a_word():
    assert errors.first_line("one\ntwo") == "one"
    assert errors.first_line("word " * 40) == ("word " * 40).strip()
    assert errors.first_line("word " * 41) == "word " * 39 + "\N{HORIZONTAL ELLIPSIS}"


def test_an_unknown_name_is_answered_with_the_nearest_ones():
    assert str(errors.unknown("backend", "tensorflaw", ["jax", "tensorflow"])) == (
        "Unknown backend 'tensorflaw': did you mean tensorflow?"
    )


def test_a_name_like_no_other_is_answered_with_all_of_them():
    assert str(errors.unknown("backend", "zzz", ["jax", "torch"])) == "Unknown backend 'zzz': choose from jax, torch."


def test_a_name_like_none_of_many_is_answered_with_some_of_them():
    assert str(errors.unknown("column", "zzz", [*map(str, range(50)), "0", "1"])).endswith("48, 49.")
    assert str(errors.unknown("column", "zzz", map(str, range(51)))) == (
        "Unknown column 'zzz': choose one of 51, such as 0, 1, 2, 3, 4, 5, 6, 7, 8 or 9."
    )
