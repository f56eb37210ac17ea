import sys
from pathlib import Path

import pytest
from rich.console import Group
from rich.text import Text

from densebench.cli.printing import print_finished, print_message, print_next, print_result, print_written
from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.events import Ended
from densebench.launching import Finished
from densebench.records import Run


def finished(status="completed", exit_code=0, *, run="a", phase="train", runs_dir="runs"):
    return Finished(
        run=Run(run=run, variant="resnet20", status=status, phase=phase),
        outcome=Ended(status=status, reason=None, exit_code=exit_code),
        directory=Path(runs_dir) / run,
        results=Path("results") / f"{run}.csv",
    )


def test_a_table_for_a_pipe_has_no_width_and_is_not_folded(capfd):
    print_result(lambda width: Text(f"{width} " + "x" * 300), lambda: "", "table")
    assert capfd.readouterr().out == f"None {'x' * 300}\n"


def test_a_line_that_may_not_be_folded_is_whole_on_a_terminal_too(capfd, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    command = "densebench train resnet20 --dataset folder:" + "long/" * 20
    print_result(lambda width: Group(Text(command, no_wrap=True, overflow="ignore")), lambda: "", "table")
    assert command in capfd.readouterr().out


def test_another_format_is_printed_as_it_is(capfd):
    print_result(lambda width: Text(""), lambda: "[a],b\n", "csv")
    assert capfd.readouterr().out == "[a],b\n"


def test_messages_go_to_standard_error_and_are_no_markup(capfd):
    print_message("[bold]x[/bold]")
    print_written([Path("a.png")])
    assert capfd.readouterr() == ("", "[bold]x[/bold]\nWrote a.png.\n")


@pytest.mark.parametrize(("codes", "code"), [((), 0), ((0, 0), 0), ((0, 1), 1), ((2, 1, 130), 130)])
def test_the_gravest_end_of_a_run_decides_the_exit_code(codes, code, capfd):
    runs = [finished("completed" if code == 0 else "failed", code, run=f"r{index}") for index, code in enumerate(codes)]
    assert print_finished(runs, "csv") == code


def test_an_interrupted_training_is_followed_by_the_command_that_continues_it(capfd):
    assert print_finished([finished("interrupted", 130)], "csv") == 130
    assert capfd.readouterr().err == "Continue with: densebench train --resume a\n"
    print_finished([finished("interrupted", 130, runs_dir="my runs")], "csv")
    assert capfd.readouterr().err == "Continue with: densebench train --resume a --runs-dir 'my runs'\n"


def test_an_interrupted_measurement_cannot_be_continued(capfd):
    print_finished([finished("interrupted", 130, phase="speed")], "csv")
    assert capfd.readouterr().err == ""


@pytest.fixture
def on_terminal(capfd, monkeypatch):
    """Returns what a call prints on standard error where standard output is a terminal."""

    def call(print_it, *arguments, **options):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        print_it(*arguments, **options)
        return capfd.readouterr().err

    return call


def test_a_table_of_one_training_is_followed_by_its_file_and_the_command_that_evaluates_it(on_terminal):
    err = on_terminal(print_finished, [finished(runs_dir="my runs")], "table")
    assert err == "Results: results/a.csv\nNext: densebench eval a --runs-dir 'my runs'\n"


def test_a_table_of_several_runs_is_followed_by_their_folder_and_the_command_that_compares_them(on_terminal):
    err = on_terminal(print_finished, [finished(run="a"), finished(run="b")], "table")
    assert err == "Results: 2 files in results\nNext: densebench compare results\n"
    err = on_terminal(print_finished, [finished(run="a"), finished("failed", 1, run="b")], "table")
    assert err == "Results: 2 files in results\n"


def test_a_measurement_of_speed_is_followed_by_its_file_alone(on_terminal):
    assert on_terminal(print_finished, [finished(phase="speed")], "table") == "Results: results/a.csv\n"


@pytest.mark.parametrize("form", ["csv", "json", "markdown"])
def test_other_formats_than_a_table_are_followed_by_nothing(form, on_terminal):
    assert on_terminal(print_finished, [finished()], form) == ""


def test_a_pipe_is_given_no_advice(trained, capfd):
    print_finished([finished()], "table")
    print_next(compare([trained("a")], CompareOptions()), "densebench compare results", has_page=False)
    assert capfd.readouterr().err == ""


@pytest.fixture
def next_command(on_terminal):
    def call(*runs, has_page=False, **options):
        compared = compare(runs, CompareOptions(**options))
        return on_terminal(print_next, compared, "densebench compare results", has_page=has_page)

    return call


def test_a_comparison_without_a_baseline_is_followed_by_the_command_with_one(trained, next_command):
    runs = [trained("a"), trained("a", backend="jax", accuracy=0.99)]
    assert next_command(*runs) == "Next: densebench compare results --baseline 'a · jax'\n"


def test_a_comparison_that_leaves_verdicts_open_is_followed_by_how_to_settle_them(trained, next_command):
    text = next_command(trained("a"), trained("b"), baseline="a")
    assert text == "Next: train with --seeds 0-4 --skip-completed, then compare again\n"


def test_a_comparison_that_leaves_nothing_open_is_followed_by_the_page(trained, next_command):
    assert next_command(trained("a")) == "Next: densebench compare results --html report.html\n"
    assert next_command(trained("a"), has_page=True) == ""
