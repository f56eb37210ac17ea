"""The processes that run beside the tests."""

import psutil
import pytest
from background import Background

SAY = """
import sys
print("said", *sys.argv[1:])
if "badly" in sys.argv:
    sys.exit("gone badly")
"""
WAIT = """
import subprocess, sys
from pathlib import Path
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
Path(sys.argv[-1], ".pid").write_text(str(child.pid))
Path(sys.argv[-1], ".pid").rename(Path(sys.argv[-1], "pid"))
child.wait()
"""


@pytest.fixture
def make_script(tmp_path):
    """Writes a script and returns its path."""

    def make_script(lines):
        path = tmp_path / "script.py"
        path.write_text(lines)
        return path

    return make_script


@pytest.fixture
def start(tmp_path):
    """Starts a process that is stopped after the test."""
    started = []

    def start(process):
        (tmp_path / "background").mkdir()
        process.start(tmp_path / "background")
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()


def test_a_script_is_run_for_each_choice_and_what_it_prints_is_the_result(make_script, start):
    process = start(Background.in_turn(make_script(SAY), ["a", "b with more"]))
    assert process.read("b with more") == b"said b with more\n"
    assert process.read("a") == b"said a\n"


def test_a_choice_that_fails_is_an_error_with_what_it_printed_and_leaves_the_others_alone(make_script, start):
    process = start(Background.in_turn(make_script(SAY), ["badly", "well"]))
    with pytest.raises(RuntimeError, match=r"no result 'badly', exit code 0: gone badly\nbadly: exit code 1"):
        process.read("badly")
    assert process.read("well") == b"said well\n"


def test_a_process_that_is_stopped_leaves_none_that_it_has_started(make_script, start):
    process = start(Background(make_script(WAIT)))
    child = psutil.Process(int(process.read("pid")))
    process.stop()
    psutil.wait_procs([child], timeout=60)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
