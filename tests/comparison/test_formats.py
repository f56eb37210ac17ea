from densebench.comparison.formats import differ, interval_text, listed, p_text
from densebench.comparison.values import Interval


def test_both_ends_of_an_interval_stand_in_one_unit():
    assert interval_text("seconds", Interval(low=110, high=130)) == "[1.83, 2.17] min"
    assert interval_text("percent", None) == "-"


def test_a_tiny_p_is_not_shown_as_zero():
    assert (p_text(0.0004), p_text(0.0404), p_text(None)) == ("<0.001", "0.040", "-")


def test_names_are_listed_as_in_a_sentence():
    assert (listed(["a"]), listed(["a", "b", "c"])) == ("a", "a, b and c")
    assert (differ(["a"]), differ(["a", "b"])) == ("a differs", "a and b differ")
