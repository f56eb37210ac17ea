import dataclasses
from typing import get_args

from densebench.comparison.grouping import find_leading, find_shared, group_runs, name_rows, order_rows
from densebench.comparison.options import CompareOptions
from densebench.records import Phase


def labels(*runs, options=None):
    options = options or CompareOptions()
    return [row.label for row in name_rows(group_runs(runs, options), options)]


def test_a_variant_is_enough_where_it_has_one_row(trained):
    assert labels(trained("a", backend="jax"), trained("b")) == ["a", "b"]


def test_rows_of_one_variant_name_what_they_differ_in_words_bare_and_numbers_with_a_title(trained):
    assert labels(trained("a"), trained("a", backend="jax", batch_size=32), trained("b")) == [
        "a · batch 64 · tensorflow",
        "a · batch 32 · jax",
        "b",
    ]


def test_of_recipes_from_files_a_row_names_what_nothing_else_tells_apart(trained):
    def make(epochs, nesterov):
        text = f"{{epochs = {epochs}, batch_size = 64, nesterov = {nesterov}}}"
        return trained("a", recipe="mine", recipe_text=text, epochs=epochs)

    assert labels(make(2, "true"), make(3, "true")) == ["a · epochs 2", "a · epochs 3"]
    assert labels(make(3, "true"), make(3, "false"), make(2, "false")) == [
        "a · epochs 3 · nesterov = true",
        "a · epochs 3 · nesterov = false",
        "a · epochs 2 · nesterov = false",
    ]


def test_rows_that_still_have_one_name_are_numbered(trained):
    assert labels(trained("a"), trained("a", 1), options=CompareOptions(group=False)) == ["a-s0", "a-s1"]
    twice = [trained("a", 0), trained("a", 0)]
    assert labels(*twice, options=CompareOptions(group=False)) == ["a-s0", "a-s0 #2"]


def test_an_evaluation_says_so_only_beside_a_training(trained):
    assert labels(trained("a", phase="eval")) == ["a"]
    assert labels(trained("a"), trained("a", phase="eval")) == ["a", "a · eval"]


def test_steps_and_forward_passes_never_share_a_row(trained):
    assert labels(trained("a", phase="speed"), trained("a", 1, phase="inference")) == ["a", "a · inference"]
    options = CompareOptions(by=("variant",))
    assert len(group_runs([trained("a", phase="speed"), trained("a", 1, phase="inference")], options)) == 2


def test_a_published_row_has_the_name_of_its_run(trained):
    assert labels(dataclasses.replace(trained("a"), run="a paper", phase="published")) == ["a paper"]


def test_the_baseline_of_a_file_says_so_beside_rows_of_its_variant(trained):
    options = CompareOptions()
    rows = [*group_runs([trained("a")], options, is_baseline=True), *group_runs([trained("a"), trained("b")], options)]
    assert [row.label for row in name_rows(rows, options)] == ["a · baseline", "a", "b"]


def ordered(*runs):
    return [row.label for row in order_rows(name_rows(group_runs(runs, CompareOptions()), CompareOptions()))]


def test_rows_stand_best_first_in_accuracy_those_of_speed_in_throughput(trained):
    assert ordered(trained("a", accuracy=0.8), trained("b", accuracy=0.9), trained("c", accuracy=0.85)) == list("bca")
    speeds = [trained(name, phase="speed", seconds=seconds) for name, seconds in (("a", 9), ("b", 5), ("c", 7))]
    assert ordered(*speeds) == list("bca")


def test_rows_that_may_not_be_compared_are_not_ranked_among_one_another(trained):
    runs = [
        trained("a", accuracy=0.8),
        trained("b", accuracy=0.99, status="failed"),
        trained("c", accuracy=0.95, dataset="cifar10"),
        trained("d", accuracy=0.9),
    ]
    assert ordered(*runs) == ["d", "a", "c", "b"]


def test_trials_are_ordered_by_speed_and_every_phase_by_something(trained):
    trials = [trained(name, seconds=seconds, phase="trial") for name, seconds in (("a", 3), ("b", 1), ("c", 2))]
    assert ordered(*trials) == ["b", "c", "a"]
    assert all(find_leading(phase) for phase in get_args(Phase))


def test_a_row_without_the_figure_comes_after_those_that_have_it(trained):
    unknown = dataclasses.replace(trained("a"), records=())
    assert ordered(unknown, trained("b", accuracy=0.1)) == ["b", "a"]


def test_the_version_of_a_backend_is_named_only_where_the_backend_does_not_tell_rows_apart(trained):
    runs = [trained("a", backend=backend, backend_version=v) for backend, v in (("jax", "0.10"), ("torch", "2.13"))]
    assert labels(*runs) == ["a · jax", "a · torch"]
    assert labels(*runs, trained("a", backend="jax", backend_version="0.11")) == [
        "a · jax · 0.10", "a · torch · 2.13", "a · jax · 0.11",
    ]  # fmt: skip


def test_devices_hosts_and_batch_norm_keep_rows_apart_and_name_them(trained):
    runs = [trained("a"), trained("a", devices=2), trained("a", devices=2, batch_norm="replica")]
    assert labels(*runs) == [
        "a · devices 1 · batch norm global", "a · devices 2 · batch norm global", "a · devices 2 · batch norm replica",
    ]  # fmt: skip
    assert labels(trained("a"), trained("a", hosts=2)) == ["a · hosts 1", "a · hosts 2"]


def test_old_runs_and_new_ones_of_one_device_stand_in_one_row_whoever_started_them(trained):
    new = trained("a", 1, devices=1, hosts=1, batch_norm="replica", launcher="slurm", restarts=3)
    assert labels(trained("a", 0), new) == ["a"]


def test_that_all_rows_share_is_said_of_several_devices_and_goes_without_saying_of_one(trained):
    one = group_runs([trained("a"), trained("b")], CompareOptions())
    two = group_runs([trained("a", devices=2), trained("b", devices=2)], CompareOptions())
    assert [set(find_shared(rows)) & {"devices", "hosts", "batch_norm"} for rows in (one, two)] == [set(), {"devices"}]
