"""Compiles JAX's training step for a GPU that is not there: ``python benchmarks/compiled_for_gpu.py --output FILE``.

Counts the kernels of a step, and the memory that it needs on the device, by what XLA made of it; nothing is run, so
this says nothing about time. It needs what ``pip install 'jax[cuda13]'`` brings, for the versions of jax and
jax-cuda13-plugin must be equal. XLA chooses its algorithms without trying them, for that needs the device.
"""

import argparse
import os
import re
from collections import Counter
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sitting import write

from densebench.config import RunConfig
from densebench.recipes import RECIPES

HERE = Path(__file__).parent
OPERATION = re.compile(r"\s*(?:ROOT )?%?[\w.\-]+ = .*?\s([a-z][a-z\-]*)\(")
PLUGINS = ("jax_cuda13_plugin", "jax_cuda12_plugin")
KERNELS = ("fusion", "custom-call", "copy", "transpose", "reduce", "convolution")  # each is launched once


@dataclass(frozen=True, kw_only=True)
class CompiledStep:
    """A row of the CSV."""

    variant: str
    implementation: str
    recompute: bool
    precision: str
    batch_size: int
    kernels: int
    convolutions: int  # of cuDNN; others became matrix products
    fusions: int
    copies: int
    peak_bytes: int  # arguments, results and what the step takes in between
    jax: str
    device: str


def main() -> None:
    """Parse the options, compile, print and write the results."""
    given = parse_options()
    if not any(map(find_spec, PLUGINS)):
        raise SystemExit("XLA cannot compile for a GPU here: install 'jax[cuda13]', which brings its compiler.")
    os.environ |= {"CUDA_VISIBLE_DEVICES": "", "JAX_SKIP_CUDA_CONSTRAINTS_CHECK": "1", "JAX_PLATFORMS": "cpu"}
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_autotune_level=0"
    rows: list[CompiledStep] = []
    for variant in given.variants.split(","):
        for precision in given.precisions.split(","):
            for implementation in given.implementations.split(","):
                row = compile_step(variant, implementation, precision, given)
                needs = f"{row.kernels:,} kernels ({row.convolutions} convolutions), {row.peak_bytes / 2**20:,.0f} MiB"
                print(f"{variant} {implementation} {precision}: {needs}", flush=True)
                rows.append(row)
                write(rows, given.output)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", default="100x12,40x12,resnet20")
    parser.add_argument("--implementations", default="plain,fast,recompute", help="recompute is fast --recompute")
    parser.add_argument("--precisions", default="float32")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--target", type=Path, default=HERE / "h100.txtpb", help="XLA's description of the GPU")
    parser.add_argument("--output", type=Path, required=True, help="the CSV")
    return parser.parse_args()


def compile_step(variant: str, implementation: str, precision: str, given: argparse.Namespace) -> CompiledStep:
    """Compile the step that ``densebench train`` would make."""
    import jax

    from densebench.training.backends import backend

    recompute = implementation == "recompute"
    config = RunConfig(
        variant=variant,
        run="compiled",
        recipe=replace(RECIPES["blog"], batch_size=given.batch_size),
        backend="jax",
        implementation="fast" if recompute else implementation,
        precision=precision,
        recompute=recompute,
    )
    target = given.target.read_text()
    compiled = lower(config, backend.prepare(config), target).compile()
    needs: Any = compiled.memory_analysis()
    text = compiled.as_text()
    entry = text[text.index("ENTRY") :]
    operations = Counter(found[1] for line in entry.splitlines() if (found := OPERATION.match(line)))
    return CompiledStep(
        variant=variant,
        implementation=config.implementation,
        recompute=recompute,
        precision=precision,
        batch_size=given.batch_size,
        kernels=sum(operations[name] for name in KERNELS),
        convolutions=entry.count('custom_call_target="__cudnn$conv'),
        fusions=operations["fusion"],
        copies=operations["copy"],
        peak_bytes=needs.argument_size_in_bytes
        + needs.temp_size_in_bytes
        + needs.output_size_in_bytes
        - needs.alias_size_in_bytes,
        jax=jax.__version__,
        device=re.search(r'device_description_str: "(.*)"', target)[1],
    )


def lower(config: RunConfig, facts: Any, target: str) -> Any:
    """The step for a batch of the recipe's size on the device of ``target``, not compiled yet."""
    import jax
    import jax.numpy as jnp
    from jax.experimental import topologies

    from densebench.training.parallel.data_parallel import ONE_DEVICE
    from densebench.training.steps.choose import make_steps
    from densebench.training.trainee import build_trainee

    steps: Any = make_steps(build_trainee(config, facts, classes=10, image_size=32), config.recipe, facts, ONE_DEVICE)
    topology = topologies.get_topology_desc(platform="cuda", target_config=target, topology="1x1x1")
    mesh = topologies.make_mesh(topology, (1,), ("device",))
    there = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())

    def describe(shape: tuple[int, ...], kind: Any) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(shape, kind, sharding=there)

    state = jax.tree.map(lambda array: describe(array.shape, array.dtype), steps._state)
    size = config.recipe.batch_size
    images, labels = describe((size, 32, 32, 3), jnp.float32), describe((size,), jnp.int32)
    return jax.jit(steps._step, donate_argnums=0).lower(state, images, labels)


if __name__ == "__main__":
    main()
