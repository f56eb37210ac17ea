from pathlib import Path

import pytest
from rich.text import Text

from densebench.cli.printing import print_finished, print_message, print_result, print_written
from densebench.events import Ended
from densebench.records import Run
from densebench.workflows import Finished


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
