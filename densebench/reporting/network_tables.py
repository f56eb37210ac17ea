"""What networks cost before anybody trains them: the grids of ``summary``."""

from collections.abc import Callable, Sequence

from densebench.comparison.formats import UNKNOWN, number_text
from densebench.models.cost import Cost, LayerCost
from densebench.models.variants import Variant
from densebench.reporting.grid import Cell, Grid, GridColumn

Counted = tuple[Variant, Cost]


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
    cells = tuple(Cell(text=number_text("bytes", value, unit=False), value=value) for value in values)
    return GridColumn(name=name, title=title, cells=cells, keep=keep)
