import math

import pytest

from densebench.units import (
    STEPS,
    axis_scale,
    find_typical,
    fixed_unit,
    format_number,
    format_range,
    format_short,
    format_value,
)


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
    assert format_value(show, value) == text


def test_a_measured_number_has_four_digits():
    assert [format_number("number", value) for value in (1604.4, 46.123, 0.41243)] == ["1,604", "46.12", "0.4124"]


def test_a_deviation_stands_in_the_unit_of_its_mean():
    assert format_number("percent", 0.9531, 0.001) == "95.31 ± 0.10 %"
    assert format_number("seconds", 250, 6) == "4.17 ± 0.10 min"


def test_both_ends_of_a_range_stand_in_the_unit_of_the_larger():
    assert format_range("seconds", 110, 130) == "[1.83, 2.17] min"
    assert format_range("bytes", 2**20, 200 * 2**20, unit=False) == "[1.0, 200.0]"


def test_a_unit_stands_in_a_title_only_where_all_values_have_it():
    assert {show: fixed_unit(show) for show in STEPS} == {
        "percent": "%", "bytes": "MiB", "seconds": "", "milliseconds": "ms", "joules": "", "count": "",
    }  # fmt: skip
    assert fixed_unit("text") == ""


@pytest.mark.parametrize(
    ("show", "largest", "factor", "unit"),
    [
        ("seconds", 179, 1, "s"),
        ("seconds", 180, 1 / 60, "min"),
        ("seconds", 3 * 3600, 1 / 3600, "h"),
        ("bytes", 2**30, 2**-20, "MiB"),
        ("bytes", 4 * 2**30, 2**-30, "GiB"),
        ("joules", 1e7, 1e-6, "MJ"),
        ("count", 2e6, 1e-6, "million"),
        ("count", 3e9, 1e-9, "billion"),
        ("percent", 0.9, 100, "%"),
        ("milliseconds", 1e6, 1, "ms"),
        ("number", 1e6, 1, ""),
    ],
)
def test_an_axis_has_the_unit_that_fits_its_far_end(show, largest, factor, unit):
    assert axis_scale(show, largest) == (pytest.approx(factor, rel=1e-15), unit)


def test_ticks_have_three_digits_and_no_exponent():
    assert [format_short(value) for value in (1604.4, 46.123, 0.41243, 0.0)] == ["1,604", "46.1", "0.412", "0"]


def test_a_spread_is_never_shown_as_zero():
    assert format_number("seconds", 8.42, 0.0004) == "8.4200 ± 0.0004 s"
    assert format_number("percent", 0.9531, 0.00001) == "95.310 ± 0.001 %"
    assert format_range("percent", 0.95311, 0.95312) == "[95.311, 95.312] %"


def test_no_spread_is_shown_as_zero():
    assert format_number("seconds", 8.42, 0.0) == "8.42 ± 0.00 s"
    assert format_number("seconds", 8.42, 1e-15) == "8.42 ± 0.00 s"


def test_a_number_is_written_in_the_unit_that_fits_another():
    assert format_number("seconds", 10_800, 36, like=90) == "10,800.0 ± 36.0 s"
    assert format_number("seconds", 10_800, like=180) == "180.0 min"
    assert format_range("joules", 20_000, 30_000, like=900) == "[20,000.0, 30,000.0] J"


def test_what_is_small_in_the_unit_of_its_column_keeps_two_digits():
    assert format_number("seconds", 20, like=7200) == "0.0056 h"
    assert format_number("seconds", 20, 2, like=7200) == "0.0056 ± 0.0006 h"
    assert format_range("joules", 40, 60, like=20_000) == "[0.040, 0.060] kJ"
    assert format_number("seconds", 0, like=7200) == "0.00 h"
    assert format_number("bytes", 1024, like=2**30) == "0.00 MiB"


def test_the_typical_size_is_the_median_of_those_that_are_positive_and_finite():
    assert find_typical([None, "a", True, 0.0, math.nan, math.inf, 90, -30.0, 20]) == 30.0
    assert find_typical([None, 0]) is None


def test_a_range_that_is_not_finite_is_written_in_a_column_too():
    assert format_range("seconds", math.nan, math.nan, like=1.0) == "[nan, nan] s"
    assert format_range("seconds", -math.inf, math.inf, like=1.0) == "[-inf, inf] s"
