"""The order of the steps. The process of a run is replaced by a function that writes its row."""

import dataclasses
import json
from types import SimpleNamespace

import pytest

from densebench import launching, workflows
from densebench.comparison.options import CompareOptions
from densebench.errors import InputError, Interrupted
from densebench.events import Ended
from densebench.planning.options import TrainOptions
from densebench.records import EpochRecord, Run
from densebench.reporting.notebook import open_progress
from densebench.results import csv_file, store
from densebench.running.directory import mark_begun, run_directory
from densebench.running.launchers import starting
from densebench.running.launchers.protocol import Outcome

DONE = Ended(status="completed", reason=None, exit_code=0)
DIGITS = TrainOptions(variants=("resnet20",), dataset="digits", epochs=1)


@pytest.fixture
def launched(in_tmp, monkeypatch):
    """``launched.tasks`` are the tasks so far, ``launched.codes`` the exit codes to come: 0 when none are left."""
    found = SimpleNamespace(tasks=[], codes=[])

    def launch(task, *, directory, on_event, time_limit=None):
        found.tasks.append(task)
        code = found.codes.pop(0) if found.codes else 0
        status = "completed" if code == 0 else "interrupted" if code > 128 else "failed"
        config = task.config
        mark_begun(directory)
        run = Run(run=config.run, variant=config.variant, status=status, records=(EpochRecord(epoch=1),))
        csv_file.write(run, store.run_path(config.results_dir, config.run))
        (directory / "confusion.json").write_text(json.dumps({"classes": ["a", "b"], "confusion": [[1, 0], [2, 3]]}))
        return Ended(status=status, reason=None if code == 0 else "a reason", exit_code=code)

    monkeypatch.setattr(starting, "launch", launch)
    return found


def quiet():
    return open_progress(shown=False)


def with_(**changes):
    return dataclasses.replace(DIGITS, **changes)


def test_runs_are_trained_in_the_order_of_their_plan(launched):
    finished = workflows.train(with_(variants=("resnet20", "10x4"), seeds=(0, 1)), quiet())
    names = ["resnet20-digits-s0", "resnet20-digits-s1", "10x4-digits-s0", "10x4-digits-s1"]
    assert [task.config.run for task in launched.tasks] == names
    assert [one.run.run for one in finished] == names
    assert finished[0].results.exists()
    assert finished[0].directory.is_dir()


def test_a_plan_makes_nothing(launched, in_tmp):
    table = workflows.make_planned_table(workflows.list_planned(with_(seeds=(0, 1, 2))))
    assert table.height == 3
    assert not launched.tasks
    assert not list(in_tmp.iterdir())


def test_a_run_that_fails_does_not_stop_those_after_it_but_a_signal_does(launched):
    launched.codes = [1, 0, 130, 0]
    finished = workflows.train(with_(seeds=(0, 1, 2, 3)), quiet())
    assert [one.outcome.exit_code for one in finished] == [1, 0, 130]
    assert [one.outcome.signal_number for one in finished] == [0, 0, 2]


@pytest.mark.parametrize(("codes", "says"), [([130], "2 runs have not started"), ([0, 130], "1 run has"), ([0, 1], "")])
def test_after_a_signal_the_runs_that_had_not_started_are_counted(launched, capsys, codes, says):
    launched.codes = codes
    workflows.train(with_(seeds=(0, 1, 2)), open_progress(shown=True))
    found = [line for line in capsys.readouterr().err.splitlines() if "not started" in line]
    assert [line.startswith(says) and "--skip-completed" in line for line in found] == ([True] if says else [])


@pytest.mark.parametrize("completed", [0, 1])
def test_after_a_signal_between_runs_those_that_have_ended_are_not_lost(launched, monkeypatch, capsys, completed):
    class Launcher:
        def launch(self, runs, report):
            for queued in runs[:completed]:
                yield Outcome(queued=queued, config=starting.make_run(queued, report)[0], ended=DONE)
            raise Interrupted("Interrupted: no run had begun, or all had ended.", 2)

    monkeypatch.setattr(launching, "open_launcher", lambda options: Launcher())
    if not completed:
        with pytest.raises(Interrupted):
            workflows.train(with_(seeds=(0, 1)), quiet())
        return
    finished = workflows.train(with_(seeds=(0, 1)), open_progress(shown=True))
    assert [(one.run.status, one.has_begun, one.outcome.exit_code) for one in finished] == [
        ("completed", True, 0),
        ("interrupted", False, 130),
    ]
    assert "1 run has not started" in capsys.readouterr().err


def test_a_taken_name_gets_a_number_unless_it_was_asked_for(launched):
    workflows.train(DIGITS, quiet())
    workflows.train(DIGITS, quiet())
    assert [task.config.run for task in launched.tasks] == ["resnet20-digits-s0", "resnet20-digits-s0-2"]
    workflows.train(with_(run="mine"), quiet())
    with pytest.raises(InputError, match="already a run named 'mine'"):
        workflows.train(with_(run="mine"), quiet())


def test_a_resumed_run_keeps_its_name(launched):
    launched.codes = [130]
    workflows.train(DIGITS, quiet())
    workflows.train(TrainOptions(), quiet(), resume="last")
    assert [(task.config.run, task.config.resume) for task in launched.tasks] == [
        ("resnet20-digits-s0", False),
        ("resnet20-digits-s0", True),
    ]


def test_an_evaluation_is_named_after_its_run_unless_asked_otherwise(launched):
    workflows.train(DIGITS, quiet())
    evaluated = workflows.evaluate("resnet20-digits-s0", TrainOptions(), quiet())
    assert evaluated.finished.run.run == "resnet20-digits-s0-eval"
    assert evaluated.confusion.counts == [[1, 0], [2, 3]]
    assert run_directory("runs", "resnet20-digits-s0-eval").is_dir()
    assert workflows.evaluate("resnet20-digits-s0", TrainOptions(run="x"), quiet()).finished.run.run == "x"


def test_a_failed_evaluation_has_no_confusion_matrix(launched):
    launched.codes = [0, 1]
    workflows.train(DIGITS, quiet())
    assert workflows.evaluate("resnet20-digits-s0", TrainOptions(), quiet()).confusion is None


def test_every_variant_is_measured_at_every_batch_size(launched):
    measure = {"inference": True, "precision_target": 0.05, "time_limit": 1.0}
    finished = workflows.speed(TrainOptions(variants=("10x4",)), (32, 64), quiet(), **measure)
    assert [one.run.run for one in finished] == ["10x4-inference-b32-tensorflow", "10x4-inference-b64-tensorflow"]
    assert (launched.tasks[0].inference, launched.tasks[0].precision_target, launched.tasks[0].time_limit) == (
        True,
        0.05,
        1.0,
    )


def test_all_named_networks_are_counted_where_none_is_named():
    (named,) = workflows.summarise(["100x12"], classes=10, image_size=32)
    counted = workflows.summarise([], classes=10, image_size=32)
    assert named[1].params == 793_150
    assert named[0].name in [variant.name for variant, _ in counted]
    assert [grid.name for grid in workflows.make_summary_tables([named], layers=True)] == ["layers"]


def test_a_comparison_is_drawn_and_written_as_a_page(in_tmp, trained):
    for seed in (0, 1):
        csv_file.write(trained(seed=seed), f"results/{seed}.csv")
    comparison = workflows.compare(["results"], CompareOptions(), published=False)
    assert [len(row.runs) for row in comparison.rows] == [2]
    page = workflows.write_page(comparison, in_tmp / "page.html")
    assert "resnet20" in page.read_text()
