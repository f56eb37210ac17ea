"""``benchmarks/side_by_side.py``, with made-up contenders."""

import itertools
import time
from dataclasses import replace

import pytest
import side_by_side
from sitting import Measurement, Setting

SETTING = Setting(
    contender="jax-hand", round=1, variant="10x4", batch_size=8, threads=1, precision="float32", warm_up=0, steps=1
)
CHILD = """
import json, os, sys, time
from pathlib import Path
setting, turn = json.loads(sys.argv[1]), Path(os.environ["DENSEBENCH_TURN"])
if setting["contender"] == "jax-plain":
    raise SystemExit("no such device")
if setting["contender"] == "jax-fast":
    time.sleep(60)
(turn / "ready").touch()
while not (turn / "go").exists():
    time.sleep(0.01)
began = time.monotonic()
time.sleep(0.2)
row = dict.fromkeys(FIELDS, None) | {"contender": setting["contender"], "step_seconds": f"{began} {time.monotonic()}"}
print(json.dumps(row))
"""


@pytest.fixture(autouse=True)
def child(tmp_path, monkeypatch):
    path = tmp_path / "child.py"
    path.write_text(CHILD.replace("FIELDS", repr(list(Measurement.__dataclass_fields__))))
    monkeypatch.setattr(side_by_side, "CHILD", path)


def measure(*names, seconds=15.0):
    settings = [replace(SETTING, contender=name) for name in names]
    found = side_by_side.measure(settings, time.monotonic() + seconds)
    return {contender.setting.contender: result for contender, result in found}


def test_each_is_timed_while_no_other_is():
    found = measure("jax-hand", "torch-eager", "fast")
    times = sorted(tuple(map(float, row.step_seconds.split())) for row in found.values())
    assert len(times) == 3
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(times))


def test_one_that_fails_or_is_late_is_a_reason_and_the_others_are_timed():
    found = measure("jax-hand", "jax-plain", "jax-fast", seconds=6.0)
    assert isinstance(found["jax-hand"], Measurement)
    assert found["jax-plain"] == "no such device (exit code 1)"
    assert found["jax-fast"] == "its first step was not over in time"


def test_what_the_csv_has_is_not_measured_again(tmp_path, monkeypatch, capsys):
    output = tmp_path / "contenders.csv"
    output.write_text(
        "contender,variant,precision,batch_size\ntorch-eager,100x12,float32,64\njax-hand,40x12,float32,64\n"
    )
    asked = []
    monkeypatch.setattr(side_by_side, "measure", lambda settings, deadline: asked.extend(settings) or ())
    words = ["--contenders", "torch-eager,jax-hand", "--precisions", "float32", "--batch-sizes", "64,256"]
    monkeypatch.setattr("sys.argv", ["side_by_side.py", *words, "--output", str(output)])
    side_by_side.main()
    found = [side_by_side.make_key(vars(setting)) for setting in asked]
    assert found == [
        ("jax-hand", "100x12", "float32", "64"),
        ("torch-eager", "100x12", "float32", "256"),
        ("jax-hand", "100x12", "float32", "256"),
    ]


def test_an_unknown_contender_is_refused_before_anything_starts(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["side_by_side.py", "--contenders", "tensorflow-eager", "--output", "x.csv"])
    with pytest.raises(SystemExit) as ended:
        side_by_side.main()
    assert ended.value.code == 2
    assert "unknown contender 'tensorflow-eager': choose from script, plain" in capsys.readouterr().err
