import pytest

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.page.tables import sections


def table(*runs, **options):
    return sections(compare(runs, CompareOptions(**options)))[0]


def cells(section, title):
    place = next(index for index, column in enumerate(section.columns) if column.title.startswith(title))
    return [row.cells[place] for row in section.rows]


def test_a_column_is_sorted_by_the_figures_behind_its_texts(trained):
    found = cells(table(trained("a", memory=9 * 2**20), trained("b", memory=10 * 2**20)), "GPU memory")
    assert [(cell.text, cell.sort) for cell in found] == [("9.00", 9.0 * 2**20), ("10.00", 10.0 * 2**20)]


def test_texts_are_sorted_without_regard_to_case_and_unknown_values_last(trained):
    found = cells(table(trained("a", backend="jax"), trained("b", backend=None)), "Backend")
    assert [cell.sort for cell in found] == ["jax", None]


def test_numbers_among_the_settings_are_sorted_as_numbers(trained):
    found = cells(table(trained("a", batch_size=64), trained("b", batch_size=128)), "Batch")
    assert [cell.sort for cell in found] == [64.0, 128.0]


def test_the_interval_of_a_mean_is_a_detail_of_its_cell(trained):
    section = table(*(trained("a", seed, 0.9 + seed / 100, 5.0 + seed) for seed in range(3)))
    assert cells(section, "Epoch time")[0].detail.startswith("[")
    assert cells(section, "GPU memory")[0].detail == ""
    assert not any("interval" in column.title for column in section.columns)


def test_the_most_important_figures_come_first_and_say_which_order_is_best(trained):
    section = table(trained("a"), trained("b", batch_size=32))
    titles = [column.title for column in section.columns]
    assert titles[:5] == ["Variant", "Batch", "Test acc. %", "Epoch time", "Total time"]
    assert [column.descending for column in section.columns[:4]] == [False, False, True, False]
    assert section.columns[3].means.startswith("Median over the epochs")


@pytest.mark.parametrize("place", [0, 7, 41])
def test_a_row_has_the_colour_and_dash_of_its_curve(trained, place):
    section = table(*(trained(f"net{index}") for index in range(42)))
    assert (section.rows[place].colour, section.rows[place].dash) == (place % 7, place // 7)
