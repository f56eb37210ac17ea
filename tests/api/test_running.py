"""What a Python program gets back. The process of a run is replaced by a function that writes its row."""

import json

import pytest

import densebench
from densebench.errors import InputError, Interrupted, RunFailed
from densebench.events import Ended
from densebench.records import EpochRecord, Run
from densebench.results import csv_file, store
from densebench.running.directory import mark_begun
from densebench.running.launchers import starting

DIGITS = {"dataset": "digits", "epochs": 2}


@pytest.fixture
def end(in_tmp, monkeypatch):
    """Sets how runs end: their status, their reason and their exit code; a run without ``row`` leaves no file."""

    def set_end(status="completed", reason=None, exit_code=0, *, row=True):
        def launch(task, *, directory, on_event, time_limit=None):
            config = task.config
            mark_begun(directory)
            records = (EpochRecord(epoch=1, test_accuracy=0.5), EpochRecord(epoch=2, test_accuracy=0.6))
            run = Run(run=config.run, variant=config.variant, status=status, reason=reason, records=records)
            if row:
                csv_file.write(run, store.run_path(config.results_dir, config.run))
            (directory / "confusion.json").write_text(
                json.dumps({"classes": ["a", "b"], "confusion": [[1, 0], [2, 2]]})
            )
            return Ended(status=status, reason=reason, exit_code=exit_code)

        monkeypatch.setattr(starting, "launch", launch)

    return set_end


def test_a_dry_run_is_a_frame_and_writes_nothing(in_tmp):
    planned = densebench.train("resnet20", "10x4", seeds=range(2), dry_run=True, **DIGITS)
    assert list(planned["run"]) == ["resnet20-digits-s0", "resnet20-digits-s1", "10x4-digits-s0", "10x4-digits-s1"]
    assert set(planned["what"]) == {"new"}
    assert list(planned["params"]) == [271_098, 271_098, 2_862, 2_862]
    assert not list(in_tmp.iterdir())


def test_several_of_a_setting_are_trained_in_every_combination(in_tmp):
    planned = densebench.train("10x4", backends=["tensorflow", "jax"], batch_sizes=[32, 64], dry_run=True, **DIGITS)
    assert list(planned["batch_size"]) == [32, 64, 32, 64]
    assert planned["run"].is_unique
    with pytest.raises(InputError, match="backend was given once, and several"):
        densebench.train("10x4", backends=["jax"], backend="jax", dry_run=True, **DIGITS)


def test_trained_runs_are_a_row_each_with_their_last_epoch(end):
    end()
    runs = densebench.train("resnet20", seeds=(0, 1), progress=False, **DIGITS)
    assert list(runs["run"]) == ["resnet20-digits-s0", "resnet20-digits-s1"]
    assert list(runs["test_accuracy"]) == [0.6, 0.6]


def test_a_run_that_fails_is_a_row_with_its_reason(end):
    end("failed", "The loss became nan.", 1)
    runs = densebench.train("resnet20", progress=False, **DIGITS)
    assert list(runs["status"]) == ["failed"]
    assert list(runs["reason"]) == ["The loss became nan."]


def test_a_run_that_could_not_write_its_row_raises(end):
    end("failed", "The disk is full.", 2, row=False)
    with pytest.raises(RunFailed, match="The disk is full"):
        densebench.train("resnet20", progress=False, **DIGITS)


def test_a_signal_raises_with_its_number_and_leaves_the_epochs_on_disk(end):
    end("interrupted", "Stopped by SIGINT.", 130)
    with pytest.raises(
        Interrupted, match=r"Stopped by SIGINT\. Continue it with resume='resnet20-digits-s0'"
    ) as caught:
        densebench.train("resnet20", progress=False, **DIGITS)
    assert caught.value.exit_code == 130
    assert len(densebench.load("results")) == 2


def test_an_evaluation_gives_its_figures_by_class_and_as_a_matrix(end, in_tmp):
    end()
    densebench.train("resnet20", progress=False, **DIGITS)
    evaluation = densebench.evaluate("resnet20-digits-s0", progress=False)
    assert list(evaluation.to_frame()["run"]) == ["resnet20-digits-s0-eval"]
    assert list(evaluation.by_class()["accuracy"]) == [1.0, 0.5]
    assert evaluation.confusion().loc["b", "a"] == 2
    assert [path.name for path in evaluation.plot("confusion.png")] == ["confusion.png"]
    assert "True class by line" in repr(evaluation)
    assert evaluation._repr_html_().startswith("<pre")


def test_an_evaluation_that_fails_raises_with_the_reason(end):
    end()
    densebench.train("resnet20", progress=False, **DIGITS)
    end("failed", "No checkpoint can be trusted.", 1)
    with pytest.raises(RunFailed, match="No checkpoint"):
        densebench.evaluate("resnet20-digits-s0", progress=False)


def test_speed_is_a_row_for_every_variant_and_batch_size(end):
    end()
    measured = densebench.speed("10x4", batch_sizes=[32, 64], progress=False)
    assert list(measured["run"]) == ["10x4-speed-b32-tensorflow", "10x4-speed-b64-tensorflow"]


def test_progress_is_printed_unless_it_is_not_wanted(end, capfd):
    end()
    densebench.train("resnet20", seeds=(0, 1), progress=False, **DIGITS)
    assert capfd.readouterr() == ("", "")
    densebench.train("resnet20", seeds=(2, 3), **DIGITS)
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "2 runs" in shown.err


def test_wrong_input_raises_before_anything_is_made(in_tmp):
    for call in (
        lambda: densebench.train("resnet2O"),
        lambda: densebench.train("resnet20", dataset="digit"),
        lambda: densebench.speed("resnet20", threads=0),
        lambda: densebench.evaluate("gone"),
        lambda: densebench.train("resnet20", backends=[], dry_run=True),
        lambda: densebench.train("resnet20", backends="jax", dry_run=True),
        lambda: densebench.plan("resnet20", backends="torch"),
        lambda: densebench.train("resnet20", time_limit=float("nan"), dry_run=True),
        lambda: densebench.train("resnet20", time_limit=-1, dry_run=True),
        lambda: densebench.speed("resnet20", time_limit=0),
        lambda: densebench.speed("resnet20", precision_target=float("nan")),
        lambda: densebench.speed("resnet20", precision_target=2.0),
    ):
        with pytest.raises(InputError):
            call()
    assert not list(in_tmp.iterdir())


def test_devices_are_one_number_or_several_of_which_each_is_a_run(in_tmp):
    planned = densebench.train("10x4", devices=[1, 2], dry_run=True, **DIGITS)
    assert list(planned["run"]) == ["10x4-digits-d1-s0", "10x4-digits-d2-s0"]
    assert list(planned["devices"]) == [1, 2]
    (run,) = densebench.train("10x4", devices=2, dry_run=True, **DIGITS)["run"]
    assert run == "10x4-digits-s0"
    assert "devices" not in densebench.train("10x4", dry_run=True, **DIGITS)
    for wrong, says in (("two", "--devices 'two'"), (1.5, "devices is 1.5"), ([], "devices is empty")):
        with pytest.raises(InputError, match=says):
            densebench.train("10x4", devices=wrong, dry_run=True, **DIGITS)


def test_speed_is_measured_on_each_number_of_devices(end):
    end()
    measured = densebench.speed("10x4", devices=[1, 2], progress=False)
    assert list(measured["run"]) == ["10x4-speed-b64-tensorflow-d1", "10x4-speed-b64-tensorflow-d2"]


def test_another_host_owns_the_rows_of_its_runs(end, in_tmp, monkeypatch):
    def follow(task, *, directory, on_event, time_limit=None):
        assert task.host.index == 1
        return Ended(status="completed", reason=None, exit_code=0)

    end()
    densebench.train("10x4", progress=False, **DIGITS)  # of the same name, made here before
    monkeypatch.setattr("densebench.running.launchers.follow.launch", follow)
    hosts = "1@127.0.0.1:29500,127.0.0.1:29501"
    assert len(densebench.train("10x4", hosts=hosts, progress=False, **DIGITS)) == 0
    assert len(densebench.speed("10x4", hosts=hosts, progress=False)) == 0
    assert [file.name for file in (in_tmp / "results").iterdir()] == ["10x4-digits-s0.csv"]


def test_another_host_raises_the_reason_of_its_part_that_failed(in_tmp, monkeypatch):
    monkeypatch.setattr(
        "densebench.running.launchers.follow.launch",
        lambda task, **_: Ended(status="failed", reason="The link was cut.", exit_code=1),
    )
    with pytest.raises(RunFailed, match="link was cut"):
        densebench.speed("10x4", hosts="1@127.0.0.1:29500,127.0.0.1:29501", progress=False)
