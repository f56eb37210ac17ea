import pytest

from densebench.errors import (
    CheckpointError,
    DatasetError,
    DensebenchError,
    InputError,
    Interrupted,
    NonFiniteLoss,
    OutOfMemory,
    ResultsError,
    RunFailed,
    unknown,
)


@pytest.mark.parametrize("kind", [DensebenchError, InputError, DatasetError, ResultsError])
def test_wrong_input_exits_with_2(kind):
    assert kind("a sentence").exit_code == 2


@pytest.mark.parametrize("kind", [RunFailed, NonFiniteLoss, OutOfMemory, CheckpointError])
def test_a_run_that_failed_exits_with_1(kind):
    assert kind("a sentence").exit_code == 1


def test_an_interruption_exits_with_128_and_the_signals_number():
    assert Interrupted("stopped", 15).exit_code == 143


def test_a_mistyped_name_is_answered_with_the_nearest_ones():
    assert str(unknown("variant", "resnet2O", ["resnet20", "googlenet"])) == (
        "Unknown variant 'resnet2O': did you mean resnet20?"
    )


def test_a_name_that_is_like_none_is_answered_with_all():
    assert str(unknown("backend", "caffe", ["jax", "torch"])) == "Unknown backend 'caffe': choose from jax, torch."
