"""A report of many rows in a headless Chromium: what fits, what the filter leaves, and what the address keeps."""

import dataclasses
import itertools

import pytest
from synthetic_runs import make_run

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.page.page import write_page

VARIANTS = ("100x12", "40x12", "resnet_32", "161x48")
DEVICES = ("NVIDIA H100 80GB HBM3", "NVIDIA L4")


def many_runs():
    """Sixteen rows: three seeds of two networks, one run of the others, one of them failed."""
    for variant, backend, device in itertools.product(VARIANTS, ("jax", "tensorflow"), DEVICES):
        for seed in range(3 if variant in ("100x12", "40x12") else 1):
            name = f"{variant}-{backend}-{device.split()[1]}-s{seed}"
            run = make_run(variant, seed=seed, epochs=8, backend=backend, device=device, name=name)
            failed = (variant, backend, device) == ("161x48", "jax", "NVIDIA L4")
            yield dataclasses.replace(run, status="failed", reason="Out of memory.") if failed else run


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    return write_page(compare([*many_runs()], CompareOptions()), folder / "report.html")


@pytest.fixture
def page(browser, report):
    browser.open(report)
    yield browser
    assert browser.complaints == []


def count(page, selector):
    """How many elements are to be seen."""
    return page.run(f"[...document.querySelectorAll({selector!r})].filter(each => each.checkVisibility()).length")


def choose_baseline(page, beginning):
    found = f"verdicts.baselines.findIndex(each => data.rows[each.row].label.startsWith({beginning!r}))"
    enter(page, "#baseline", page.run(found))


def enter(page, selector, value, event="change"):
    page.run(
        f"(() => {{ const control = document.querySelector({selector!r}); control.value = {value!r};"
        f" control.dispatchEvent(new Event({event!r}, {{ bubbles: true }})) }})()"
    )
    page.settle()
    page.settle()


def address(page):
    return page.run("decodeURIComponent(location.hash)")


# What fits


@pytest.mark.parametrize("width", [1600, 1280, 390])
def test_no_default_column_of_the_results_is_cut(page, width):
    page.set_viewport(width=width, height=900)
    page.settle()
    holder = "document.querySelector('#results .scroll')"
    assert page.run(f"{holder}.scrollWidth <= {holder}.clientWidth")
    assert count(page, "#results thead th") >= 2


def test_no_verdict_is_cut_at_1280(page):
    assert page.run("(box => box.scrollWidth <= box.clientWidth)(document.querySelector('#verdicts .scroll'))")


def test_columns_without_room_are_named_and_one_click_away(page):
    figures = ".sortable thead th:not([data-setting])"
    shown, every = count(page, figures), page.run(f"document.querySelectorAll('{figures}').length")
    assert 5 <= shown < every
    text = page.run("document.querySelector('#results .more').textContent")
    assert text.startswith(f"{every - shown} more columns: ")
    assert text.endswith("Best of test %")
    page.click("#results .more")
    assert count(page, ".sortable thead th") == page.run("document.querySelectorAll('.sortable thead th').length")
    page.click("#results .more")
    assert count(page, figures) == shown


def test_settings_whose_columns_have_no_room_stand_below_the_name(page):
    page.set_viewport(width=390, height=900)
    page.settle()
    assert count(page, ".sortable thead [data-setting]") == 0
    names = page.run("[...document.querySelectorAll('.sortable tbody th')].map(name => name.innerText.split('\\n')[1])")
    assert "jax · NVIDIA H100 80GB HBM3" in names


def test_a_long_name_is_cut_in_its_middle(page):
    page.set_viewport(width=390, height=900)
    page.settle()
    name = "[...document.querySelectorAll('#legend .name')].find(name => name.querySelector('.cut'))"
    head, tail = page.run(f"[...{name}.children].map(part => part.textContent)")
    assert f"{head}{tail}" == page.run(f"data.rows[{name}.closest('button').dataset.row].name")
    assert page.run(f"{name}.firstChild.scrollWidth > {name}.firstChild.clientWidth")
    text = f"(range => (range.selectNodeContents({name}.lastChild), range.getBoundingClientRect().width))(new Range())"
    assert page.run(f"{text} <= {name}.lastChild.getBoundingClientRect().width + 0.01")


@pytest.mark.parametrize("width", [1280, 390])
def test_every_target_is_24_pixels_high_and_wide(page, width):
    page.set_viewport(width=width, height=900)
    page.click("#unfold")
    page.settle()
    controls = "button, select, summary, nav a, label, input[type=search]"
    small = (
        f"[...document.querySelectorAll('{controls}')].filter(each => each.checkVisibility()"
        " && !each.matches('.filter')).map(each => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])"
        ".filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)"
    )
    assert page.run(small) == []


def test_a_small_point_is_read_from_twelve_pixels_away(page):
    page.scroll_to("#scatter-chart")
    x, y = page.run(
        "(() => { const boxes = [...document.querySelectorAll('#scatter-chart .shape')].map(shape =>"
        " shape.getBoundingClientRect()); const lowest = boxes.reduce((a, b) => a.bottom > b.bottom ? a : b);"
        " return [lowest.x + lowest.width / 2, lowest.bottom + 6] })()"
    )
    page.move_mouse(x, y)
    assert not page.run("document.querySelector('#tip').hidden")
    page.move_mouse(x, y + 30)
    assert page.run("document.querySelector('#tip').hidden")


def test_names_stand_above_the_line_of_the_front_and_on_no_other_name(page):
    order = page.run(
        "[...document.querySelectorAll('#scatter-chart .front, #scatter-chart .names')].map(e => e.tagName)"
    )
    assert order.count("path") >= 1
    assert order[-1] == "g"
    boxes = page.run("[...document.querySelectorAll('.names text')].map(name => name.getBoundingClientRect().toJSON())")
    assert len(boxes) >= 8
    for one, other in itertools.combinations(boxes, 2):
        apart = one["right"] <= other["left"] or other["right"] <= one["left"]
        assert apart or one["bottom"] <= other["top"] + 4 or other["bottom"] <= one["top"] + 4


def test_the_sticky_column_keeps_the_rules_between_rows(page):
    assert page.run("getComputedStyle(document.querySelector('.sortable')).borderCollapse") == "separate"
    assert page.run("getComputedStyle(document.querySelector('.sortable tbody th')).borderBottomWidth") == "1px"


# What is shown first


def test_verdicts_are_those_of_rows_with_a_test_until_the_others_are_asked_for(page):
    assert count(page, "#verdict-table tbody tr") == 7
    assert page.run("document.querySelector('#untested').textContent") == "8 more rows, without a test"
    page.click("#untested")
    assert count(page, "#verdict-table tbody tr") == 15
    page.click("#untested")
    assert count(page, "#verdict-table tbody tr") == 7


def test_a_baseline_of_one_run_has_verdicts_on_all_rows(page):
    choose_baseline(page, "resn")
    assert count(page, "#verdict-table tbody tr") == 15
    assert count(page, "#untested") == 0


def test_runs_are_folded_by_row_with_the_reason_of_a_failure_to_be_seen(page):
    assert count(page, "#runs summary") == 16
    assert count(page, "#runs article") == 0
    assert "Out of memory." in page.run("document.querySelector('#runs').innerText")
    page.click("#unfold")
    assert count(page, "#runs article") == 32
    page.click("#unfold")
    assert count(page, "#runs article") == 0


# The filter


def test_the_filter_leaves_the_same_rows_everywhere(page):
    enter(page, "#filter", "40X12 jax", "input")
    assert page.run("document.querySelector('#filtered').textContent") == "2 of 16 rows"
    for selector in (
        ".sortable tbody tr", "#legend button", "#panel-test_loss .line", "#scatter-chart .point", "#runs details",
        "#verdict-table tbody tr", ".environments thead th + th",
    ):  # fmt: skip
        assert count(page, selector) == 2, selector
    enter(page, "#filter", "", "input")
    assert count(page, ".sortable tbody tr") == count(page, "#scatter-chart .point") + 1 == 16  # one failed
    assert count(page, "#panel-test_loss .line") == 16


def test_a_filter_that_nothing_passes_is_said_and_not_an_error(page):
    enter(page, "#filter", "nothing", "input")
    assert page.run("document.querySelector('#filtered').textContent") == "0 of 16 rows"
    assert page.run("document.querySelector('#scatter-chart').textContent") == "Nothing to show"
    assert page.run("document.querySelector('#panel-test_loss').textContent") == "Nothing to show"


def test_the_filter_finds_the_rows_on_the_front(page):
    enter(page, "#filter", "front h100", "input")
    assert count(page, ".sortable tbody tr") == count(page, ".sortable tbody .badge") > 0


# The last quarter


@pytest.mark.parametrize(("epochs", "quarter"), [(300, "226"), (8, "7"), (4, "3"), (3, "2")])
def test_the_last_quarter_has_two_epochs_at_least(browser, tmp_path, epochs, quarter):
    browser.open(write_page(compare([make_run("100x12", epochs=epochs)], CompareOptions()), tmp_path / "report.html"))
    browser.click("#last-quarter")
    browser.settle()
    assert address(browser) == f"#zoom={quarter}..{epochs}"
    assert browser.run("shown.zoom") == [int(quarter), epochs]
    browser.click("#whole")
    assert browser.run("shown.zoom") is None


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_last_quarter_that_would_be_the_whole_cannot_be_chosen(browser, tmp_path, epochs):
    browser.open(write_page(compare([make_run("100x12", epochs=epochs)], CompareOptions()), tmp_path / "report.html"))
    assert browser.run("document.querySelector('#last-quarter').disabled")


# The address


def test_the_address_is_bare_as_the_page_opens_and_when_a_change_is_taken_back(page):
    page.click("#curves input[value=time]")
    page.settle()
    assert address(page) == "#by=time"
    page.click("#curves input[value=epoch]")
    page.settle()
    assert address(page) == ""


def test_a_view_that_is_sent_is_the_view_that_opens(page, report):
    enter(page, "#filter", "jax", "input")
    page.click(".sortable thead th[data-name=epoch_seconds] button")
    page.click(".sortable thead th[data-name=epoch_seconds] button")
    page.click("#results .more")
    choose_baseline(page, "40x12")
    page.click("#untested")
    for choice in ("#against [value=time]", "[name=loss][value=log]", "[name=seeds][value=each]", "#last-quarter"):
        page.click(choice)
    page.click("#legend li:not([hidden]) button")
    enter(page, "#cost", "2")
    page.click("#cost-log")
    page.settle()
    sent, seen = page.run("location.hash"), sight(page)
    page.open(report)
    assert sight(page) != seen
    page.run(f"location.hash = {sent!r}")
    page.settle()
    page.settle()
    assert sight(page) == seen
    page.run("location.hash = ''")
    page.settle()
    assert count(page, ".sortable tbody tr") == 16
    page.send("Page.navigate", url="about:blank")
    page.open(report, sent)
    page.settle()
    assert sight(page) == seen
    assert page.run("location.hash") == sent


def sight(page):
    """What a reader sees of the parts that can be chosen."""
    tables = (".sortable", "#verdict-table", "#legend", "#filtered", "#untested")
    charts = ("#panels .frame", "#panels .lines", "#scatter-chart")
    return (
        [page.run(f"document.querySelector('{part}').innerText") for part in tables],
        [page.run(f"document.querySelector('{part}').innerHTML") for part in charts],
        page.run("[...document.querySelectorAll('#curves input, #cost-log')].map(input => input.checked)"),
    )


def test_many_hidden_rows_are_kept_as_the_few_that_are_left(page):
    page.click("#legend li:nth-child(3) button", count=2)
    page.settle()
    name = page.run("data.rows[document.querySelector('#legend [aria-pressed=true]').dataset.row].label")
    assert page.run("new URLSearchParams(location.hash.slice(1)).getAll('only')") == [name]
    page.click("#show-all")
    page.settle()
    assert address(page) == ""


def test_a_link_to_a_section_keeps_the_view(page):
    enter(page, "#filter", "jax", "input")
    page.click("nav a[href='#curves']")
    page.settle()
    assert address(page) == "#curves&filter=jax"
    assert page.run("document.activeElement.id") == "curves"
    assert abs(page.run("document.querySelector('#curves').getBoundingClientRect().y")) < 120
    assert count(page, ".sortable tbody tr") == 8


def test_an_address_that_names_nothing_of_this_report_changes_nothing(page):
    before = sight(page)
    page.run(
        "location.hash = '#nowhere&against=x&cost=y&sort=train.z.descending&by=q&hide=n&zoom=a..b&columns=c&axis='"
    )
    page.settle()
    page.settle()
    assert sight(page) == before
