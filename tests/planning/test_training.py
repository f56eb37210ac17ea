import dataclasses

import pytest
from PIL import Image

from densebench.config import DataConfig, RunConfig, fingerprint
from densebench.data import datasets
from densebench.errors import InputError
from densebench.planning.options import TrainOptions
from densebench.planning.training import plan_new, plan_resumed
from densebench.records import EpochRecord, Run
from densebench.results import csv_file, store
from densebench.running.directory import claim, mark_begun, run_directory

DIGITS = TrainOptions(variants=("resnet20",), dataset="digits", epochs=5)


def with_(options, **changes):
    return dataclasses.replace(options, **changes)


def begin(config, *, numbered=True):
    """Make a run's directory and begin the run; returns its configuration."""
    with claim(config, numbered=numbered) as named:
        mark_begun(run_directory(named.runs_dir, named.run))
    return named


def started(options=DIGITS, *, status="interrupted", index=0, phase="train"):
    """A run of these options as a killed process would leave it."""
    planned = plan_new(options)[index]
    config = begin(planned.config)
    run = Run(run=config.run, variant=config.variant, status=status, phase=phase, fingerprint=fingerprint(config))
    csv_file.write(run, store.run_path(config.results_dir, config.run))
    return config.run


def test_every_variant_is_planned_with_every_seed_in_order(in_tmp):
    planned = plan_new(with_(DIGITS, variants=("resnet20", "100x12"), seeds=(0, 1)))
    assert [(run.config.variant, run.config.seed) for run in planned] == [
        ("resnet20", 0),
        ("resnet20", 1),
        ("100x12", 0),
        ("100x12", 1),
    ]
    assert planned[0].config.run == "resnet20-digits-s0"


def test_what_is_asked_for_twice_is_made_once(in_tmp):
    axes = (("batch_size", (32, 32)),)
    (planned,) = plan_new(with_(DIGITS, variants=("resnet20", "resnet20"), seeds=(5, 5), axes=axes))
    assert planned.config.seed == 5


def test_a_plan_has_parameters_and_steps_without_a_framework(in_tmp):
    (planned,) = plan_new(with_(DIGITS, variants=("100x12",), batch_size=64))
    assert planned.cost.params == 793_150
    assert planned.steps_per_epoch == 23  # 1,437 images, the last batch holds the rest
    assert planned.steps == 5 * 23


def test_several_settings_make_every_combination_each_with_a_name_of_its_own(in_tmp):
    axes = (("backend", ("tensorflow", "jax")), ("batch_size", (32, 64)))
    planned = plan_new(with_(DIGITS, axes=axes, seeds=(0, 1)))
    assert [run.config.run for run in planned] == [
        f"resnet20-digits-{backend}-b{size}-s{seed}"
        for backend in ("tensorflow", "jax")
        for size in (32, 64)
        for seed in (0, 1)
    ]
    assert len({fingerprint(run.config) for run in planned}) == 8


def test_a_precision_that_varies_is_in_the_name_too(in_tmp):
    planned = plan_new(with_(DIGITS, axes=(("precision", ("float32", "mixed_bfloat16")),)))
    assert [run.config.run for run in planned] == ["resnet20-digits-float32-s0", "resnet20-digits-mixed_bfloat16-s0"]


def test_a_value_that_does_not_exist_is_refused_before_anything_is_made(in_tmp):
    with pytest.raises(InputError, match="jaxx"):
        plan_new(with_(DIGITS, axes=(("backend", ("tensorflow", "jaxx")),)))


def test_several_settings_cannot_continue_one_run(in_tmp):
    with pytest.raises(InputError, match="2 values of backend"):
        plan_resumed("last", with_(DIGITS, axes=(("backend", ("tensorflow", "jax")),)))


def test_options_go_where_they_belong_and_the_recipe_keeps_the_rest(in_tmp):
    (planned,) = plan_new(with_(DIGITS, recipe="short", learning_rate=0.2, train_limit=100, backend="jax"))
    config = planned.config
    assert (config.recipe.name, config.recipe.learning_rate, config.recipe.optimizer) == ("short", 0.2, "muon")
    assert (config.data.dataset, config.data.train_limit, config.backend) == ("digits", 100, "jax")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"variants": ()}, "No variant"),
        ({"variants": ("resnet2O",)}, "or resnet20"),
        ({"dataset": "digit"}, "did you mean digits"),
        ({"recipe": "blogg"}, "did you mean blog"),
        ({"batch_size": 5000}, "more than the 1437 training images"),
        ({"seeds": (0, 1), "run": "mine"}, "names one run"),
        ({"stop_at_target": True}, "--stop-at-target needs a target to stop at"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_made(in_tmp, changes, sentence):
    with pytest.raises(InputError, match=sentence):
        plan_new(with_(DIGITS, **changes))
    assert not list(in_tmp.iterdir())


def test_a_taken_name_gets_a_number_and_a_chosen_one_is_refused(in_tmp):
    assert [started(), started()] == ["resnet20-digits-s0", "resnet20-digits-s0-2"]
    config = RunConfig(variant="resnet20", run="resnet20-digits-s0")
    with pytest.raises(InputError, match="--resume"):
        begin(config, numbered=False)


def test_a_resumed_run_is_what_it_was(in_tmp):
    name = started(with_(DIGITS, deterministic=True))
    planned = plan_resumed(name, TrainOptions())
    assert (planned.config.run, planned.config.resume, planned.config.deterministic) == (name, True, True)
    assert plan_resumed("last", TrainOptions()).config == planned.config


@pytest.mark.parametrize(
    ("changes", "difference"),
    [({"epochs": 4}, "epochs 5 -> 4"), ({"seeds": (1,)}, "seed 0 -> 1"), ({"variants": ("100x12",)}, "variant")],
)
def test_resuming_with_other_settings_is_refused_with_the_difference(in_tmp, changes, difference):
    name = started()
    with pytest.raises(InputError, match=difference):
        plan_resumed(name, with_(TrainOptions(), **changes))


def test_resuming_may_move_what_decides_no_number(in_tmp):
    planned = plan_resumed(started(), TrainOptions(checkpoint_every=5, epochs=5))
    assert planned.config.checkpoint_every == 5


def test_resuming_what_is_not_there_says_so(in_tmp):
    with pytest.raises(InputError, match="no run 'gone'"):
        plan_resumed("gone", TrainOptions())
    with pytest.raises(InputError, match="No unfinished run"):
        plan_resumed("last", TrainOptions())
    started(status="completed")
    with pytest.raises(InputError, match="No unfinished run"):
        plan_resumed("last", TrainOptions())
    with pytest.raises(InputError, match=r"There is no run at '\.\./outside'"):
        plan_resumed("../outside", TrainOptions())


def test_a_directory_that_a_kill_left_half_made_is_no_run(in_tmp):
    name = started()
    half_made = in_tmp / "runs" / ".new-abc"
    half_made.mkdir()
    (half_made / "config.json").write_text((in_tmp / "runs" / name / "config.json").read_text())
    assert plan_resumed("last", TrainOptions()).config.run == name


def test_the_last_unfinished_run_is_looked_for_where_each_run_writes_its_results(in_tmp):
    first = started()
    completed = started(with_(DIGITS, results_dir="elsewhere"), status="completed")
    assert first != completed
    assert plan_resumed("last", TrainOptions()).config.run == first


def test_only_a_training_is_resumed(in_tmp):
    name = started(phase="speed")
    with pytest.raises(InputError, match="is not a training"):
        plan_resumed(name, TrainOptions())
    with pytest.raises(InputError, match="No unfinished run"):
        plan_resumed("last", TrainOptions())


def test_skipping_what_is_complete_makes_only_the_rest(in_tmp):
    options = with_(DIGITS, seeds=(0, 1, 2))
    started(options, status="completed", index=0)
    started(options, status="interrupted", index=1)
    planned = plan_new(options, skip_completed=True)
    assert [(run.completed, run.config.resume) for run in planned] == [(True, False), (False, True), (False, False)]
    other = plan_new(with_(options, epochs=6), skip_completed=True)
    assert not any(run.completed or run.config.resume for run in other)


def test_a_run_on_other_devices_is_not_complete_yet(in_tmp):
    options = with_(DIGITS, backend="jax", batch_size=64)
    started(options, status="completed")
    planned = plan_new(with_(options, axes=(("devices", (1, 2)),)), skip_completed=True)
    assert [run.completed for run in planned] == [True, False]


def test_a_resumed_run_can_get_more_epochs_and_its_fingerprint_tells(in_tmp):
    name = started(status="completed")
    planned = plan_resumed(name, TrainOptions(epochs=8))
    assert (planned.config.recipe.epochs, planned.config.recipe.extensions) == (8, "hold after 5 of 5")
    rescaled = plan_resumed(name, TrainOptions(epochs=8, continue_schedule="rescale")).config
    (plain,) = plan_new(with_(DIGITS, epochs=8))
    assert len({fingerprint(config) for config in (planned.config, rescaled, plain.config)}) == 3


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"epochs": 8, "continue_schedule": "other"}, "Unknown schedule"),
        ({"epochs": 5, "continue_schedule": "hold"}, "--schedule is for a run that gets more epochs"),
        ({"epochs": 8, "learning_rate": 0.5}, "learning_rate"),
    ],
)
def test_a_resumed_run_gets_nothing_else_than_more_epochs(in_tmp, options, sentence):
    name = started(status="completed")
    with pytest.raises(InputError, match=sentence):
        plan_resumed(name, TrainOptions(**options))


def test_a_run_without_checkpoints_gets_no_more_epochs(in_tmp):
    name = started(with_(DIGITS, checkpoint_every=0))
    with pytest.raises(InputError, match="no checkpoints"):
        plan_resumed(name, TrainOptions(epochs=8))


def test_a_run_that_stopped_at_its_target_gets_no_more_epochs(in_tmp):
    name = started(with_(DIGITS, target=0.9, stop_at_target=True), status="completed")
    path = store.run_path("results", name)
    (run,) = csv_file.read(path)
    csv_file.write(dataclasses.replace(run, records=(EpochRecord(epoch=1, test_accuracy=0.8),)), path)
    assert plan_resumed(name, TrainOptions(epochs=8)).config.recipe.epochs == 8
    csv_file.write(dataclasses.replace(run, records=(EpochRecord(epoch=1, test_accuracy=0.91),)), path)
    with pytest.raises(InputError, match="has reached its target, where it stops, so more epochs would train nothing"):
        plan_resumed(name, TrainOptions(epochs=8))


def test_a_new_run_has_no_rule_for_more_epochs(in_tmp):
    with pytest.raises(InputError, match="--resume and --epochs"):
        plan_new(with_(DIGITS, continue_schedule="hold"))


def test_a_folders_name_is_cleaned_in_the_name_of_a_run_and_nowhere_else(in_tmp, monkeypatch):
    facts = dataclasses.replace(datasets.describe(DataConfig(dataset="digits")), name="chats et chiens (été)")
    monkeypatch.setattr(datasets, "describe", lambda data: facts)
    (planned,) = plan_new(DIGITS)
    assert planned.config.run == "resnet20-chats-et-chiens-ete-s0"
    assert planned.facts.name == "chats et chiens (été)"


@pytest.fixture
def folder(in_tmp, monkeypatch):
    """Options for a folder of two classes, eight images to train on and four to test on."""
    monkeypatch.setenv("DENSEBENCH_DATA", str(in_tmp / "cache"))
    for part, count in (("train", 4), ("test", 2)):
        for label, name in enumerate(("ant", "bee")):
            directory = in_tmp / "pictures" / part / name
            directory.mkdir(parents=True)
            for index in range(count):
                Image.new("RGB", (8, 8), (100 * label, 10 * index, 0)).save(directory / f"{index}.png")
    return TrainOptions(variants=("10x4",), dataset="folder:pictures", epochs=5, batch_size=2)


@pytest.mark.parametrize("status", ["interrupted", "completed"])
def test_a_run_whose_images_changed_is_neither_resumed_nor_skipped(folder, in_tmp, status):
    (planned,) = plan_new(folder)
    name = started(folder, status=status)
    (run,) = csv_file.read(in_tmp / "results" / f"{name}.csv")
    digest = datasets.load(planned.config.data).sha256
    csv_file.write(
        with_(run, dataset_sha256=digest, records=(EpochRecord(epoch=1),)), in_tmp / "results" / f"{name}.csv"
    )
    assert plan_resumed(name, TrainOptions()).config.resume
    assert plan_new(folder, skip_completed=True)[0].config.run == name
    (in_tmp / "pictures" / "test" / "bee" / "0.png").unlink()
    before = (in_tmp / "results" / f"{name}.csv").read_bytes()
    with pytest.raises(InputError, match="cannot be resumed, because its data have changed"):
        plan_resumed(name, TrainOptions())
    with pytest.raises(InputError, match="cannot be taken for complete, because its data have changed"):
        plan_new(folder, skip_completed=True)
    assert (in_tmp / "results" / f"{name}.csv").read_bytes() == before
