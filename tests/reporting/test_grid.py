from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from densebench.reporting.grid import Cell, Grid, GridColumn, blank_repeats, fit, measure_column
from densebench.reporting.rendering import make_rich_table


def column(name, width, keep=0, *, right=True):
    return GridColumn(name=name, title=name, cells=(Cell(text="9" * width),), keep=keep, right=right)


def names(found):
    return [column.name for column in found.grid.columns]


def test_without_a_width_everything_stands():
    grid = Grid(name="g", columns=(column("a", 50), column("b", 500)))
    assert fit(grid, None).left_out == ()


def test_columns_are_taken_in_order_of_importance_and_shown_in_their_own():
    grid = Grid(name="g", columns=(column("a", 4), column("b", 10, 1), column("c", 10, 3), column("d", 10, 2)))
    found = fit(grid, 30)
    assert names(found) == ["a", "c", "d"]
    assert found.left_out == ("b",)


def test_a_lesser_column_never_stands_where_a_more_important_one_is_hidden():
    columns = (column("a", 4), column("wide", 40, 2), column("b", 4, 1))
    assert names(fit(Grid(name="g", columns=columns), 20)) == ["a"]
    assert names(fit(Grid(name="g", columns=columns), 50)) == ["a", "wide"]
    assert names(fit(Grid(name="g", columns=columns), 60)) == ["a", "wide", "b"]


def named(*texts):
    return GridColumn(name="n", title="N", cells=tuple(Cell(text=text) for text in texts), right=False, names=True)


def test_a_name_takes_two_lines_at_most_as_far_as_half_of_the_width_allows():
    long = "preresnet20 · tensorflow · mixed_bfloat16"
    assert measure_column(named(long), 60) == len("preresnet20 · tensorflow")
    assert measure_column(named(long), 40) == 20
    assert measure_column(named("short", "shorter"), 60) == len("shorter")
    assert measure_column(named(long), None) == len(long)


def test_a_name_is_folded_only_where_the_room_is_needed():
    long = "preresnet20 · tensorflow · mixed_bfloat16"
    assert measure_column(fit(Grid(name="g", columns=(named(long), column("x", 4))), 60).grid.columns[0], 60) == len(
        long
    )
    found = fit(Grid(name="g", columns=(named(long), column("x", 30))), 60)
    assert names(found) == ["n", "x"]
    assert measure_column(found.grid.columns[0], 60) == len("preresnet20 · tensorflow")


def test_a_name_stands_only_where_it_differs_from_the_line_above():
    blanked = blank_repeats(Grid(name="g", columns=(named("a", "a", "b", "a"), column("x", 1))))
    assert [cell.text for cell in blanked.columns[0].cells] == ["a", "", "b", "a"]


def test_the_first_column_stands_whatever_the_width():
    assert names(fit(Grid(name="g", columns=(column("a", 40), column("b", 4))), 10)) == ["a"]


@given(
    st.integers(20, 160),
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 5), st.booleans()), min_size=1, max_size=9),
)
def test_no_line_is_wider_than_asked_and_no_figure_is_cut(width, shapes):
    columns = [column(f"c{index}", size, keep, right=right) for index, (size, keep, right) in enumerate(shapes)]
    found = fit(Grid(name="g", columns=(column("first", 5), *columns)), width)
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(make_rich_table(found.grid, width))
    text = console.export_text()
    assert all(len(line) <= width for line in text.splitlines())
    assert text.count("9") == sum(len(column.cells[0].text) for column in found.grid.columns)
    assert "…" not in text
