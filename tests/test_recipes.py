from densebench.config import RunConfig
from densebench.recipes import RECIPES


def test_a_recipe_is_found_by_its_own_name():
    assert all(recipe.name == name for name, recipe in RECIPES.items())


def test_every_recipe_is_a_configuration_that_can_be_trained():
    for recipe in RECIPES.values():
        assert RunConfig(variant="100x12", run="a", recipe=recipe).recipe == recipe


def test_the_blog_trains_300_epochs_of_batch_64_with_an_l2_loss():
    blog = RECIPES["blog"]
    assert (blog.epochs, blog.batch_size, blog.learning_rate, blog.weight_decay) == (300, 64, 0.1, 1e-4)


def test_the_short_recipe_has_half_the_coefficient_because_pytorch_counts_the_gradient():
    assert 2 * RECIPES["short"].weight_decay == 1e-4
