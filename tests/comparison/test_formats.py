import pytest

from densebench.comparison.formats import (
    describe_difference,
    format_estimate,
    format_estimate_interval,
    format_interval,
    format_p,
)
from densebench.comparison.metrics import METRICS
from densebench.comparison.statistics import Interval
from densebench.comparison.values import Verdict


def test_both_ends_of_an_interval_stand_in_one_unit():
    assert format_interval("seconds", Interval(low=110, high=130)) == "[1.83, 2.17] min"
    assert format_interval("percent", None) == "-"


def test_a_tiny_p_is_not_shown_as_zero():
    assert (format_p(0.0004), format_p(0.0404), format_p(None)) == ("<0.001", "0.040", "-")


def test_a_difference_is_said_of_one_column_or_several():
    assert (describe_difference(["a"]), describe_difference(["a", "b"])) == ("a differs", "a and b differ")


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
        interval_holm=None,
        confidence_holm=None,
        p_holm=None,
        error=None,
        freedom=None,
        p_permutation=None,
        p_permutation_least=None,
        paired=False,
        too_few=False,
        more_seeds=None,
        seeds_needed=None,
        floor=None,
        marked=False,
        reason="",
    )
    assert (format_estimate(verdict), format_estimate_interval(verdict, verdict.interval)) == texts
