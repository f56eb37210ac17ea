import dataclasses

import pytest

from densebench.events import Message, Started
from densebench.measuring.environment import find_version, probe
from densebench.planning.options import TrainOptions
from densebench.planning.run_predictions import announce, predict_runs
from densebench.planning.training import plan_new
from densebench.records import EpochRecord, Run
from densebench.results import csv_file

DIGITS = TrainOptions(variants=("resnet20", "40x12"), dataset="digits", epochs=10, seeds=(0, 1))


@pytest.fixture
def measured_before(in_tmp):
    """A trial of resnet20 on this machine."""
    (in_tmp / "results").mkdir()
    records = tuple(
        EpochRecord(
            epoch=epoch,
            images_per_second=1000.0 if epoch == 1 else None,
            eval_seconds=0.064,
            elapsed_seconds=end,
            host_peak_bytes=10**9,
        )
        for epoch, end in ((1, 5.0), (2, 6.0))
    )
    run = Run(
        run="t",
        variant="resnet20",
        phase="trial",
        status="completed",
        batch_size=64,
        train_images=640,
        test_images=256,
        image_size=32,
        classes=10,
        backend="tensorflow",
        precision="float32",
        implementation="fast",
        recompute=False,
        jit=False,
        deterministic=False,
        threads=probe().cpu_cores,
        environment=dataclasses.replace(probe(), device_kind="cpu", backend_version=find_version("tensorflow")),
        records=records,
    )
    csv_file.write(run, in_tmp / "results" / "t.csv")


def start(variant):
    return Started(run=variant, variant=variant, params=1, epochs=1, steps=1, first_epoch=1)


def test_without_any_measurement_nothing_is_predicted(in_tmp):
    assert predict_runs(plan_new(DIGITS)) == [None] * 4


def test_new_runs_are_predicted_from_what_results_hold(measured_before):
    found = predict_runs(plan_new(DIGITS))
    assert [one.measured for one in found] == [True, True, False, False]
    assert found[0].total_seconds < found[2].total_seconds


def test_a_run_that_is_not_new_is_not_predicted(measured_before):
    planned = [dataclasses.replace(run, completed=True) for run in plan_new(DIGITS)]
    assert predict_runs(planned) == [None] * 4


def test_what_is_predicted_is_said_once_a_network_before_its_first_start(measured_before):
    planned = plan_new(DIGITS)
    said = []
    report = announce(list(zip(planned, predict_runs(planned), strict=True)), lambda event, run: said.append(event))
    for variant in ("resnet20", "resnet20", "40x12"):
        report(start(variant), "a")
    texts = [event.text if isinstance(event, Message) else event.variant for event in said]
    assert texts[0].startswith("resnet20 is predicted to take ")
    assert texts[0].endswith("each of the 2 runs.")
    assert texts[1:3] == ["resnet20", "resnet20"]
    assert texts[3].startswith("40x12 is predicted to take ~")


def test_what_is_not_known_is_said_with_the_command_that_measures_it(in_tmp):
    planned = plan_new(DIGITS)
    said = []
    announce([(run, None) for run in planned], lambda event, run: said.append(event))(start("40x12"), "a")
    assert said[0].text == (
        "How long 40x12 takes has not been measured here yet: 'densebench plan 40x12 --dataset digits' does so."
    )


def test_numbers_of_devices_are_told_apart_and_only_what_was_measured_on_as_many_counts(measured_before):
    planned = plan_new(dataclasses.replace(DIGITS, seeds=(0,), variants=("resnet20",), axes=(("devices", (1, 2)),)))
    said = []
    report = announce(list(zip(planned, predict_runs(planned), strict=True)), lambda event, run: said.append(event))
    report(start("resnet20"), "a")
    first, second = (event.text for event in said if isinstance(event, Message))
    assert first.startswith("resnet20 on 1 device is predicted to take ")
    assert second == (
        "How long resnet20 on 2 devices takes has not been measured here yet: 'densebench plan resnet20 --dataset "
        "digits --devices 2' does so."
    )
