import dataclasses
import io

import pandas as pd

from densebench.machine import Environment
from densebench.records import COLUMNS, Run
from densebench.results import csv_file
from densebench.results.csv_file import format_runs
from densebench.results.frame import make_run_frame, read_frame


def test_a_row_is_an_epoch_with_the_columns_of_the_files(trained):
    frame = make_run_frame([trained(seed=0, epochs=2), trained("100x12", seed=1)])
    assert list(frame.columns) == list(COLUMNS)
    assert frame["variant"].tolist() == ["resnet20"] * 2 + ["100x12"] * 3
    assert frame["epoch"].tolist() == [1, 2, 1, 2, 3]
    assert frame["seed"].tolist() == [0, 0, 1, 1, 1]
    assert frame["cpu_cores"].tolist() == [2] * 5


def test_the_last_epoch_of_each_run_is_one_row_a_run(trained):
    frame = make_run_frame([trained(epochs=2, accuracy=0.7), trained(epochs=3, accuracy=0.9)], last=True)
    assert frame["test_accuracy"].tolist() == [0.7, 0.9]


def test_a_run_without_an_epoch_has_a_row_all_the_same(trained):
    frame = make_run_frame([dataclasses.replace(trained(), records=()), trained(epochs=1)])
    assert frame["epoch"].isna().tolist() == [True, False]
    assert frame["run"].tolist() == ["resnet20-s0"] * 2


def test_types_are_nullable_and_unknown_is_missing(trained):
    frame = make_run_frame([trained(jit=True), trained()])
    kinds = {int: "Int64", float: "Float64", bool: "boolean", str: "category"}
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        name: kinds[column.type] for name, column in COLUMNS.items()
    }
    assert frame["jit"].isna().tolist() == [False] * 3 + [True] * 3
    assert frame["energy_joules"].isna().all()


def test_the_frame_agrees_with_pandas_reading_the_file(trained):
    runs = [trained(seed=0), trained(seed=1, accuracy=1 / 3)]
    ours, theirs = make_run_frame(runs), pd.read_csv(io.StringIO(format_runs(runs)))
    for name in ("run", "epoch", "epoch_seconds", "test_accuracy", "params", "device"):
        assert ours[name].tolist() == theirs[name].tolist()


def test_no_runs_are_a_table_without_rows():
    frame = make_run_frame([])
    assert frame.empty
    assert list(frame.columns) == list(COLUMNS)


def test_a_run_without_an_epoch_is_one_row(in_tmp):
    csv_file.write(Run(run="a", variant="10x4", status="failed", reason="why"), "a.csv")
    frame = read_frame(["a.csv"])
    assert list(frame["reason"]) == ["why"]
    assert frame["epoch"].isna().all()


def test_two_runs_of_one_name_on_two_machines_stay_two(in_tmp, trained):
    for host in ("here", "there"):
        run = dataclasses.replace(trained(), started="2026-01-01T00:00:00+00:00", environment=Environment(host=host))
        csv_file.write(run, f"{host}.csv")
    assert read_frame(["here.csv", "there.csv"], last=True)["host"].tolist() == ["here", "there"]
