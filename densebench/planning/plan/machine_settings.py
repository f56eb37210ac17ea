"""Which runs on disk were made as a planned one would be: on this machine, with this software and these settings."""

from collections.abc import Collection

from densebench.comparison.values import ON_ONE_DEVICE
from densebench.config import RunConfig
from densebench.machine import Environment
from densebench.measuring.environment import find_version
from densebench.measuring.host import count_usable_cores
from densebench.training.backends.backend import choose_implementation, choose_jit

# The host too: two machines with the same processor, and even one on two days, may differ twofold.
_MACHINE = ("host", "cpu", "cpu_cores", "cpu_quota", "ram_bytes", "gpu_name", "gpu_memory_bytes", "driver")
_SOFTWARE = ("keras", "densebench")


def describe_setting(
    config: RunConfig, here: Environment, *, image_size: int, classes: int
) -> dict[str, Collection[object]]:
    """The columns that a run must have, each with the values that will do.

    ``here`` is what can be known without loading a framework. Where there is a card, runs on it are meant.
    """
    kind = "gpu" if here.gpu_name else "cpu"
    found: dict[str, Collection[object]] = {column: (getattr(here, column),) for column in (*_MACHINE, *_SOFTWARE)}
    return found | {
        "device_kind": (kind,),
        "backend": (config.backend,),
        "backend_version": (find_version(config.backend),),
        "precision": (config.precision,),
        "implementation": (choose_implementation(config, kind),),
        "recompute": (config.recompute,),
        "optimizer": (config.recipe.optimizer,),
        "jit": (choose_jit(config),),
        "deterministic": (config.deterministic,),
        "threads": _list_threads(config),
        "image_size": (image_size,),
        "classes": (classes,),
        "checkpoint_every": (1,),  # as in a trial
        "devices": (config.devices,),
        "hosts": (config.hosts,),
        "batch_norm": (config.batch_norm if config.replicas > 1 else ON_ONE_DEVICE["batch_norm"],),
    }


def _list_threads(config: RunConfig) -> Collection[object]:
    """As given; else as the frameworks choose: every core, or PyTorch as many as are not hyperthreads.

    Or the share of one of several devices, which have the cores of a CPU among them.
    """
    if config.threads is not None:
        return (config.threads,)
    usable = count_usable_cores() or 1
    chosen = {usable}
    if config.backend == "torch":
        import psutil

        chosen.add(min(psutil.cpu_count(logical=False) or usable, usable))
    return chosen | {max(1, threads // config.devices) for threads in chosen}
