import json

import pytest

from densebench.cli.app import run
from densebench.results import store


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


def test_an_evaluation_that_cannot_begin_leaves_no_row_and_says_why(in_trained, tmp_path, capfd):
    (in_trained / "torn.keras").write_bytes(b"PK\x03\x04 torn")
    arguments = ["eval", "torn.keras", "--dataset", "digits", "--results-dir", str(tmp_path)]
    assert run(arguments) == 2
    assert list(tmp_path.glob("*.csv")) == []
    assert "torn.keras" in capfd.readouterr().err
