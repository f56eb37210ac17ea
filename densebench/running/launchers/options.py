"""Which launcher is chosen, with what; checked before anything heavy loads."""

import dataclasses
from dataclasses import dataclass
from importlib.util import find_spec

from densebench.errors import InputError, unknown
from densebench.running.launchers.protocol import LAUNCHERS

# of each option, the launchers that take it
_TAKEN_BY = {
    "jobs": ("ray", "slurm"),
    "gpus_per_run": ("ray", "slurm"),
    "cpus_per_run": ("ray", "slurm"),
    "retries": ("ray",),
    "ray_address": ("ray",),
    "partition": ("slurm",),
    "slurm": ("slurm",),
    "no_wait": ("slurm",),
}
_PACKAGES = {"ray": "ray", "slurm": "submitit"}


@dataclass(frozen=True, kw_only=True)
class LaunchOptions:
    """The launcher and its options as given; ``None`` where nothing was given."""

    launcher: str = "loop"
    jobs: int | None = None  # runs at a time
    gpus_per_run: float | None = None  # a fraction shares a card
    cpus_per_run: int | None = None
    retries: int | None = None  # of a run whose worker or node is lost
    ray_address: str | None = None  # None: a Ray of this machine, for this call
    partition: str | None = None
    slurm: tuple[str, ...] = ()  # key=value, as sbatch takes them
    no_wait: bool = False


LOOP = LaunchOptions()


def is_taken(option: str, launcher: str) -> bool:
    """Whether a launcher takes the option of that name."""
    return launcher in _TAKEN_BY.get(option, LAUNCHERS)


def check_launch(options: LaunchOptions, *, hosts: str | None = None) -> None:
    """Raise :class:`InputError` for an unknown launcher, an option of another one, a wrong value, a missing package."""
    name = options.launcher
    if name not in LAUNCHERS:
        raise unknown("launcher", name, LAUNCHERS)
    for option, launchers in _TAKEN_BY.items():
        if getattr(options, option) not in (None, False, ()) and not is_taken(option, name):
            raise InputError(
                f"--{option.replace('_', '-')} is an option of --launcher {' and '.join(launchers)}, "
                f"but the launcher is {name}: leave it out, or choose that launcher."
            )
    if hosts is not None and name != "loop":
        raise InputError(f"--hosts shares one run over hosts that start it together, which --launcher {name} does not.")
    _check_values(options)
    package = _PACKAGES.get(name)
    if package is not None and find_spec(package) is None:
        raise InputError(f"--launcher {name} needs {package}, which is missing: pip install 'densebench[{name}]'.")


def _check_values(options: LaunchOptions) -> None:
    for option, least in (("jobs", 1), ("cpus_per_run", 1), ("retries", 0), ("gpus_per_run", 0)):
        value = getattr(options, option)
        if value is not None and value < least:
            raise InputError(f"--{option.replace('_', '-')} {value} must be at least {least}.")
    gpus = options.gpus_per_run
    if gpus is not None and gpus != int(gpus) and (gpus > 1 or options.launcher == "slurm"):
        raise InputError(
            f"--gpus-per-run {gpus:g} is no whole number: only --launcher ray shares a card, and only one, as in 0.5."
        )
    for text in options.slurm:
        key, equals, _ = text.partition("=")
        if not key or not equals:
            raise InputError(f"--slurm {text!r} cannot be read: write it as key=value, such as account=vision.")


def describe_place(options: LaunchOptions) -> str:
    """Where the runs would be made, in a sentence; nothing is asked of an engine."""
    given = [
        f"{name.replace('_', ' ')} {value:g}"
        for name, value in dataclasses.asdict(options).items()
        if name in ("jobs", "gpus_per_run", "cpus_per_run", "retries") and value is not None
    ]
    settings = f" ({', '.join(given)})" if given else ""
    if options.launcher == "ray":
        where = "on this machine" if options.ray_address is None else f"on the nodes of {options.ray_address}"
        return f"Launcher ray: queued {where}{settings}."
    if options.launcher == "slurm":
        where = "the default partition" if options.partition is None else f"partition {options.partition}"
        return f"Launcher slurm: one array job in {where}{settings}."
    return "Launcher loop: one run after another in this process."
