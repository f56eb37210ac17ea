import pytest

from densebench.errors import InputError
from densebench.models.variants import BLOG_VARIANTS, VARIANTS
from densebench.planning.options import TrainOptions, parse_batch_sizes
from densebench.planning.speed import plan_speed


def test_every_variant_is_measured_at_every_batch_size():
    planned = plan_speed(TrainOptions(variants=("100x12", "resnet20")), (32, 64), inference=False)
    assert [(one.variant, one.recipe.batch_size) for one in planned] == [
        ("100x12", 32),
        ("100x12", 64),
        ("resnet20", 32),
        ("resnet20", 64),
    ]
    assert planned[0].run == "100x12-speed-b32-tensorflow"


def test_what_is_asked_for_twice_is_measured_once():
    assert len(plan_speed(TrainOptions(variants=("resnet20", "resnet20")), (32, 32), inference=False)) == 1


def test_all_means_the_registry_and_blog_the_blog_series():
    assert len(plan_speed(TrainOptions(variants=("all",)), (64,), inference=True)) == len(VARIANTS)
    planned = plan_speed(TrainOptions(variants=("blog", "100x12")), (64,), inference=False)
    assert tuple(one.variant for one in planned) == BLOG_VARIANTS


@pytest.mark.parametrize("text", ["", "0", "-1", "a", "32,,64", "1.5", "9999999999"])
def test_batch_sizes_that_cannot_be_read_are_refused(text):
    with pytest.raises(InputError, match="--batch-size"):
        parse_batch_sizes(text)


def test_batch_sizes_are_a_list():
    assert parse_batch_sizes("32, 64,32") == (32, 64)


def test_several_settings_are_measured_in_every_combination_each_under_its_own_name(in_tmp):
    axes = (("backend", ("tensorflow", "jax")), ("implementation", ("plain", "fast")))
    options = TrainOptions(variants=("resnet20",), axes=axes)
    assert [one.run for one in plan_speed(options, (64,), inference=False)] == [
        "resnet20-speed-b64-tensorflow-plain",
        "resnet20-speed-b64-tensorflow-fast",
        "resnet20-speed-b64-jax-plain",
        "resnet20-speed-b64-jax-fast",
    ]


def test_numbers_of_devices_are_measured_in_turn_each_under_its_own_name(in_tmp):
    options = TrainOptions(variants=("resnet20",), axes=(("devices", (1, 2, 4)),))
    planned = plan_speed(options, (64,), inference=False)
    assert [one.run for one in planned] == [f"resnet20-speed-b64-tensorflow-d{n}" for n in (1, 2, 4)]
    assert [one.devices for one in planned] == [1, 2, 4]
    assert {one.recipe.batch_size for one in planned} == {64}  # of all devices together


def test_a_batch_that_some_number_of_devices_cannot_share_is_refused_before_anything_is_measured(in_tmp):
    options = TrainOptions(variants=("resnet20",), axes=(("devices", (1, 2, 3)),))
    with pytest.raises(InputError, match="--batch-size 64 cannot be shared equally by 3 devices"):
        plan_speed(options, (96, 64), inference=False)
