import csv
import io
import json
import math

from rich.console import Console

from densebench.reporting import rendering
from densebench.reporting.grid import Cell, Grid, GridColumn

HOSTILE = "[red]=cmd()|<script>\x1b[31m\\evil{}\n\"quoted\", 'so'"
GRID = Grid(
    name="g",
    title="Of $interest",
    columns=(
        GridColumn(name="name", title="Name", cells=(Cell(text=HOSTILE, value=HOSTILE), Cell(text="-")), right=False),
        GridColumn(
            name="loss",
            title="Loss %",
            cells=(Cell(text="0.10", value=0.1, best=True), Cell(text="nan", value=math.nan)),
        ),
    ),
)


def printed(grid):
    console = Console(width=100, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(rendering.make_rich_table(grid))
    return console.file.getvalue()


def test_markup_and_control_characters_of_a_name_do_nothing_in_the_terminal():
    grid = Grid(name="g", columns=(GridColumn(name="n", title="[b]N", cells=(Cell(text="[red]x[/red]"),)),))
    assert "[red]x[/red]" in printed(grid)
    assert "[b]N" in printed(grid)


def test_the_best_shows_without_colour():
    assert "*0.10" in printed(GRID)


def test_markdown_has_one_line_a_row_and_as_many_cells_as_columns():
    lines = rendering.markdown(GRID).splitlines()
    assert lines[0] == "**Of $interest**"
    table = lines[2:]
    assert len(table) == 4
    assert all(line.replace("\\|", "").count("|") == 3 for line in table)
    assert "**0.10**" in table[2]
    assert "<script>" not in rendering.markdown(GRID)


def test_latex_has_one_line_a_row():
    lines = rendering.latex(GRID).splitlines()
    assert lines[0] == r"% Of \$interest"
    assert lines[1] == r"\begin{tabular}{lr}"
    assert r"\evil" not in "".join(lines)
    assert sum(line.endswith(r"\\") for line in lines) == 3


def test_csv_holds_the_values_and_runs_no_formula():
    grid = Grid(
        name="g", columns=(GridColumn(name="n", title="N", cells=(Cell(text="", value="=cmd()"),)), GRID.columns[1])
    )
    grid = Grid(
        name="g", columns=(grid.columns[0], GridColumn(name="x", title="X", cells=(Cell(text="1 s", value=1.5),)))
    )
    assert list(csv.reader(io.StringIO(rendering.csv(grid)))) == [["n", "x"], ["'=cmd()", "1.5"]]
    assert list(csv.reader(io.StringIO(rendering.csv(GRID))))[1][1] == "0.1"


def test_json_is_strict_and_has_a_schema():
    document = rendering.json_document("things", {"rows": rendering.values(GRID), "more": (1, [math.inf])})
    content = json.loads(document, parse_constant=lambda word: 1 / 0)
    assert (content["schema"], content["kind"]) == (1, "things")
    assert content["rows"] == [{"name": HOSTILE, "loss": 0.1}, {"name": None, "loss": "nan"}]
    assert content["more"] == [1, ["inf"]]


def test_a_table_for_a_console_without_utf8_is_drawn_in_ascii_and_still_in_columns():
    grid = Grid(
        name="g",
        columns=(
            GridColumn(name="n", title="Name", cells=(Cell(text="a"), Cell(text="Vögel")), right=False),
            GridColumn(name="t", title="Time", cells=(Cell(text="9.0 ± 0.1"), Cell(text="10.0 ± 0.1"))),
        ),
    )
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Console(width=100, file=file).print(rendering.make_rich_table(grid, 100))
    file.seek(0)
    assert file.read().splitlines() == [
        "Name              Time",
        "----------------------",
        "a          9.0 +/- 0.1",
        "V\\xf6gel  10.0 +/- 0.1",
    ]


def test_json_in_ascii_means_the_same():
    document = rendering.json_document("k", {"name": "Vögel-鳥-\U0001f426", "n": 0.1})
    assert rendering.json_in_ascii(document).isascii()
    assert json.loads(rendering.json_in_ascii(document)) == json.loads(document)
