import pandas as pd

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.frames import make_comparison_frame, make_grid_frame, make_verdicts_frame
from densebench.reporting.grid import Cell, Grid, GridColumn


def test_a_column_keeps_its_type_where_nothing_is_known(trained):
    frame = make_comparison_frame(compare([trained(), trained("10x4")], CompareOptions()))
    assert frame["energy_joules"].dtype == "Float64"
    assert frame["epoch_seconds_verdict"].dtype == "string"
    assert frame["within_budget"].dtype == "boolean"
    assert frame["gpu_name"].dtype == "string"
    assert frame["baseline"].isna().all()


def test_several_values_of_a_row_are_one_text_and_so_is_their_column(trained):
    runs = [trained(jit=True, batch_size=32), trained(seed=1, jit=False, batch_size=64), trained("10x4", jit=True)]
    frame = make_comparison_frame(compare([*runs, trained("10x4", batch_size=8)], CompareOptions(by=("variant",))))
    found = {label: list(cells) for label, *cells in frame[["label", "jit", "batch_size"]].itertuples(index=False)}
    assert found == {"resnet20": ["true, false", "32, 64"], "10x4": ["true, unknown", "64, 8"]}


def test_a_verdict_has_the_ends_of_its_interval_in_columns(trained):
    runs = [trained(variant, seed, seconds=10.0 + seed) for variant in ("resnet20", "10x4") for seed in range(3)]
    frame = make_verdicts_frame(compare(runs, CompareOptions(baseline="resnet20")))
    tested = frame[frame["metric"] == "epoch_seconds"].iloc[0]
    assert tested["low"] < tested["estimate"] < tested["high"]
    assert frame[frame["metric"] == "params"]["low"].isna().all()


def test_a_table_becomes_its_values():
    columns = tuple(
        GridColumn(name=name, title=name, cells=tuple(Cell(text=str(value), value=value) for value in values))
        for name, values in {"name": ("a", "b"), "count": (1, None), "share": (1, 0.5)}.items()
    )
    frame = make_grid_frame(Grid(name="table", columns=columns))
    assert frame["count"].tolist() == [1, pd.NA]
    assert frame.dtypes.astype(str).to_dict() == {"name": "string", "count": "Int64", "share": "Float64"}
