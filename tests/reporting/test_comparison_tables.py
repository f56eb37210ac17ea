"""Printed tables are golden: DENSEBENCH_RENEW_GOLDEN=1 rewrites them; read them before you commit."""

import dataclasses
import io
import os
import random
from pathlib import Path

import pytest
from rich.console import Console

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions, parse_compare_options
from densebench.errors import InputError
from densebench.records import EpochRecord, Run
from densebench.reporting.comparison_tables import make_comparison_tables, make_environment_table

GOLDEN = Path(__file__).parents[1] / "golden"
NETWORKS = {"resnet20": (0.9325, 5.2, 271_098), "40x12": (0.9410, 9.8, 176_122), "100x12": (0.9520, 31.0, 793_150)}


def printed(renderable, width):
    console = Console(width=width or 1000, file=io.StringIO(), color_system=None)
    console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def assert_golden(name, text):
    path = GOLDEN / name
    if os.environ.get("DENSEBENCH_RENEW_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def five_seeds(trained):
    noise = random.Random(7)
    for variant, (accuracy, seconds, params) in NETWORKS.items():
        for seed in range(5):
            run = trained(
                variant,
                seed,
                accuracy + noise.gauss(0, 0.003),
                seconds * (1 + noise.gauss(0, 0.01)),
                params * 700,
                params=params,
                forward_macs=params * 150,
                weights_bytes=params * 4,
            )
            yield run


def published(variant, accuracy):
    return Run(
        run=f"published-{variant}",
        phase="published",
        status="completed",
        variant=variant,
        dataset="cifar10",
        epochs=300,
        source="Somebody [red]et al.[/red], 2017",
        records=(EpochRecord(epoch=300, test_accuracy=accuracy),),
    )


@pytest.mark.parametrize("width", [80, 160])
def test_seeds_of_three_networks(trained, width):
    comparison = compare(list(five_seeds(trained)), CompareOptions())
    assert_golden(f"seeds-{width}.txt", printed(make_comparison_tables(comparison, width=width), width))


@pytest.mark.parametrize("width", [80, 160])
def test_baseline_budget_and_gate(trained, width):
    options = parse_compare_options(
        baseline="resnet20",
        budget="epoch_seconds<=20s",
        fail_on="epoch_seconds>+50%,test_accuracy<-0.3pp",
        sort="test_accuracy",
    )
    runs = [*five_seeds(trained), published("100x12", 0.9549)]
    assert_golden(f"baseline-{width}.txt", printed(make_comparison_tables(compare(runs, options), width=width), width))


@pytest.mark.parametrize("width", [80, 160])
def test_single_runs_on_different_machines(trained, width):
    runs = [
        trained("resnet20"),
        trained("resnet20", device="Slow Card", seconds=30, backend="jax"),
        trained("100x12", accuracy=0.95, status="failed", reason="Out of memory."),
        trained("100x12", phase="eval"),
    ]
    comparison = compare(runs, CompareOptions(baseline="resnet20 · tensorflow · Fast Card"))
    assert_golden(f"machines-{width}.txt", printed(make_comparison_tables(comparison, width=width), width))


@pytest.mark.parametrize("width", [40, 80, 160, None])
def test_every_column_is_shown_or_named_and_no_line_is_too_wide(trained, width):
    comparison = compare(list(five_seeds(trained)), CompareOptions())
    text = printed(make_comparison_tables(comparison, width=width), width)
    assert all(len(line) <= (width or 1000) for line in text.splitlines())
    for name, title in {"forward_macs": "MACs", "total_seconds": "Total", "best_test_accuracy": "Best of"}.items():
        assert (title in text.split("Variant")[1]) or name in text.replace("\n", " ")


def test_a_pipe_gets_all_columns(trained):
    comparison = compare(list(five_seeds(trained)), CompareOptions())
    assert "Not shown" not in printed(make_comparison_tables(comparison), None)


def test_chosen_columns_are_shown_in_their_order(trained):
    comparison = compare(list(five_seeds(trained)), CompareOptions())
    text = printed(make_comparison_tables(comparison, width=80, columns=["accuracy", "params", "seed"]), 80)
    head = next(line for line in text.splitlines() if line.startswith("Variant"))
    assert head.split() == ["Variant", "Test", "acc.", "%", "Params", "Seed"]
    with pytest.raises(InputError, match="did you mean params"):
        make_comparison_tables(comparison, columns=["parms"])


def test_rows_that_lose_the_column_that_tells_them_apart_are_named_in_full(trained):
    runs = [trained("resnet20"), trained("resnet20", backend="jax")]
    comparison = compare(runs, CompareOptions())
    wide = printed(make_comparison_tables(comparison, width=160), 160)
    chosen = printed(make_comparison_tables(comparison, width=160, columns=["params"]), 160)
    assert "resnet20 · jax" not in wide
    assert "resnet20 · jax" in chosen


def test_hostile_names_are_printed_as_they_are_written(trained):
    run = dataclasses.replace(
        trained("[bold]x[/bold]"), run="[red]evil\x1b[31m", warnings="[link=http://x]click[/link]"
    )
    text = printed(make_comparison_tables(compare([run], CompareOptions()), width=160), 160)
    assert "[bold]x[/bold]" in text
    assert "[link=http://x]click[/link]" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("fail_on", "strict", "sentence"),
    [
        ("epoch_seconds>+5%", False, "Gate undecided: 1 inconclusive; --strict fails then."),
        ("epoch_seconds>+5%", True, "Gate failed (strict): 1 inconclusive."),
        ("epoch_seconds>+5%,params>+0%", False, "Gate passed: 1 passed, 1 inconclusive."),
    ],
)
def test_a_gate_that_could_judge_nothing_has_not_passed(trained, fail_on, strict, sentence):
    options = parse_compare_options(baseline="a", fail_on=fail_on, strict=strict)
    assert sentence in printed(make_comparison_tables(compare([trained("a"), trained("b")], options)), 160)


def test_the_environments_that_differ_are_listed_with_their_rows(trained):
    runs = [trained("a"), trained("b", device="Slow Card", cpu_cores=8)]
    text = printed(make_environment_table(compare(runs, CompareOptions()).environments), 80)
    assert text == "Device\n  Fast Card: a\n  Slow Card: b\nCores\n  2: a\n  8: b\n"
    same = printed(make_environment_table(compare([trained("a")], CompareOptions()).environments), 80)
    assert same == "The environments of all rows are the same.\n"


def test_failed_runs_are_never_shown_without_their_status(trained):
    runs = [trained(seed=seed, status="failed", reason="Out of memory.") for seed in range(2)]
    text = printed(make_comparison_tables(compare(runs, CompareOptions()), width=80), 80)
    assert "failed  " in text
    assert text.count("Out of memory.") == 1


def test_the_settings_of_a_single_row_are_listed(trained):
    assert printed(make_comparison_tables(compare([trained()], CompareOptions())), None).startswith(
        "Settings: dataset digits"
    )


def test_a_star_is_explained_wherever_it_stands(trained):
    explained = "* marks the best of a column."
    single = printed(make_comparison_tables(compare([trained("a"), trained("b", seconds=30)], CompareOptions())), None)
    assert ("*10.0 s" in single, single.count(explained)) == (True, 1)
    equal = printed(make_comparison_tables(compare([trained("a"), trained("b")], CompareOptions())), None)
    assert explained not in equal
    several = printed(make_comparison_tables(compare(list(five_seeds(trained)), CompareOptions())), None)
    assert several.count(explained) == 1


def test_total_time_outlives_lesser_columns_and_best_of_test_goes_first(trained):
    comparison = compare(list(five_seeds(trained)), CompareOptions())
    narrow = printed(make_comparison_tables(comparison, width=80), 80)
    assert "Total time" in narrow
    for width in range(60, 170, 10):
        text = printed(make_comparison_tables(comparison, width=width), width)
        assert ("Not shown" in text) == ("Best of test " not in text.split("Not shown")[0].split("Best of test is")[0])
