import csv
import io
import json

from rich.console import Console

from densebench.models import cost, variants
from densebench.reporting.grid_output import grids_tables, grids_text
from densebench.reporting.network_tables import layers_grid, summary_grid


def counted(name):
    variant = variants.find(name)
    return variant, cost.count(variant, classes=10, image_size=32)


def printed(renderable, width):
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(renderable)
    return console.file.getvalue()


def test_the_summary_shows_published_counts_at_80_columns():
    text = printed(grids_tables([summary_grid([counted("169x32"), counted("resnet20")])], width=80), 80)
    row = next(line for line in text.splitlines() if line.startswith("169x32"))
    assert row.split() == ["169x32", "169", "32", "12,651,594", "12,493,322", "1,059,799,296", "48.26"]
    assert "Not shown: family, non_trainable_params, source" in text


def test_the_summary_for_machines_has_base_units():
    rows = json.loads(grids_text([summary_grid([counted("169x32"), counted("resnet20")])], "json", "summary"))[
        "networks"
    ]
    assert rows[0]["weights_bytes"] == 4 * 12_651_594
    assert rows[0]["non_trainable_params"] == 158_272
    assert rows[1]["growth_rate"] is None


def test_the_layers_add_up_to_the_total():
    variant, costs = counted("resnet20")
    rows = list(csv.DictReader(io.StringIO(grids_text([layers_grid(variant, costs)], "csv", "layers"))))
    assert rows[-1]["layer"] == "total"
    for column in ("params", "macs", "activations", "non_trainable_params"):
        assert sum(int(row[column]) for row in rows[:-1]) == int(rows[-1][column])
    assert int(rows[-1]["params"]) == costs.params
