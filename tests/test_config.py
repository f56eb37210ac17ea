import dataclasses

import pytest

from densebench.config import (
    DATASETS,
    RUN_NAME,
    DataConfig,
    RunConfig,
    clean_name,
    deciding_values,
    fingerprint,
    from_json,
    list_decisions,
    to_json,
)
from densebench.errors import InputError
from densebench.recipes import RECIPES
from densebench.schedules import extend


def test_a_configuration_survives_json():
    config = RunConfig(
        variant="169x32",
        run="a",
        data=DataConfig(dataset="folder:/x", train_limit=10),
        recipe=RECIPES["short"],
        target=0.9,
    )
    assert from_json(to_json(config)) == config


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"variant": "a", "data": 1, "recipe": {}}', "\x00"])
def test_what_is_no_configuration_is_refused(text):
    with pytest.raises(InputError):
        from_json(text)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"backend": "tensorflaw"}, "did you mean tensorflow"),
        ({"precision": "float16"}, "mixed_float16"),
        ({"seed": -1}, "--seed"),
        ({"threads": 0}, "--threads"),
        ({"target": 1.5}, "--target"),
        ({"run": "../a"}, "cannot be a file name"),
        ({"run": ".hidden"}, "cannot be a file name"),
    ],
)
def test_a_wrong_value_is_named(changes, named):
    with pytest.raises(InputError, match=named):
        RunConfig(**{"variant": "100x12", "run": "a", **changes})


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"epochs": 0}, "--epochs 0"),
        ({"epochs": 10**20}, "--epochs 100000000000000000000 must be at most 1000000"),
        ({"batch_size": -1}, "--batch-size"),
        ({"learning_rate": float("nan")}, "--learning-rate"),
        ({"weight_decay": -1e-4}, "--weight-decay"),
        ({"label_smoothing": 1.0}, "--label-smoothing"),
        ({"cutout": -1}, "--cutout"),
    ],
)
def test_a_wrong_part_of_the_recipe_is_named(changes, named):
    with pytest.raises(InputError, match=named):
        RunConfig(variant="100x12", run="a", recipe=dataclasses.replace(RECIPES["blog"], **changes))


def test_only_what_decides_the_numbers_changes_the_fingerprint():
    config = RunConfig(variant="100x12", run="a")
    beside = dataclasses.replace(config, run="other", results_dir="elsewhere", resume=True)
    assert fingerprint(beside) == fingerprint(config)
    for change in ({"seed": 1}, {"deterministic": True}, {"data": DataConfig(train_limit=5)}):
        assert fingerprint(dataclasses.replace(config, **change)) != fingerprint(config)


def test_the_dataset_which_decides_whether_images_are_mirrored_changes_the_fingerprint():
    runs = [RunConfig(variant="100x12", run="a", data=DataConfig(dataset=dataset)) for dataset in DATASETS]
    moved = RunConfig(variant="100x12", run="a", data=DataConfig(dataset=DATASETS[0], data_dir="elsewhere"))
    assert len({fingerprint(run) for run in runs}) == len(DATASETS)
    assert fingerprint(moved) == fingerprint(runs[0])


def test_skipping_bad_images_leaves_the_fingerprint_as_it_was():
    one, other = (
        RunConfig(variant="resnet20", run="a", data=DataConfig(skip_bad_images=skip)) for skip in (False, True)
    )
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cats and dogs", "cats-and-dogs"),
        ("data (1)", "data-1"),
        ("Éclair", "Eclair"),
        ("\u6570\u636e", "data"),
        ("..", "data"),
        ("-x-", "x"),
        ("a" * 300, "a" * 80),
    ],
)
def test_any_text_can_be_a_part_of_a_runs_name(text, name):
    assert clean_name(text) == name
    assert RUN_NAME.fullmatch(clean_name(text))


def test_a_recipe_keeps_the_fingerprint_that_it_had_before_it_had_all_of_its_settings():
    config = RunConfig(variant="resnet20", run="a")
    assert not {"recipe.optimizer", "recipe.warmup_ratio"} & deciding_values(config).keys()
    assert fingerprint(config) == "f885f038b56c1780"
    changes = [{}, {"optimizer": "muon"}, {"warmup_ratio": 0.1}, {"warmup_ratio": 0.2}]
    changed = [dataclasses.replace(config, recipe=dataclasses.replace(config.recipe, **change)) for change in changes]
    assert len({fingerprint(each) for each in changed}) == len(changes)


def test_a_run_that_was_never_extended_keeps_the_fingerprint_that_it_had():
    config = RunConfig(variant="resnet20", run="a")
    assert "recipe.extensions" not in deciding_values(config)
    extended = dataclasses.replace(config, recipe=extend(config.recipe, epochs=400, finished=300, rule="hold"))
    assert list_decisions(extended) == [deciding_values(extended), deciding_values(config)]


def test_devices_change_the_time_and_not_the_experiment_unless_each_normalises_alone():
    plain = RunConfig(variant="resnet20", run="x")
    assert fingerprint(dataclasses.replace(plain, devices=4, hosts=2)) == fingerprint(plain)
    assert fingerprint(dataclasses.replace(plain, batch_norm="replica")) == fingerprint(plain)
    replicas = [dataclasses.replace(plain, batch_norm="replica", devices=devices) for devices in (2, 4)]
    assert len({fingerprint(config) for config in [plain, *replicas]}) == 3


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"devices": 0}, "--devices 0"),
        ({"devices": 3}, "such as 63 or 66"),
        ({"hosts": 2, "devices": 5}, "shared equally by 10 devices"),
        ({"batch_norm": "local"}, "local"),
        ({"backend": "torch", "jit": True, "devices": 2}, "--jit"),
        ({"backend": "tensorflow", "jit": True, "devices": 2, "batch_norm": "replica"}, "--jit"),
    ],
)
def test_what_devices_cannot_share_is_refused(values, what):
    with pytest.raises(InputError, match=what):
        RunConfig(variant="resnet20", run="x", **values)
