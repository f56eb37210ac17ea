import dataclasses

import pytest

from densebench.errors import InputError
from densebench.recipes import RECIPES
from densebench.schedules import describe_schedule, extend, learning_rate_at, list_earlier


def test_the_blog_recipe_steps_down_after_150_and_225_of_300_epochs():
    rates = [learning_rate_at(RECIPES["blog"], epoch) for epoch in range(1, 301)]
    assert rates == pytest.approx([0.1] * 150 + [0.01] * 75 + [0.001] * 75)


def test_its_steps_scale_with_fewer_epochs():
    recipe = dataclasses.replace(RECIPES["blog"], epochs=4)
    assert [learning_rate_at(recipe, epoch) for epoch in (1, 2, 3, 4)] == pytest.approx([0.1, 0.1, 0.01, 0.001])


def test_a_cosine_falls_and_never_to_zero():
    recipe = dataclasses.replace(RECIPES["blog"], epochs=100, schedule="cosine")
    assert rates(recipe)[0] == pytest.approx(0.1)
    assert rates(recipe)[50] == pytest.approx(0.05)
    assert rates(recipe) == sorted(rates(recipe), reverse=True)
    assert rates(recipe)[-1] > 0


def test_a_linear_schedule_has_in_each_epoch_the_rate_of_its_middle():
    recipe = dataclasses.replace(RECIPES["blog"], epochs=4, schedule="linear", learning_rate=0.8)
    assert rates(recipe) == pytest.approx([0.7, 0.5, 0.3, 0.1])


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("linear", [0.2, 0.6, 2 / 3, 0.4, 2 / 15]),  # middles of epochs, as of an epoch of any length
        ("cosine", [0.2, 0.6, 0.8, 0.6, 0.2]),
        ("steps", [0.2, 0.6, 0.8, 0.08, 0.008]),
    ],
)
def test_a_warm_up_rises_to_the_rate_from_which_the_schedule_falls(schedule, expected):
    recipe = dataclasses.replace(RECIPES["blog"], epochs=5, schedule=schedule, learning_rate=0.8, warmup_ratio=0.4)
    assert rates(recipe) == pytest.approx(expected)


@pytest.mark.parametrize("schedule", ["linear", "cosine", "steps"])
@pytest.mark.parametrize("warmup_ratio", [0.0, 0.01, 0.35, 0.999])
def test_no_epoch_has_a_rate_of_zero_or_above_the_recipes(schedule, warmup_ratio):
    for epochs in (1, 2, 3, 7):
        recipe = dataclasses.replace(
            RECIPES["blog"], epochs=epochs, schedule=schedule, learning_rate=0.8, warmup_ratio=warmup_ratio
        )
        assert all(0 < rate <= 0.8 for rate in rates(recipe))


def test_a_schedule_says_its_warm_up():
    assert describe_schedule(FOUR) == "steps"
    recipe = dataclasses.replace(FOUR, schedule="linear", warmup_ratio=0.2)
    assert describe_schedule(recipe) == "linear, warmup_ratio 0.2"


def rates(recipe):
    return [learning_rate_at(recipe, epoch) for epoch in range(1, recipe.epochs + 1)]


FOUR = dataclasses.replace(RECIPES["blog"], epochs=4)  # 0.1, 0.1, 0.01, 0.001


def test_hold_goes_on_with_the_last_learning_rate():
    recipe = extend(FOUR, epochs=6, finished=4, rule="hold")
    assert rates(recipe) == pytest.approx([0.1, 0.1, 0.01, 0.001, 0.001, 0.001])


def test_hold_begins_where_the_run_would_have_ended_even_if_it_was_interrupted():
    recipe = extend(FOUR, epochs=6, finished=1, rule="hold")
    assert rates(recipe) == pytest.approx([0.1, 0.1, 0.01, 0.001, 0.001, 0.001])


def test_rescale_goes_on_as_a_run_of_the_new_length_would():
    recipe = extend(FOUR, epochs=8, finished=4, rule="rescale")
    assert rates(recipe) == pytest.approx([0.1, 0.1, 0.01, 0.001, 0.01, 0.01, 0.001, 0.001])
    interrupted = extend(FOUR, epochs=8, finished=2, rule="rescale")
    assert rates(interrupted) == rates(dataclasses.replace(FOUR, epochs=8))


def test_a_run_can_be_extended_again_and_its_past_stays_as_it_was():
    once = extend(FOUR, epochs=6, finished=4, rule="hold")
    twice = extend(once, epochs=8, finished=6, rule="rescale")
    assert twice.extensions == "hold after 4 of 4, rescale after 6 of 6"
    assert rates(twice)[:6] == rates(once)
    assert rates(twice)[6:] == rates(dataclasses.replace(FOUR, epochs=8))[6:]
    assert list_earlier(twice) == [once, FOUR]
    assert list_earlier(FOUR) == []


def test_an_unknown_rule_is_refused_with_the_two_that_there_are():
    with pytest.raises(InputError, match="Unknown schedule 'holt': did you mean hold"):
        extend(FOUR, epochs=6, finished=4, rule="holt")
