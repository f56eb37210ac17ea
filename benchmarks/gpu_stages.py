"""The parts of each stage of ``gpu.py``, and what is read from what they print."""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from gpu_parts import ROOT, Ended, Part, PartFailed, find_last_words, require_success
from gpu_scale import Asked
from gpu_training import list_plan_parts, list_training_parts
from paired import format_gib

from densebench.models.variants import find

SIDE_BY_SIDE = str(ROOT / "benchmarks" / "side_by_side.py")
CHECKS = str(ROOT / "benchmarks" / "gpu_checks.py")


def list_parts(stage: int, asked: Asked) -> list[Part]:
    """The parts of a stage, the most telling first."""
    return list(STAGES[stage](asked))


# 1: the instruments


def list_instrument_parts(asked: Asked) -> Iterator[Part]:
    """What the machine is, whether its instruments agree, and whether running out of memory becomes a row."""
    file = asked.output / "environment.json"
    yield Part(
        name="env",
        command=lambda _: ["-m", "densebench", "env", "--format", "json"],
        judge=lambda ended: keep_output(ended, file),
        seconds=asked.scale.part_seconds,
    )
    table, tiny = str(asked.output / "instruments.csv"), ["--tiny"] if asked.scale.is_tiny else []
    for checks, backend in itertools.product(asked.scale.checks, asked.backends):
        if checks == "energy" and backend != asked.backends[0]:  # it is the card's
            continue
        command = [CHECKS, backend, checks, "--output", table, *tiny]
        yield Part(name=f"{checks.replace(',', '-')}-{backend}", command=fix(command), seconds=asked.scale.part_seconds)
    network, *size = asked.scale.too_large
    for backend in asked.backends:
        part = make_speed_part(asked, "out-of-memory", backend, size, "memory", network=network)
        yield replace(part, judge=require_out_of_memory)


def fix(command: Sequence[str]) -> Callable[[float], Sequence[str]]:
    """A command that does not depend on the time it is given."""
    return lambda seconds: command


def keep_output(ended: Ended, file: Path) -> str:
    """Keep what was printed in a file."""
    require_success(ended)
    file.write_text(ended.stdout, encoding="utf-8")
    return f"in {file.name}"


def require_out_of_memory(ended: Ended) -> str:
    """The reason of a run that did not fit, from its row."""
    run = read_run(ended)
    if run["status"] != "failed" or "does not fit into memory" not in str(run["reason"]):
        raise PartFailed(f"the row is {run['status']} ({run['reason']}), and not out of memory")
    return str(run["reason"])


# 2 and 4: speed


def list_speed_parts(asked: Asked) -> Iterator[Part]:
    """Every network of the blog series on every backend: JAX last, which compiles for minutes, and of each backend
    first one network, and then what is compiled.
    """
    scale = asked.scale
    axes = (scale.networks, (False, True), scale.precisions, scale.implementations, asked.backends)
    ordered = sorted(
        itertools.product(*axes), key=lambda one: (_compiles_for_minutes(one[4]), one[0] != scale.network, one[1])
    )
    for network, jit, precision, implementation, backend in ordered:
        if jit and (backend == "jax" or scale.is_tiny):  # JAX compiles every step
            continue
        words = ["--precision", precision, "--implementation", implementation]
        words += ["--batch-size", str(scale.batch_sizes[0]), *(["--jit"] if jit else [])]
        yield make_speed_part(asked, network, backend, words, "speed", network=network)


def list_memory_parts(asked: Asked) -> Iterator[Part]:
    """Peak memory and step time with and without recomputing."""
    for size, backend in itertools.product(asked.scale.batch_sizes, asked.backends):
        for how in (["--implementation", "plain"], ["--implementation", "fast"], ["--recompute"]):
            words = ["--batch-size", str(size), *how]
            if how == ["--recompute"] or not asked.scale.is_tiny:
                yield make_speed_part(asked, "memory", backend, words, "memory", network=asked.scale.network)


def make_speed_part(asked: Asked, title: str, backend: str, words: Sequence[str], folder: str, *, network: str) -> Part:
    """One measurement by ``densebench speed``."""
    command = ["-m", "densebench", "speed", network, "--backend", backend, *words, *asked.scale.speed]
    command += [*asked.places(folder), "--format", "json"]
    return Part(
        name="-".join([title, backend, *(word.removeprefix("--") for word in words if word not in HIDDEN)]),
        command=fix(command) if asked.scale.is_tiny else partial(limit_time, command, unit="s"),
        judge=describe_speed,
        seconds=asked.scale.compiled_seconds if _compiles_for_minutes(backend) else asked.scale.part_seconds,
    )


def _compiles_for_minutes(backend: str) -> bool:
    """Whether a deep network is long in coming; what is, comes last."""
    return backend == "jax"


HIDDEN = {"--precision", "--implementation", "--batch-size", "--image-size"}  # their values say enough


def read_run(ended: Ended) -> dict[str, Any]:
    """The one run that a command has printed as JSON; raises :class:`PartFailed` where there is none."""
    try:
        (run,) = json.loads(ended.stdout)["runs"]
    except (ValueError, KeyError):
        raise PartFailed(find_last_words(ended)) from None
    return dict(run)


def describe_speed(ended: Ended) -> str:
    """Speed, step and memory of a measurement."""
    run = read_run(ended)
    if run["status"] != "completed":
        raise PartFailed(str(run["reason"]))
    (epoch,) = run["epochs_done"]
    memory = epoch["gpu_peak_bytes"] or epoch["host_peak_bytes"]
    words = f"{epoch['images_per_second']:,.0f} images/s, {epoch['step_ms_p50']:.2f} ms a step, {format_gib(memory)}"
    return "; ".join(filter(None, [words, run["warnings"]]))


# 3: against networks written by hand


def list_contender_parts(asked: Asked) -> Iterator[Part]:
    """DenseNets written by hand beside densebench's own: compiled side by side, timed one at a time; bfloat16 first."""
    scale = asked.scale
    by_backend = {
        "torch": ("torch-eager", "torch-compile", "torch-compile-reduce", *_OWN_ON_TORCH),
        "jax": ("jax-hand", "jax-fast", "jax-plain"),
        "tensorflow": ("fast", "plain"),
    }
    networks = [network for network in scale.networks if find(network).family == "densenet-bc"]
    backends = sorted(asked.backends, key=_compiles_for_minutes)
    axes = (backends, networks, reversed(scale.precisions), scale.batch_sizes)
    for backend, network, precision, size in itertools.product(*axes):
        names = by_backend[backend][: 1 if scale.is_tiny else None]
        command = [SIDE_BY_SIDE, "--contenders", ",".join(names), "--variant", network, "--precisions", precision]
        command += ["--batch-sizes", str(size), "--seconds", str(scale.seconds)]
        command += ["--output", str(asked.output / "contenders.csv")]
        yield Part(
            name=f"contenders-{backend}-{network}-{precision}-{size}",
            command=partial(limit_time, command),
            judge=describe_contenders,
            seconds=scale.contender_seconds,
        )


_OWN_ON_TORCH = ("keras-torch-fast", "keras-torch-plain", "keras-torch-fast-compiled")


def limit_time(command: Sequence[str], seconds: float, unit: str = "") -> Sequence[str]:
    """With as much time as there is to end well."""
    return [*command, "--time-limit", f"{seconds * 0.9:.0f}{unit}"]


def describe_contenders(ended: Ended) -> str:
    """What was measured; those that failed are the reason, and are tried again in the next call."""
    require_success(ended)
    return "; ".join(ended.stdout.splitlines())


STAGES: dict[int, Callable[[Asked], Iterator[Part]]] = {
    1: list_instrument_parts,
    2: list_speed_parts,
    3: list_contender_parts,
    4: list_memory_parts,
    5: list_training_parts,
    6: list_plan_parts,
}
