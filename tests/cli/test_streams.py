"""The command line at the other end of a pipe, in processes of their own."""

import dataclasses
import json
import os
import subprocess
import sys

import pytest

from densebench.records import EpochRecord, Run
from densebench.results import csv_file

NAME = "Vögel-鳥"
GATE = ["compare", "results", "--baseline", "100x12", "--fail-on", "epoch_seconds>+5%"]


@pytest.fixture
def results(in_tmp):
    """Two networks of three seeds, of which one is certainly slower; its name is beyond ASCII."""
    for variant, seconds in (("100x12", 10.0), (NAME, 12.0)):
        for seed in range(3):
            record = EpochRecord(epoch=1, epoch_seconds=seconds + 0.01 * seed, test_accuracy=0.9 + 0.01 * seed)
            made = Run(run=f"{seconds}-{seed}", variant=variant, status="completed", seed=seed)
            csv_file.write(dataclasses.replace(made, records=(record,)), f"results/{seconds}-{seed}.csv")
    return in_tmp


def execute(*arguments, encoding="utf-8", shell=None):
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "80"}
    command = [sys.executable, "-m", "densebench", *arguments]
    if shell is not None:
        command = ["sh", "-c", shell, "sh", *command]
    return subprocess.run(command, capture_output=True, env=environment)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("form", ["table", "markdown"])
def test_the_gate_decides_whatever_the_encoding_of_the_terminal_is(results, encoding, form):
    done = execute(*GATE, "--format", form, encoding=encoding)
    assert (done.returncode, done.stderr) == (3, b"")
    text = done.stdout.decode(encoding)
    assert ("91.00 +/- 1.00" if encoding == "ascii" else "91.00 \N{PLUS-MINUS SIGN} 1.00") in text
    assert ("V\\xf6gel-\\u9ce5" if encoding == "ascii" else "Vögel-\\u9ce5") in text


def test_a_locale_without_any_encoding_is_ascii(results):
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"} | locale
    done = subprocess.run([sys.executable, "-m", "densebench", *GATE], capture_output=True, env=environment)
    assert (done.returncode, done.stderr) == (3, b"")
    assert b"x1.2" in done.stdout


def test_json_has_escapes_and_csv_stays_utf8(results):
    as_json = execute("compare", "results", "--format", "json", encoding="latin-1").stdout
    assert as_json.isascii()
    assert json.loads(as_json)["rows"][1]["settings"]["variant"] == NAME
    assert NAME in execute("compare", "results", "--format", "csv", encoding="ascii").stdout.decode()


def test_a_page_is_utf8_in_any_terminal(results):
    assert execute("compare", "results", "--html", "p.html", encoding="ascii").returncode == 0
    assert NAME in (results / "p.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("shell", ['{ "$@"; echo $? >code; } | true', '"$@" >&- 2>&-; echo $? >code'])
def test_a_reader_that_has_gone_changes_neither_the_exit_code_nor_the_files(results, shell):
    done = execute(*GATE, "--html", "p.html", shell=shell)
    assert b"Traceback" not in done.stderr
    assert (results / "code").read_text() == "3\n"
    assert (results / "p.html").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence():
    done = execute("summary", "resnet20", shell='"$@" >/dev/full')
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: Standard output cannot be written (")
    assert done.stderr.count(b"\n") == 1
