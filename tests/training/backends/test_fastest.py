import csv
from pathlib import Path

import pytest
from implementations import CONTENDERS, list_speeds, make_table, read_contenders

from densebench.machine import Environment
from densebench.records import EpochRecord, Run
from densebench.results import store
from densebench.training.backends import fastest
from densebench.training.backends.fastest import COLUMNS, TABLE, is_fast_proven

RESULTS = Path(__file__).parents[3] / "results" / "implementations"


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Makes the table of these rows: backend, device, precision, ratio."""

    def make(*rows):
        path = tmp_path / "table.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *((*row, row[-1], "resnet20 at 64", 1) for row in rows)])
        monkeypatch.setattr(fastest, "TABLE", path)
        fastest._read_ratios.cache_clear()

    yield make
    fastest._read_ratios.cache_clear()


def test_what_takes_less_time_is_chosen_and_nothing_is_assumed(table):
    table(("jax", "cpu", "float32", 1.5), ("torch", "gpu", "float32", 0.9))
    assert is_fast_proven("jax", "cpu", "float32")
    assert not is_fast_proven("torch", "gpu", "float32")
    assert not is_fast_proven("jax", "gpu", "float32")
    assert not is_fast_proven("jax", "cpu", "mixed_bfloat16")


def test_on_a_gpu_a_precision_that_was_not_measured_is_as_the_others_were(table):
    table(
        ("torch", "gpu", "mixed_bfloat16", 20.0), ("jax", "gpu", "float32", 1.2), ("jax", "gpu", "mixed_float16", 0.9)
    )
    assert is_fast_proven("torch", "gpu", "float32")
    assert not is_fast_proven("torch", "cpu", "float32")
    assert is_fast_proven("jax", "gpu", "float32")
    assert not is_fast_proven("jax", "gpu", "mixed_bfloat16")


def test_the_table_is_that_of_the_results():
    with TABLE.open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == list(COLUMNS)
    measured = [*list_speeds(store.read_all([RESULTS])), *read_contenders(CONTENDERS)]
    assert rows == [list(row) for row in make_table(measured)]


def speed(implementation, seconds, variant="resnet20", **changes):
    settings = {"phase": "speed", "status": "completed", "backend": "jax", "precision": "float32", "batch_size": 64}
    return Run(
        run="r",
        variant=variant,
        implementation=implementation,
        environment=Environment(device_kind="cpu"),
        records=(EpochRecord(step_ms_p50=seconds),),
        **{**settings, **changes},
    )


def test_a_row_is_the_mean_ratio_of_the_networks_of_which_both_were_measured():
    runs = [
        *(speed("plain", seconds) for seconds in (20.0, 40.0, 30.0)),
        *(speed("fast", seconds) for seconds in (15.0, 14.0, 16.0)),
        speed("plain", 8.0, "100x12"),
        speed("fast", 1.0, "100x12"),
        speed("plain", 5.0, "40x12"),
        speed("fast", 5.0, precision="mixed_bfloat16"),
        speed("fast", 5.0, status="interrupted"),
    ]
    assert list(make_table(list_speeds(runs))) == [
        ("jax", "cpu", "float32", "4.000", "2.000", "100x12 at 64; resnet20 at 64", "1")
    ]


def test_only_training_steps_of_equal_settings_make_a_ratio():
    runs = [
        speed("plain", 20.0),
        speed("fast", 10.0),
        speed("fast", 1.0, image_size=128),
        speed("fast", 1.0, recompute=True),
        speed("fast", 1.0, optimizer="muon"),
        speed("plain", 4.0, phase="inference"),
        speed("fast", 1.0, phase="inference"),
    ]
    assert list(make_table(list_speeds(runs))) == [("jax", "cpu", "float32", "2.000", "2.000", "resnet20 at 64", "1")]
