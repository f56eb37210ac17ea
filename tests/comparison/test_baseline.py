import pytest

from densebench.comparison.baseline import describe_unmatched, find_nearest, mark_baseline, require_baselines
from densebench.comparison.grouping import group_runs, name_rows
from densebench.comparison.options import CompareOptions
from densebench.errors import InputError


def rows_of(*runs):
    return name_rows(group_runs(runs, CompareOptions()), CompareOptions())


@pytest.mark.parametrize("wanted", ["a-s7", "backend=jax", "backend = jax", "jit=true", "cpu=New CPU"])
def test_a_baseline_is_a_run_or_a_value_of_a_column(trained, wanted):
    rows = rows_of(trained("a"), trained("a", 7, backend="jax", jit=True, cpu="New CPU"))
    assert [row.is_baseline for row in mark_baseline(rows, wanted)] == [False, True]


def test_a_variant_marks_all_of_its_rows(trained):
    rows = rows_of(trained("a"), trained("a", backend="jax"), trained("b"))
    assert [row.is_baseline for row in mark_baseline(rows, "a")] == [True, True, False]


def test_a_name_of_other_libraries_marks_the_rows_of_the_network(trained):
    rows = rows_of(trained("121x32"), trained("b"))
    assert [row.is_baseline for row in mark_baseline(rows, "DenseNet-121")] == [True, False]


def test_a_label_marks_its_row_alone(trained):
    rows = rows_of(trained("a"), trained("a", backend="jax"))
    assert [row.is_baseline for row in mark_baseline(rows, "a · tensorflow")] == [True, False]


def test_a_hash_is_named_by_letters_that_no_other_begins_with(trained):
    rows = rows_of(*(trained("a", dataset_sha256=letters * 32) for letters in ("ab", "cd", "ac")))
    assert [row.is_baseline for row in mark_baseline(rows, "dataset_sha256=cdcd")] == [False, True, False]
    with pytest.raises(InputError, match="Unknown value of dataset_sha256 for --baseline 'a'"):
        mark_baseline(rows, "dataset_sha256=a")


def test_an_empty_value_marks_the_rows_that_lack_it(trained):
    rows = rows_of(trained("a"), trained("a", jit=True))
    assert [row.is_baseline for row in mark_baseline(rows, "jit=")] == [True, False]


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("aa", "Unknown baseline 'aa': did you mean a"),
        ("backed=jax", "Unknown column for --baseline 'backed'"),
        ("epoch=1", "Unknown column for --baseline 'epoch'"),
        ("backend=torch", "Unknown value of backend for --baseline 'torch': choose from tensorflow"),
    ],
)
def test_a_baseline_that_is_not_there_gets_the_nearest(trained, wanted, says):
    with pytest.raises(InputError, match=says):
        mark_baseline(rows_of(trained("a")), wanted)


def test_the_nearest_baseline_differs_in_the_fewest_settings(trained):
    row, near, far, other_phase = rows_of(
        trained("a", backend="jax"),
        trained("a"),
        trained("b", batch_size=32),
        trained("a", backend="jax", phase="eval"),
    )
    assert find_nearest(row, [near, far, other_phase]) is near
    assert find_nearest(row, [far, other_phase]) is far
    assert find_nearest(row, [other_phase]) is None
    assert find_nearest(row, []) is None


def test_a_network_has_its_own_baseline_however_much_the_machine_has_changed(trained):
    row, own, other = rows_of(
        trained("a", backend_version="3", keras="3", cpu="New CPU"),
        trained("a"),
        trained("b", backend_version="3", keras="3", cpu="New CPU"),
    )
    assert find_nearest(row, [own, other]) is own


def test_a_network_without_a_baseline_is_not_held_against_one_of_several_others(trained):
    row, near, far = rows_of(trained("a"), trained("b"), trained("c", batch_size=32))
    assert find_nearest(row, [near, far]) is None
    assert find_nearest(row, [near]) is near


def test_what_was_chosen_counts_before_versions_and_hardware(trained):
    row, older, otherwise = rows_of(
        trained("a", backend_version="3", keras="3", cpu="New CPU"),
        trained("a"),
        trained("a", batch_size=32, backend_version="3", keras="3", cpu="New CPU"),
    )
    assert find_nearest(row, [older, otherwise]) is older


def test_two_baselines_that_are_equally_near_are_none(trained):
    row, one, other = rows_of(trained("a"), trained("b"), trained("c"))
    assert find_nearest(row, [one, other]) is None
    rows = mark_baseline([row, one, other], "variant=b")
    assert describe_unmatched(rows) == (
        "No single baseline row corresponds to a and c: name it more exactly, or give one of the same network."
    )
    assert describe_unmatched([row, one, other]) is None


def test_a_gate_needs_a_row_with_a_baseline(trained):
    with pytest.raises(InputError, match="nothing to judge"):
        require_baselines(rows_of(trained("a")))
