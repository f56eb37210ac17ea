import dataclasses

import numpy as np
import pytest
import typer

from densebench.api.settings import (
    EvaluateSettings,
    LaunchSettings,
    SpeedSettings,
    TrainSettings,
    make_launch,
    make_options,
)
from densebench.cli.app import app
from densebench.errors import InputError
from densebench.planning.options import TrainOptions
from densebench.running.launchers.options import LaunchOptions

APART = {"variants", "seeds", "command"}  # given otherwise
LAUNCH = LaunchSettings.__annotations__
FIELDS = {field.name for field in dataclasses.fields(TrainOptions)} - APART


@pytest.mark.parametrize(
    ("command", "settings", "apart"),
    [
        ("train", TrainSettings, {"devices"}),  # a parameter of its own, which takes several too
        ("eval", EvaluateSettings, set()),
        ("speed", SpeedSettings, {"batch_size", "devices"}),
    ],
)
def test_the_settings_are_those_options_of_the_command_that_say_what_a_run_is(command, settings, apart):
    options = {option.name for option in typer.main.get_command(app).commands[command].params}
    assert set(settings.__annotations__) - set(LAUNCH) == options & FIELDS - apart


def test_a_setting_has_the_type_of_its_option():
    types = {field.name: field.type for field in dataclasses.fields(TrainOptions)}
    for name, kind in TrainSettings.__annotations__.items():
        if name not in LAUNCH:
            assert types[name] == kind | None


def test_a_launcher_takes_the_options_of_the_command_and_leaves_the_others():
    options = {option.name for option in typer.main.get_command(app).commands["train"].params}
    assert set(LAUNCH) <= options
    given = {"launcher": "loop", "epochs": 3}
    assert make_launch(given) == LaunchOptions()
    assert given == {"epochs": 3}
    with pytest.raises(InputError, match="--jobs is an option of --launcher ray and slurm"):
        make_launch({"jobs": 2})
    with pytest.raises(InputError, match="slurm is 'a=b' where options of sbatch belong"):
        make_launch({"launcher": "slurm", "slurm": "a=b"})


def test_what_is_given_is_set_and_the_rest_is_not():
    made = make_options({"epochs": 3}, TrainSettings, variants=["10x4"], seeds=range(2))
    assert made == TrainOptions(variants=("10x4",), seeds=(0, 1), epochs=3)
    assert make_options({}, TrainSettings) == TrainOptions()


def test_an_unknown_setting_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="Unknown setting 'epocs': did you mean epochs"):
        make_options({"epocs": 3}, TrainSettings)
    with pytest.raises(InputError, match="Unknown setting 'validation'"):
        make_options({"validation": 3}, SpeedSettings)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"epochs": 2.5}, "epochs is 2.5 where a whole number belongs."),
        ({"epochs": "3"}, "epochs is '3' where a whole number belongs."),
        ({"epochs": True}, "epochs is True where a whole number belongs."),
        ({"jit": "no"}, "jit is 'no' where True or False belongs."),
        ({"learning_rate": "0.1"}, "learning_rate is '0.1' where a number belongs."),
        ({"dataset": 7}, "dataset is 7 where a text belongs."),
    ],
)
def test_a_value_of_another_type_is_named(settings, says):
    with pytest.raises(InputError) as caught:
        make_options(settings, TrainSettings)
    assert str(caught.value) == says


def test_numbers_of_numpy_and_whole_rates_are_numbers():
    options = make_options({"epochs": np.int64(3), "learning_rate": 1, "cutout": None}, TrainSettings)
    assert (options.epochs, options.learning_rate, options.cutout) == (3, 1.0, None)
    assert type(options.epochs) is int


@pytest.mark.parametrize("seeds", [3, "0-2", [], [0.5]])
def test_seeds_are_whole_numbers_and_at_least_one(seeds):
    with pytest.raises(InputError, match="seeds is "):
        make_options({}, TrainSettings, seeds=seeds)


def test_variants_are_texts_given_one_by_one():
    with pytest.raises(InputError, match=r"a variant is \['resnet20'\] where a text belongs"):
        make_options({}, TrainSettings, variants=[["resnet20"]])
