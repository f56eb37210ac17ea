"""A metric that nobody knew is one entry of METRICS: every output has it without another edit."""

import dataclasses
import io
import json

import pytest
from backend_facts import FACTS
from rich.console import Console
from synthetic_runs import make_run

from densebench.columns import Log
from densebench.comparison.compare import compare
from densebench.comparison.display import Bar, Cost, Curve, Display, Shown
from densebench.comparison.metric import metric
from densebench.comparison.metrics import METRICS
from densebench.comparison.options import parse_compare_options
from densebench.config import RunConfig
from densebench.records import COLUMNS
from densebench.reporting.comparison_tables import make_comparison_tables
from densebench.reporting.export import format_comparison
from densebench.reporting.figures.plot import plot
from densebench.reporting.page.chart_data import make_page_data
from densebench.reporting.page.page import render
from densebench.reporting.run_tables import format_runs_as, make_run_tables
from densebench.training.tensorboard import EpochLog

TITLE = "Sweat"
DISPLAY = Display(
    table=Shown({"train": 55}, keep=30),
    interval=Shown({"train": 56}),
    judged=("train",),
    page_verdict=35,
    listed=75,
    cost=Cost(15, "pareto_sweat"),
    bar=Bar("sweat"),
    curve=Curve("loss", "Sweat by epoch", "drops"),
)


@pytest.fixture(autouse=True)
def made_up(monkeypatch):
    """The one entry, of a column that no metric was made of; and that column's tag in TensorBoard."""
    entry = metric("cpu_seconds", "sum", DISPLAY, name="cpu_seconds", title=TITLE)
    monkeypatch.setitem(METRICS, "cpu_seconds", entry)
    logged = dataclasses.replace(COLUMNS["cpu_seconds"], log=Log("effort/sweat"))
    monkeypatch.setitem(COLUMNS, "cpu_seconds", logged)


def sweating(variant, seed, seconds):
    run = make_run(variant, seed=seed, epochs=4)
    records = tuple(dataclasses.replace(record, cpu_seconds=seconds + seed) for record in run.records)
    return dataclasses.replace(run, records=records)


@pytest.fixture
def comparison():
    runs = [
        sweating(variant, seed, seconds) for variant, seconds in (("100x12", 9.0), ("40x12", 5.0)) for seed in (0, 1)
    ]
    return compare(runs, parse_compare_options(baseline="100x12", sort="cpu_seconds", fail_on="cpu_seconds>+5%"))


def printed(renderable, width):
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(renderable)
    return console.file.getvalue()


def test_the_table_has_it_by_its_priority_and_marks_the_best(comparison):
    training = printed(make_comparison_tables(comparison, width=60), 60).split("Against")[0]
    assert TITLE in training
    assert "*22.0 ± 2.8 s" in training


def test_a_document_has_its_interval_too(comparison):
    assert "| 95 % interval of sweat |" in format_comparison(comparison, "markdown")


def test_it_is_judged(comparison):
    verdicts = printed(make_comparison_tables(comparison, width=120), 120).split("Against")[1]
    assert any(line.strip().startswith(TITLE) for line in verdicts.replace("40x12", "").splitlines())


def test_it_may_be_chosen_sorted_by_gated_and_budgeted(comparison):
    assert [row.label for row in comparison.rows] == ["40x12", "100x12"]
    assert comparison.gate is not None
    assert comparison.gate.conditions[0].condition == "cpu_seconds>+5%"
    assert TITLE in printed(make_comparison_tables(comparison, width=80, columns=["cpu_seconds"]), 80)
    runs = [run for row in comparison.rows for run in row.runs]
    assert compare(runs, parse_compare_options(budget="cpu_seconds<=30s")).budget.within == ("40x12",)


def test_json_and_csv_have_it(comparison):
    row = json.loads(format_comparison(comparison, "json"))["rows"][0]
    assert row["metrics"]["cpu_seconds"]["values"] == [20.0, 24.0]
    assert row["verdicts"]["cpu_seconds"]["kind"] == "ratio"
    head = format_comparison(comparison, "csv").splitlines()[0].split(",")
    assert {"cpu_seconds", "cpu_seconds_low", "cpu_seconds_verdict"} <= set(head)


def test_the_listing_of_a_single_run_has_it():
    run = sweating("100x12", 0, 9.0)
    assert f"{TITLE} " in printed(make_run_tables([run], width=80), 80)
    assert json.loads(format_runs_as([run], "json"))["runs"][0]["figures"]["cpu_seconds"] == 36.0


@pytest.mark.parametrize(
    ("picture", "text"), [("sweat", TITLE), ("pareto_sweat", f"{TITLE}, s"), ("loss", "Sweat by epoch")]
)
def test_bars_scatter_and_curves_are_drawn(comparison, tmp_path, picture, text):
    target = tmp_path / f"{picture}.svg"
    plot(comparison, target)
    assert text in target.read_text()


def test_the_page_has_it_in_tables_costs_verdicts_and_curves(comparison):
    data = make_page_data(comparison)
    assert TITLE in [cost.title for cost in data.costs]
    assert TITLE in data.verdicts.metrics
    panels = [panel.name for panel in data.panels]
    assert data.rows[0].curves[0].values[panels.index("cpu_seconds")] == [5.0] * 4
    section = render(comparison, title="t").split("<thead>")[1].split("</thead>")[0]
    assert TITLE in section
    assert COLUMNS["cpu_seconds"].about.means in section


def test_tensorboard_has_it(tmp_path):
    log = EpochLog(tmp_path, RunConfig(variant="100x12", run="a"), FACTS)
    log.add(sweating("100x12", 0, 9.0).records[0])
    log.close()
    assert b"effort/sweat" in b"".join(file.read_bytes() for file in tmp_path.iterdir())
