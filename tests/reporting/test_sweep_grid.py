from densebench.reporting.sweep_grid import SweepRow, describe_states, make_sweep_grid


def make_row(**values):
    unknown = dict.fromkeys(("test_accuracy", "where", "launcher", "sweep", "job", "restarts", "reason"))
    return SweepRow(**{"run": "a", "state": "queued", "finished": 0, "epochs": 3} | unknown | values)


def test_programs_get_every_column_and_readers_those_that_say_something():
    rows = [make_row(), make_row(run="b", state="running", where="node1 GPU 0", finished=1, test_accuracy=0.5)]
    assert [column.name for column in make_sweep_grid(rows, whole=False).columns] == [
        *("run", "state", "finished", "epochs", "test_accuracy", "where")
    ]
    assert len(make_sweep_grid(rows, whole=True).columns) == 11


def test_the_sentence_counts_the_states_in_their_order():
    assert describe_states([make_row(), make_row(state="failed"), make_row()]) == "3 runs: 2 queued, 1 failed."
