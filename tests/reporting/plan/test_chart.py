import dataclasses

import pytest
from made_up_plan import DAY, GIB, HOUR, list_four, make_candidate, make_day_plan, make_plan, predict

from densebench.prediction.values import Prices
from densebench.reporting.plan.chart import list_accuracy_limits, list_panels


def test_the_cost_of_the_front_comes_first_then_what_the_budget_limits():
    assert [panel.axis for panel in list_panels(make_day_plan())] == ["Time, d", "Memory, GiB"]
    assert [panel.axis for panel in list_panels(make_plan(budget=None, cost="memory"))] == ["Memory, GiB"]
    plan = make_plan(budget="params<=1e6,accuracy>=0.9,energy<=2kWh,price<=1")
    assert [panel.axis for panel in list_panels(plan)] == ["Time, d", "Energy, kWh", "Price, €"]


def test_marks_and_limits_are_in_the_unit_of_the_axis():
    time, memory = list_panels(make_day_plan())
    last = time.marks[-1]
    assert (last.low, last.value, last.high) == pytest.approx((28.1, 34.7, 42.4))
    assert time.limits == (1.0,)
    assert memory.limits == (8.0,)
    assert memory.marks[0].value == pytest.approx(0.82)


def test_a_cost_that_adds_up_is_of_all_runs_and_one_that_does_not_is_of_one():
    time, memory = list_panels(make_plan(seeds=5))
    assert time.title == "Time of all 5 runs"
    assert time.marks[0].value == pytest.approx(5 * 8.5 / 24)
    assert time.marks[0].text == "42.5 h ± 2 %"
    assert memory.title == "Memory"
    assert memory.marks[0].value == pytest.approx(0.82)


def test_a_mark_says_how_it_is_known_and_whether_it_fits():
    marks = {mark.label: mark for mark in list_panels(make_day_plan())[0].marks}
    assert [mark.measured for mark in marks.values()] == [True, True, True, False]
    assert [mark.fits for mark in marks.values()] == [True, True, False, False]
    assert [mark.on_front for mark in marks.values()] == [True, False, True, True]
    assert marks["40x12"].accuracy is None
    assert marks["100x12"].accuracy == pytest.approx((95.31, 95.40, 95.49))


def test_what_is_not_known_to_exceed_the_budget_is_not_drawn_as_if_it_did():
    unclear = make_candidate("resnet20", predict(HOUR, 1), fits=None, reason="price unknown")
    assert list_panels(make_plan([unclear]))[0].marks[0].fits


def test_an_axis_is_logarithmic_where_costs_or_limits_lie_far_apart():
    time, memory = list_panels(make_day_plan())
    assert time.is_log
    assert not memory.is_log
    assert list_panels(make_plan(list_four()[:1], budget="total_time<=30d"))[0].is_log


def test_what_was_not_measured_has_no_mark_and_an_empty_panel_is_left_out():
    missing = make_candidate("121x32", None)
    assert [mark.label for mark in list_panels(make_plan([list_four()[0], missing]))[0].marks] == ["resnet20"]
    assert list_panels(make_plan([missing], chosen=None)) == []
    unpriced = make_candidate("resnet20", predict(DAY, 1, price=None))
    plan = make_plan([unpriced], budget="price<=1", prices=Prices())
    assert [panel.title for panel in list_panels(plan)] == ["Time"]


def test_units_follow_the_size():
    small = make_candidate("resnet20", dataclasses.replace(predict(30, 1), peak_bytes=0.05 * GIB))
    time, memory = list_panels(make_plan([small], budget="memory<=60MiB"))
    assert time.axis == "Time, s"
    assert time.marks[0].value == 30
    assert memory.marks[0].text == "51 MiB"
    free = make_plan([list_four()[0]], budget="price<=1", prices=Prices())
    assert list_panels(free)[1].axis == "Price"


def test_a_demand_on_accuracy_is_a_limit_in_percent():
    assert list_accuracy_limits(make_plan(budget="accuracy>=90%,total_time<=1d")) == pytest.approx([90.0])
    assert list_accuracy_limits(make_plan(budget=None)) == []
