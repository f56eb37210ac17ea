"""The command line. Only :func:`main` is here: it answers Ctrl-C from its first line on, so it loads nothing else."""

import os
import signal
import sys
from types import FrameType


class _Stopped(BaseException):
    """Ctrl-C came. Typer turns a ``KeyboardInterrupt`` into an exit code without a word, but not this."""


def main() -> None:
    """Run the command line: every error ends in one sentence and its exit code."""
    if sys.platform == "win32":
        os.write(2, b"error: densebench runs on Linux and macOS: on Windows, install and run it in WSL2.\n")
        sys.exit(2)
    signal.signal(signal.SIGINT, _end_at_once)
    from densebench.cli.app import run_with_streams  # 0.3 s

    try:
        signal.signal(signal.SIGINT, _raise_stopped)
        arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
        code = run_with_streams(arguments, debug="--debug" in sys.argv)
    except _Stopped:
        code = 130
        _say_interrupted()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done, and Python takes a moment to shut down
    sys.exit(code)


def _end_at_once(number: int, frame: FrameType | None) -> None:
    """End while nothing has begun; an exception could be caught by a module that is being imported."""
    _say_interrupted()
    os._exit(130)


def _raise_stopped(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is tidied up on the way out is not disturbed
    raise _Stopped


def _say_interrupted() -> None:
    os.write(2, b"error: Interrupted.\n")
