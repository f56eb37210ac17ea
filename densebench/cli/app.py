"""The command line: parses the options, calls a workflow, prints. The only place that prints and exits."""

import shlex
import sys
import traceback
from typing import Annotated, cast

import typer

from densebench.cli.compare import compare
from densebench.cli.environment import env
from densebench.cli.evaluate import evaluate
from densebench.cli.printing import print_error
from densebench.cli.speed import speed
from densebench.cli.summary import summary
from densebench.cli.train import train
from densebench.errors import DensebenchError
from densebench.version import __version__

app = typer.Typer(
    name="densebench",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_ClickError = cast(type[typer.BadParameter], typer.BadParameter.__mro__[2])  # of whichever click typer carries


def run(arguments: list[str], *, debug: bool = False) -> int:
    """The exit code of a command line; a traceback is printed only for ``debug``."""
    try:
        return int(
            app(arguments, prog_name="densebench", standalone_mode=False, obj=shlex.join(["densebench", *arguments]))
            or 0
        )
    except DensebenchError as error:
        return _fail(str(error), error.exit_code, debug)
    except _ClickError as error:
        return _fail(error.format_message(), 2, debug)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("Interrupted.", 130, debug)
    except BrokenPipeError:  # the reader of our output, such as head, has enough
        sys.stderr.close()
        return 0


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


app.command(no_args_is_help=True)(train)
app.command("eval", no_args_is_help=True)(evaluate)
app.command()(summary)
app.command(no_args_is_help=True)(compare)
app.command(no_args_is_help=True)(speed)
app.command()(env)
