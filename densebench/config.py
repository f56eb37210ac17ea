"""The configuration of a run, with every setting checked before anything heavy loads."""

import dataclasses
import hashlib
import json
import os
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from densebench.errors import InputError, unknown
from densebench.recipes import RECIPES, Recipe, find_mistakes
from densebench.schedules import list_earlier

BACKENDS = ("tensorflow", "jax", "torch")
DATASETS = ("cifar10", "cifar100", "mnist", "fashion_mnist", "svhn", "digits", "synthetic")  # besides folder:PATH
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")
IMPLEMENTATIONS = ("auto", "plain", "fast")
_BATCH_NORMS = ("global", "replica")
RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_LONGEST_PART = 80  # leaves room for the variant, the seed and a number

# Where a run is kept and watched does not decide its numbers, so a resumed run may differ in it. Nor does whether bad
# images are skipped or refused: where both load, they load the same.
_NOT_IN_FINGERPRINT = frozenset(
    {"run", "results_dir", "runs_dir", "data_dir", "offline", "resume", "checkpoint_every", "command"}
    | {"skip_bad_images", "variant_file"}
)
_OF_SEVERAL_DEVICES = ("devices", "hosts", "batch_norm")
_MOST_DEVICES = 1024  # of a host, and hosts
_MOST_THREADS = 1024
REPLICAS = "replicas"  # the deciding value in which a run that is resumed may differ
RESULTS_DIR = "results"
RUNS_DIR = "runs"


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Which images, and how many of them."""

    dataset: str = "cifar10"  # one of DATASETS, or folder:PATH
    image_size: int | None = None  # pixels; None: as in the dataset
    classes: int | None = None  # None: as in the dataset
    train_limit: int | None = None
    test_limit: int | None = None
    validation: int = 0  # training images held out
    test_fraction: float | None = None  # of a folder without test images
    skip_bad_images: bool = False  # of a folder; else they are refused
    data_dir: str | None = None
    offline: bool = False

    def __post_init__(self) -> None:
        for option in ("image_size", "classes", "train_limit", "test_limit"):
            value = getattr(self, option)
            _require(value is None or value >= 1, option, value, "must be at least 1")
        _require(self.validation >= 0, "validation", self.validation, "must not be negative")
        _require(
            self.test_fraction is None or 0 < self.test_fraction < 1,
            "test_fraction",
            self.test_fraction,
            "must lie between 0 and 1",
        )


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """One run of one variant with one seed."""

    variant: str
    variant_file: str | None = None  # absolute: of a network in a file of the user's
    variant_sha256: str | None = None  # of the code of a network that is not densebench's own
    run: str  # its name; before it has been claimed, the one that it gets unless that is taken
    data: DataConfig = field(default_factory=DataConfig)
    recipe: Recipe = RECIPES["blog"]
    seed: int = 0
    backend: str = "tensorflow"
    precision: str = "float32"
    implementation: str = "auto"
    recompute: bool = False
    deterministic: bool = False
    jit: bool | None = None  # None: as the backend is fastest
    threads: int | None = None  # of each process; None: as the framework chooses
    devices: int = 1  # of each host; they share every batch
    hosts: int = 1
    batch_norm: str = "global"  # statistics over the batch of all devices; replica: over the part of each
    target: float | None = None  # test accuracy, as a fraction, whose time is recorded
    stop_at_target: bool = False
    results_dir: str = RESULTS_DIR
    runs_dir: str = RUNS_DIR
    checkpoint_every: int = 1  # epochs; 0: never
    resume: bool = False
    command: str = ""  # the command line, for the record

    def __post_init__(self) -> None:
        self._check_names()
        self._check_numbers()
        self._check_devices()

    @property
    def typed_variant(self) -> str:
        """The network as it is typed: with the path of its file, seen from here, if it is the user's."""
        if self.variant_file is None:
            return self.variant
        return f"{os.path.relpath(self.variant_file)}:{self.variant.rpartition(':')[2]}"

    @property
    def can_recompute(self) -> bool:
        """Whether ``recompute`` may be asked for."""
        return self.implementation != "plain"

    @property
    def replicas(self) -> int:
        """Devices of all hosts."""
        return self.devices * self.hosts

    def _check_names(self) -> None:
        for kind, given, choices in (
            ("backend", self.backend, BACKENDS),
            ("precision", self.precision, PRECISIONS),
            ("implementation", self.implementation, IMPLEMENTATIONS),
            ("batch norm", self.batch_norm, _BATCH_NORMS),
        ):
            if given not in choices:
                raise unknown(kind, given, choices)
        if self.recompute and not self.can_recompute:
            raise refuse_recompute()
        check_run_name(self.run)

    def _check_numbers(self) -> None:
        for option, value, must in find_mistakes(self.recipe):
            raise _describe_mistake(option, value, must)
        _require(0 <= self.seed < 2**32, "seed", self.seed, "must lie between 0 and 4294967295")
        are_threads = self.threads is None or 1 <= self.threads <= _MOST_THREADS
        _require(are_threads, "threads", self.threads, f"must lie between 1 and {_MOST_THREADS}")
        _require(self.checkpoint_every >= 0, "checkpoint_every", self.checkpoint_every, "must not be negative")
        _require(self.target is None or 0 < self.target <= 1, "target", self.target, "must be a fraction, such as 0.94")

    def _check_devices(self) -> None:
        for option in ("devices", "hosts"):
            value = getattr(self, option)
            _require(1 <= value <= _MOST_DEVICES, option, value, f"must lie between 1 and {_MOST_DEVICES}")
        size, replicas = self.recipe.batch_size, self.replicas
        if size % replicas:
            below = size - size % replicas
            near = " or ".join(str(each) for each in (below, below + replicas) if each)
            raise InputError(
                f"--batch-size {size} cannot be shared equally by {replicas} devices: take a multiple, such as {near}."
            )
        if self.backend == "tensorflow" and self.jit and replicas > 1:
            raise InputError("--jit with --backend tensorflow compiles the step of one device: leave it out.")
        if self.backend == "torch" and self.jit and replicas > 1 and self.batch_norm == "global":
            raise InputError(
                "--jit with --backend torch compiles the step of one device: leave it out, or give "
                "--batch-norm replica."
            )


def _require(holds: bool, option: str, given: object, must: str) -> None:
    """Raise an :class:`InputError` that names the option unless ``holds``."""
    if not holds:
        raise _describe_mistake(option, given, must)


def _describe_mistake(option: str, given: object, must: str) -> InputError:
    return InputError(f"--{option.replace('_', '-')} {given} {must}.")


def check_run_name(name: str) -> None:
    """A run's name is also a file's name, so it stays inside its directory."""
    if not RUN_NAME.fullmatch(name):
        raise InputError(
            f"Run name {name!r} cannot be a file name: use up to 128 letters, digits, '.', '_' and '-', "
            "beginning with a letter or a digit."
        )


def clean_name(text: str) -> str:
    """What of a text can be a part of a run's name: accents are dropped, any other character becomes ``-``.

    ``"Chats et chiens (été)"`` -> ``"Chats-et-chiens-ete"``; ``"data"`` where nothing is left.
    """
    letters = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[^A-Za-z0-9._]+", "-", plain).strip("-._")[:_LONGEST_PART].rstrip("-._") or "data"


def name_variant(variant: str) -> str:
    """What stands for a network in a run's name: ``mynets-tiny`` of ``mynets.py:tiny``."""
    return clean_name(variant.replace(".py:", "-"))


def to_json(config: RunConfig) -> str:
    """The configuration as one line of JSON, for the child process and the checkpoint."""
    return json.dumps(dataclasses.asdict(config), sort_keys=True)


def from_json(text: str) -> RunConfig:
    """The configuration that :func:`to_json` wrote; raises :class:`InputError` if it is not one."""
    try:
        values = json.loads(text)
        return RunConfig(**{**values, "data": DataConfig(**values["data"]), "recipe": Recipe(**values["recipe"])})
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"This is not a densebench run configuration ({error}): start a new run.") from None


def refuse_recompute() -> InputError:
    """For ``plain``, which keeps what its layers keep."""
    return InputError("--recompute needs an implementation that can: give --implementation fast with it.")


def deciding_values(config: RunConfig) -> dict[str, Any]:
    """Every setting that decides the run's numbers, flat: ``{"recipe.epochs": 300, ...}``."""
    flat: dict[str, Any] = {}
    for name, value in dataclasses.asdict(config).items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": inside for inner, inside in value.items()}
        else:
            flat[name] = value
    for setting in dataclasses.fields(Recipe):  # so that runs of versions that had it not keep their fingerprints
        if getattr(config.recipe, setting.name) == setting.default:
            del flat[f"recipe.{setting.name}"]
    if config.variant_sha256 is None:  # a network of densebench's own, whose version is another column
        del flat["variant_sha256"]
    for name in _OF_SEVERAL_DEVICES:  # with statistics over the whole batch they change the time, not the experiment
        del flat[name]
    if config.batch_norm == "replica" and config.replicas > 1:
        flat |= {"batch_norm": config.batch_norm, REPLICAS: config.replicas}
    return {name: value for name, value in flat.items() if name.split(".")[-1] not in _NOT_IN_FINGERPRINT}


def list_decisions(config: RunConfig) -> list[dict[str, Any]]:
    """The deciding values of a run now, and as they were before each extension of its epochs, the newest first."""
    earlier = [dataclasses.replace(config, recipe=recipe) for recipe in list_earlier(config.recipe)]
    return [deciding_values(each) for each in (config, *earlier)]


def fingerprint(config: RunConfig) -> str:
    """Short hash of everything that decides the run's numbers."""
    text = json.dumps(deciding_values(config), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def find_base(runs: Path, recorded: str) -> Path | None:
    """The folder that a run was started in: ``recorded``, relative to it, is the folder ``runs``."""
    parts = Path(os.path.normpath(recorded)).parts
    if not parts:  # "."
        return runs
    if os.path.isabs(recorded) or os.pardir in parts:
        here = Path(os.path.abspath(recorded)) == runs
        return Path.cwd() if here and not os.path.isabs(recorded) else None
    return Path(*runs.parts[: -len(parts)]) if runs.parts[-len(parts) :] == parts else None
