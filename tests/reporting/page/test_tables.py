from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.figures.series import choose_looks
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


def test_a_row_knows_its_place_in_the_comparison_and_has_the_look_of_its_curve(trained):
    runs = [trained("a"), trained("e", phase="eval"), trained("b")]
    found = compare(runs, CompareOptions(sort="variant"))
    training, evaluation = sections(found)
    assert [[row.place for row in section.rows] for section in (training, evaluation)] == [[0, 1], [2]]
    looks = choose_looks(found.rows)
    assert [row.look for row in (*training.rows, *evaluation.rows)] == [looks[0], looks[1], looks[2]]


def test_the_settings_of_a_row_stand_beside_each_other_too_for_where_their_columns_have_no_room(trained):
    section = table(trained("a", backend="jax"), trained("a", batch_size=32), trained("b", status="failed"))
    assert [column.title for column in section.columns if column.is_setting] == ["Status", "Batch", "Backend"]
    assert [row.settings for row in section.rows] == ["64 · jax", "32 · tensorflow", "failed · 64 · tensorflow"]
