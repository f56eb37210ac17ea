import pytest

from densebench.errors import InputError
from densebench.planning.options import parse_seeds


@pytest.mark.parametrize(("text", "seeds"), [("7", (7,)), ("0-4", (0, 1, 2, 3, 4)), ("3,1,1-2", (3, 1, 2))])
def test_seeds_are_read_as_ranges_and_lists(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "4-0", "-1", "1-", "1--2", "0-99999999999", "1.5"])
def test_seeds_that_cannot_be_read_are_refused(text):
    with pytest.raises(InputError, match="--seeds"):
        parse_seeds(text)
