import dataclasses

import pytest

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions, parse_compare_options


def scaled(*runs, options=None):
    """Of each row its devices, its scaling's reference and efficiency."""
    rows = compare(runs, options or CompareOptions()).rows
    return {
        row.label: (row.scaling.reference, round(row.scaling.efficiency, 3)) if row.scaling else None for row in rows
    }


def test_the_efficiency_is_images_a_second_by_those_of_one_device_and_by_the_number_of_devices(trained):
    runs = [trained("a", seconds=12.0), trained("a", devices=2, seconds=8.0), trained("a", devices=4, seconds=4.0)]
    assert scaled(*runs) == {
        "a · devices 1": ("a · devices 1", 1.0),
        "a · devices 2": ("a · devices 1", 0.75),
        "a · devices 4": ("a · devices 1", 0.75),
    }


def test_the_devices_of_all_hosts_count(trained):
    runs = [trained("a", seconds=8.0), trained("a", devices=2, hosts=2, seconds=2.5)]
    assert scaled(*runs)["a · devices 2 · hosts 2"] == ("a · devices 1 · hosts 1", 0.8)


def test_a_measurement_of_speed_scales_as_a_training_does(trained):
    runs = [trained("a", seconds=6.0, phase="speed"), trained("a", devices=2, seconds=4.0, phase="speed")]
    assert scaled(*runs)["a · devices 2"] == ("a · devices 1", 0.75)


def test_an_old_file_without_the_columns_is_what_new_runs_are_measured_by(trained):
    new = trained("a", devices=2, hosts=1, batch_norm="replica", seconds=6.0)
    assert scaled(trained("a", seconds=9.0), new)["a · devices 2 · batch norm replica"][1] == 0.75


@pytest.mark.parametrize(
    "different",
    [{"batch_size": 32}, {"backend": "jax"}, {"device": "Slow Card"}, {"cpu_cores": 8}, {"precision": "mixed_float16"}],
)
def test_there_is_none_with_other_settings_or_on_another_machine_and_a_note_says_why(trained, different):
    comparison = compare([trained("a", **different), trained("a", devices=2)], CompareOptions())
    assert all(row.scaling is None for row in comparison.rows)
    (column,) = different
    assert any(f"has no scaling efficiency: {column} differs between" in note for note in comparison.notes)


def test_rows_that_lack_the_same_setting_share_a_note(trained):
    runs = [trained("a", batch_size=32), trained("a", devices=2), trained("a", devices=4)]
    assert compare(runs, CompareOptions()).notes == (
        "a · batch 64 · devices 2 and a · batch 64 · devices 4 have no scaling efficiency: batch_size differs between "
        "them and the rows of one device.",
    )


def test_without_a_row_of_one_device_there_is_neither_a_figure_nor_a_note(trained):
    comparison = compare([trained("a", devices=2), trained("a", devices=4), trained("b")], CompareOptions())
    assert (comparison.notes, {row.scaling for row in comparison.rows}) == ((), {None})


def test_a_run_that_did_not_end_says_nothing_of_scaling(trained):
    failed = dataclasses.replace(trained("a", seconds=12.0), status="failed")
    assert set(scaled(failed, trained("a", devices=2)).values()) == {None}


def test_one_device_may_have_more_threads_than_each_of_several_and_not_fewer(trained):
    several = trained("a", devices=2, threads=1, seconds=6.0)
    alone = [trained("a", threads=4, seconds=12.0), trained("a", threads=1, seconds=9.0)]
    assert scaled(several, alone[0])["a · devices 2 · threads 1"][1] == 1.0
    assert scaled(several, *alone)["a · devices 2 · threads 1"] == ("a · devices 1 · threads 1", 0.75)
    assert set(scaled(dataclasses.replace(several, threads=8), *alone).values()) == {None}


def test_several_runs_on_both_sides_give_an_interval_around_the_ratio(trained):
    alone = [trained("a", seed, seconds=12 + 0.1 * seed) for seed in range(3)]
    both = [trained("a", seed, seconds=8 + 0.07 * seed, devices=2) for seed in range(3)]
    found = next(row.scaling for row in compare([*alone, *both], CompareOptions()).rows if row.scaling.devices == 2)
    assert found.interval.low < found.ratio < found.interval.high
    assert found.efficiency_interval.low == found.interval.low / 2
    (single,) = [row.scaling for row in compare([*alone, both[0]], CompareOptions()).rows if row.scaling.devices == 2]
    assert (single.interval, single.efficiency_interval) == (None, None)


def test_two_runs_against_more_give_no_interval_that_might_be_too_short(trained):
    alone = [trained("a", seed, seconds=12 + 0.1 * seed) for seed in range(3)]
    both = [trained("a", seed, seconds=8 + 0.07 * seed, devices=2) for seed in range(2)]
    found = next(row.scaling for row in compare([*alone, *both], CompareOptions()).rows if row.scaling.devices == 2)
    assert found.interval is None


def test_a_row_that_mixes_numbers_of_devices_has_no_scaling(trained):
    runs = [trained("a", 0), trained("a", 1, devices=2), trained("b")]
    assert set(scaled(*runs, options=CompareOptions(by=("variant",))).values()) == {None}


def test_a_row_of_one_device_beyond_the_budget_is_still_what_others_are_measured_by(trained):
    runs = [trained("a", seconds=12.0), trained("a", devices=2, seconds=8.0)]
    options = parse_compare_options(budget="epoch_seconds<=10s")
    assert scaled(*runs, options=options) == {"a · devices 2": ("a · devices 1", 0.75)}
