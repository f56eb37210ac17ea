"""What a record must say, by column: what it is, on which machine, by which software, and what its phase measures."""

import datetime
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import PurePath

from densebench.records import Phase

MEASURED: tuple[Phase, ...] = ("train", "eval", "speed", "inference")  # phases that a record may have
_IDENTITY = ("status", "phase", "started", "command", "variant", "dataset", "classes", "image_size", "batch_size")
_SETTINGS = ("backend", "precision", "implementation", "params")
_MACHINE = ("device", "device_kind", "cpu", "cpu_cores", "platform", "host")
_CARD = ("gpu_name", "gpu_memory_bytes", "driver")  # of a run on a GPU
_SOFTWARE = ("python", "keras", "numpy", "backend_version", "densebench", "commit")
_OF_SPEED = ("images_per_second", "step_ms_p5", "step_ms_p50", "step_ms_p95")
_NOT_OF_SPEED = ("epoch", "learning_rate", "eval_seconds", "train_loss", "test_accuracy", "time_to_target_seconds")
_OF_PHASE: Mapping[str, tuple[str, ...]] = {
    "train": (
        "recipe", "epochs", "seed", "dataset_sha256", "train_images", "test_images", "total_seconds",
        "epoch", "epoch_seconds", "eval_seconds", "elapsed_seconds", "train_loss", "test_loss", "test_accuracy",
    ),
    "eval": ("source", "dataset_sha256", "test_images", "eval_seconds", "test_loss", "test_accuracy"),
    "speed": _OF_SPEED,
    "inference": _OF_SPEED,
}  # fmt: skip
NOT_OF_PHASE: Mapping[str, tuple[str, ...]] = {  # what another phase measures
    "train": ("latency_ms_p50", "preprocessing", "source"),
    "eval": ("epoch", "epoch_seconds", "learning_rate", "train_loss", "time_to_target_seconds"),
    "speed": _NOT_OF_SPEED,
    "inference": (*_NOT_OF_SPEED, "optimizer"),
}
_MOST_NAMES = 8
_COMMIT = re.compile(r"[0-9a-f]{7,40}\+?")


def list_required(phase: str, device_kind: object) -> tuple[str, ...]:
    """The columns that a record of a phase must have filled, those of its epochs in every row."""
    card = _CARD if device_kind == "gpu" else ()
    return (*_IDENTITY, *_SETTINGS, *_MACHINE, *card, *_SOFTWARE, *_OF_PHASE[phase])


def _has_time_zone(text: str) -> bool:
    try:
        return datetime.datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


# Texts that have a form: whether one has it, and what belongs there.
FORMS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "started": (_has_time_zone, "a date and time with its zone belongs"),
    "commit": (_COMMIT.fullmatch, "a commit of densebench belongs, with + if its files were modified"),
    "device_kind": (("cpu", "gpu").__contains__, "cpu or gpu belongs"),
}


def check_form(name: str, text: str) -> str | None:
    """What is wrong with a text of ``FORMS``."""
    has_form, belongs = FORMS[name]
    return None if has_form(text) else f"{name} is {text!r} where {belongs}"


def check_command(command: str, phase: str, dataset: str) -> str | None:
    """A phase is what the command of its name measures, on the dataset that the command names, if it names one."""
    named = _find_dataset(command)
    if named is not None and dataset not in (named, PurePath(named.removeprefix("folder:")).name):
        return f"its dataset is {dataset}, but its command has --dataset {named}"
    words = "speed --inference" if phase == "inference" else phase
    if command.startswith(f"densebench {words.split()[0]} ") and ("--inference" in command) == (phase == "inference"):
        return None
    return f"its phase is {phase}, but its command is no 'densebench {words}': {command!r}"


def _find_dataset(command: str) -> str | None:
    try:
        words = shlex.split(command.replace("--dataset=", "--dataset "))
    except ValueError:  # it was not written by densebench, which quotes what it must
        return None
    return next((value for word, value in pairwise(words) if word == "--dataset"), None)


def explain_unknown(names: Sequence[str]) -> str:
    """Which required cells are empty, the first of many."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"unknown: {', '.join(names[:_MOST_NAMES])}{more}"


def explain_phase(phase: str) -> str:
    """Why a phase cannot be a record's."""
    if phase == "published":
        return (
            "its phase is published: what others reported is not measured here, and belongs into results/published.csv"
        )
    if phase == "trial":
        return "its phase is trial: plan measures those to predict from, and they train nothing"
    return f"its phase is {phase!r}, and a record's is {', '.join(MEASURED)}"
