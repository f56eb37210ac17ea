import dataclasses

import pytest

from densebench.config import DataConfig, RunConfig
from densebench.data.images import DatasetFacts
from densebench.errors import InputError
from densebench.planning.options import TrainOptions
from densebench.planning.plan.candidates import describe_workload, list_requests
from densebench.planning.plan.options import parse_plan_options

CONFIG = RunConfig(variant="resnet20", run="r", data=DataConfig(dataset="digits"))
FACTS = DatasetFacts(name="digits", classes=10, image_size=32, train_images=1437, validation_images=0, test_images=360)


def requests(**texts):
    return list_requests(
        parse_plan_options(TrainOptions(variants=("resnet20", "40x12"), dataset="digits"), **texts), FACTS
    )


def test_every_combination_is_a_request_in_the_order_of_the_networks():
    found = requests(batch_sizes=(32, 64), backend="jax,torch")
    assert [(one.config.backend, one.config.recipe.batch_size, one.config.variant) for one in found] == [
        ("jax", 32, "resnet20"),
        ("jax", 32, "40x12"),
        ("jax", 64, "resnet20"),
        ("jax", 64, "40x12"),
        ("torch", 32, "resnet20"),
        ("torch", 32, "40x12"),
        ("torch", 64, "resnet20"),
        ("torch", 64, "40x12"),
    ]


def test_the_recipe_says_the_batch_size_where_none_is_given():
    assert {one.config.recipe.batch_size for one in requests()} == {64}


def test_the_images_that_are_evaluated_are_those_of_test_and_validation():
    work = describe_workload(dataclasses.replace(FACTS, validation_images=100), CONFIG, seeds=2)
    assert (work.train_images, work.eval_images, work.held_images, work.epochs) == (1437, 460, 1897, 300)


def test_a_dataset_whose_images_are_counted_only_in_loading_is_refused():
    with pytest.raises(InputError, match="does not say how many images"):
        describe_workload(dataclasses.replace(FACTS, train_images=None), CONFIG, seeds=1)


def test_numbers_of_devices_are_an_axis_too_and_one_that_the_batch_has_no_share_for_is_refused_at_once():
    found = requests(devices=(1, 2))
    assert [(one.config.devices, one.config.variant) for one in found] == [
        (1, "resnet20"),
        (1, "40x12"),
        (2, "resnet20"),
        (2, "40x12"),
    ]
    with pytest.raises(InputError, match="cannot be shared equally by 3 devices"):
        requests(devices=(1, 3))


def test_several_devices_of_pytorch_have_no_trial_and_those_of_others_have():
    assert {one.config.devices for one in requests(backend="jax", devices=(1, 2))} == {1, 2}
    with pytest.raises(InputError, match="measure steps with densebench speed"):
        requests(backend="jax,torch", devices=(1, 2))
