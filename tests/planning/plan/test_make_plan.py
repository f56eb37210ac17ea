"""The whole of a plan. The process of a trial is replaced by a function that writes its row."""

import dataclasses
import json
from datetime import datetime
from pathlib import Path

import pytest
from stored_trials import make_trial

from densebench.errors import InputError, Interrupted
from densebench.events import Ended
from densebench.planning.options import TrainOptions
from densebench.planning.plan.make_plan import make_plan
from densebench.planning.plan.options import parse_plan_options
from densebench.records import EpochRecord, Run
from densebench.reporting.notebook import open_progress
from densebench.reporting.plan.export import format_plan
from densebench.results import csv_file, store
from densebench.running.directory import mark_begun
from densebench.running.launchers import starting

SECONDS = {"resnet20": 0.001, "40x12": 0.004, "nets.py:net": 0.0005}


@pytest.fixture
def launched(in_tmp, monkeypatch):
    """The tasks so far; ``launched.codes`` says how the trial of a variant ends."""

    class Launched(list):
        def __init__(self):
            self.codes = {}
            self.started = datetime.now().astimezone().isoformat()

    found = Launched()

    def launch(task, *, directory, on_event, time_limit=None):
        found.append(task)
        mark_begun(directory)
        config, seconds = task.config, SECONDS[task.config.variant]
        code = found.codes.get(config.variant, 0)
        status = "completed" if code == 0 else "interrupted" if code > 128 or code == 99 else "failed"
        trial = make_trial(config.variant, seconds, backend=config.backend)
        run = dataclasses.replace(
            trial,
            run=config.run,
            variant_sha256=config.variant_sha256,
            status=status,
            started=found.started,
            batch_size=config.recipe.batch_size,
            precision=config.precision,
            records=trial.records if code == 0 else (),
        )
        csv_file.write(run, store.run_path(config.results_dir, config.run))
        return Ended(status=status, reason=None if code == 0 else "Memory ran out.", exit_code=code)

    monkeypatch.setattr(starting, "launch", launch)
    return found


def make(*variants, **texts):
    train = {name: texts.pop(name) for name in ("epochs", "recipe", "train_limit", "target") if name in texts}
    options = TrainOptions(variants=variants, dataset="digits", **train)
    return make_plan(parse_plan_options(options, **texts), open_progress(shown=False))


def test_each_network_is_measured_once_and_then_taken_from_disk(launched):
    first = make("resnet20", "40x12", epochs=10)
    again = make("resnet20", "40x12", epochs=10)
    assert sorted(task.config.variant for task in launched) == ["40x12", "resnet20"]
    assert first.measured == ("resnet20", "40x12")
    assert again.measured == ()
    assert first.candidates == again.candidates


def test_the_command_has_the_seeds_that_were_named_or_counted(launched):
    for seeds, typed in (("3-4", "--seeds 3-4"), ("5", "--seeds 0-4")):
        assert make("resnet20", epochs=10, seeds=seeds).choice.chosen.command.endswith(typed)


def test_two_files_of_one_name_are_rows_with_their_paths_and_commands_of_their_own(launched, in_tmp):
    for folder, filters in (("a", 4), ("b", 5)):
        (in_tmp / folder).mkdir()
        body = f"nn.dense(nn.global_average_pool(nn.conv(image, {filters}, 3)), classes)"
        (in_tmp / folder / "nets.py").write_text(f"def net(nn, image, *, classes): return {body}\n")
    plan = make("a/nets.py:net", "b/nets.py:net", "resnet20")
    assert [one.label for one in plan.candidates] == ["a/nets.py:net", "b/nets.py:net", "resnet20"]
    assert [one.variant for one in plan.candidates] == ["nets.py:net", "nets.py:net", "resnet20"]
    assert plan.candidates[1].command == "densebench train b/nets.py:net --dataset digits"
    files = {task.config.variant_file for task in launched}
    assert files == {str(in_tmp / "a/nets.py"), str(in_tmp / "b/nets.py"), None}
    assert "nets-net-trial-b64-tensorflow" in {task.config.run for task in launched}
    assert make("b/nets.py:net").measured == ()


def test_remeasuring_does_not_take_what_is_on_disk(launched):
    make("resnet20")
    make("resnet20", remeasure=True)
    assert [task.config.run for task in launched] == [
        "resnet20-trial-b64-tensorflow",
        "resnet20-trial-b64-tensorflow-2",
    ]


def test_the_whole_training_is_predicted(launched):
    (found,) = make("resnet20", epochs=10).candidates
    evaluation = 256 * 0.001 / 4
    besides = 1.0 + (768 - 640) * 0.001 - 128 * 0.001 - evaluation
    start = 5.0 - evaluation - besides
    total = start + 10 * (1437 * 0.001 + 360 * 0.001 / 4 + besides)
    assert found.prediction.total_seconds == pytest.approx(total)


def test_a_trial_that_runs_out_of_memory_is_a_row_with_the_reason(launched):
    launched.codes["40x12"] = 1
    plan = make("resnet20", "40x12")
    failed = plan.candidates[1]
    assert (failed.prediction, failed.problem) == (None, "Memory ran out.")
    assert plan.choice.chosen.label == "resnet20"
    rows = json.loads(format_plan(plan, "json"))["plan"]
    assert rows[1]["reason"] == "Memory ran out."
    assert rows[1]["predicted_total_seconds"] is None


def test_a_trial_that_the_clock_ends_leaves_nothing(launched, in_tmp):
    launched.codes["resnet20"] = 99
    assert make("resnet20").candidates[0].prediction is None
    assert not list((in_tmp / "results").glob("*.csv"))
    assert not list((in_tmp / "runs").iterdir())


def test_a_signal_ends_the_plan(launched):
    launched.codes["resnet20"] = 130
    with pytest.raises(Interrupted):
        make("resnet20", "40x12")
    assert len(launched) == 1
    assert not list(Path("results").glob("*.csv"))


def test_a_results_file_that_cannot_be_read_is_left_out_with_a_note(launched, in_tmp):
    (in_tmp / "results").mkdir()
    (in_tmp / "results" / "other.csv").write_text("no,results\n1,2\n")
    (note,) = make("resnet20").notes
    assert note.startswith("Left out: ")
    assert "other.csv" in note


def test_an_old_measurement_counts_with_a_note(launched):
    launched.started = "2001-01-01T00:00:00+00:00"
    (note,) = make("resnet20").notes
    assert note.startswith("The oldest measurement was made ")
    assert "--remeasure" in note
    launched.started = "yesterday"
    assert make("40x12").notes == ()


def store_training(variant, *accuracies, seed=0, **changes):
    """A training on digits by the recipe blog, with a test accuracy for each epoch."""
    records = tuple(EpochRecord(epoch=epoch, test_accuracy=value) for epoch, value in enumerate(accuracies, 1))
    settings = {
        "dataset": "digits",
        "classes": 10,
        "image_size": 32,
        "train_images": 1437,
        "test_images": 360,
        "recipe": "blog",
        "epochs": len(accuracies),
        "batch_size": 64,
        "base_learning_rate": 0.1,
        "schedule": "steps",
        "weight_decay": 1e-4,
        "label_smoothing": 0.0,
        "augmentation": "shift 12.5%",
        "precision": "float32",
    }
    run = Run(
        run=f"{variant}-digits-s{seed}",
        variant=variant,
        seed=seed,
        records=records,
        **{**settings, "status": "completed", **changes},
    )
    csv_file.write(run, Path("results") / f"{run.run}.csv")


def test_an_accuracy_of_own_runs_decides(launched):
    make("resnet20", "40x12", epochs=2)
    for variant, accuracy in (("resnet20", 0.9), ("40x12", 0.8)):
        store_training(variant, 0.1, accuracy)
    plan = make("resnet20", "40x12", epochs=2)
    assert [one.accuracy.mean for one in plan.candidates] == [0.9, 0.8]
    assert (plan.choice.chosen.label, plan.choice.by_accuracy) == ("resnet20", True)
    assert [one.on_front for one in plan.candidates] == [True, False]


def test_with_a_target_the_network_whose_own_runs_reach_it_in_least_time_is_chosen(launched):
    make("resnet20", "40x12", epochs=10)
    slow, quick = [0.1] * 8 + [0.9, 0.9], [0.1, 0.85] + [0.8] * 8
    for seed in (0, 1):
        store_training("resnet20", *slow, seed=seed)
        store_training("40x12", *quick, seed=seed)
    plan = make("resnet20", "40x12", epochs=10, target=0.85)
    of_small, of_large = (one.target_time for one in plan.candidates)
    assert (of_small.epochs, of_large.epochs) == ((9, 9), (2, 2))
    for one in plan.candidates:
        after = make(one.variant, epochs=one.target_time.epochs[0]).candidates[0].prediction
        assert one.target_time.seconds == pytest.approx(after.total_seconds)
        assert one.target_time.interval.low < one.target_time.seconds < one.target_time.interval.high
    assert of_large.seconds < of_small.seconds, "though an epoch of it takes four times as long"
    assert (plan.choice.chosen.label, plan.choice.by_target) == ("40x12", True)
    assert plan.choice.chosen.command == "densebench train 40x12 --dataset digits --epochs 10 --target 0.85"
    assert make("resnet20", "40x12", epochs=10).choice.chosen.label == "resnet20", "the more accurate in the end"


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": 3},
        {"recipe": "short"},
        {"recipe_text": "{epochs = 2}"},
        {"train_images": 1000},
        {"test_images": 100},
        {"batch_size": 128},
        {"base_learning_rate": 0.2},
        {"schedule": "steps, hold after 1 of 1"},
        {"augmentation": "shift 12.5%, cutout 8"},
        {"precision": "mixed_bfloat16"},
        {"dataset": "mnist"},
        {"status": "interrupted"},
        {"phase": "eval"},
    ],
)
def test_a_run_that_learned_in_another_way_says_nothing_of_the_target(launched, changes):
    make("resnet20", epochs=2)
    store_training("resnet20", 0.1, 0.9, **changes)
    (found,) = make("resnet20", epochs=2, target=0.5).candidates
    assert (found.target_time, found.accuracy) == (None, None)
    store_training("resnet20", 0.1, 0.9)
    (found,) = make("resnet20", epochs=2, target=0.5).candidates
    assert found.target_time.epochs == (2,)


def test_without_a_learning_curve_there_is_no_time_and_the_plan_is_as_without_a_target(launched):
    plan, usual = make("resnet20", "40x12", target=0.9), make("resnet20", "40x12")
    assert [one.target_time for one in plan.candidates] == [None, None]
    assert plan.choice.chosen.label == usual.choice.chosen.label
    assert not plan.choice.by_target


@pytest.mark.parametrize("target", [94, 0.0, -0.5, float("nan")])
def test_a_target_that_is_no_fraction_is_refused_and_nothing_is_measured(launched, target):
    with pytest.raises(InputError, match=r"must be a fraction, such as 0\.94"):
        make("resnet20", target=target)
    assert launched == []


def test_several_batch_sizes_are_candidates_of_their_own(launched):
    plan = make("resnet20", batch_sizes=(64, 128))
    assert [one.label for one in plan.candidates] == ["resnet20 · batch 64", "resnet20 · batch 128"]
    assert plan.candidates[1].command.endswith("--batch-size 128")
    assert plan.batch_size is None


@pytest.mark.parametrize(
    ("variants", "texts", "sentence"),
    [
        (("resnet21",), {}, "resnet21"),
        (("resnet20",), {"batch_sizes": (5000,)}, "more than the 1437 training images"),
        (("resnet20",), {"recipe": "long"}, "long"),
        (("resnet20",), {"train_limit": 10**6}, "--train-limit"),
    ],
)
def test_what_could_not_be_trained_is_refused_before_anything_is_measured(launched, variants, texts, sentence):
    with pytest.raises(InputError, match=sentence):
        make(*variants, **texts)
    assert launched == []
