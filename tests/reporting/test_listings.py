import csv
import io
import json

from rich.console import Console

from densebench.machine import Environment
from densebench.models import cost, variants
from densebench.reporting.grid_output import draw_grids, write_grids
from densebench.reporting.listings import make_environment_grid, make_layers_grid, make_summary_grid

BACKENDS = [("tensorflow", "2.21.0"), ("jax", None)]
HERE = Environment(cpu="Old [b]CPU[/b]", ram_bytes=2**30, cpu_cores=2)


def counted(name):
    variant = variants.find(name)
    return variant, cost.count(variant, classes=10, image_size=32)


def printed(renderable, width):
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(renderable)
    return console.file.getvalue()


def test_the_summary_shows_published_counts_at_80_columns():
    text = printed(draw_grids([make_summary_grid([counted("169x32"), counted("resnet20")])], width=80), 80)
    row = next(line for line in text.splitlines() if line.startswith("169x32"))
    assert row.split() == ["169x32", "169", "32", "12,651,594", "12,493,322", "1,059,799,296", "48.26"]
    assert "Not shown: aliases, family, non_trainable_params, source" in text


def test_the_summary_for_machines_has_base_units():
    rows = json.loads(write_grids([make_summary_grid([counted("169x32"), counted("resnet20")])], "json", "summary"))[
        "networks"
    ]
    assert rows[0]["weights_bytes"] == 4 * 12_651_594
    assert rows[0]["non_trainable_params"] == 158_272
    assert rows[1]["growth_rate"] is None


def test_the_layers_add_up_to_the_total():
    variant, costs = counted("resnet20")
    rows = list(csv.DictReader(io.StringIO(write_grids([make_layers_grid(variant, costs)], "csv", "layers"))))
    assert rows[-1]["layer"] == "total"
    for column in ("params", "macs", "activations", "non_trainable_params"):
        assert sum(int(row[column]) for row in rows[:-1]) == int(rows[-1][column])
    assert int(rows[-1]["params"]) == costs.params


def test_what_is_known_is_shown_and_the_rest_is_called_unknown():
    console = Console(width=80, file=io.StringIO(), color_system=None)
    console.print(draw_grids(make_environment_grid(HERE, BACKENDS, ["No GPU was found."]), width=80))
    text = console.file.getvalue()
    assert "Old [b]CPU[/b]" in text
    assert "1,024.0 MiB" in text
    assert "unknown" in text
    assert "2.21.0" in text
    assert "not installed" in text
    assert "No GPU was found." in text


def test_each_backend_stands_beside_the_device_that_it_sees():
    grids = make_environment_grid(HERE, BACKENDS, [], devices={"tensorflow": "NVIDIA H100"})
    rows = json.loads(write_grids(grids, "json", "environment"))["backends"]
    assert [(row["backend"], row["device"]) for row in rows] == [("tensorflow", "NVIDIA H100"), ("jax", None)]


def test_the_environment_for_machines_has_null_for_unknown():
    content = json.loads(write_grids(make_environment_grid(HERE, BACKENDS, []), "json", "environment"))
    values = {row["column"]: row["value"] for row in content["environment"]}
    assert (values["ram_bytes"], values["gpu_name"]) == (2**30, None)
    assert "missing" not in content
