"""The command line as a user meets it. One tiny network is trained for real and shared by the tests."""

import dataclasses
import json
import os

import pytest

from densebench.cli import run
from densebench.records import EpochRecord, Run
from densebench.results import csv_file, store

TINY = ["--dataset", "digits", "--image-size", "8", "--train-limit", "100", "--test-limit", "50", "--batch-size", "20"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder in which the network 10x4 was trained for two epochs."""
    folder = tmp_path_factory.mktemp("trained")
    before = os.getcwd()
    os.chdir(folder)
    try:
        assert run(["train", "10x4", *TINY, "--epochs", "2"]) == 0
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def in_trained(trained, monkeypatch):
    monkeypatch.chdir(trained)
    return trained


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train"], None),
        (["train", "resnet2O"], "did you mean"),
        (["train", "101x12"], "6n + 4"),
        (["train", "resnet20", "--dataset", "cifar11"], "did you mean cifar10"),
        (["train", "resnet20", "--recipe", "blogg"], "did you mean blog"),
        (["train", "resnet20", "--backend", "tensorflaw"], "did you mean tensorflow"),
        (["train", "resnet20", "--precision", "float16"], "did you mean"),
        (["train", "resnet20", "--epochs", "many"], "--epochs"),
        (["train", "resnet20", "--epochs", "0"], "--epochs 0"),
        (["train", "resnet20", "--epocs", "3"], "--epochs"),
        (["train", "resnet20", "--seed", "1", "--seeds", "0-4"], "give one"),
        (["train", "resnet20", "--time-limit", "2 fortnights"], "--time-limit"),
        (["train", "resnet20", "--dataset", "digits", "--batch-size", "5000"], "--batch-size 5000"),
        (["train", "resnet20", "--dataset", "folder:nowhere"], "nowhere"),
        (["train", "--resume", "nothing"], "nothing"),
        (["train", "resnet20", "--dataset", "digits", "--run", "../x"], "file name"),
        (["eval", "nothing"], "nothing"),
        (["eval", "model.keras"], "--dataset"),
        (["summary", "nothing"], "Unknown variant"),
        (["summary", "--format", "xml"], "Unknown format"),
        (["compare", "nothing.csv"], "nothing.csv"),
        (["compare", "."], "holds no results"),
        (["speed", "resnet20", "--batch-size", "big"], "--batch-size"),
        (["traim"], "train"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_input_is_one_sentence_and_exit_code_2(in_tmp, capfd, arguments, sentence):
    code = run(arguments)
    out, err = capfd.readouterr()
    if sentence is None:  # a command without anything to do shows its help
        assert "Usage" in out
        return
    assert code == 2
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert sentence in err
    assert "Traceback" not in err
    assert not out
    assert sorted(path.name for path in in_tmp.iterdir()) in ([], ["cache"])


def test_debug_shows_the_traceback_too(in_tmp, capfd):
    assert run(["train", "resnet2O"], debug=True) == 2
    err = capfd.readouterr().err
    assert "Traceback" in err
    assert "error: Unknown variant" in err


def test_training_leaves_a_row_an_epoch_and_everything_else_in_its_folder(in_trained):
    (trained,) = store.read_all(["results"])
    assert (trained.status, trained.phase, len(trained.records)) == ("completed", "train", 2)
    assert trained.params == 2_862
    assert trained.command == f"densebench train 10x4 {' '.join(TINY)} --epochs 2"
    folder = in_trained / "runs" / trained.run
    assert trained.model_file_bytes == (folder / "model.keras").stat().st_size
    assert trained.checkpoint_file_bytes == (folder / "checkpoint.npz").stat().st_size
    assert list((folder / "tensorboard").glob("events*"))
    assert (folder / "log.txt").exists()


def test_figures_of_a_run_are_known_or_empty_with_a_reason(in_trained):
    (trained,) = store.read_all(["results"])
    for record in trained.records:
        assert record.gpu_peak_bytes is None
        assert record.gpu_memory_source
        assert record.energy_joules is None
        assert record.energy_source
        assert record.host_peak_bytes > 0
    assert trained.environment.python
    assert trained.environment.backend_version


def test_a_run_is_evaluated_from_its_own_data_to_its_own_accuracy(in_trained, capfd, tmp_path):
    (trained,) = store.read_all(["results"])
    results = ["--results-dir", str(tmp_path)]
    assert run(["eval", trained.run, *results, "--format", "json", "--plot", str(tmp_path / "confusion.png")]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert shown["kind"] == "evaluation"
    (evaluated,) = store.read_all([tmp_path])
    assert (evaluated.phase, evaluated.source) == ("eval", trained.run)
    assert evaluated.records[0].test_accuracy == trained.records[-1].test_accuracy
    assert evaluated.records[0].test_loss == pytest.approx(trained.records[-1].test_loss, rel=1e-6)
    assert (tmp_path / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_a_failed_evaluation_is_a_row_that_says_why(in_trained, tmp_path, capfd):
    (in_trained / "torn.keras").write_bytes(b"PK\x03\x04 torn")
    arguments = ["eval", "torn.keras", "--dataset", "digits", "--results-dir", str(tmp_path)]
    assert run(arguments) == 2
    (failed,) = store.read_all([tmp_path])
    assert failed.status == "failed"
    assert "torn.keras" in failed.reason
    assert "torn.keras" in capfd.readouterr().err


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


def test_one_seed_after_another_and_a_dry_run_that_makes_nothing(in_tmp, capfd):
    assert run(["train", "10x4", "16x4", *TINY, "--seeds", "0-2", "--dry-run", "--format", "json"]) == 0
    assert len(json.loads(capfd.readouterr().out)["plan"]) == 6
    assert not list(in_tmp.iterdir())


def test_summary_in_csv_has_every_variant_and_exact_counts(capfd):
    assert run(["summary", "--format", "csv"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert any(line.startswith("169x32,") and "12651594" in line.replace(",", "").replace('"', "") for line in lines)


def test_no_colour_when_asked_for_none(in_tmp, capfd, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    run(["train", "resnet2O"])
    assert "\x1b[31m" not in capfd.readouterr().err
