import pytest

from densebench.comparison.metrics import find_metric
from densebench.errors import InputError


def test_short_names_are_understood_and_unknown_ones_get_the_nearest():
    assert find_metric("energy").name == "energy_joules"
    assert find_metric("time_to_target").name == "time_to_target_seconds"
    with pytest.raises(InputError, match="epoch_seconds"):
        find_metric("epoch_second")
