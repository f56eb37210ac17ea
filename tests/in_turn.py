"""Runs a script once for each choice, ``in_turn.py SCRIPT CHOICE... FOLDER``: what it prints is left in the folder."""

import os
import subprocess
import sys
from pathlib import Path

from background import leave


def main() -> None:
    """A choice that fails leaves no result; what all print on standard error goes to this process's own."""
    script, *choices, folder = sys.argv[1:]
    os.environ.pop("KERAS_BACKEND", None)  # the choice decides it
    for choice in choices:
        done = subprocess.run([sys.executable, script, *choice.split()], stdout=subprocess.PIPE)
        if done.returncode == 0:
            leave(Path(folder), choice, done.stdout)
        else:
            print(f"{choice}: exit code {done.returncode}", file=sys.stderr, flush=True)


main()
