"""What every command does with wrong input."""

import subprocess
import sys

import pytest

from densebench.cli.app import run


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train"], None),
        (["train", "resnet2O"], "did you mean"),
        (["train", "101x12"], "6n + 4"),
        (["train", "resnet20", "--dataset", "cifar11"], "did you mean cifar10"),
        (["train", "resnet20", "--recipe", "blogg"], "did you mean blog"),
        (["train", "resnet20", "--backend", "tensorflaw"], "did you mean tensorflow"),
        (["train", "resnet20", "--precision", "float16"], "did you mean"),
        (["train", "resnet20", "--epochs", "many"], "--epochs"),
        (["train", "resnet20", "--epochs", "0"], "--epochs 0"),
        (["train", "resnet20", "--epocs", "3"], "--epochs"),
        (["train", "resnet20", "--seed", "1", "--seeds", "0-4"], "give one"),
        (["train", "resnet20", "--time-limit", "2 fortnights"], "--time-limit"),
        (["train", "resnet20", "--dataset", "digits", "--batch-size", "5000"], "--batch-size 5000"),
        (["train", "resnet20", "--dataset", "folder:nowhere"], "nowhere"),
        (["train", "--resume", "nothing"], "nothing"),
        (["train", "resnet20", "--dataset", "digits", "--run", "../x"], "file name"),
        (["eval", "nothing"], "nothing"),
        (["eval", "model.keras"], "--dataset"),
        (["summary", "nothing"], "Unknown variant"),
        (["summary", "--format", "xml"], "Unknown format"),
        (["compare", "nothing.csv"], "nothing.csv"),
        (["compare", "."], "holds no results"),
        (["compare", ".", "--html", "-"], "--html - is no file"),
        (["compare", ".", "--plot", "-"], "--plot - is no file"),
        (["eval", "nothing", "--plot", "-"], "--plot - is no file"),
        (["compare", ".", "--plot", "a.jpg"], "a.jpg is no picture that can be drawn"),
        (["eval", "nothing", "--plot", "a.jpg"], "a.jpg is no picture that can be drawn"),
        (["speed", "resnet20", "--batch-size", "big"], "--batch-size"),
        (["speed", "resnet20", "--time-limit", "0s"], "--time-limit 0s must be above 0"),
        (["speed", "resnet20", "--precision-target", "0%"], "--precision-target 0% must be above 0"),
        (["speed", "resnet20", "--precision-target", "2"], "--precision-target 2 is 200%"),
        (["speed", "resnet20", "--recompute", "--implementation", "plain,fast"], "--recompute needs"),
        (["train", "resnet20", "--threads", "1025"], "--threads 1025 must lie between 1 and 1024"),
        (["traim"], "train"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_input_is_one_sentence_and_exit_code_2(in_tmp, capfd, arguments, sentence):
    code = run(arguments)
    out, err = capfd.readouterr()
    if sentence is None:  # a command without anything to do shows its help
        assert "Usage" in out
        return
    assert code == 2
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert sentence in err
    assert "Traceback" not in err
    assert not out
    assert sorted(path.name for path in in_tmp.iterdir()) in ([], ["cache"])


def test_debug_shows_the_traceback_too(in_tmp, capfd):
    assert run(["train", "resnet2O"], debug=True) == 2
    err = capfd.readouterr().err
    assert "Traceback" in err
    assert "error: Unknown variant" in err


def test_no_colour_when_asked_for_none(in_tmp, capfd, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    run(["train", "resnet2O"])
    assert "\x1b[31m" not in capfd.readouterr().err


def test_python_m_densebench_is_the_command_line():
    done = subprocess.run([sys.executable, "-m", "densebench", "--version"], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("densebench ")


def test_a_start_that_fails_is_said_once_and_leaves_nothing(in_tmp, capfd):
    """The data are missing, which the run's process finds before its framework loads."""
    arguments = ["train", "resnet20", "--offline", "--epochs", "1", "--data-dir", "typo", "--run", "first"]
    for _ in range(2):
        assert run(arguments) == 2
        shown = capfd.readouterr()
        assert shown.out == ""
        assert shown.err.startswith("first: failed after ")
        assert shown.err.count("No CIFAR-10 in 'typo'") == 1
    assert (list((in_tmp / "runs").iterdir()), list((in_tmp / "results").iterdir())) == ([], [])


def test_a_working_directory_that_is_gone_is_one_sentence(tmp_path, capfd, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run(["summary", "resnet20"]) == 2
    assert "working directory has been removed" in capfd.readouterr().err
