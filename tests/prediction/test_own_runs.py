import pytest

from densebench.prediction.own_runs import find_alike, is_whole
from densebench.records import EpochRecord, Run

WANTED = {"dataset": ("digits",), "augmentation": ("none", "flip"), "batch_norm": ("global",)}


def make(**changes):
    settings = {"status": "completed", "dataset": "digits", "augmentation": "flip", "epochs": 2}
    return Run(run="r", variant="resnet20", **{**settings, **changes})


def test_a_completed_training_counts_whose_columns_have_one_of_the_values_each():
    runs = [make(), make(augmentation="none"), make(devices=2, batch_norm="global")]
    assert find_alike(runs, "resnet20", WANTED) == runs


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "interrupted"},
        {"phase": "trial"},
        {"dataset": "mnist"},
        {"augmentation": None},
        {"devices": 2, "batch_norm": "replica"},
    ],
)
def test_a_run_that_is_another_or_did_not_end_is_left_out(changes):
    assert find_alike([make(**changes)], "resnet20", WANTED) == []


def test_of_images_that_differ_only_those_of_the_newest_training_count():
    older = make(dataset_sha256="a", started="2026-01-01T00:00:00+00:00")
    newest = make(dataset_sha256="b", started="2026-03-01T00:00:00+00:00")
    same = make(dataset_sha256="b", started="2025-03-01T00:00:00+00:00")
    assert find_alike([older, newest, same], "resnet20", WANTED) == [newest, same]


def test_another_network_is_left_out():
    assert find_alike([make()], "40x12", WANTED) == []


def test_a_run_is_whole_with_all_the_epochs_it_was_asked_for():
    two = (EpochRecord(epoch=1), EpochRecord(epoch=2))
    assert [is_whole(make(records=two[:count])) for count in (0, 1, 2)] == [False, False, True]
