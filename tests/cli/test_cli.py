import os
import signal
import subprocess
import sys

import pytest

from densebench import cli
from densebench.cli import app

# Ctrl-C comes while typer is imported, which is the first heavy import
LOADING = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from densebench.cli import main
main()
"""


@pytest.fixture
def restored():
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_while_the_command_line_loads_is_one_line_and_130():
    done = subprocess.run([sys.executable, "-c", LOADING, "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "error: Interrupted.\n")


def test_ctrl_c_in_a_command_is_one_line_and_130(restored, monkeypatch, capfd):
    monkeypatch.setattr(app, "run_with_streams", lambda arguments, debug: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert capfd.readouterr().err == "error: Interrupted.\n"


def test_the_exit_code_of_a_command_is_its_own(restored, monkeypatch):
    monkeypatch.setattr(app, "run_with_streams", lambda arguments, debug: 3)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 3


def test_windows_is_sent_to_wsl2_in_one_sentence(monkeypatch, capfd):
    monkeypatch.setattr(cli.sys, "platform", "win32")
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "on Windows, install and run it in WSL2" in capfd.readouterr().err
