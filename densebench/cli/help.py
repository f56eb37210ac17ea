"""The help of a command: flags without a type, every default in one style, and examples that can be copied."""

import copy
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from densebench.cli.parsing import describe_sources
from densebench.errors import InputError

_EXAMPLES = {
    "densebench": (
        "densebench train resnet20 --dataset digits --epochs 5",
        "densebench compare results --baseline resnet20",
        "densebench speed blog --batch-size 32,64,128",
    ),
    "plan": (
        "densebench plan",
        'densebench plan blog --budget "total_time<=8h,memory<=8GiB"',
        "densebench plan resnet20 100x12 --dataset folder:photos --recipe short",
    ),
    "train": (
        "densebench train resnet20 --dataset digits --epochs 5",
        "densebench train 121x32 100x12 --seeds 0-4 --skip-completed",
        "densebench train --resume last",
    ),
    "eval": (
        "densebench eval resnet20-digits-s0",
        "densebench eval resnet20-digits-s0 --plot confusion.png",
        "densebench eval model.keras --dataset digits",
    ),
    "status": (
        "densebench status",
        "densebench status runs other-runs",
        "densebench status --format json",
    ),
    "summary": (
        "densebench summary",
        "densebench summary 100x12 resnet20 --layers",
        "densebench summary mynet.py:mynet keras:MobileNetV2",
    ),
    "init": (
        "densebench init mynet.py",
        "densebench train mynet.py:mynet --dataset digits --epochs 5",
        "densebench summary mynet.py:mynet --layers",
    ),
    "compare": (
        "densebench compare results --baseline resnet20",
        'densebench compare results --budget "host_peak_bytes<=2GiB,total_time<=2h"',
        'densebench compare new/ --baseline old.csv --fail-on "epoch_seconds>+5%"',
    ),
    "speed": (
        "densebench speed blog --batch-size 32,64,128",
        "densebench speed 100x12 --implementation plain,fast --backend tensorflow,jax",
        "densebench speed resnet20 --precision-target 5% --time-limit 20s",
    ),
    "recipe": (
        "densebench recipe",
        "densebench recipe short > mine.toml",
        "densebench train resnet20 --recipe mine.toml",
    ),
    "env": (
        "densebench env",
        "densebench env --format json",
        "densebench env --data-dir ~/cifar",
    ),
}


class Command(TyperCommand):
    """A command with this help, whose errors name the file or variable that a wrong value is from."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except InputError as error:
            if sources := describe_sources(str(error), ctx):
                error.add_note(sources)
            raise

    def get_params(self, ctx: Any) -> list[Any]:
        return _hide_flag_types(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        shown = copy.copy(self)
        shown.params = [_describe(param, ctx) for param in self.params]
        super(Command, shown).format_help(ctx, formatter)
        _print_examples(self.name)


class Group(TyperGroup):
    """The command line itself, with this help."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _hide_flag_types(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        super().format_help(ctx, formatter)
        _print_examples("densebench")


def _hide_flag_types(params: list[Any]) -> list[Any]:
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params


def _describe(param: Any, ctx: Any) -> Any:
    """A copy whose help ends with what holds where nothing is given, in words where that is no value."""
    if not isinstance(param, TyperOption | TyperArgument):
        return param
    shown = copy.copy(param)
    default = _find_default(param, ctx)
    shown.show_default = False
    if default is not None:
        shown.help = f"{param.help or ''} [dim]{escape(f'[default: {default}]')}[/]".strip()
    return shown


def _find_default(param: TyperOption | TyperArgument, ctx: Any) -> str | None:
    from_outside = (ctx.default_map or {}).get(param.name or "")
    if from_outside is not None:
        return f"{from_outside}, from {from_outside.source}"
    if isinstance(param.show_default, str):
        return param.show_default
    if param.default is None or param.default == [] or isinstance(param.default, bool):
        return None
    return str(param.default)


def _print_examples(name: str | None) -> None:
    lines = [Text("Examples", style="bold"), *(Text(f"  {line}") for line in _EXAMPLES.get(name or "", ()))]
    console = Console()
    for line in lines if len(lines) > 1 else []:
        console.print(Padding(line, (0, 1)), soft_wrap=True)
