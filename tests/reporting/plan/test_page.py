"""The page of a plan, as text and in a browser where there is one."""

import re

import chromium
import pytest
from made_up_plan import DAY, list_four, make_candidate, make_day_plan, make_plan, predict

from densebench.errors import ResultsError
from densebench.reporting.plan.page import render_plan, write_plan_page


def test_the_page_has_heading_table_sentences_charts_and_command():
    page = render_plan(make_day_plan())
    for text in (
        "<h1>Plan for cifar10</h1>",
        "AMD EPYC, 2 cores, 23.5 GiB, no GPU.",
        '<h2 id="plan-title">Plan</h2>',
        "Within the budget, resnet20 is the most accurate",
        "<code>densebench train resnet20 --dataset cifar10</code>",
        "<figcaption>Time</figcaption>",
        "<figcaption>Memory</figcaption>",
        "predicted from others",
        "budget; what is beyond it is grey",
    ):
        assert text in page
    assert page.count('<span class="badge">front</span>') == 3
    assert page.count('<tr class="dim">') == 2


def test_what_tells_more_of_a_figure_stands_below_it():
    page = render_plan(make_day_plan())
    assert '34.7 d<span class="detail">28.1-42.4 d</span>' in page
    assert '91.25 %<span class="detail">He et al. arXiv:1512.03385</span>' in page
    assert "95 % interval</th>" not in page


def test_the_page_loads_and_runs_nothing():
    page = render_plan(make_day_plan())
    assert "<script" not in page
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert " style=" not in page, "the policy would not apply it"


def test_the_same_plan_gives_the_same_bytes():
    assert render_plan(make_day_plan()) == render_plan(make_day_plan())


def test_places_are_within_the_width_and_ticks_are_few():
    for plan in (make_day_plan(), make_plan(seeds=5, budget="total_time<=400d"), make_plan(list_four()[:1])):
        page = render_plan(plan)
        places = [float(place) for place in re.findall(r'(?:x|x1|x2)="([\d.]+)%"', page)]
        assert places
        assert all(0 <= place <= 100 for place in places)
        for figure in page.split("<figure")[1:]:
            assert 2 <= figure.count('class="track"') <= 7


@pytest.mark.parametrize("seconds", [1e-3, 1.0, 59.0, 1e5, 1e9])
def test_a_cost_of_any_size_has_an_axis(seconds):
    page = render_plan(make_plan([make_candidate("resnet20", predict(seconds, 1))], budget=None))
    assert 2 <= page.count('class="track"') <= 7


def test_a_plan_of_which_nothing_is_known_has_no_charts_and_no_command():
    page = render_plan(make_plan([make_candidate("121x32", None, problem="Memory ran out.")], chosen=None))
    assert "121x32: Memory ran out." in page
    assert "<figure" not in page
    assert "<code>" not in page


def test_names_are_text():
    page = render_plan(make_plan([make_candidate("<script>alert(1)</script>\x1b[2J", predict(DAY, 1))]))
    assert "<script" not in page
    assert "\x1b" not in page
    assert "&lt;script&gt;" in page


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="cannot be written"):
        write_plan_page(make_day_plan(), tmp_path / "file" / "plan.html")
    assert write_plan_page(make_day_plan(), tmp_path / "new" / "plan.html").stat().st_size > 10_000


@pytest.mark.skipif(chromium.find() is None, reason="no Chromium")
def test_a_browser_shows_it_at_any_width_without_a_complaint(tmp_path):
    file = write_plan_page(make_day_plan(), tmp_path / "plan.html")
    with chromium.Chromium(chromium.find()) as browser:
        for width in (1280, 390):
            browser.set_viewport(width=width, height=900)
            browser.open(file)
            assert browser.run("document.documentElement.scrollWidth") <= width
            assert browser.run("document.querySelector('.mark .shape').getBoundingClientRect().width") > 5
        for dark, paper in ((False, "rgb(255, 255, 255)"), (True, "rgb(20, 23, 26)")):
            browser.set_viewport(width=800, height=900, dark=dark)
            browser.settle()
            assert browser.run("getComputedStyle(document.documentElement).backgroundColor") == paper
        assert browser.complaints == []
        assert browser.requests == [file.as_uri()]
