import dataclasses

import pytest

from densebench.machine import Environment
from densebench.prediction.measurements import count_data_bytes, find_measurements, measure


def test_a_trial_shows_what_every_part_of_a_training_takes(trial):
    found = measure(trial(seconds=0.01, evaluation=0.002, start=5.0, besides=0.5))
    assert found.image_seconds == pytest.approx(0.01)
    assert found.eval_image_seconds == pytest.approx(0.002)
    assert found.epoch_seconds == pytest.approx(0.5)
    assert found.start_seconds == pytest.approx(5.0)
    assert found.peak_bytes == 10**9 + 2


def test_a_training_shows_the_same_as_a_trial(trial):
    one = trial()
    whole = [
        dataclasses.replace(record, images_per_second=100.0, elapsed_seconds=end)
        for record, end in zip(one.records, (5.0 + 0.5 + 6.56 + 0.512, 5.0 + 2 * (0.5 + 6.56 + 0.512)), strict=True)
    ]
    found = measure(dataclasses.replace(one, phase="train", records=tuple(whole)))
    expected = measure(one)
    for name in ("image_seconds", "eval_image_seconds", "epoch_seconds", "start_seconds"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name)), name


def test_two_steps_in_which_the_machine_did_something_else_change_a_trial_as_little_as_they_are(trial):
    one = trial()
    stalled = dataclasses.replace(one.records[1], images_per_second=50.0)
    found = measure(dataclasses.replace(one, records=(one.records[0], stalled)))
    assert found.image_seconds == pytest.approx((656 * 0.01 + 80 * 0.02) / 736)
    assert found.start_seconds == pytest.approx(5.0, rel=0.25)
    assert found.spread == pytest.approx(2**0.5 * ((656 * 0.00109) ** 2 + (80 * 0.00891) ** 2) ** 0.5 / 8.16, rel=0.01)


@pytest.mark.parametrize("rate", [float("inf"), 1e300, 1e-300])
def test_a_rate_that_no_machine_has_is_not_known(trial, rate):
    one = trial()
    edited = dataclasses.replace(one.records[1], images_per_second=rate)
    assert measure(dataclasses.replace(one, records=(one.records[0], edited))).image_seconds == pytest.approx(0.01)


def test_the_images_of_a_training_are_no_part_of_its_measured_memory(trial):
    one = dataclasses.replace(trial(), phase="train")
    one = dataclasses.replace(
        one, records=tuple(dataclasses.replace(record, images_per_second=100.0) for record in one.records)
    )
    assert measure(one).peak_bytes == 10**9 + 2 - count_data_bytes(656 + 256, 32)
    assert count_data_bytes(1, 32) == 3072


def test_the_validation_images_of_a_training_are_evaluated_too(trial):
    one = trial()
    later = dataclasses.replace(one.records[0], elapsed_seconds=one.records[0].elapsed_seconds + 100 * 0.002)
    last = dataclasses.replace(one.records[1], elapsed_seconds=one.records[1].elapsed_seconds + 200 * 0.002)
    found = measure(dataclasses.replace(one, validation_images=100, records=(later, last)))
    assert (found.start_seconds, found.epoch_seconds) == pytest.approx((5.0, 0.5))


@pytest.mark.parametrize(
    "changes",
    [
        {"phase": "speed"},
        {"phase": "eval"},
        {"resumed": 1},
        {"batch_size": None},
        {"test_images": None},
        {"train_images": None},
        {"records": ()},
    ],
)
def test_a_run_that_does_not_show_everything_is_no_measurement(trial, changes):
    assert measure(trial(**changes)) is None


@pytest.mark.parametrize("name", ["elapsed_seconds", "eval_seconds", "images_per_second"])
def test_a_run_that_lacks_a_time_is_no_measurement(trial, name):
    one = trial()
    records = tuple(dataclasses.replace(record, **{name: None}) for record in one.records)
    assert measure(dataclasses.replace(one, records=records)) is None


def test_one_epoch_does_not_tell_the_start_from_what_an_epoch_takes_besides(trial):
    one = trial()
    assert measure(dataclasses.replace(one, records=one.records[:1])) is None


def test_a_training_of_a_few_steps_does_not_replace_a_trial(trial):
    one = trial(phase="train")
    records = tuple(dataclasses.replace(record, images_per_second=100.0, epoch_seconds=0.3) for record in one.records)
    assert measure(dataclasses.replace(one, records=records)) is None


def test_on_a_gpu_its_own_memory_and_energy_are_measured(trial):
    one = trial(environment=Environment(device_kind="gpu"))
    records = tuple(
        dataclasses.replace(record, gpu_peak_bytes=5 * 10**9, energy_joules=656.0) for record in one.records
    )
    found = measure(dataclasses.replace(one, records=records))
    assert (found.on_gpu, found.peak_bytes, found.image_joules) == (True, 5 * 10**9, 1.0)


def test_a_clock_that_was_set_back_makes_no_negative_time(trial):
    found = measure(trial(start=-1.0, besides=-0.5))
    assert (found.epoch_seconds, found.start_seconds) == (0.0, 0.0)


def test_runs_of_other_settings_are_left_out_and_the_newest_comes_first(trial):
    runs = [
        trial(run="old", started="2026-01-01T00:00:00+00:00", backend="jax"),
        trial(run="new", started="2026-02-01T00:00:00+00:00", backend="jax"),
        trial(run="other", started="2026-03-01T00:00:00+00:00", backend="torch"),
        trial(run="elsewhere", backend="jax", environment=Environment(device_kind="gpu")),
    ]
    wanted = {"backend": ("jax",), "device_kind": ("cpu",)}
    assert [found.run for found in find_measurements(runs, wanted)] == ["new", "old"]
    own = find_measurements(runs, wanted, own=["elsewhere"])
    assert {found.run for found in own} == {"new", "old", "elsewhere"}


def test_steps_that_lie_apart_make_the_rate_uncertain(trial):
    one = trial()
    apart = dataclasses.replace(one.records[0], step_ms_p5=9.0, step_ms_p50=10.0, step_ms_p95=12.29)
    found = measure(dataclasses.replace(one, records=(apart, one.records[1])))
    assert found.spread == pytest.approx(0.1 / 10**0.5)
