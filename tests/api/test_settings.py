import dataclasses

import pytest
import typer

from densebench.api.settings import EvaluateSettings, SpeedSettings, TrainSettings, make_options
from densebench.cli.app import app
from densebench.errors import InputError
from densebench.planning.options import TrainOptions

APART = {"variants", "seeds", "command"}  # given otherwise
FIELDS = {field.name for field in dataclasses.fields(TrainOptions)} - APART


@pytest.mark.parametrize(
    ("command", "settings", "apart"),
    [("train", TrainSettings, set()), ("eval", EvaluateSettings, set()), ("speed", SpeedSettings, {"batch_size"})],
)
def test_the_settings_are_those_options_of_the_command_that_say_what_a_run_is(command, settings, apart):
    options = {option.name for option in typer.main.get_command(app).commands[command].params}
    assert set(settings.__annotations__) == options & FIELDS - apart


def test_a_setting_has_the_type_of_its_option():
    types = {field.name: field.type for field in dataclasses.fields(TrainOptions)}
    for name, kind in TrainSettings.__annotations__.items():
        assert types[name] == kind | None


def test_what_is_given_is_set_and_the_rest_is_not():
    made = make_options({"epochs": 3}, TrainSettings, variants=["10x4"], seeds=range(2))
    assert made == TrainOptions(variants=("10x4",), seeds=(0, 1), epochs=3)
    assert make_options({}, TrainSettings) == TrainOptions()


def test_an_unknown_setting_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="Unknown setting 'epocs': did you mean epochs"):
        make_options({"epocs": 3}, TrainSettings)
    with pytest.raises(InputError, match="Unknown setting 'validation'"):
        make_options({"validation": 3}, SpeedSettings)
