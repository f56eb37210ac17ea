"""The grids of networks (``summary``), of a plan (``train --dry-run``) and of a machine (``env``)."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from densebench.models.cost import Cost, LayerCost
from densebench.models.variant import Variant
from densebench.records import COLUMNS, Environment
from densebench.reporting.grid import Cell, Grid, GridColumn
from densebench.units import UNKNOWN, format_number, format_value

Counted = tuple[Variant, Cost]
MISSING = "unknown"
# Only a run knows these, for only a run loads a framework and chooses a device.
OF_A_RUN = ("device", "device_kind", "cuda", "cudnn", "backend_version", "malloc")


def summary_grid(networks: Sequence[Counted]) -> Grid:
    """One line a network: depth, growth rate, parameters, multiply-adds, weights in float32."""
    return Grid(
        name="networks",
        columns=(
            text("variant", "Variant", [variant.name for variant, _ in networks]),
            text("family", "Family", [variant.family for variant, _ in networks], keep=2),
            count("depth", "Depth", [variant.depth for variant, _ in networks], keep=6),
            count("growth_rate", "Growth", [variant.growth_rate for variant, _ in networks], keep=5),
            count("params", "Params", [cost.params for _, cost in networks], keep=9),
            count("trainable_params", "Trainable", [cost.trainable_params for _, cost in networks], keep=4),
            count("non_trainable_params", "Non-trainable", [cost.non_trainable_params for _, cost in networks], keep=3),
            count("forward_macs", "MACs", [cost.forward_macs for _, cost in networks], keep=8),
            size("weights_bytes", "Weights MiB", [cost.weights_bytes for _, cost in networks], keep=7),
            text("source", "Source", [variant.source for variant, _ in networks], keep=1),
        ),
    )


def layers_grid(variant: Variant, cost: Cost) -> Grid:
    """One line a layer, and one of all."""
    layers = cost.layers
    return Grid(
        name="layers",
        title=variant.name,
        columns=(
            text("layer", "Layer", [*(layer.name for layer in layers), "total"]),
            text("kind", "Kind", [*(layer.kind for layer in layers), ""], keep=1),
            text("output_shape", "Output", [*map(shape_text, layers), ""], keep=5),
            count("params", "Params", totalled(layers, lambda layer: layer.params), keep=4),
            count("non_trainable_params", "Non-trainable", totalled(layers, lambda layer: layer.non_trainable_params)),
            count("macs", "MACs", totalled(layers, lambda layer: layer.macs), keep=3),
            count("activations", "Activations", totalled(layers, lambda layer: layer.activations), keep=2),
        ),
    )


def shape_text(layer: LayerCost) -> str:
    return "x".join(map(str, layer.output_shape))


def totalled(layers: Sequence[LayerCost], figure: Callable[[LayerCost], int]) -> list[int]:
    figures = [figure(layer) for layer in layers]
    return [*figures, sum(figures)]


def text(name: str, title: str, values: Sequence[str], *, keep: int = 0) -> GridColumn:
    cells = tuple(Cell(text=value, value=value) for value in values)
    return GridColumn(name=name, title=title, cells=cells, right=False, keep=keep)


def count(name: str, title: str, values: Sequence[int | None], *, keep: int = 0) -> GridColumn:
    cells = tuple(Cell(text=UNKNOWN if value is None else f"{value:,}", value=value) for value in values)
    return GridColumn(name=name, title=title, cells=cells, keep=keep)


def size(name: str, title: str, values: Sequence[int], *, keep: int) -> GridColumn:
    cells = tuple(Cell(text=format_number("bytes", value, unit=False), value=value) for value in values)
    return GridColumn(name=name, title=title, cells=cells, keep=keep)


@dataclass(frozen=True, kw_only=True)
class PlanRow:
    """One run that would be made."""

    run: str
    what: str  # new, resume, or complete
    variant: str
    dataset: str
    epochs: int
    batch_size: int
    steps: int | None
    params: int
    forward_macs: int
    results: str  # the CSV
    directory: str


def plan_grid(rows: Sequence[PlanRow]) -> Grid:
    """One row a run, in the order in which they would be made."""
    return Grid(
        name="plan",
        columns=(
            text("run", "Run", [row.run for row in rows]),
            text("what", "What", [row.what for row in rows], keep=8),
            text("variant", "Variant", [row.variant for row in rows]),
            text("dataset", "Dataset", [row.dataset for row in rows], keep=1),
            count("epochs", "Epochs", [row.epochs for row in rows], keep=7),
            count("batch_size", "Batch", [row.batch_size for row in rows], keep=5),
            count("steps", "Steps", [row.steps for row in rows], keep=6),
            count("params", "Params", [row.params for row in rows], keep=7),
            count("forward_macs", "MACs", [row.forward_macs for row in rows], keep=4),
            text("results", "Results", [row.results for row in rows], keep=3),
            text("directory", "Everything else", [row.directory for row in rows], keep=2),
        ),
    )


def environment_grid(
    environment: Environment, backends: Sequence[tuple[str, str | None]], missing: Sequence[str]
) -> list[Grid]:
    """The environment, a column a line; the backends and their versions; a sentence for what is not at hand."""
    names = [entry.name for entry in dataclasses.fields(environment) if entry.name not in OF_A_RUN]
    titles = [COLUMNS[name].about.title for name in names]
    values = [getattr(environment, name) for name in names]
    shown = [
        MISSING if value is None else format_value(COLUMNS[name].about.show, value)
        for name, value in zip(names, values, strict=True)
    ]
    table = Grid(
        name="environment",
        title="Environment",
        columns=(
            column("column", "Column", names, names),
            column("title", "What", titles, titles),
            column("value", "Value", shown, values, keep=2),
        ),
    )
    found = [name for name, _ in backends]
    versions = [version for _, version in backends]
    installed = Grid(
        name="backends",
        columns=(
            column("backend", "Backend", found, found),
            column("version", "Version", [version or "not installed" for version in versions], versions),
        ),
    )
    if not missing:
        return [table, installed]
    return [
        table,
        installed,
        Grid(name="missing", columns=(column("missing", "Missing", list(missing), list(missing)),)),
    ]


def column(
    name: str, title: str, shown: Sequence[str], values: Sequence[str | int | float | None], *, keep: int = 1
) -> GridColumn:
    cells = tuple(Cell(text=text, value=value) for text, value in zip(shown, values, strict=True))
    return GridColumn(name=name, title=title, cells=cells, right=False, keep=keep)
