import dataclasses

import pytest

from densebench.config import fingerprint
from densebench.errors import InputError, ResultsError
from densebench.planning.evaluation import plan_evaluation
from densebench.planning.options import TrainOptions
from densebench.planning.run_paths import find_run
from densebench.planning.training import plan_new, plan_resumed
from densebench.records import Run
from densebench.results import csv_file, store
from densebench.running.directory import claim, mark_begun, run_directory

OPTIONS = TrainOptions(variants=("resnet20",), dataset="digits", run="base")


def start(epochs, options=OPTIONS):
    (planned,) = plan_new(dataclasses.replace(options, epochs=epochs))
    with claim(planned.config, numbered=False) as config:
        mark_begun(run_directory(config.runs_dir, config.run))
    run = Run(run="base", variant="resnet20", status="interrupted", fingerprint=fingerprint(config))
    csv_file.write(run, store.run_path(config.results_dir, "base"))


@pytest.fixture
def two(in_tmp, monkeypatch):
    """Two experiments with a run of one name, A of 3 epochs and B of 5; the current folder is B."""
    for name, epochs in (("A", 3), ("B", 5)):
        (in_tmp / name).mkdir()
        monkeypatch.chdir(in_tmp / name)
        start(epochs)
    return in_tmp


@pytest.mark.parametrize("path", ["../A/runs/base", "../A/runs/base/", "../A/results/base.csv"])
def test_a_path_means_the_run_that_it_points_to(two, path):
    planned = plan_evaluation(path, TrainOptions())
    assert planned.config.recipe.epochs == 3
    assert planned.directory == str(two / "A" / "runs" / "base")
    assert (planned.config.runs_dir, planned.config.results_dir) == ("runs", "results")


@pytest.mark.parametrize("path", ["../A/runs/base", "../A/results/base.csv"])
def test_a_resumed_path_goes_on_in_its_own_folders(two, path):
    config = plan_resumed(path, TrainOptions()).config
    assert (config.run, config.recipe.epochs) == ("base", 3)
    assert (config.runs_dir, config.results_dir) == (str(two / "A" / "runs"), str(two / "A" / "results"))


def test_a_name_and_a_path_from_here_mean_the_run_here(two):
    for source in ("base", "runs/base", "results/base.csv", str(two / "B" / "runs" / "base")):
        config = plan_resumed(source, TrainOptions()).config
        assert (config.recipe.epochs, config.runs_dir, config.results_dir) == (5, "runs", "results")
    assert plan_resumed("base", TrainOptions(runs_dir="../A/runs")).config.results_dir == str(two / "A" / "results")


def test_a_run_is_found_from_inside_its_own_folder(two, monkeypatch):
    monkeypatch.chdir(two / "A" / "runs" / "base")
    assert find_run(".", None).directory == two / "A" / "runs" / "base"
    monkeypatch.chdir(two / "A" / "runs")
    assert find_run("base", None).config.recipe.epochs == 3


def test_a_results_file_that_was_moved_is_never_taken_for_that_of_another_run(two):
    (two / "sent").mkdir()
    (two / "A" / "results" / "base.csv").rename(two / "sent" / "base.csv")
    with pytest.raises(InputError, match=r"was not found beside '\.\./sent/base\.csv'"):
        plan_evaluation("../sent/base.csv", TrainOptions())
    (two / "A" / "runs" / "base").rename(two / "sent" / "base")
    assert find_run("../sent/base.csv", None).directory == two / "sent" / "base"


def test_a_moved_folder_does_not_write_into_the_results_of_another_run(two):
    (two / "A" / "runs").rename(two / "A" / "old")
    assert plan_evaluation("../A/old/base", TrainOptions()).config.recipe.epochs == 3
    with pytest.raises(InputError, match="give --results-dir"):
        plan_resumed("../A/old/base", TrainOptions())
    config = plan_resumed("../A/old/base", TrainOptions(results_dir="../A/results")).config
    assert (config.runs_dir, config.results_dir) == (str(two / "A" / "old"), "../A/results")


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("../A/gone", "There is no run at '../A/gone'"),
        ("../A/runs", "is a folder of runs: name one of them, such as '../A/runs/base'"),
        ("../A/results", "is not the folder of a run"),
        ("../A/gone.csv", "no results file"),
    ],
)
def test_a_path_without_a_run_is_refused_in_one_sentence(two, path, sentence):
    for plan in (lambda: plan_evaluation(path, TrainOptions()), lambda: plan_resumed(path, TrainOptions())):
        with pytest.raises(InputError, match=sentence):
            plan()


def test_a_file_of_several_runs_is_no_run(two):
    both = [Run(run=name, variant="resnet20") for name in ("a", "b")]
    (two / "both.csv").write_text(csv_file.format_runs(both))
    with pytest.raises(ResultsError, match="holds 2 runs"):
        find_run("../both.csv", None)


@pytest.mark.parametrize("name", ["model.pt", "model.onnx", "weights.pth", "saved", "notes.txt"])
def test_other_models_than_keras_files_are_called_that(two, name):
    if name == "saved":
        (two / "B" / name).mkdir()
        (two / "B" / name / "saved_model.pb").touch()
    elif name != "weights.pth":
        (two / "B" / name).touch()
    with pytest.raises(InputError, match=r"only \.keras files"):
        plan_evaluation(name, TrainOptions(dataset="digits"))
