import math

import numpy as np
import pytest

from densebench.records import COLUMNS, Run
from densebench.results.plausibility import find_decrease, get_bounds, mark_incomplete


@pytest.mark.parametrize(
    ("column", "inside", "outside"),
    [
        ("test_accuracy", [0.0, 1.0], [-1e-9, 1 + 1e-9, math.inf]),
        ("step_ms_p50", [1e-9], [0.0, -1.0]),
        ("epoch_seconds", [1e-9], [0.0, -1.0]),
        ("data_wait_seconds", [0.0, -0.0], [-1e-9]),
        ("energy_joules", [0.0], [-1.0]),
    ],
)
def test_a_number_with_a_unit_has_bounds(column, inside, outside):
    bounds = get_bounds(COLUMNS[column])
    assert all(map(bounds.contain, inside))
    assert not any(map(bounds.contain, outside))


def test_a_loss_has_none():
    assert get_bounds(COLUMNS["test_loss"]) is None


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ([], None),
        ([1, 1, 2], None),
        ([1, 2, 1.5], 2),
        ([2, math.nan, 1], 2),
        ([1, math.inf, math.inf], None),
        ([math.nan, 3, 2, 1], 2),
    ],
)
def test_the_first_time_that_goes_back_is_found_past_unknown_ones(values, place):
    assert find_decrease(np.array(values, dtype=float)) == place


def test_a_run_of_a_great_many_epochs_is_described_and_not_counted_through():
    run = Run(run="a", variant="b", status="completed", epochs=10**15)
    assert mark_incomplete(run, [2]).reason == f"the results file lacks the rows of epochs 1, 3 to {10**15}"
