import pytest
from made_up_plan import DAY, GIB, HOUR, know, make_candidate, predict

from densebench.comparison.statistics import Interval
from densebench.prediction.values import Prices, TargetTime
from densebench.reporting.plan import formats


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.42, "0.42 s"),
        (9.4, "9.4 s"),
        (45.4, "45 s"),
        (119.9, "120 s"),
        (120, "2.0 min"),
        (750, "12.5 min"),
        (7200, "2.0 h"),
        (47.9 * HOUR, "47.9 h"),
        (2 * DAY, "2.0 d"),
        (1234.5 * DAY, "1,234 d"),
    ],
)
def test_a_time_has_the_unit_that_fits_and_three_digits_at_most(seconds, text):
    assert formats.format_time(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (60 * 2**20, "60 MiB"),
        (0.1 * GIB, "0.1 GiB"),
        (0.824 * GIB, "0.82 GiB"),
        (0.9999 * GIB, "1.0 GiB"),
        (23.54 * GIB, "23.5 GiB"),
        (141 * GIB, "141 GiB"),
    ],
)
def test_memory_is_in_gib_unless_that_would_be_nearly_nothing(size, text):
    assert formats.format_bytes(size) == text


def test_a_narrow_interval_is_a_half_width_and_never_zero():
    assert formats.format_total(predict(8.5 * HOUR, 1, share=0.0001)) == "8.5 h ± 1 %"
    assert formats.format_total(predict(8.5 * HOUR, 1, share=0.1)) == "8.5 h ± 10 %"
    assert formats.format_interval(predict(8.5 * HOUR, 1)) == "± 2 %"


def test_a_wide_interval_is_its_ends_in_the_unit_of_the_time():
    wide = predict(34.7 * DAY, 1, ends=(0.5 * DAY, 42.4 * DAY), measured=False)
    assert formats.format_total(wide) == "~34.7 d (0.5-42.4)"
    assert formats.format_interval(wide) == "0.5-42.4 d"


def test_the_time_of_several_runs_is_the_sum_and_its_interval_grows_with_it():
    wide = predict(10 * HOUR, 1, ends=(8 * HOUR, 13 * HOUR))
    assert formats.format_seconds(wide, 5) == "2.1 d"
    assert formats.format_interval(wide, 5) == "1.7-2.7 d"


def test_what_was_not_measured_is_marked_in_every_figure():
    found = predict(DAY, 2, measured=False)
    assert formats.format_seconds(found) == "~24.0 h"
    assert formats.format_memory(found) == "~2.0 GiB"
    assert formats.format_energy(3.6e6, found) == "~1.0 kWh"
    assert formats.format_price(1, found, Prices(currency="€")) == "~1.00 €"


def test_what_is_not_known_is_a_dash():
    found = predict(DAY, 2, peak_bytes=None)
    assert formats.format_memory(found) == "-"
    assert formats.format_energy(None, found) == "-"
    assert formats.format_price(None, found, Prices()) == "-"


@pytest.mark.parametrize(
    ("price", "text"), [(0.0, "0.00 $"), (0.0123, "0.012 $"), (0.1, "0.10 $"), (1234.5, "1,234.50 $")]
)
def test_a_price_has_two_decimals_or_two_digits_where_those_would_be_zeros(price, text):
    assert formats.format_price(price, predict(1, 1), Prices(currency="$")) == text


def test_a_price_without_a_currency_is_a_number():
    assert formats.format_price(2, predict(1, 1), Prices()) == "2.00"


@pytest.mark.parametrize(
    ("accuracy", "text", "source"),
    [
        (None, "unknown", ""),
        (know(0.9125), "91.25 %", "He et al. arXiv:1512.03385"),
        (know(0.9531, 0.9549, count=2, source="a; b"), "95.31-95.49 %", "2 sources"),
        (know(0.93, own=True, source="1 own run"), "93.00 %", "1 own run"),
        (know(0.94, 0.95, own=True, count=5, source="5 own runs", deviation=0.0012), "94.50 ± 0.12 %", "5 own runs"),
    ],
)
def test_an_accuracy_says_how_sure_it_is_and_from_where_it_is_known(accuracy, text, source):
    assert formats.format_accuracy(accuracy) == text
    assert formats.format_source(accuracy) == source


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"fits": True}, "yes"),
        ({"fits": True, "is_close": True}, "yes, barely"),
        ({"fits": False, "reason": "time and memory"}, "no: time and memory"),
        ({"fits": None, "reason": "price unknown"}, "price unknown"),
        ({"fits": None}, ""),
    ],
)
def test_what_does_not_fit_says_what_there_is_too_much_of(fields, text):
    assert formats.format_fit(make_candidate("resnet20", predict(1, 1), **fields)) == text


def test_what_was_not_measured_says_so_instead():
    assert formats.format_fit(make_candidate("resnet20", None, fits=None, reason="time unknown")) == "not measured"


@pytest.mark.parametrize(("target", "text"), [(0.94, "94 %"), (0.945, "94.5 %"), (1, "100 %"), (0.29, "29 %")])
def test_a_target_is_written_as_it_was_asked_for(target, text):
    assert formats.format_target(target) == text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"interval": Interval(low=9.5 * HOUR, high=10.5 * HOUR)}, "10.0 h ± 5 %"),
        ({"interval": Interval(low=8 * HOUR, high=12 * HOUR)}, "10.0 h (8.0-12.0)"),
        ({}, "10.0 h"),
        ({"count": 5, "seconds": None}, "reached by 2 of 5"),
        ({"epochs": (), "seconds": None}, "not reached"),
        ({"seconds": None}, "-"),
    ],
)
def test_a_time_to_a_target_says_how_sure_it_is_or_how_many_runs_reached_it(changes, text):
    usual = {"epochs": (1, 2), "count": 2, "best": 0.9, "seconds": 10 * HOUR, "interval": None}
    found = TargetTime(**{**usual, **changes})
    assert formats.format_target_time(found, predict(DAY, 1)) == text


def test_a_time_to_a_target_is_marked_where_its_epoch_was_not_measured_and_a_dash_where_no_run_shows_it():
    found = TargetTime(epochs=(1,), count=1, best=0.9, seconds=HOUR, interval=None)
    assert formats.format_target_time(found, predict(DAY, 1, measured=False)) == "~60.0 min"
    assert formats.format_target_time(None, predict(DAY, 1)) == "-"
