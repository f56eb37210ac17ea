from densebench.comparison.comparability import (
    find_environment_differences,
    find_obstacles,
    get_terms,
    is_across_hardware,
    note_hardware,
    note_mixed,
)
from densebench.comparison.compare import compare
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import CompareOptions

ACCURACY, TIME, PARAMS = METRICS["test_accuracy"], METRICS["epoch_seconds"], METRICS["params"]


def rows(*runs, **options):
    return compare(runs, CompareOptions(**options)).rows


def test_accuracies_on_other_data_are_not_compared_but_sizes_are(trained):
    ours, theirs = rows(trained("a"), trained("b", dataset="cifar10"))
    assert find_obstacles(ACCURACY, ours, theirs) == ("dataset",)
    assert find_obstacles(PARAMS, ours, theirs) == ()


def test_other_hardware_is_a_mark_on_a_time_and_nothing_to_an_accuracy(trained):
    ours, theirs = rows(trained("a"), trained("b", device="Slow Card"))
    assert (find_obstacles(TIME, ours, theirs), is_across_hardware(TIME, ours, theirs)) == ((), True)
    assert not is_across_hardware(ACCURACY, ours, theirs)


def test_a_metric_that_needs_the_end_is_not_compared_before_it(trained):
    ours, theirs = rows(trained("a"), trained("b", status="failed"))
    assert find_obstacles(ACCURACY, ours, theirs) == ("status",)
    assert find_obstacles(TIME, ours, theirs) == ()
    assert get_terms(ACCURACY, theirs) != get_terms(ACCURACY, ours)
    assert get_terms(TIME, theirs) == get_terms(TIME, ours)


def test_only_columns_in_which_environments_differ_are_listed(trained):
    (found,) = find_environment_differences(rows(trained("a"), trained("b", cpu_cores=8), trained("c")))
    assert (found.column, found.values) == ("cpu_cores", (("2", ("a", "c")), ("8", ("b",))))


def test_the_notes_say_what_differs_and_are_left_out_where_nothing_does(trained):
    same = rows(trained("a"), trained("b"))
    assert (note_hardware(same), note_mixed(same)) == (None, None)
    assert "device differs" in note_hardware(rows(trained("a"), trained("b", device="Slow Card")))
    mixed = rows(trained("a"), trained("a", seed=1, batch_size=32), by=("variant",))
    assert note_mixed(mixed) == "Some rows hold runs that differ in batch_size, not in the seed alone."


def test_times_memory_and_energy_of_other_numbers_of_devices_or_hosts_are_not_compared_but_accuracies_are(trained):
    ours, theirs = rows(trained("a"), trained("b", devices=2, hosts=2))
    for name in ("epoch_seconds", "images_per_second", "gpu_peak_bytes", "host_peak_bytes", "energy_joules"):
        assert find_obstacles(METRICS[name], ours, theirs) == ("devices", "hosts")
        assert not is_across_hardware(METRICS[name], ours, theirs)
    assert find_obstacles(ACCURACY, ours, theirs) == ()


def test_an_old_file_is_compared_with_runs_on_one_device(trained):
    ours, theirs = rows(trained("a"), trained("b", devices=1, hosts=1, batch_norm="global"))
    assert (find_obstacles(TIME, ours, theirs), get_terms(TIME, ours)) == ((), get_terms(TIME, theirs))
