import dataclasses
import json
from pathlib import Path

import pytest

from densebench.cli.app import run
from densebench.records import EpochRecord, Run
from densebench.results import csv_file


@pytest.mark.parametrize("form", ["table", "csv", "json", "markdown", "latex"])
def test_compare_prints_every_format_whole_when_piped(in_trained, capfd, form):
    assert run(["compare", "results", "--format", form]) == 0
    out = capfd.readouterr().out
    assert "10x4" in out
    assert "\x1b" not in out
    if form == "json":
        assert json.loads(out)["kind"] == "comparison"


@pytest.mark.parametrize(
    ("gate", "code"),
    [
        (["--fail-on", "epoch_seconds>+5%"], 3),  # from 10 s to 12 s, without a doubt
        (["--fail-on", "epoch_seconds>+50%"], 0),
        (["--fail-on", "test_accuracy<-0.3pp"], 0),  # too noisy to tell
        (["--fail-on", "test_accuracy<-0.3pp", "--strict"], 3),
        (["--fail-on", "params>+0%"], 3),
        (["--fail-on", "params>0 furlongs"], 2),
        (["--fail-on", "epoch_seconds>+5%", "--gate-level", "each"], 3),
        (["--fail-on", "epoch_seconds>+5%", "--gate-level", "all"], 2),
        (["--fail-on", "epoch_seconds>+5%", "--looks", "2"], 3),
        (["--looks", "0"], 2),
    ],
)
def test_a_gate_exits_with_3_only_where_a_regression_is_certain(in_tmp, gate, code):
    for variant, params, seconds in (("100x12", 793_150, 10.0), ("100x24", 3_068_482, 12.0)):
        for seed in range(4):
            accuracy = 0.9 + (0.01 if seed % 2 else -0.01) * (1 if variant == "100x12" else 3)
            record = EpochRecord(epoch=1, epoch_seconds=seconds + 0.01 * seed, test_accuracy=accuracy)
            made = Run(run=f"{variant}-{seed}", variant=variant, status="completed", seed=seed, params=params)
            csv_file.write(dataclasses.replace(made, records=(record,)), f"results/{variant}-{seed}.csv")
    assert run(["compare", "results", "--baseline", "100x12", *gate]) == code


def test_check_says_of_every_file_whether_it_can_be_shared_and_why_not(in_tmp, capfd):
    record = EpochRecord(epoch=1, test_accuracy=0.9)
    csv_file.write(Run(run="a", variant="resnet20", status="completed", records=(record,)), "results/a.csv")
    assert run(["compare", "results", "--check"]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("results/a.csv: unknown: started, command, ")
    assert err.endswith("0 of 1 file can be shared as records.\n")


def test_check_accepts_the_results_of_this_repository(capfd):
    digits = Path(__file__).parents[3] / "results" / "digits"
    assert run(["compare", str(digits), "--check"]) == 0
    assert capfd.readouterr().err == "15 of 15 files can be shared as records.\n"
