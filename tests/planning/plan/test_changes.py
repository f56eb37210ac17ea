import dataclasses

import pytest
from made_up_plan import predict

from densebench.models import cost, variants
from densebench.planning.options import TrainOptions, configure
from densebench.planning.plan.changes import Changer
from densebench.planning.plan.planner import Request
from densebench.prediction.budget import find_plan_figure
from densebench.prediction.values import NO_PRICES, Workload

WORK = Workload(train_images=50_000, eval_images=10_000, image_size=32, epochs=300)


class Planner:
    """Everything takes a second an epoch; other precisions and recomputing have to be measured first."""

    def __init__(self):
        self.measured = []

    def predict(self, request, workload, prices):
        config = request.config
        key = config.precision, config.recompute
        if key != ("float32", False) and key not in self.measured:
            return None
        seconds = float(workload.epochs)
        return predict(seconds, 1.0, share=0.0)

    def measure_one(self, request, *, like):
        assert like.config.precision == "float32"
        self.measured.append((request.config.precision, request.config.recompute))


@pytest.fixture
def changer():
    def make(limit=1000.0, **changes):
        config = configure(TrainOptions(), variant="resnet20", run="resnet20")
        request = Request(config=config, cost=cost.count(variants.find("resnet20"), classes=10, image_size=32))
        made = Changer(
            planner=Planner(),
            request=request,
            workload=WORK,
            prices=NO_PRICES,
            has_fixed_epochs=False,
            has_fixed_batch_size=False,
            fits=lambda prediction: prediction.total_seconds <= limit,
        )
        return dataclasses.replace(made, **changes)

    return make


def options_of(changer, *exceeded):
    return [change.option for change in changer.list_changes([find_plan_figure(name) for name in exceeded])]


def test_too_much_time_is_met_by_larger_batches_shorter_recipes_and_fewer_epochs(changer):
    assert options_of(changer(limit=150.0), "total_time") == [
        "--batch-size 128",
        "--recipe short",
        "--epochs 150",
        "--precision mixed_bfloat16",
    ]


def test_too_much_memory_is_met_by_smaller_batches_and_recomputing(changer):
    assert options_of(changer(), "memory") == [
        "--batch-size 32",
        "--batch-size 16",
        "--recompute",
        "--precision mixed_bfloat16",
    ]


def test_the_plain_implementation_is_not_told_to_recompute_which_it_cannot(changer):
    config = configure(TrainOptions(implementation="plain"), variant="resnet20", run="resnet20")
    request = Request(config=config, cost=cost.count(variants.find("resnet20"), classes=10, image_size=32))
    assert options_of(changer(request=request), "memory") == [
        "--batch-size 32",
        "--batch-size 16",
        "--precision mixed_bfloat16",
    ]


def test_the_most_epochs_that_fit_are_proposed_unless_they_are_too_few(changer):
    assert "--epochs 299" in options_of(changer(limit=299.5), "price")
    assert not any(option.startswith("--epochs") for option in options_of(changer(limit=59.0), "total_time"))


def test_epochs_that_the_user_has_chosen_are_not_replaced_by_a_recipe(changer):
    assert not any(option.startswith("--recipe") for option in options_of(changer(has_fixed_epochs=True), "total_time"))


def test_a_recipe_is_predicted_with_its_own_batch_size_unless_the_user_has_chosen_one(changer, monkeypatch):
    config = configure(TrainOptions(batch_size=256), variant="resnet20", run="resnet20")
    request = Request(config=config, cost=cost.count(variants.find("resnet20"), classes=10, image_size=32))
    asked = []
    monkeypatch.setattr(Planner, "predict", lambda self, request, *_: asked.append(request.config.recipe.batch_size))
    for chosen in (False, True):
        made = changer(request=request, has_fixed_batch_size=chosen)
        (change,) = (
            one for one in made.list_changes([find_plan_figure("total_time")]) if one.option == "--recipe short"
        )
        asked.clear()
        change.predict()
        assert set(asked) == {256 if chosen else 64}


def test_a_change_says_whether_the_accuracy_stays_and_is_measured_when_it_is_predicted(changer):
    made = changer()
    changes = {change.option: change for change in made.list_changes([find_plan_figure("memory")])}
    assert not changes["--recompute"].changes_training
    assert changes["--batch-size 32"].changes_training
    assert made.planner.measured == []
    assert changes["--recompute"].predict().total_seconds == 300.0
    assert made.planner.measured == [("float32", True)]


def test_no_batch_size_is_proposed_that_the_devices_cannot_share(changer):
    config = configure(TrainOptions(devices=32), variant="resnet20", run="resnet20")
    request = Request(config=config, cost=cost.count(variants.find("resnet20"), classes=10, image_size=32))
    options = [change.option for change in changer(request=request).list_changes([find_plan_figure("memory")])]
    assert "--batch-size 32" in options
    assert "--batch-size 16" not in options
