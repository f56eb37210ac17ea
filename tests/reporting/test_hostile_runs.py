"""Any results file can be compared and shown; the worst outcome is one sentence."""

import csv
import dataclasses
import io
import json
import math

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from densebench.comparison.compare import compare
from densebench.comparison.options import parse_compare_options
from densebench.records import COLUMNS, EpochRecord, Run
from densebench.reporting.comparison_tables import comparison_tables
from densebench.reporting.export import comparison_text
from densebench.reporting.run_tables import runs_tables, runs_text

extremes = [0.0, -0.0, 5e-324, 1e-300, 1.0, 1e200, 1.7e308, math.inf, -math.inf, math.nan, -1.0]
numbers = st.none() | st.sampled_from(extremes) | st.floats()
fractions = st.none() | st.just(math.nan) | st.floats(0, 1)
counts = st.none() | st.sampled_from([0, 1, 2**53 + 1, 10**18 - 1])
texts = st.sampled_from(["", "[red]", "\x1b[31m", "=cmd()", "a|b", "\\evil", "<script>", "\n", "🙂", "x" * 300])


def values(column):
    if column.type is float:
        return fractions if column.about.show == "percent" else numbers
    return {int: counts, str: st.none() | texts, bool: st.none() | st.booleans()}[column.type]


records = st.builds(
    EpochRecord, **{name: values(column) for name, column in COLUMNS.items() if column.level == "epoch"}
)
chosen = ("dataset", "reason", "warnings", "params", "total_seconds", "base_learning_rate", "test_images", "threads")
runs = st.builds(
    Run,
    run=texts.filter(bool),
    variant=st.sampled_from(["a", "b", "[red]\n|"]),
    status=st.sampled_from(["running", "completed", "completed", "failed"]),
    phase=st.sampled_from(["train", "train", "train", "eval", "speed", "published"]),
    seed=st.integers(0, 3),
    records=st.lists(records, max_size=2).map(
        lambda found: tuple(dataclasses.replace(record, epoch=index) for index, record in enumerate(found, 1))
    ),
    **{name: values(COLUMNS[name]) for name in chosen},
)


@settings(max_examples=60)
@given(st.lists(runs, min_size=1, max_size=6), st.booleans(), st.sampled_from([30, 80, None]))
def test_any_runs_can_be_compared_and_shown(found, group, width):
    options = parse_compare_options(group=group, baseline=None, budget="epoch_seconds<=1e9", sort="test_accuracy")
    comparison = compare(found, options)
    if len(comparison.rows) > 1 and comparison.rows[0].phase != "published":
        comparison = compare(found, dataclasses.replace(options, baseline=comparison.rows[0].label))
    shown(comparison_tables(comparison, width=width), width)
    shown(runs_tables(found[:1], width=width), width)
    for text in (comparison_text(comparison, "json"), runs_text(found, "json")):
        json.loads(text, parse_constant=lambda word: 1 / 0)
    rows = list(csv.reader(io.StringIO(comparison_text(comparison, "csv"))))
    assert len({len(row) for row in rows}) <= 1
    comparison_text(comparison, "markdown")
    comparison_text(comparison, "latex")


seeded = st.lists(st.tuples(numbers, fractions, numbers), min_size=2, max_size=5)


@settings(max_examples=200)
@given(seeded, seeded)
def test_seeds_whose_figures_are_not_finite_can_be_compared_and_shown(ours, theirs):
    found = [
        Run(
            run=f"{variant}{seed}",
            variant=variant,
            status="completed",
            seed=seed,
            records=(EpochRecord(epoch=1, epoch_seconds=seconds, test_accuracy=accuracy, test_loss=loss),),
        )
        for variant, figures in (("a", ours), ("b", theirs))
        for seed, (seconds, accuracy, loss) in enumerate(figures)
    ]
    comparison = compare(found, parse_compare_options(baseline="a", fail_on="epoch_seconds>+5%,test_loss>+1"))
    shown(comparison_tables(comparison, width=80), 80)
    json.loads(comparison_text(comparison, "json"), parse_constant=lambda word: 1 / 0)


def shown(renderable, width):
    console = Console(width=width or 1000, file=io.StringIO(), color_system=None)
    console.print(renderable)
    text = console.file.getvalue()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines()), default=0) <= (width or 1000)
