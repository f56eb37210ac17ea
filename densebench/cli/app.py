"""The command line: parses the options, calls a workflow, prints. The only place that prints and exits."""

import os
import shlex
import traceback
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from densebench.cli.commands.compare import compare
from densebench.cli.commands.environment import env
from densebench.cli.commands.evaluate import evaluate
from densebench.cli.commands.init import init
from densebench.cli.commands.plan import plan
from densebench.cli.commands.recipe import recipe
from densebench.cli.commands.speed import speed
from densebench.cli.commands.status import status
from densebench.cli.commands.summary import summary
from densebench.cli.commands.train import train
from densebench.cli.defaults import Default, find_defaults
from densebench.cli.help import Command, Group
from densebench.cli.parsing import describe_sources, list_options
from densebench.cli.printing import print_error
from densebench.cli.streams import describe_lost_output, open_standard_streams
from densebench.errors import DensebenchError, InputError
from densebench.version import __version__

app = typer.Typer(
    name="densebench",
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_ClickError = cast(type[typer.BadParameter], typer.BadParameter.__mro__[2])  # of whichever click typer carries


def run_with_streams(arguments: list[str], *, debug: bool = False) -> int:
    """As :func:`run`, with standard streams that outlive their readers; output that was lost is an error."""
    open_standard_streams()
    code = run(arguments, debug=debug)
    lost = describe_lost_output()
    return code if lost is None else code or _fail(lost, 1, debug=False)


def run(arguments: list[str], *, debug: bool = False) -> int:
    """The exit code of a command line; a traceback is printed only for ``debug``."""
    try:
        command = cast(Group, typer.main.get_command(app))
        defaults = _find_defaults(command, arguments)
        line = shlex.join(["densebench", *arguments])
        done = command(arguments, prog_name="densebench", standalone_mode=False, obj=line, default_map=defaults)
        return int(done or 0)
    except DensebenchError as error:
        return _fail(" ".join([str(error), *getattr(error, "__notes__", [])]), error.exit_code, debug)
    except _ClickError as error:
        sentence = _describe_usage_error(error)
        return _fail(sentence, 2, debug) if sentence else 2  # without one, the help was printed
    except (KeyboardInterrupt, typer.Abort):
        return _fail("Interrupted.", 130, debug)


def _describe_usage_error(error: Any) -> str:
    """The sentence of a click error, with the file or variable that a wrong value is from."""
    sentence: str = error.format_message()
    return f"{sentence} {describe_sources(sentence, error.ctx)}".rstrip() if error.ctx else sentence


def _find_defaults(command: Group, arguments: list[str]) -> dict[str, dict[str, Default]]:
    """The defaults of every command; a mistake in them does not keep the help from being read."""
    try:
        folder = Path.cwd()
    except FileNotFoundError:
        raise InputError("The working directory has been removed: change into one that exists.") from None
    try:
        return find_defaults(list_options(command.commands), os.environ, folder)
    except InputError:
        if {"-h", "--help", "--version"} & set(arguments):
            return {}
        raise


def _fail(sentence: str, exit_code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print_error(sentence)
    return exit_code


def _version(asked: bool) -> None:
    if asked:
        print(f"densebench {__version__}")
        raise typer.Exit


@app.callback()
def densebench(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print the traceback of an error.")] = False,
) -> None:
    """Which of these networks should I train on my machine, and what will it cost me?"""


app.command(cls=Command)(plan)
app.command(cls=Command, no_args_is_help=True)(train)
app.command("eval", cls=Command, no_args_is_help=True)(evaluate)
app.command(cls=Command)(summary)
app.command(cls=Command, no_args_is_help=True)(init)
app.command(cls=Command, no_args_is_help=True)(compare)
app.command(cls=Command, no_args_is_help=True)(speed)
app.command(cls=Command)(recipe)
app.command(cls=Command)(status)
app.command(cls=Command)(env)
