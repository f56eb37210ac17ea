import dataclasses

import pytest

from densebench.recipes import RECIPES
from densebench.schedules import learning_rate_at


def test_the_blog_recipe_steps_down_after_150_and_225_of_300_epochs():
    rates = [learning_rate_at(RECIPES["blog"], epoch) for epoch in range(1, 301)]
    assert rates == pytest.approx([0.1] * 150 + [0.01] * 75 + [0.001] * 75)


def test_its_steps_scale_with_fewer_epochs():
    recipe = dataclasses.replace(RECIPES["blog"], epochs=4)
    assert [learning_rate_at(recipe, epoch) for epoch in (1, 2, 3, 4)] == pytest.approx([0.1, 0.1, 0.01, 0.001])


def test_the_short_recipe_falls_as_a_cosine_and_never_to_zero():
    rates = [learning_rate_at(RECIPES["short"], epoch) for epoch in range(1, 101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[50] == pytest.approx(0.05)
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] > 0
