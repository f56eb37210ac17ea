import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from densebench.errors import InputError
from densebench.quantities import convert_to_unit, parse_quantity


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("8GiB", "bytes", 8 * 2**30),
        ("8 GB", "bytes", 8e9),
        ("1.5KiB", "bytes", 1536),
        ("100B", "bytes", 100),
        ("2h", "seconds", 7200),
        ("90 min", "seconds", 5400),
        ("3s", "seconds", 3),
        ("5kJ", "joules", 5000),
        ("1Wh", "joules", 3600),
        ("5%", "percent", 0.05),
        ("0.3pp", "points", 0.003),
        ("1e6", "plain", 1e6),
        (".5", "plain", 0.5),
    ],
)
def test_units_are_understood(text, form, value):
    given_quantity = parse_quantity(text, "--budget")
    assert given_quantity.form == form
    assert given_quantity.value == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("text", ["", "GiB", "8 Gib", "8gb", "-3s", "nan", "1e999x", "1,5h", "8GiB 3"])
def test_what_is_no_quantity_is_refused_in_one_sentence(text):
    with pytest.raises(InputError, match="--budget"):
        parse_quantity(text, "--budget")


def test_a_unit_that_measures_something_else_is_refused():
    assert convert_to_unit("bytes", parse_quantity("8GiB", ""), "") == 8 * 2**30
    assert convert_to_unit("milliseconds", parse_quantity("2s", ""), "") == 2000
    assert convert_to_unit("seconds", parse_quantity("60", ""), "") == 60
    with pytest.raises(InputError, match="GiB"):
        convert_to_unit("bytes", parse_quantity("2h", ""), "--budget gpu_peak_bytes<=2h")
    with pytest.raises(InputError, match="plain number"):
        convert_to_unit("count", parse_quantity("2h", ""), "--budget params<=2h")


@given(st.text(max_size=20))
def test_any_text_is_a_quantity_or_an_input_error(text):
    with contextlib.suppress(InputError):
        assert parse_quantity(text, "--budget").value >= 0
