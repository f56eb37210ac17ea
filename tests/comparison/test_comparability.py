from densebench.comparison.comparability import (
    across_hardware,
    environment_differences,
    hardware_note,
    mixed_note,
    obstacles,
    terms,
)
from densebench.comparison.compare import compare
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import CompareOptions

ACCURACY, TIME, PARAMS = METRICS["test_accuracy"], METRICS["epoch_seconds"], METRICS["params"]


def rows(*runs, **options):
    return compare(runs, CompareOptions(**options)).rows


def test_accuracies_on_other_data_are_not_compared_but_sizes_are(trained):
    ours, theirs = rows(trained("a"), trained("b", dataset="cifar10"))
    assert obstacles(ACCURACY, ours, theirs) == ("dataset",)
    assert obstacles(PARAMS, ours, theirs) == ()


def test_other_hardware_is_a_mark_on_a_time_and_nothing_to_an_accuracy(trained):
    ours, theirs = rows(trained("a"), trained("b", device="Slow Card"))
    assert (obstacles(TIME, ours, theirs), across_hardware(TIME, ours, theirs)) == ((), True)
    assert not across_hardware(ACCURACY, ours, theirs)


def test_a_metric_that_needs_the_end_is_not_compared_before_it(trained):
    ours, theirs = rows(trained("a"), trained("b", status="failed"))
    assert obstacles(ACCURACY, ours, theirs) == ("status",)
    assert obstacles(TIME, ours, theirs) == ()
    assert terms(ACCURACY, theirs) != terms(ACCURACY, ours)
    assert terms(TIME, theirs) == terms(TIME, ours)


def test_only_columns_in_which_environments_differ_are_listed(trained):
    (found,) = environment_differences(rows(trained("a"), trained("b", cpu_cores=8), trained("c")))
    assert (found.column, found.values) == ("cpu_cores", (("2", ("a", "c")), ("8", ("b",))))


def test_the_notes_say_what_differs_and_are_left_out_where_nothing_does(trained):
    same = rows(trained("a"), trained("b"))
    assert (hardware_note(same), mixed_note(same)) == (None, None)
    assert "device differs" in hardware_note(rows(trained("a"), trained("b", device="Slow Card")))
    mixed = rows(trained("a"), trained("a", seed=1, batch_size=32), by=("variant",))
    assert mixed_note(mixed) == "Some rows hold runs that differ in batch_size, not in the seed alone."
