import pytest

from densebench.errors import NonFiniteLoss
from densebench.training.epoch_totals import EpochTotals, advise
from densebench.training.steps.step import StepResult


class FakeClock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def totals(clock):
    return EpochTotals(epoch=2, steps=100, clock=clock, advice="lower --learning-rate.")


def result(loss=1.0, correct=0, backward_sign=0.0):
    return StepResult(loss=loss, correct=correct, backward_sign=backward_sign)


def test_loss_and_accuracy_are_means_over_the_images_not_over_the_batches(totals):
    totals.add(1, 64, result(loss=1.0, correct=32))
    totals.add(2, 16, result(loss=2.0, correct=16))
    assert (totals.loss, totals.accuracy) == (96 / 80, 48 / 80)


def test_the_rate_leaves_out_the_first_step(totals, clock):
    clock.now = 30.0
    assert totals.add(1, 64, result()).images_per_second is None
    clock.now = 32.0
    assert totals.add(2, 64, result()).images_per_second == 32.0


def test_progress_is_reported_when_enough_time_has_passed_and_after_the_last_step(totals, clock):
    reported = []
    for step in range(1, 101):
        clock.now += 0.03125
        reported += [progress.step for progress in [totals.add(step, 1, result())] if progress is not None]
    assert reported == [*range(1, 101, 4), 100]


def test_progress_is_of_the_epoch_so_far(totals):
    progress = totals.add(1, 64, result(loss=1.5, correct=16))
    assert (progress.epoch, progress.step, progress.steps) == (2, 1, 100)
    assert (progress.loss, progress.accuracy) == (1.5, 0.25)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_is_named_with_its_step(totals, value):
    with pytest.raises(NonFiniteLoss, match=f"The loss became {value} in epoch 2, step 3 of 100: lower --learning"):
        totals.add(3, 64, result(loss=value))
    with pytest.raises(NonFiniteLoss, match=f"The gradient became {value} in epoch 2"):
        totals.add(3, 64, result(backward_sign=value))


@pytest.mark.parametrize(
    ("precision", "epoch", "every", "advice"),
    [
        ("float32", 1, 1, "lower --learning-rate."),
        ("float32", 6, 1, "lower --learning-rate; the checkpoint of epoch 5 is kept."),
        ("float32", 6, 4, "lower --learning-rate; the checkpoint of epoch 4 is kept."),
        ("float32", 6, 0, "lower --learning-rate."),
        ("mixed_float16", 1, 1, "lower --learning-rate, or use --precision float32 instead of mixed_float16."),
    ],
)
def test_the_advice_fits_the_precision_and_the_checkpoints_that_there_are(precision, epoch, every, advice):
    assert advise(precision=precision, epoch=epoch, checkpoint_every=every) == advice
