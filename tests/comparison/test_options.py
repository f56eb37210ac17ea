import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from densebench.comparison.metrics import METRICS
from densebench.comparison.options import (
    CompareOptions,
    Limit,
    Margin,
    Threshold,
    parse_budget,
    parse_compare_options,
    parse_margin,
    parse_names,
    parse_thresholds,
)
from densebench.errors import InputError


def test_texts_become_values_once():
    options = parse_compare_options(
        by=("variant", "backend"),
        margin="2%,0.3pp",
        cost="energy",
        budget="memory <= 8GiB",
        fail_on="epoch_seconds>+5%",
        gate_level="each",
        looks=2,
    )
    assert (options.gate_level, options.looks, options.alpha) == ("each", 2, 0.05 / 3)
    assert options.by == ("variant", "backend")
    assert options.margin == Margin(ratio=0.02, difference=0.003)
    assert options.cost is METRICS["energy_joules"]
    assert options.budget.text == "memory <= 8GiB"
    assert options.budget.limits == (Limit(of=METRICS["gpu_peak_bytes"], sign="<=", value=8 * 2**30),)
    assert options.fail_on == (
        Threshold(text="epoch_seconds>+5%", metric=METRICS["epoch_seconds"], above=True, bound=1.05),
    )


def test_without_texts_the_options_are_the_defaults():
    assert parse_compare_options() == CompareOptions()


@pytest.mark.parametrize(
    "wrong",
    [
        {"margin": "2"},
        {"cost": "epoch_second"},
        {"budget": "memory"},
        {"fail_on": "memory"},
        {"gate_level": "row"},
        {"looks": 0},
    ],
    ids=str,
)
def test_any_wrong_text_is_refused(wrong):
    with pytest.raises(InputError):
        parse_compare_options(**wrong)


def test_names_are_separated_by_commas_and_unknown_without_a_text():
    assert parse_names(" a,b , c") == ("a", "b", "c")
    assert parse_names(None) is None


def test_a_threshold_on_a_difference_is_in_the_unit_of_the_metric():
    lower, higher = parse_thresholds("test_accuracy<-0.3pp, test_loss>+0.1")
    assert (lower.text, lower.above, lower.bound) == ("test_accuracy<-0.3pp", False, pytest.approx(-0.003))
    assert (higher.text, higher.above, higher.bound) == ("test_loss>+0.1", True, 0.1)


def test_a_margin_has_one_part_for_ratios_and_one_for_accuracies():
    assert (parse_margin("2%,0.3pp").ratio, parse_margin("2%,0.3pp").difference) == pytest.approx((0.02, 0.003))
    assert parse_margin("2%").difference == parse_margin(None).difference
    for text in ("2", "2h", "100%", "", "2%,x"):
        with pytest.raises(InputError, match="--margin"):
            parse_margin(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no limit"),
        ("gpu_peak_bytes", "is no limit"),
        ("gpu_peak_bytes<=8GiB,", "is no limit"),
        ("gpu_peak_bytes<=8", None),
        ("gpu_peak_bytes<=2h", "does not fit"),
        ("gpu_peak_bytes<=8Gib", "unknown unit 'Gib'"),
        ("gpu_peek_bytes<=8GiB", "did you mean gpu_peak_bytes"),
        ("test_accuracy>=93%", None),
        ("test_accuracy>=3pp", "does not fit"),
        ("accuracy>=93", "is more than all: write it as 94% or 0.94"),
        ("energy<=5kJ", None),
    ],
)
def test_a_limit_is_understood_or_refused_in_one_sentence(text, says):
    if says is None:
        assert len(parse_budget(text).limits) == 1
    else:
        with pytest.raises(InputError, match=says):
            parse_budget(text)


@given(st.text(st.sampled_from("gpu_peak_bytes<=8GiB, test%pp>h.1e"), max_size=30))
def test_any_text_is_a_budget_or_an_input_error(text):
    with contextlib.suppress(InputError):
        assert parse_budget(text).limits


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no condition"),
        ("epoch_seconds", "is no condition"),
        ("epoch_seconds>5%", "with a sign"),
        ("epoch_seconds>+5", "by its ratio"),
        ("epoch_seconds>+5pp", "by its ratio"),
        ("epoch_seconds<-100%", "above -100%"),
        ("test_accuracy<-1%", "by its difference, so give points"),
        ("test_loss>+5%", "plain number"),
        ("epoch_second>+5%", "did you mean epoch_seconds"),
        ("epoch_seconds>+5%,", "is no condition"),
    ],
)
def test_a_condition_that_cannot_be_meant_is_refused_in_one_sentence(text, says):
    with pytest.raises(InputError, match=says):
        parse_thresholds(text)


@given(st.text(st.sampled_from("epoch_seconds>+5%<-0.3p,test_loss"), max_size=30))
def test_any_text_is_a_gate_or_an_input_error(text):
    try:
        assert parse_thresholds(text)
    except InputError:
        return
