"""``plan`` on stored trials: nothing is measured, and whatever would be is an error."""

import csv
import io
import json
import subprocess
import sys

import pytest
from stored_trials import store_trials

from densebench import workflows
from densebench.cli.app import run
from densebench.running.launchers import starting

TWO = ["plan", "resnet20", "40x12", "--dataset", "cifar10", "--within", "1s"]


@pytest.fixture
def stored(in_tmp, monkeypatch):
    """An empty folder but for the trials of two networks; none may be added."""

    def refuse(task, **_):
        raise AssertionError(f"{task.config.run} would be measured")

    monkeypatch.setattr(starting, "launch", refuse)
    store_trials()
    return in_tmp


def test_a_plan_from_stored_trials_is_a_table_a_proposal_and_a_command(stored, capfd):
    assert run(TWO) == 0
    out, err = capfd.readouterr()
    assert err == "", "nothing is measured, so there is nothing to watch"
    lines = out.splitlines()
    assert lines[1] == "By earlier measurements on this machine."
    assert any(line.startswith("resnet20") and "He et al." in line for line in lines)
    assert "resnet20 is the most accurate of those whose accuracy is known: " in out
    assert lines[-1] == "Start: densebench train resnet20 --dataset cifar10"


def test_csv_has_a_row_a_network_and_the_command_that_starts_it(stored, capfd):
    assert run([*TWO, "--seeds", "3", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert [row["variant"] for row in rows] == ["resnet20", "40x12"]
    assert [row["measured_by"] for row in rows] == ["resnet20-trial-b64-tensorflow", "40x12-trial-b64-tensorflow"]
    assert float(rows[1]["predicted_total_seconds"]) > 3 * float(rows[0]["predicted_total_seconds"])
    assert rows[0]["command"] == "densebench train resnet20 --dataset cifar10 --seeds 0-2"


def test_json_says_what_fits_a_budget_with_prices(stored, capfd):
    arguments = ["--budget", "total_time<=6h,price<=100", "--watts", "65", "--price-per-kwh", "0.30 €"]
    assert run([*TWO, *arguments, "--format", "json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["budget"] == "total_time<=6h,price<=100"
    assert [(row["variant"], row["fits"], row["reason"]) for row in found["plan"]] == [
        ("resnet20", True, None),
        ("40x12", False, "time"),
    ]
    assert found["chosen"] == "resnet20"
    seconds, joules, price = (found["plan"][0][name] for name in ("predicted_total_seconds", "energy_joules", "price"))
    assert joules == pytest.approx(65 * seconds)
    assert price == pytest.approx(0.3 * joules / 3.6e6)


def test_a_target_goes_into_the_table_and_the_command_and_no_time_to_it_is_made_up(stored, capfd):
    assert run([*TWO, "--target", "0.94"]) == 0
    out = capfd.readouterr().out
    command = "densebench train resnet20 --dataset cifar10 --target 0.94"
    assert "No run here shows when resnet20 and 40x12 reach 94 %: " in out
    assert f"'{command}' measures it." in out
    assert out.splitlines()[-1] == f"Start: {command}"
    assert run([*TWO, "--target", "0.94", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert [(row["target"], row["predicted_time_to_target_seconds"]) for row in rows] == [("0.94", "")] * 2


def test_a_copy_of_the_data_without_test_images_is_planned_with_those_that_are_drawn(stored, capfd):
    (stored / "kaggle").mkdir()
    (stored / "kaggle" / "trainLabels.csv").touch()  # by which it is known
    seconds, accuracies = [], []
    for arguments in ([], ["--data-dir", "kaggle", "--test-fraction", "0.2"]):
        assert run([*TWO, *arguments, "--format", "csv"]) == 0
        (row, *_) = csv.DictReader(io.StringIO(capfd.readouterr().out))
        seconds.append(float(row["predicted_total_seconds"]))
        accuracies.append(row["expected_accuracy"])
    assert accuracies == ["0.9125", ""], "nobody has published one on fewer images"
    assert 0.79 < seconds[1] / seconds[0] < 0.85, "40,000 images instead of 50,000"
    assert row["command"] == "densebench train resnet20 --dataset cifar10 --test-fraction 0.2 --data-dir kaggle"


def test_markdown_is_a_table(stored, capfd):
    assert run([*TWO, "--format", "markdown"]) == 0
    assert capfd.readouterr().out.startswith("| Network | Time | 95 % interval | Memory |")


def test_a_network_that_no_trial_shows_is_predicted_from_the_others(stored, capfd):
    assert run(["plan", "100x12", "resnet20", "--within", "1s", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert [row["measured"] for row in rows] == ["false", "true"]
    assert float(rows[0]["predicted_total_seconds"]) > float(rows[1]["predicted_total_seconds"])


def test_without_a_measurement_and_without_time_a_plan_says_so_and_is_no_error(in_tmp, capfd):
    assert run([*TWO, "--results-dir", "none"]) == 0
    out = capfd.readouterr().out
    assert "Nothing was measured." in out
    assert "There was no time to measure resnet20 and 40x12: give more with --within." in out
    assert "Start:" not in out


def test_a_picture_and_a_page_are_written_and_named(stored, capfd):
    assert run([*TWO, "--plot", "pictures", "--html", "plan.html"]) == 0
    assert capfd.readouterr().err == "Wrote plan.html.\nWrote pictures/plan.png.\n"
    assert (stored / "pictures" / "plan.png").stat().st_size > 10_000
    assert "By earlier measurements" in (stored / "plan.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["resnet2O"], "Unknown variant 'resnet2O'"),
        (["--budget", "time<=8h"], "Unknown figure of a plan 'time'"),
        (["--budget", "total_time<=8GiB"], "--budget total_time<=8GiB"),
        (["--budget", "soon"], "is no limit"),
        (["--within", "0s"], "leaves no time"),
        (["--price-per-kwh", "cheap"], "--price-per-kwh 'cheap' is no price"),
        (["--price-per-kwh", "0.3 €", "--price-per-hour", "$1"], "give both in one currency"),
        (["--watts", "-1"], "--watts -1 must be above 0"),
        (["--cost", "params"], "Unknown cost 'params'"),
        (["--cost", "time_to_target"], "A plan has a time to target only with --target"),
        (["--budget", "time_to_target<=8h"], "A plan has a time to target only with --target"),
        (["--cost", "price"], "A plan has a price only with --price-per-hour or --price-per-kwh"),
        (["--budget", "price<=5"], "A plan has a price only with --price-per-hour or --price-per-kwh"),
        (["--target", "94"], "--target 94.0 must be a fraction, such as 0.94"),
        (["--precision", "float32,float8"], "Unknown precision 'float8'"),
        (["--backend", "jaxx"], "Unknown backend 'jaxx'"),
        (["--seeds", "0"], "--seeds 0 is no number of trainings"),
        (["--plot", "-"], "--plot - is no file"),
        (["--plot", "plan.jpg"], "plan.jpg is no picture that can be drawn"),
        (["--html", "-"], "--html - is no file"),
        (["--format", "xml"], "Unknown format 'xml'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_option_is_one_sentence_and_exit_code_2(stored, capfd, arguments, says):
    assert run(["plan", *arguments, "--within", "1s"] if "--within" not in arguments else ["plan", *arguments]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert says in err
    assert err.count("\n") == 1


def test_a_picture_of_another_kind_is_refused_in_a_sentence(stored, capfd):
    (stored / "file").write_text("")
    assert run([*TWO, "--plot", "file/plan.png"]) == 2
    assert "cannot be written" in capfd.readouterr().err


def test_the_options_reach_the_plan_as_values(in_tmp, monkeypatch):
    handed = []

    class Reached(Exception):
        pass

    def take(options, view):
        handed.append(options)
        raise Reached

    monkeypatch.setattr(workflows, "plan", take)
    first = ["plan", "blog", "--batch-size", "32,64", "--backend", "jax,torch", "--devices", "1,2", "--within", "5m"]
    with pytest.raises(Reached):
        run([*first, "--remeasure", "--seeds", "0-4", "--cost", "memory", "--epochs", "7"])
    (options,) = handed
    assert options.train.variants == ("blog",)
    assert options.train.epochs == 7
    assert options.batch_sizes == (32, 64)
    assert options.backends == ("jax", "torch")
    assert (options.devices, options.train.devices) == ((1, 2), None)
    assert (options.within, options.remeasure, options.seeds) == (300.0, True, 5)
    assert options.cost.word == "memory"


def test_the_picture_and_the_page_are_loaded_only_where_they_are_asked_for(stored):
    program = (
        "import sys; from densebench.cli.app import run; code = run(sys.argv[1:]); "
        "loaded = {'matplotlib', 'jinja2', 'keras', 'tensorflow'} & set(sys.modules); "
        "sys.exit(str(loaded) if loaded else code)"
    )
    done = subprocess.run([sys.executable, "-c", program, *TWO], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
