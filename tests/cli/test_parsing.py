import pytest
import typer

from densebench.cli.app import app
from densebench.cli.defaults import Default
from densebench.cli.parsing import parse_fraction, parse_seconds, parse_train_options
from densebench.errors import InputError
from densebench.planning.options import TrainOptions


@pytest.fixture
def parse():
    """The options of a command line of ``train`` or ``speed``."""

    def parse_line(name, *arguments):
        command = typer.main.get_command(app).commands[name]
        return parse_train_options(command.make_context(name, list(arguments), obj="densebench as typed"))

    return parse_line


def test_only_what_was_given_is_an_option(parse):
    given = parse("train", "resnet20", "100x12", "--epochs", "3", "--seeds", "0-2", "--no-jit")
    assert given == TrainOptions(
        variants=("resnet20", "100x12"), epochs=3, seeds=(0, 1, 2), jit=False, command="densebench as typed"
    )


def test_one_seed_is_a_list_of_one(parse):
    assert parse("train", "resnet20", "--seed", "7").seeds == (7,)


def test_a_seed_and_seeds_are_refused(parse):
    with pytest.raises(InputError, match="--seed 1 and --seeds 0-4"):
        parse("train", "resnet20", "--seed", "1", "--seeds", "0-4")


def test_the_batch_sizes_of_speed_are_not_the_batch_size_of_a_training(parse):
    assert parse("speed", "resnet20", "--batch-size", "32,64").batch_size is None


SET = {"epochs": Default("5", "densebench.toml"), "runs_dir": Default("there", "DENSEBENCH_RUNS_DIR")}


@pytest.fixture
def parse_with_defaults():
    """The options of a command line where a file sets the epochs and a variable the directory."""

    def parse_line(name, *arguments):
        command = typer.main.get_command(app).commands[name]
        context = command.make_context(name, list(arguments), obj=f"densebench {name}", default_map=SET)
        return parse_train_options(context)

    return parse_line


def test_a_seed_of_a_variable_silences_the_seeds_of_a_file():
    defaults = {"seed": Default("5", "DENSEBENCH_SEED"), "seeds": Default("0-1", "densebench.toml")}
    command = typer.main.get_command(app).commands["train"]
    context = command.make_context("train", ["resnet20"], obj="densebench train resnet20", default_map=defaults)
    options = parse_train_options(context)
    assert options.seeds == (5,)
    assert options.command == "densebench train resnet20 --seed 5  # DENSEBENCH_SEED: --seed"


def test_what_a_file_or_variable_sets_is_in_force_and_in_the_recorded_command(parse_with_defaults):
    options = parse_with_defaults("train", "resnet20")
    assert (options.epochs, options.runs_dir) == (5, "there")
    assert options.command == (
        "densebench train --epochs 5 --runs-dir there  # densebench.toml: --epochs; DENSEBENCH_RUNS_DIR: --runs-dir"
    )
    assert parse_with_defaults("train", "resnet20", "--epochs", "7", "--runs-dir", "x").command == "densebench train"


@pytest.mark.parametrize("arguments", [["train", "--resume", "a"], ["eval", "a"]], ids=" ".join)
def test_a_run_that_exists_keeps_its_settings_whatever_a_file_says(parse_with_defaults, arguments):
    options = parse_with_defaults(*arguments)
    assert (options.epochs, options.runs_dir) == (None, "there")


def test_a_wrong_unit_names_the_option():
    with pytest.raises(InputError, match="--time-limit"):
        parse_seconds("2%", "--time-limit")


def test_times_and_fractions():
    assert parse_seconds("2h", "--time-limit") == 7200
    assert parse_fraction("2%", "--precision-target") == pytest.approx(0.02)
