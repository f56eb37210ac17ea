import dataclasses
import math

from densebench.comparison import statistics
from densebench.comparison.metrics import METRICS
from densebench.comparison.run_figures import compute_figures, summarise
from densebench.records import EpochRecord, Run


def figure(name, run):
    return compute_figures([run])[name][0]


def test_the_last_epoch_counts_and_the_best_is_a_separate_figure(trained):
    run = trained(accuracy=0.8)
    run = dataclasses.replace(run, records=(*run.records, EpochRecord(epoch=4, test_accuracy=0.7)))
    assert figure("test_accuracy", run) == 0.7
    assert figure("best_test_accuracy", run) == 0.8


def test_an_unknown_last_epoch_is_not_replaced_by_the_one_before(trained):
    run = trained()
    run = dataclasses.replace(run, records=(*run.records, EpochRecord(epoch=4)))
    assert figure("test_accuracy", run) is None


def test_a_slow_first_epoch_does_not_move_the_median(trained):
    run = trained(seconds=10.0)
    slow = dataclasses.replace(run.records[0], epoch_seconds=100.0)
    assert figure("epoch_seconds", dataclasses.replace(run, records=(slow, *run.records[1:]))) == 10.0


def test_energy_with_an_unknown_epoch_is_unknown_as_a_whole():
    known = EpochRecord(epoch=1, energy_joules=5.0)
    run = Run(run="a", variant="b", records=(known, known))
    assert figure("energy_joules", run) == 10.0
    assert figure("energy_joules", dataclasses.replace(run, records=(known, EpochRecord(epoch=2)))) is None


def test_a_run_without_epochs_has_no_figures_of_epochs(trained):
    run = dataclasses.replace(trained(), records=())
    assert figure("test_accuracy", run) is None
    assert figure("epoch_seconds", run) is None
    assert figure("params", run) == 271_098


def test_a_diverged_loss_is_shown_as_what_it_is(trained):
    run = dataclasses.replace(trained(), records=(EpochRecord(epoch=1, test_loss=math.nan),))
    assert math.isnan(figure("test_loss", run))


def test_runs_of_different_lengths_keep_their_places(trained):
    short, none, long = trained(epochs=1, seconds=4.0), dataclasses.replace(trained(), records=()), trained(epochs=4)
    figures = compute_figures([short, none, long])
    assert figures["epoch_seconds"] == [4.0, None, 10.0]
    assert figures["test_accuracy"] == [0.9, None, 0.9]
    assert figures["gpu_peak_bytes"] == [2**30, None, 2**30]


def test_a_maximum_and_a_median_leave_nan_out_and_a_sum_does_not():
    records = tuple(EpochRecord(epoch_seconds=value, energy_joules=value) for value in (1.0, math.nan, 3.0))
    figures = compute_figures([Run(run="a", variant="b", records=records)])
    assert figures["epoch_seconds"] == [2.0]
    assert math.isnan(figures["energy_joules"][0])


def test_counts_stay_whole(trained):
    figures = compute_figures([trained(memory=2**53 - 1)])
    assert figures["gpu_peak_bytes"] == [2**53 - 1]
    assert isinstance(figures["gpu_peak_bytes"][0], int)
    assert isinstance(figures["params"][0], int)


def test_the_interval_of_an_accuracy_is_that_of_fractions_and_a_times_is_students():
    values = [0.98, 0.99]
    assert summarise(METRICS["test_accuracy"], values).interval == statistics.fraction_interval(values)
    assert summarise(METRICS["epoch_seconds"], values).interval == statistics.mean_interval(values)


def test_a_measurement_that_ends_by_the_clock_has_no_cost_of_a_training(trained):
    for phase in ("speed", "trial"):
        figures = compute_figures([trained(phase=phase), trained()])
        for name in ("epoch_seconds", "total_seconds"):
            assert figures[name][0] is None
            assert figures[name][1] is not None
        assert figures["images_per_second"][0] is not None


def test_a_run_that_went_on_with_other_devices_has_times_of_neither_number(trained):
    run = trained(accuracy=0.8, seconds=10.0)
    changed = dataclasses.replace(run.records[-1], replicas=2)
    mixed = dataclasses.replace(run, records=(*run.records[:-1], changed))
    restarted = dataclasses.replace(run, devices=4)  # of which it has trained no epoch
    restarted = dataclasses.replace(restarted, records=[dataclasses.replace(each, replicas=2) for each in run.records])
    assert figure("epoch_seconds", restarted) is None
    for name in ("epoch_seconds", "total_seconds", "images_per_second", "host_peak_bytes", "energy_joules"):
        assert figure(name, mixed) is None
    assert figure("test_accuracy", mixed) == 0.8
    assert figure("epoch_seconds", run) == 10.0
