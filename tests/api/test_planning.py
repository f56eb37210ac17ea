"""Plans from Python, on stored trials: nothing is measured, and whatever would be is an error."""

import pytest
from stored_trials import store_trials

import densebench
from densebench.errors import InputError
from densebench.running.launchers import starting


@pytest.fixture
def stored(in_tmp, monkeypatch):
    """An empty folder but for the trials of two networks; none may be added."""

    def refuse(task, **_):
        raise AssertionError(f"{task.config.run} would be measured")

    monkeypatch.setattr(starting, "launch", refuse)
    store_trials()
    return in_tmp


def plan(*variants, **settings):
    return densebench.plan(*variants, within=1.0, progress=False, **settings)


def test_a_plan_is_one_row_a_network_with_nullable_types(stored):
    frame = plan("resnet20", "40x12", dataset="cifar10").set_index("variant")
    assert list(frame.index) == ["resnet20", "40x12"]
    assert frame["predicted_total_seconds"].dtype == "Float64"
    assert (frame["predicted_total_seconds_low"] < frame["predicted_total_seconds"]).all()
    assert list(frame["measured"]) == [True, True]
    assert frame.loc["resnet20", "expected_accuracy"] == pytest.approx(0.9125)
    assert frame["expected_accuracy"].isna().tolist() == [False, True]
    assert frame["fits"].isna().all()
    assert frame.loc["resnet20", "command"] == "densebench train resnet20 --dataset cifar10"


def test_a_budget_judges_all_seeds_together(stored):
    budget = "total_time<=6h"
    once, often = (plan("resnet20", dataset="cifar10", budget=budget, seeds=seeds) for seeds in (1, 5))
    assert once.loc[0, "fits"]
    assert not often.loc[0, "fits"]
    assert often.loc[0, "reason"] == "time"


def test_every_combination_of_settings_is_a_row(stored):
    frame = plan("resnet20", batch_sizes=(32, 64), precisions=("float32",), dataset="cifar10")
    assert list(frame["batch_size"]) == [32, 64]
    assert list(frame["measured"]) == [False, True]


def test_devices_are_a_row_each_and_unmeasured_ones_are_not_predicted_from_one(stored):
    frame = plan("resnet20", devices=[1, 2], dataset="cifar10")
    assert list(frame["devices"]) == [1, 2]
    assert list(frame["predicted_total_seconds"].isna()) == [False, True]
    assert frame.loc[1, "command"].endswith("--devices 2")


def test_a_target_is_a_setting_and_its_columns_are_empty_without_a_learning_curve(stored):
    frame = plan("resnet20", dataset="cifar10", target=0.94)
    assert frame.loc[0, "target"] == 0.94
    assert frame["predicted_time_to_target_seconds"].isna().all()
    assert frame.loc[0, "command"].endswith(" --target 0.94")


def test_prices_are_numbers(stored):
    frame = plan("resnet20", dataset="cifar10", watts=65, price_per_kwh=0.3, price_per_hour=0)
    joules = frame.loc[0, "energy_joules"]
    assert frame.loc[0, "price"] == pytest.approx(0.3 * joules / 3.6e6)


def test_what_is_not_known_is_missing_and_never_zero(in_tmp):
    frame = plan("resnet20", dataset="cifar10", results_dir="none")
    assert frame["predicted_total_seconds"].isna().all()
    assert frame["price"].isna().all()
    assert not frame["measured"].any()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"seeds": "5"}, "seeds is '5'"),
        ({"batch_sizes": "64"}, "batch_sizes is '64'"),
        ({"budget": "soon"}, "is no limit"),
        ({"cost": "params"}, "Unknown cost 'params'"),
        ({"precisions": ("float8",)}, "Unknown precision 'float8'"),
        ({"epoch": 3}, "epoch"),
    ],
)
def test_wrong_arguments_are_the_errors_of_the_command(stored, settings, says):
    with pytest.raises((InputError, TypeError), match=says):
        plan("resnet20", **settings)
