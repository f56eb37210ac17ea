import dataclasses

import pytest

from densebench.comparison.compare import compare
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import CompareOptions
from densebench.errors import InputError
from densebench.reporting.row_columns import (
    find_column,
    is_figure,
    is_on_page,
    is_replaced,
    list_figures,
    make_row_column,
)

TIMES = "\N{MULTIPLICATION SIGN}"


def rows(*runs, **options):
    return compare(runs, CompareOptions(**options)).rows


def without_gpu(run):
    records = tuple(dataclasses.replace(one, gpu_peak_bytes=None, host_peak_bytes=2**29) for one in run.records)
    return dataclasses.replace(run, records=records)


def on_both(run):
    return dataclasses.replace(
        run, records=tuple(dataclasses.replace(one, host_peak_bytes=2**29) for one in run.records)
    )


def test_host_memory_is_shown_only_where_that_of_a_gpu_is_unknown(trained):
    assert "host_peak_bytes" not in list_figures("train", rows(on_both(trained())))
    assert "host_peak_bytes" in list_figures("train", rows(on_both(trained()), without_gpu(trained("b"))))
    first, second = rows(on_both(trained()), without_gpu(trained("b")))
    assert is_replaced(METRICS["host_peak_bytes"], first)
    assert not is_replaced(METRICS["host_peak_bytes"], second)
    assert not is_replaced(METRICS["gpu_peak_bytes"], first)


def test_each_phase_has_its_figures_in_its_order(trained):
    figures = list_figures("eval", rows(trained(phase="eval")))
    assert figures == ["params", "test_accuracy", "test_loss", "images_per_second", "gpu_peak_bytes"]
    figures = list_figures("published", rows(trained(phase="published", source="a paper")))
    assert figures[:2] == ["dataset", "epochs"]
    assert figures[-1] == "source"


def test_columns_of_the_row_are_shown_where_they_distinguish_rows(trained):
    alone = list_figures("train", rows(trained("a")))
    assert not {"runs", "pareto", "budget", "epoch_seconds_interval"} & set(alone)
    seeds = [trained("a", seed, 0.9 + seed / 100, 5 + seed) for seed in range(2)]
    several = list_figures("train", rows(*seeds, trained("b", 0, 0.8, 20.0)))
    assert {"runs", "pareto", "epoch_seconds_interval", "test_accuracy_interval"} <= set(several)
    assert several.index("epoch_seconds_interval") == several.index("epoch_seconds") + 1


def test_a_setting_gives_way_to_accuracy_and_time_and_to_nothing_else(trained):
    found = rows(trained("a"), trained("b"))
    keep = {name: make_row_column(name, found).keep for name in [*METRICS, "runs", "pareto", "batch_size"]}
    assert sorted(keep, key=keep.__getitem__)[-3:] == ["batch_size", "epoch_seconds", "test_accuracy"]


def test_total_time_and_energy_outlive_everything_but_accuracy_time_and_settings(trained):
    found = rows(trained("a"), trained("b"))
    keep = {name: make_row_column(name, found).keep for name in list_figures("train", found)} | {
        name: make_row_column(name, found).keep for name in ("energy_joules", "gpu_peak_bytes", "weights_bytes", "runs")
    }
    ordered = sorted(keep, key=keep.__getitem__, reverse=True)
    assert ordered[:5] == ["test_accuracy", "epoch_seconds", "total_seconds", "energy_joules", "gpu_peak_bytes"]
    assert ordered[-1] == "best_test_accuracy"


def test_the_figure_that_orders_the_rows_is_the_last_to_go(trained):
    for phase, name in {"train": "test_accuracy", "eval": "test_accuracy", "speed": "images_per_second"}.items():
        found = rows(trained("a", phase=phase), trained("b", phase=phase, backend="jax"))
        keep = {column: make_row_column(column, found).keep for column in [*list_figures(phase, found), "backend"]}
        assert max(keep, key=keep.__getitem__) == name


def judged(*runs, baseline="a"):
    return rows(*runs, baseline=baseline)


def test_a_time_has_its_ratio_to_the_baseline_beside_it(trained):
    found = judged(trained("a", seconds=10.0), trained("b", seconds=15.0))
    assert [cell.text for cell in make_row_column("epoch_seconds_ratio", found).cells] == [
        "\N{MULTIPLICATION SIGN}1",
        "\N{MULTIPLICATION SIGN}1.500",
    ]
    figures = list_figures("train", found)
    for name in ("epoch_seconds", "gpu_peak_bytes", "total_seconds"):
        assert figures[figures.index(name) + 1] == f"{name}_ratio"
    assert not any(name.endswith("_ratio") for name in list_figures("train", rows(trained("a"), trained("b"))))


def test_the_ratio_is_the_estimate_of_the_verdict(trained):
    seconds = {"a": (5.0, 6.0, 5.5), "b": (9.0, 9.5, 9.9)}
    found = judged(*(trained(variant, seed, seconds=seconds[variant][seed]) for variant in "ab" for seed in range(3)))
    (other,) = [row for row in found if not row.is_baseline]
    values = {cell.value for cell in make_row_column("epoch_seconds_ratio", found).cells}
    assert values == {1.0, other.verdict("epoch_seconds").estimate}


def test_there_is_no_ratio_across_hardware_nor_of_what_may_not_be_compared(trained):
    found = judged(trained("a"), trained("b", device="Slow Card"), trained("c"))
    assert sorted(cell.text for cell in make_row_column("epoch_seconds_ratio", found).cells) == [
        "-",
        "\N{MULTIPLICATION SIGN}1",
        "\N{MULTIPLICATION SIGN}1.000",
    ]
    found = judged(trained("a"), trained("b", device="Slow Card"))
    assert "epoch_seconds_ratio" not in list_figures("train", found)
    found = judged(trained("a"), trained("b", status="failed"))
    assert "total_seconds_ratio" not in list_figures("train", found)


def test_a_column_has_values_for_sorting_beside_its_texts(trained):
    found = rows(trained("a", memory=9 * 2**20), trained("b", memory=10 * 2**20))
    cells = make_row_column("gpu_peak_bytes", found).cells
    assert [(cell.text, cell.value, cell.best) for cell in cells] == [
        ("9.00", 9 * 2**20, True),
        ("10.00", 10 * 2**20, False),
    ]
    assert [cell.value for cell in make_row_column("batch_size", found).cells] == [64, 64]
    assert [cell.value for cell in make_row_column("device", found).cells] == ["Fast Card", "Fast Card"]


def test_a_column_has_one_unit_the_one_that_fits_its_median(trained):
    def texts(*seconds):
        found = rows(*(trained(f"v{place}", seconds=each) for place, each in enumerate(seconds)))
        return [cell.text for cell in make_row_column("epoch_seconds", found).cells]

    assert texts(7_200.0, 10_800.0) == ["2.00 h", "3.00 h"]
    assert texts(20.0, 7_200.0, 10_800.0) == ["0.0056 h", "2.00 h", "3.00 h"]
    assert texts(20.0, 30.0, 10_800.0) == ["20.0 s", "30.0 s", "10,800.0 s"]


def test_what_cannot_be_compared_is_not_the_best_of_a_column(trained):
    found = rows(trained("a", accuracy=0.8), trained("b", accuracy=0.9, dataset="cifar10"))
    assert not any(cell.best for cell in make_row_column("test_accuracy", found).cells)


def test_times_across_hardware_are_marked_in_the_title(trained):
    found = rows(trained("a"), trained("b", device="Slow Card"))
    assert make_row_column("epoch_seconds", found).title == "Epoch time ≠"
    assert make_row_column("test_accuracy", found).title == "Test acc. %"


def test_the_page_has_no_column_of_intervals_nor_of_the_front(trained):
    found = rows(trained("a"))
    shown = {
        name: is_on_page(make_row_column(name, found)) for name in ("runs", "pareto", "test_accuracy_interval", "seed")
    }
    assert shown == {"runs": True, "pareto": False, "test_accuracy_interval": False, "seed": True}
    assert [is_figure(make_row_column(name, found)) for name in ("runs", "params", "seed")] == [True, True, False]


@pytest.mark.parametrize(("name", "full"), [("energy", "energy_joules"), ("runs", "runs"), ("device", "device")])
def test_names_and_short_names_of_columns_are_understood(name, full):
    assert find_column(name) == full


@pytest.mark.parametrize(
    ("name", "near"), [("budgets", "budget"), ("epoch_secs", "epoch_seconds"), ("params_interval", "_interval")]
)
def test_an_unknown_column_gets_the_nearest_names(name, near):
    with pytest.raises(InputError, match=near):
        find_column(name)
