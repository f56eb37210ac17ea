import dataclasses
import tomllib

import pytest

from densebench.config import RunConfig
from densebench.errors import InputError
from densebench.recipes import RECIPES, list_settings, write_inline


def test_a_recipe_is_found_by_its_own_name():
    assert all(recipe.name == name for name, recipe in RECIPES.items())


def test_every_recipe_is_a_configuration_that_can_be_trained():
    for recipe in RECIPES.values():
        assert RunConfig(variant="100x12", run="a", recipe=recipe).recipe == recipe


def test_the_blog_trains_300_epochs_of_batch_64_with_an_l2_loss():
    blog = RECIPES["blog"]
    assert (blog.epochs, blog.batch_size, blog.learning_rate, blog.weight_decay) == (300, 64, 0.1, 1e-4)


def test_the_short_recipe_trains_convolutions_by_muon_and_hides_nothing_from_them():
    short = RECIPES["short"]
    assert (short.optimizer, short.schedule, short.epochs) == ("muon", "linear", 30)
    assert (short.cutout, short.label_smoothing) == (0, 0.0)


def test_a_recipe_of_another_name_is_written_whole_on_one_line():
    recipe = dataclasses.replace(RECIPES["short"], name="mine", cutout=3)
    assert tomllib.loads(f"text = {write_inline(recipe)}")["text"] == {
        name: getattr(recipe, name) for name in list_settings()
    }
    assert write_inline(RECIPES["short"]) is None


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"momentum": 1.0}, "--momentum 1.0 must be below 1."),
        ({"shift": -0.1}, "--shift -0.1 must be at least 0."),
        ({"schedule": "step"}, "--schedule step must be steps, cosine or linear."),
        ({"optimizer": "adam"}, "--optimizer adam must be sgd or muon."),
    ],
)
def test_a_setting_that_makes_no_sense_is_no_configuration(changed, says):
    with pytest.raises(InputError, match=says):
        RunConfig(variant="100x12", run="a", recipe=dataclasses.replace(RECIPES["blog"], **changed))
