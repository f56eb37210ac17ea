import json

from densebench.cli.app import run
from densebench.config import RunConfig
from densebench.running.launchers.protocol import QueuedRun
from densebench.running.launchers.sweep import open_sweep
from densebench.running.tasks import TrainTask


def test_it_says_what_has_come_of_a_sweep(in_tmp, capsys):
    config = RunConfig(variant="resnet20", run="a")
    with open_sweep("ray", [QueuedRun(name="a", task=TrainTask(config=config), numbered=True)]):
        assert run(["status", "--format", "json"]) == 0
    captured = capsys.readouterr()
    (row,) = json.loads(captured.out)["status"]
    assert (row["run"], row["state"], row["finished"], row["epochs"], row["where"]) == ("a", "queued", 0, 300, None)
    assert captured.err == "1 run: 1 queued.\n"


def test_a_table_has_only_columns_that_say_something(in_tmp, capsys):
    config = RunConfig(variant="resnet20", run="a")
    with open_sweep("ray", [QueuedRun(name="a", task=TrainTask(config=config), numbered=True)]):
        run(["status"])
    assert capsys.readouterr().out.splitlines()[0].split() == ["Run", "State", "Done", "Epochs", "Launcher", "Sweep"]


def test_where_nothing_is_unfinished_it_says_so(in_tmp, capsys):
    (in_tmp / "runs").mkdir()
    assert run(["status"]) == 0
    assert capsys.readouterr().err.startswith("No run is queued, running or unfinished here")
