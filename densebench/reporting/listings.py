"""The grids of networks (``summary``), of a plan (``train --dry-run``) and of a machine (``env``)."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from densebench.machine import Environment
from densebench.models.cost import Cost, LayerCost
from densebench.models.variant import AnyVariant
from densebench.models.variants import list_aliases
from densebench.recipes import Recipe, list_settings, write_value
from densebench.records import COLUMNS
from densebench.reporting.grid import Grid, GridColumn, make_column, make_results_column
from densebench.units import format_value

Counted = tuple[AnyVariant, Cost]
_MISSING = "unknown"
# Only a run knows these, for only a run loads a framework and chooses a device.
_OF_A_RUN = ("device", "device_kind", "cuda", "cudnn", "backend_version", "malloc")


def make_summary_grid(networks: Sequence[Counted]) -> Grid:
    """One line a network: depth, growth rate, parameters, multiply-adds, weights in float32."""
    has_foreign = any(variant.is_foreign for variant, _ in networks)
    found, costs = [variant for variant, _ in networks], [cost for _, cost in networks]
    return Grid(
        name="networks",
        columns=(
            make_results_column("variant", [variant.name for variant in found]),
            make_column("aliases", "Also", [", ".join(list_aliases(variant)) or None for variant in found], keep=2),
            make_column("family", "Family", [variant.family for variant in found], keep=2),
            make_column("depth", "Depth", [variant.depth for variant in found], show="count", keep=6),
            make_column("growth_rate", "Growth", [variant.growth_rate for variant in found], show="count", keep=5),
            make_results_column("params", [cost.params for cost in costs], keep=9),
            make_results_column("trainable_params", [cost.trainable_params for cost in costs], keep=4),
            make_results_column("non_trainable_params", [cost.non_trainable_params for cost in costs], keep=3),
            make_results_column("forward_macs", [cost.forward_macs for cost in costs], keep=8),
            make_results_column("weights_bytes", [cost.weights_bytes for cost in costs], keep=7),
            make_results_column("source", [variant.source for variant in found], keep=8 if has_foreign else 1),
        ),
    )


def make_recipes_grid(recipes: Sequence[Recipe]) -> Grid:
    """One line a setting, one column a recipe."""
    settings = list_settings()
    return Grid(
        name="recipes",
        columns=(
            make_column("setting", "Setting", list(settings)),
            *(
                make_column(
                    recipe.name,
                    recipe.name,
                    [getattr(recipe, name) for name in settings],
                    texts=[write_value(getattr(recipe, name)).strip('"') for name in settings],
                    keep=2,
                )
                for recipe in recipes
            ),
            make_column("meaning", "Meaning", [about.means for _, about in settings.values()], keep=1),
        ),
    )


def make_layers_grid(variant: AnyVariant, cost: Cost) -> Grid:
    """One line a layer, and one of all."""
    layers = cost.layers
    return Grid(
        name="layers",
        title=variant.name,
        columns=(
            make_column("layer", "Layer", [*(layer.name for layer in layers), "total"]),
            make_column("kind", "Kind", [*(layer.kind for layer in layers), ""], keep=1),
            make_column("output_shape", "Output", [*map(_format_shape, layers), ""], keep=5),
            make_results_column("params", _append_total([layer.params for layer in layers]), keep=4),
            make_results_column(
                "non_trainable_params", _append_total([layer.non_trainable_params for layer in layers])
            ),
            make_column("macs", "MACs", [*(layer.macs for layer in layers), cost.forward_macs], show="count", keep=3),
            make_column(
                "activations",
                "Activations",
                _append_total([layer.activations for layer in layers]),
                show="count",
                keep=2,
            ),
        ),
    )


def _format_shape(layer: LayerCost) -> str:
    return "x".join(map(str, layer.output_shape))


def _append_total(figures: Sequence[int]) -> list[int]:
    return [*figures, sum(figures)]


@dataclass(frozen=True, kw_only=True)
class PlannedRow:
    """One run that would be made."""

    run: str
    what: str  # new, resume, or complete
    variant: str
    dataset: str
    epochs: int
    batch_size: int
    devices: int  # of each host
    validation_images: int
    checkpoint_every: int  # epochs; 0: never
    steps: int | None
    predicted_total_seconds: float | None
    interval: str | None  # 95 %, of that; wide where other networks were measured and not this one
    predicted_peak_bytes: float | None
    params: int
    forward_macs: int | None
    results: str  # the CSV
    directory: str


def make_planned_grid(rows: Sequence[PlannedRow]) -> Grid:
    """One row a run, in the order in which they would be made."""
    return Grid(
        name="plan",
        columns=(
            make_results_column("run", [row.run for row in rows]),
            make_column("what", "What", [row.what for row in rows], keep=8),
            make_results_column("variant", [row.variant for row in rows]),
            make_results_column("dataset", [row.dataset for row in rows], keep=1),
            make_results_column("epochs", [row.epochs for row in rows], keep=7),
            make_results_column("batch_size", [row.batch_size for row in rows], keep=5),
            *_list_devices(rows),
            make_results_column("validation_images", [row.validation_images for row in rows], keep=2),
            make_column(
                "checkpoint_every", "Checkpoint", [_describe_checkpoints(row.checkpoint_every) for row in rows], keep=2
            ),
            make_column("steps", "Steps", [row.steps for row in rows], show="count", keep=6),
            make_results_column("predicted_total_seconds", [row.predicted_total_seconds for row in rows], keep=10),
            make_column("interval", "95 % interval", [row.interval for row in rows], keep=9),
            make_results_column("predicted_peak_bytes", [row.predicted_peak_bytes for row in rows], keep=9),
            make_results_column("params", [row.params for row in rows], keep=7),
            make_results_column("forward_macs", [row.forward_macs for row in rows], keep=4),
            make_column("results", "Results", [row.results for row in rows], keep=3),
            make_column("directory", "Everything else", [row.directory for row in rows], keep=2),
        ),
    )


def _list_devices(rows: Sequence[PlannedRow]) -> list[GridColumn]:
    """One goes without saying."""
    found = [row.devices for row in rows]
    return [make_results_column("devices", found, keep=5)] if max(found, default=1) > 1 else []


def _describe_checkpoints(every: int) -> str:
    return {0: "none", 1: "every epoch"}.get(every, f"every {every} epochs")


def make_environment_grid(
    environment: Environment,
    backends: Sequence[tuple[str, str | None]],
    missing: Sequence[str],
    devices: Mapping[str, str] | None = None,
) -> list[Grid]:
    """The environment, a column a line; the backends, their versions and what they see; what is missing."""
    names = [entry.name for entry in dataclasses.fields(environment) if entry.name not in _OF_A_RUN]
    abouts = [COLUMNS[name].about for name in names]
    values = [getattr(environment, name) for name in names]
    texts = [
        _MISSING if value is None else format_value(about.show, value)
        for about, value in zip(abouts, values, strict=True)
    ]
    table = Grid(
        name="environment",
        title="Environment",
        columns=(
            make_column("column", "Column", names),
            make_column("title", "What", [about.title for about in abouts]),
            make_column("value", "Value", values, texts=texts, keep=1),
        ),
    )
    grids = [table, _backends_grid(backends, devices or {})]
    if missing:
        grids.append(Grid(name="missing", columns=(make_column("missing", "Missing", missing),)))
    return grids


def _backends_grid(backends: Sequence[tuple[str, str | None]], devices: Mapping[str, str]) -> Grid:
    """One line a backend: its version, and the device that it says it would compute on."""
    versions = [version for _, version in backends]
    seen = [devices.get(name) for name, _ in backends]
    return Grid(
        name="backends",
        columns=(
            make_column("backend", "Backend", [name for name, _ in backends]),
            make_column("version", "Version", versions, texts=[version or "not installed" for version in versions]),
            make_column("device", "Computes on", seen, texts=[device or _MISSING for device in seen], keep=1),
        ),
    )
