import re

import pytest
import typer

from densebench.cli.app import app, run

COMMANDS = ("plan", "train", "eval", "summary", "compare", "speed", "status", "env")


@pytest.fixture
def show(in_tmp, capfd, monkeypatch):
    """The help of a command at 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")

    def show_help(*command):
        assert run([*command, "--help"]) == 0
        return capfd.readouterr().out

    return show_help


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)], ids=" ".join)
def test_a_help_has_three_examples_no_type_of_flags_and_fits_80_columns(show, command):
    text = show(*command)
    lines = [line.rstrip() for line in text.splitlines()]
    examples = [line for line in lines[lines.index(" Examples") :] if line.startswith("   densebench ")]
    assert len(examples) == 3
    assert "<bool>" not in text
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_are_command_lines_that_can_be_parsed(show, name):
    import shlex

    for line in re.findall(r"^ +densebench (.*)$", show(name), re.MULTILINE):
        command, *arguments = shlex.split(line)
        assert command == name
        typer.main.get_command(app).commands[command].make_context(command, arguments)


def test_defaults_have_one_style(show):
    text = " ".join(re.sub(r"[│\s]+", " ", show("train")).split())
    assert "(default)" not in text
    for default in ("cifar10", "the recipe's", "tensorflow", "float32", "auto", "results", "runs", "1", "table"):
        assert f"[default: {default}]" in text


@pytest.mark.parametrize("command", [[], ["train"], ["eval"], ["compare"], ["speed"]], ids=" ".join)
def test_a_command_without_anything_to_do_shows_its_help_and_no_empty_error(in_tmp, capfd, command):
    assert run(command) == 2
    out, err = capfd.readouterr()
    assert "Usage" in out
    assert err == ""
