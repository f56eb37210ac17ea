import json
from pathlib import Path

import pytest

from densebench import workflows
from densebench.cli.app import run
from densebench.cli.defaults import Default, find_defaults
from densebench.errors import InputError
from densebench.results import csv_file

OPTIONS = {
    "train": {"epochs": "epochs", "batch-size": "batch_size", "jit": "jit", "format": "format"},
    "speed": {"batch-size": "batch_size", "format": "format"},
}


@pytest.fixture
def find(tmp_path):
    """The defaults that a folder's files and these variables give."""

    def find_in(folder=".", **environment):
        return find_defaults(OPTIONS, environment, tmp_path / folder)

    return find_in


def test_nothing_is_set_without_a_file_and_a_variable(find):
    assert find() == {"train": {}, "speed": {}}


def test_a_key_is_for_every_command_that_has_the_option_and_a_table_for_one(find, tmp_path):
    (tmp_path / "densebench.toml").write_text("batch_size = 32\njit = false\n[speed]\nbatch-size = [32, 64]\n")
    assert find() == {"train": {"batch_size": "32", "jit": "false"}, "speed": {"batch_size": "32,64"}}


def test_a_variable_goes_before_the_file_and_that_of_a_command_before_the_general_one(find, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.densebench]\nepochs = 1\nformat = 'csv'\n")
    found = find(DENSEBENCH_EPOCHS="2", DENSEBENCH_TRAIN_EPOCHS="3", DENSEBENCH_FORMAT="")
    assert found["train"] == {"epochs": "3", "format": "csv"}
    assert found["train"]["epochs"].source == "DENSEBENCH_TRAIN_EPOCHS"
    assert found["train"]["format"].source == "pyproject.toml"


def test_files_are_searched_up_to_the_root_of_the_repository(find, tmp_path):
    (tmp_path / "densebench.toml").write_text("epochs = 9\n")
    (tmp_path / "repository/.git").mkdir(parents=True)
    (tmp_path / "repository/inside").mkdir()
    assert find("repository/inside")["train"] == {}
    (tmp_path / "repository/pyproject.toml").write_text("[tool.densebench.train]\nepochs = 8\n")
    assert find("repository/inside")["train"] == {"epochs": "8"}
    (tmp_path / "repository/inside/densebench.toml").write_text("epochs = 7\n")
    assert find("repository/inside")["train"] == {"epochs": "7"}


def test_outside_a_repository_only_the_working_directory_counts(find, tmp_path):
    (tmp_path / "densebench.toml").write_text("epochs = 9\n")
    (tmp_path / "inside").mkdir()
    assert find("inside")["train"] == {}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("epocs = 1", "Unknown key 'epocs' in densebench.toml: did you mean epochs?"),
        ("[speed]\nepochs = 1", r"Unknown key 'epochs' in \[speed\] of densebench.toml: "),
        ("[trian]\nepochs = 1", "Unknown key 'trian' in densebench.toml: did you mean train?"),
        ("train = 5", r"'train' in densebench.toml is a command: write its defaults below \[train\]"),
        ("epochs = {a = 1}", "'epochs' in densebench.toml is an option"),
        ("epochs = ", "cannot be read"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(find, tmp_path, content, sentence):
    (tmp_path / "densebench.toml").write_text(content)
    with pytest.raises(InputError, match=sentence):
        find()


def test_an_unknown_variable_is_answered_with_the_nearest_and_others_are_left_alone(find):
    with pytest.raises(InputError, match="did you mean DENSEBENCH_EPOCHS"):
        find(DENSEBENCH_EPOCS="1")
    assert find(DENSEBENCH_DATA="/data", DENSEBENCH_EVENTS_FD="3") == {"train": {}, "speed": {}}


def test_a_table_inside_the_table_of_tools_is_read_too_and_another_value_refused(find, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool]\ndensebench = {epochs = 2}\n")
    assert find()["train"] == {"epochs": "2"}
    (tmp_path / "pyproject.toml").write_text("[tool]\ndensebench = 3\n")
    with pytest.raises(InputError, match=r"tool\.densebench is 3: make it a table"):
        find()
    (tmp_path / "pyproject.toml").write_text("tool = 3  # and densebench\n")
    assert find()["train"] == {}


def test_another_tools_pyproject_is_not_read(find, tmp_path):
    (tmp_path / "pyproject.toml").write_text("this is no toml")
    assert find()["train"] == {}


def test_a_default_knows_where_it_is_from():
    assert (Default("5", "x.toml"), Default("5", "x.toml").source) == ("5", "x.toml")


def plan(capfd, *arguments):
    assert run(["train", "10x4", "--dataset", "digits", "--dry-run", "--format", "json", *arguments]) == 0
    return [(row["epochs"], row["batch_size"], row["run"]) for row in json.loads(capfd.readouterr().out)["plan"]]


def test_what_is_typed_goes_before_a_variable_and_that_before_the_file(in_tmp, capfd, monkeypatch):
    Path("densebench.toml").write_text("epochs = 4\nbatch_size = 16\nseeds = [3, 4]\n")
    monkeypatch.setenv("DENSEBENCH_BATCH_SIZE", "8")
    assert [row[:2] for row in plan(capfd)] == [(4, 8), (4, 8)]
    assert plan(capfd, "--epochs", "5", "--seed", "1") == [(5, 8, "10x4-digits-s1")]


def test_a_wrong_value_names_its_source(in_tmp, capfd):
    Path("densebench.toml").write_text("epochs = 'many'\n")
    assert run(["train", "10x4"]) == 2
    assert capfd.readouterr().err.rstrip().endswith(" (--epochs is from densebench.toml)")


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("seeds = []", "--seeds"),
        ("target = 3.0", "--target"),
        ("precision = 'float12'", "--precision"),
        ("precision = ['float32', 'float12']", "--precision"),
        ("batch_size = 0", "--batch-size"),
    ],
)
def test_a_value_that_densebench_itself_refuses_names_its_source_too(line, option, in_tmp, capfd):
    Path("densebench.toml").write_text(f"{line}\nepochs = 3\n")
    assert run(["train", "10x4", "--dataset", "digits"]) == 2
    assert capfd.readouterr().err.rstrip().endswith(f" ({option} is from densebench.toml)")


def test_a_part_of_a_value_names_its_source(in_tmp, capfd, trained):
    csv_file.write(trained(), Path("a.csv"))
    Path("densebench.toml").write_text("[compare]\nbudget = 'x<=1'\n")
    assert run(["compare", "a.csv"]) == 2
    assert capfd.readouterr().err.rstrip().endswith(" (--budget is from densebench.toml)")


def test_a_value_that_was_typed_has_no_source(in_tmp, capfd):
    Path("densebench.toml").write_text("target = 0.9\nruns_dir = 'float12'\n")
    assert run(["train", "10x4", "--target=3", "--dataset", "digits"]) == 2
    assert capfd.readouterr().err.rstrip().endswith("such as 0.94.")
    assert run(["train", "10x4", "--precision=float12,float32", "--dataset", "digits"]) == 2
    assert "densebench.toml" not in capfd.readouterr().err


def test_the_help_is_there_even_with_a_mistake_in_the_file_and_shows_its_defaults(in_tmp, capfd):
    Path("densebench.toml").write_text("epocs = 1\n")
    assert run(["train", "--help"]) == 0
    Path("densebench.toml").write_text("epochs = 77\n")
    assert run(["train", "--help"]) == 0
    assert "77, from" in capfd.readouterr().out


def test_the_environment_shows_the_defaults_and_where_they_are_from(in_tmp, capfd, monkeypatch):
    monkeypatch.setattr(workflows, "ask_devices", lambda backends: [])  # as in test_environment.py
    Path("densebench.toml").write_text("[train]\ndeterministic = true\noffline = false\n")
    assert run(["env", "--format", "json"]) == 0
    assert json.loads(capfd.readouterr().out)["defaults"] == [
        {"option": "--deterministic", "commands": "train", "source": "densebench.toml"},
        {"option": "no --offline", "commands": "train", "source": "densebench.toml"},
    ]
