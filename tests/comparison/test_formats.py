import math

import pytest

from densebench.comparison.formats import (
    differ,
    figure_text,
    format_estimate,
    format_estimate_interval,
    interval_text,
    listed,
    number_text,
    p_text,
)
from densebench.comparison.metrics import METRICS
from densebench.comparison.statistics import Interval
from densebench.comparison.values import Verdict


@pytest.mark.parametrize(
    ("show", "value", "text"),
    [
        ("count", 12_651_594, "12,651,594"),
        ("percent", 0.9531, "95.31 %"),
        ("bytes", 12_651_594 * 4, "48.26 MiB"),
        ("bytes", 5 * 2**30, "5,120.0 MiB"),
        ("seconds", 8.42, "8.42 s"),
        ("seconds", 30.25, "30.2 s"),
        ("seconds", 250, "4.17 min"),
        ("seconds", 62_400, "17.3 h"),
        ("milliseconds", 3.14159, "3.14 ms"),
        ("joules", 950, "950.0 J"),
        ("joules", 109_400, "109.4 kJ"),
        ("number", 0.0001, "0.0001"),
        ("number", 0.0, "0"),
        ("number", math.nan, "nan"),
        ("seconds", 1e200, "2.778e+196 h"),
        ("flag", True, "yes"),
        ("text", "a\x1b[31m", "a [31m"),
        ("count", None, "-"),
    ],
)
def test_a_figure_is_shown_in_its_form(show, value, text):
    assert figure_text(show, value) == text


def test_a_measured_number_has_four_digits():
    assert [number_text("number", value) for value in (1604.4, 46.123, 0.41243)] == ["1,604", "46.12", "0.4124"]


def test_a_deviation_stands_in_the_unit_of_its_mean():
    assert number_text("percent", 0.9531, 0.001) == "95.31 ± 0.10 %"
    assert number_text("seconds", 250, 6) == "4.17 ± 0.10 min"


def test_both_ends_of_an_interval_stand_in_one_unit():
    assert interval_text("seconds", Interval(low=110, high=130)) == "[1.83, 2.17] min"
    assert interval_text("percent", None) == "-"


def test_a_tiny_p_is_not_shown_as_zero():
    assert (p_text(0.0004), p_text(0.0404), p_text(None)) == ("<0.001", "0.040", "-")


def test_names_are_listed_as_in_a_sentence():
    assert (listed(["a"]), listed(["a", "b", "c"])) == ("a", "a, b and c")
    assert (differ(["a"]), differ(["a", "b"])) == ("a differs", "a and b differ")


@pytest.mark.parametrize(
    ("metric", "estimate", "interval", "texts"),
    [
        ("epoch_seconds", 1.0838, (1.0517, 1.1164), ("\N{MULTIPLICATION SIGN}1.084", "[1.052, 1.116]")),
        ("epoch_seconds", 123_456.0, None, ("\N{MULTIPLICATION SIGN}1.235e+05", "-")),
        ("test_accuracy", 0.00312, (-0.0014, 0.0077), ("+0.31 pp", "[-0.14, +0.77]")),
        ("test_loss", -0.25, (-0.5, 0.0), ("-0.2500", "[-0.5000, +0.0000]")),
        ("test_loss", None, None, ("-", "-")),
    ],
)
def test_an_estimate_has_its_sign_and_its_unit(metric, estimate, interval, texts):
    verdict = Verdict(
        metric=metric,
        kind=METRICS[metric].kind,
        word="inconclusive",
        estimate=estimate,
        interval=None if interval is None else Interval(low=interval[0], high=interval[1]),
        p=None,
        p_holm=None,
        p_permutation=None,
        paired=False,
        more_seeds=None,
        floor=None,
        marked=False,
        reason="",
    )
    assert (format_estimate(verdict), format_estimate_interval(verdict)) == texts
