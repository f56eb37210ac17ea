"""Plans as they are printed. DENSEBENCH_RENEW_GOLDEN=1 rewrites them; read them before you commit."""

import dataclasses
import io
import os
from pathlib import Path

import pytest
from made_up_plan import DAY, HOUR, list_four, make_candidate, make_day_plan, make_plan, make_target_plan, predict
from rich.console import Console

from densebench.reporting.grid import fit
from densebench.reporting.plan.tables import make_plan_grid, make_plan_tables

GOLDEN = Path(__file__).parents[2] / "golden"
WIDTHS = (80, 100, 160)


def show(plan, width):
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(make_plan_tables(plan, width=width), crop=False)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def assert_golden(name, text):
    path = GOLDEN / name
    if os.environ.get("DENSEBENCH_RENEW_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def make_broken_plan():
    """A trial that ran out of memory, one for which there was no time, names that are long."""
    candidates = [
        make_candidate("resnet20 · batch 64 · float32 · tensorflow", predict(750, 0.05, share=0.06)),
        make_candidate("wrn28x10 · batch 128 · mixed_bfloat16 · jax", None, problem="Memory ran out."),
        make_candidate("121x32 · batch 64 · float32 · jax", None),
    ]
    return make_plan(candidates, budget=None, measured=("resnet20",), batch_size=None)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_plan_with_a_budget_and_prices(width):
    assert_golden(f"plan-{width}.txt", show(make_day_plan(), width))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_plan_of_five_runs_each(width):
    plan = make_plan(seeds=5, budget="total_time<=5d")
    assert_golden(f"plan-seeds-{width}.txt", show(plan, width))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_plan_for_a_target(width):
    assert_golden(f"plan-target-{width}.txt", show(make_target_plan(), width))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_plan_with_long_names_and_without_some_figures(width):
    assert_golden(f"plan-broken-{width}.txt", show(make_broken_plan(), width))


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_but_the_command_is_wider_than_the_terminal(width):
    for plan in (make_day_plan(), make_broken_plan(), make_plan(seeds=5), make_target_plan()):
        lines = [line for line in show(plan, width).splitlines() if not line.startswith("Start:")]
        assert max(map(len, lines)) <= width


def test_at_80_columns_what_decides_stays():
    found = fit(make_plan_grid(make_plan(seeds=5)), 80)
    shown = [column.title for column in found.grid.columns]
    assert {"Network", "Time, each", "Time, all 5", "Memory", "Fits", "Expected accuracy"} <= set(shown)


def test_the_command_stays_in_one_line_to_be_copied():
    command = "densebench train resnet20 --dataset folder:/" + "long/" * 30
    candidates = [dataclasses.replace(list_four()[0], command=command)]
    assert show(make_plan(candidates), 80).endswith(f"Start: {command}\n")


def test_what_does_not_fit_or_was_not_measured_is_dim():
    candidates = [*list_four(), make_candidate("121x32", None)]
    assert make_plan_grid(make_plan(candidates)).dim == (False, False, True, True, True)


def list_titles(plan):
    return [column.title for column in make_plan_grid(plan).columns]


def test_columns_that_nobody_asked_for_are_not_shown():
    free = {"energy_joules": None, "price": None}
    only = make_candidate("resnet20", predict(HOUR, 1, **free))
    assert list_titles(make_plan([only], budget=None)) == [
        "Network",
        "Time",
        "95 % interval",
        "Memory",
        "Expected accuracy",
    ]


def test_a_front_is_marked_only_among_several():
    assert "Pareto" in list_titles(make_plan())
    assert "Pareto" not in list_titles(make_plan(list_four()[:1]))


def test_energy_and_price_are_of_all_runs_and_say_so():
    grid = make_plan_grid(make_plan(seeds=5))
    texts = {column.title: column.cells[0].text for column in grid.columns}
    assert texts["Time, each"] == "8.5 h"
    assert texts["Time, all 5"] == "42.5 h"
    assert texts["Energy, all 5"] == "2.8 kWh"
    assert texts["Price, all 5"] == "0.83 €"


def test_a_hostile_name_moves_no_cursor():
    plan = make_plan([make_candidate("\x1b[2Jevil[red]", predict(DAY, 1))], budget=None)
    text = show(plan, 80)
    assert "\x1b" not in text
    assert "[red]" in text
