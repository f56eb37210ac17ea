import io
import json

from rich.console import Console

from densebench.records import Environment
from densebench.reporting.environment_tables import environment_grid
from densebench.reporting.grid_output import grids_tables, grids_text

BACKENDS = [("tensorflow", "2.21.0"), ("jax", None)]
HERE = Environment(cpu="Old [b]CPU[/b]", ram_bytes=2**30, cpu_cores=2)


def test_what_is_known_is_shown_and_the_rest_is_called_unknown():
    console = Console(width=80, file=io.StringIO(), color_system=None)
    console.print(grids_tables(environment_grid(HERE, BACKENDS, ["No GPU was found."]), width=80))
    text = console.file.getvalue()
    assert "Old [b]CPU[/b]" in text
    assert "1,024.0 MiB" in text
    assert "unknown" in text
    assert "2.21.0" in text
    assert "not installed" in text
    assert "No GPU was found." in text


def test_the_environment_for_machines_has_null_for_unknown():
    content = json.loads(grids_text(environment_grid(HERE, BACKENDS, []), "json", "environment"))
    values = {row["column"]: row["value"] for row in content["environment"]}
    assert (values["ram_bytes"], values["gpu_name"]) == (2**30, None)
    assert "missing" not in content
