"""A DenseNet-BC in plain JAX: functions on arrays, NHWC, one compiled step that reuses the memory of its state.

Weight decay, initialisation and update are those of ``contender_torch.py``. In ``mixed_bfloat16`` images and kernels
are cast for convolutions and the dense layer; statistics and the loss are float32.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sitting import (
    CLASSES,
    LEARNING_RATE,
    MOMENTUM,
    WEIGHT_DECAY,
    Marks,
    Outcome,
    Setting,
    block_depths,
    growth_rate,
    measure_outcome,
)

from densebench.measuring.gpu.allocator import open_allocator
from densebench.measuring.gpu.step_memory import StepMemory
from densebench.measuring.malloc import keep_large_buffers

os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

EPSILON, KEPT = 1e-5, 0.9  # of the moving statistics
Unit = tuple[int, int, int]  # normalisation of so many channels and ReLU; filters and size of a convolution, 0: dense
State = tuple[list[Array], list[Array], list[Array]]  # weights, their velocities, moving statistics


def list_units(variant: str) -> Iterator[tuple[str, tuple[Unit, ...]]]:
    """Bottlenecks, whose result is added to their input's channels, transitions, and the dense layer, in order."""
    growth = growth_rate(variant)
    channels = 2 * growth
    for index, depth in enumerate(block_depths(variant)):
        if index > 0:
            yield "transition", ((channels, channels // 2, 1),)
            channels //= 2
        for _ in range(depth):
            yield "bottleneck", ((channels, 4 * growth, 1), (4 * growth, growth, 3))
            channels += growth
    yield "dense", ((channels, CLASSES, 0),)


def initialise(variant: str) -> State:
    """He-normal kernels (H, W, in, out), normalisations that change nothing."""
    random = np.random.default_rng(0)

    def draw(*shape: int) -> Array:
        deviation = np.sqrt(2 / np.prod(shape[:-1]))
        return jnp.asarray(random.standard_normal(shape, dtype=np.float32) * np.float32(deviation))

    weights = [draw(3, 3, 3, 2 * growth_rate(variant))]
    moving: list[Array] = []
    for _, units in list_units(variant):
        for channels, filters, size in units:
            weights += [jnp.ones(channels), jnp.zeros(channels)]
            weights += [draw(size, size, channels, filters)] if size else [draw(channels, filters), jnp.zeros(filters)]
            moving += [jnp.zeros(channels), jnp.ones(channels)]
    return weights, [jnp.zeros_like(each) for each in weights], moving


def convolve(x: Array, kernel: Array) -> Array:
    """Stride 1, padded to the same size."""
    dimensions = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, kernel.astype(x.dtype), (1, 1), "SAME", dimension_numbers=dimensions)


def normalise(x: Array, weights: Iterator[Array], moving: Iterator[Array], updated: list[Array]) -> Array:
    """By the batch's statistics, then ReLU; the new moving statistics are appended to ``updated``."""
    whole = x.astype(jnp.float32)
    mean = whole.mean((0, 1, 2))
    variance = (whole**2).mean((0, 1, 2)) - mean**2
    for new in (mean, variance):
        updated.append(KEPT * next(moving) + (1 - KEPT) * new)
    scale = next(weights) * lax.rsqrt(variance + EPSILON)
    return jax.nn.relu(whole * scale + (next(weights) - mean * scale)).astype(x.dtype)


def apply(variant: str, weights: list[Array], moving: list[Array], x: Array) -> tuple[Array, list[Array]]:
    """Images (B, 32, 32, 3) -> logits float32 (B, 10), and the new moving statistics."""
    remaining, statistics, updated = iter(weights), iter(moving), list[Array]()
    x = convolve(x, next(remaining))
    for kind, units in list_units(variant):
        y = x
        for _, _, size in units:
            y = normalise(y, remaining, statistics, updated)
            y = convolve(y, next(remaining)) if size else y.mean((1, 2)) @ next(remaining).astype(x.dtype)
        if kind == "transition":
            batch, height, width, channels = y.shape
            y = y.reshape(batch, height // 2, 2, width // 2, 2, channels).mean((2, 4))
        x = jnp.concatenate([y, x], -1) if kind == "bottleneck" else y
    return x.astype(jnp.float32) + next(remaining), updated


def train(variant: str, dtype: str, state: State, x: Array, y: Array) -> tuple[State, Array]:
    """One step on x (B, 32, 32, 3) and y int32 (B,): SGD with Nesterov's momentum; returns the batch's mean loss."""
    weights, velocities, moving = state

    def compute_loss(weights: list[Array]) -> tuple[Array, list[Array]]:
        logits, updated = apply(variant, weights, moving, x.astype(dtype))
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).mean(), updated

    (loss, moving), gradients = jax.value_and_grad(compute_loss, has_aux=True)(weights)
    decayed = [g + 2 * WEIGHT_DECAY * w if w.ndim > 1 else g for g, w in zip(gradients, weights, strict=True)]
    velocities = [MOMENTUM * v + g for v, g in zip(velocities, decayed, strict=True)]
    changes = [MOMENTUM * v + g for v, g in zip(velocities, decayed, strict=True)]
    weights = [w - LEARNING_RATE * change for w, change in zip(weights, changes, strict=True)]
    return (weights, velocities, moving), loss


@dataclass(frozen=True, kw_only=True)
class Device:
    """Where the network computes, as :func:`sitting.measure_outcome` wants to know."""

    device_kind: str
    device_name: str | None


def find_device() -> Device:
    """The first GPU, or the CPU."""
    device = jax.local_devices()[0]
    on_gpu = device.platform != "cpu"
    return Device(device_kind="gpu" if on_gpu else "cpu", device_name=device.device_kind if on_gpu else None)


def run(setting: Setting) -> Outcome:
    """Build the network, trace and compile the step, run all steps."""
    keep_large_buffers()
    dtype = "bfloat16" if setting.precision == "mixed_bfloat16" else "float32"
    start = time.perf_counter()
    state = jax.block_until_ready(initialise(setting.variant))
    build_seconds = time.perf_counter() - start
    params = sum(each.size for each in (*state[0], *state[2]))
    (x, y), *_ = setting.batches()
    marks = Marks()
    marks.begin()
    lowered = jax.jit(partial(train, setting.variant, dtype), donate_argnums=0).lower(state, x, y)
    trace_seconds = time.perf_counter() - marks.wall[0]
    compiled = lowered.compile()
    marks.traced()
    memory = StepMemory(open_allocator("jax"), count_bytes(compiled))

    def step(images: NDArray[np.float32], labels: NDArray[np.int32]) -> None:
        nonlocal state
        state, _ = jax.block_until_ready(compiled(state, jax.device_put(images), jax.device_put(labels)))

    setting.run(step, marks, memory)
    return measure_outcome(
        find_device(),
        marks,
        memory,
        params=params,
        framework=f"jax {jax.__version__}",
        build_seconds=build_seconds,
        trace_seconds=trace_seconds,
        traces=1,
    )


def count_bytes(compiled: jax.stages.Compiled) -> int | None:
    """What the step takes by its compiler's account; a result that replaces an argument counts once."""
    needs = compiled.memory_analysis()
    if needs is None:
        return None
    results = needs.output_size_in_bytes - needs.alias_size_in_bytes
    return int(needs.argument_size_in_bytes + results + needs.temp_size_in_bytes)
