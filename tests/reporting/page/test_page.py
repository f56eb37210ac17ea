"""The page in a headless Chromium, used as a reader uses it; and what is written without one."""

import dataclasses
import html
import re

import pytest
from synthetic_runs import make_run

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions, parse_compare_options
from densebench.errors import ResultsError
from densebench.records import EpochRecord
from densebench.reporting.conclusion import conclude
from densebench.reporting.page.page import render, write_page

ATTACKS = (
    "<script>document.title = 'broken'</script>",
    "</script><img src=x onerror=\"document.title = 'broken'\">",
    "=cmd()",
    '"><svg onload="document.title = \'broken\'">',
    "{{ 7 * 7 }}",
    "'; document.title = 'broken'; '",
    "javascript:document.title='broken'",
)


def a_comparison(**options):
    runs = [make_run(variant, seed=seed, epochs=8) for variant in ("100x12", "40x12", "resnet_32") for seed in (0, 1)]
    return compare(runs, parse_compare_options(**options))


@pytest.fixture
def page(browser, tmp_path):
    browser.open(write_page(a_comparison(), tmp_path / "report.html"))
    yield browser
    assert browser.complaints == []


def column(page, place):
    return page.run(
        f"[...document.querySelectorAll('.sortable tbody tr')].map(line => line.cells[{place}].textContent.trim())"
    )


def heads(page):
    return page.run("[...document.querySelectorAll('.sortable thead button')].map(head => head.textContent)")


def lines(page, panel="test_accuracy"):
    return page.run(f"document.querySelectorAll('#panel-{panel} .line').length")


def test_it_opens_without_a_complaint_and_loads_nothing(page):
    assert page.run("document.querySelector('h1').textContent") == "densebench report"
    assert len(page.requests) == 1
    assert lines(page) == 3


def test_a_click_on_a_head_sorts_by_the_figures_and_another_turns_it_round(page):
    place = next(index for index, head in enumerate(heads(page)) if head.startswith("Epoch time"))
    selector = f".sortable thead th:nth-child({place + 1}) button"
    page.click(selector)
    first = column(page, 0)
    assert [name.split()[0] for name in first] == ["resnet_32", "40x12", "100x12"]
    assert page.run(f"document.querySelector('{selector}').parentNode.getAttribute('aria-sort')") == "ascending"
    page.click(selector)
    assert column(page, 0) == first[::-1]


def test_the_highest_accuracy_comes_first(page):
    place = next(index for index, head in enumerate(heads(page)) if head.startswith("Test acc."))
    page.click(f".sortable thead th:nth-child({place + 1}) button")
    accuracies = [float(text.split()[0]) for text in column(page, place)]
    assert accuracies == sorted(accuracies, reverse=True)


def test_the_filter_leaves_the_rows_with_all_its_words(page):
    page.run("document.querySelector('#filter').focus()")
    page.type("40X12")
    assert page.run("[...document.querySelectorAll('.sortable tbody tr')].filter(line => !line.hidden).length") == 1
    assert page.run("document.querySelector('#filtered').textContent") == "1 of 3 rows"


def test_a_click_on_the_legend_hides_a_row_and_another_shows_it(page):
    page.click("#legend button")
    page.settle()
    assert page.run("document.querySelector('#legend button').getAttribute('aria-pressed')") == "false"
    assert [lines(page, panel) for panel in ("test_accuracy", "train_loss")] == [2, 2]
    page.click("#legend button")
    page.settle()
    assert lines(page) == 3


def test_everything_hidden_is_said_and_not_an_error(page):
    page.click("#hide-all")
    page.settle()
    assert page.run("document.querySelector('#panel-test_loss').textContent") == "Nothing to show"
    page.move_mouse(*page.scroll_to("#panel-test_loss"))
    page.click("#show-all")
    page.settle()
    assert lines(page) == 3


def test_pointing_at_a_curve_tells_every_row_s_value_there(page):
    page.move_mouse(*page.scroll_to("#panel-test_accuracy"))
    text = page.run("document.querySelector('#tip').innerText")
    assert re.search(r"Test accuracy, epoch [45]", text)
    assert all(name in text for name in ("100x12", "40x12", "resnet_32"))
    assert re.search(r"\d\d\.\d\d %", text)


def test_a_reading_is_the_mean_of_the_seeds_at_that_epoch_and_their_range(page):
    page.move_mouse(*page.scroll_to("#panel-test_accuracy"))
    text = page.run("document.querySelector('#tip').innerText")
    epoch = int(re.search(r"epoch (\d+)", text)[1])
    for row in a_comparison().rows:
        seeds = [100 * record.test_accuracy for run in row.runs for record in run.records if record.epoch == epoch]
        assert f"{sum(seeds) / 2:.2f} % ({min(seeds):.2f} to {max(seeds):.2f})" in text


def test_pointing_marks_every_row_and_draws_the_reading_line_on_all_four_panels(page):
    page.move_mouse(*page.scroll_to("#panel-test_accuracy"))
    assert page.run("document.querySelectorAll('#panel-test_accuracy .cursor .marks circle').length") == 3
    assert page.run("document.querySelectorAll('.cursor .marks circle').length") == 3
    assert page.run("document.querySelectorAll('.plot .cursor .marks .reading').length") == 4
    page.move_mouse(0, 0)
    assert page.run("document.querySelectorAll('.cursor .marks > *, .cursor [data-row]').length") == 0


@pytest.mark.parametrize(
    "how", ["document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}))",
            "scrollBy(0, -40)", "dispatchEvent(new Event('blur'))"], ids=["Escape", "scroll", "blur"],
)  # fmt: skip
def test_a_reading_goes_with_escape_scroll_and_blur(page, how):
    page.move_mouse(*page.scroll_to("#panel-test_accuracy"))
    page.settle()
    assert not page.run("document.querySelector('#tip').hidden")
    page.run(how)
    page.settle()
    assert page.run("document.querySelector('#tip').hidden")
    assert page.run("document.querySelectorAll('.cursor .marks > *, .cursor [data-row]').length") == 0


def test_a_touch_reads_and_its_reading_stays_until_a_touch_elsewhere(page):
    x, y = page.scroll_to("#panel-test_accuracy")
    page.settle()
    ticks = "document.querySelector('#panel-test_accuracy .axis').textContent"
    before = page.run(ticks)
    page.send("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
    page.send("Input.dispatchTouchEvent", type="touchMove", touchPoints=[{"x": x + 60, "y": y}])
    page.send("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    page.settle()
    assert "Test accuracy, epoch" in page.run("document.querySelector('#tip').innerText")
    assert page.run(ticks) == before
    x, y = page.run(
        "(() => { const b = document.querySelector('#curves h2').getBoundingClientRect(); return [b.x, b.y + 5] })()"
    )
    page.send("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
    page.send("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    assert page.run("document.querySelector('#tip').hidden")


def test_the_row_nearest_to_the_pointer_is_drawn_again_on_the_cursor_s_layer_of_every_panel(page):
    page.move_mouse(*page.scroll_to("#panel-test_accuracy"))
    near = page.run("document.querySelector('#tip .near span').textContent")
    place = page.run(f"data.rows.findIndex(row => row.name === {near!r})")
    for panel in ("test_accuracy", "test_loss", "train_accuracy", "train_loss"):
        drawn = page.run(
            f"document.querySelector('#panel-{panel} .lines .line[data-row=\"{place}\"]').getAttribute('d')"
        )
        again = (
            f"[...document.querySelectorAll('#panel-{panel} .cursor .near-line')].map(line => line.getAttribute('d'))"
        )
        assert page.run(again) == [drawn]


def test_the_pointer_the_keyboard_and_the_legend_change_no_axis_and_no_line(page):
    page.run(
        "changes = []; observer = new MutationObserver(records => changes.push(...records));"
        "document.querySelectorAll('.plot .frame, .plot .lines').forEach(layer => observer.observe(layer,"
        " {attributes: true, childList: true, characterData: true, subtree: true}))"
    )
    x, y = page.scroll_to("#panel-test_accuracy")
    for step in (-120, 0, 120):
        page.move_mouse(x + step, y + step / 4)
    page.run("document.querySelector('#panel-test_loss').focus()")
    page.press("ArrowLeft")
    page.move_mouse(*page.scroll_to("#legend button"))
    page.move_mouse(*page.scroll_to("#legend li:last-child button"))
    page.settle()
    assert page.run("changes.length") == 0
    page.click("#legend button")
    page.settle()
    assert page.run("changes.length") > 0


def test_lines_and_cursor_are_layers_that_the_browser_paints_apart(page):
    styles = (
        "[...document.querySelectorAll('.plot .lines, .plot .cursor')].map(layer => getComputedStyle(layer).willChange)"
    )
    assert page.run(styles) == ["opacity"] * 8


def test_pointing_at_a_name_in_the_legend_fades_all_other_rows(page):
    opacities = "['.lines', '.near-line'].map(name => Number(getComputedStyle(document.querySelector(name)).opacity))"
    page.move_mouse(*page.scroll_to("#legend button"))
    lines, near = page.run(opacities)
    assert lines < near == 1
    page.move_mouse(0, 0)
    assert page.run("getComputedStyle(document.querySelector('.lines')).opacity") == "1"


def test_what_is_dragged_over_is_marked_until_the_button_is_released(page):
    x, y = page.scroll_to("#panel-test_accuracy")
    page.send("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, button="left", clickCount=1)
    page.send("Input.dispatchMouseEvent", type="mouseMoved", x=x + 150, y=y, button="left", buttons=1)
    selection = "document.querySelector('#panel-test_accuracy .cursor .selection')?.getAttribute('width')"
    assert float(page.run(selection)) == pytest.approx(150, abs=0.5)
    page.send("Input.dispatchMouseEvent", type="mouseReleased", x=x + 150, y=y, button="left", clickCount=1)
    assert page.run(selection) is None


def test_paper_shows_the_lines_without_the_cursor(page):
    page.move_mouse(*page.scroll_to("#legend button"))
    page.send("Emulation.setEmulatedMedia", media="print")
    try:
        assert page.run("getComputedStyle(document.querySelector('.plot .cursor')).display") == "none"
        assert page.run("getComputedStyle(document.querySelector('.plot .lines')).opacity") == "1"
    finally:
        page.send("Emulation.setEmulatedMedia", media="")


def test_dragging_zooms_and_a_double_click_shows_the_whole(page):
    ticks = "[...document.querySelectorAll('#panel-train_loss .axis text')].map(tick => tick.textContent).join(' ')"
    whole = page.run(ticks)
    x, y = page.scroll_to("#panel-test_accuracy")
    page.drag((x, y), (x + 150, y))
    assert page.run(ticks) != whole
    page.click("#panel-test_accuracy", count=2)
    assert page.run(ticks) == whole


def test_wall_time_and_a_logarithmic_loss_can_be_chosen(page):
    page.click("input[value=time]")
    assert "wall time, min" in page.run("document.querySelector('#panel-test_loss').textContent")
    before = page.run("document.querySelector('#panel-test_loss .line').getAttribute('d')")
    page.click("input[value=log]")
    assert page.run("document.querySelector('#panel-test_loss .line').getAttribute('d')") != before


def test_seeds_are_a_mean_with_a_band_or_lines_of_their_own(page):
    assert page.run("document.querySelectorAll('#panel-test_loss .band').length") == 3
    page.click("input[value=each]")
    assert page.run("document.querySelectorAll('#panel-test_loss .band').length") == 0
    assert lines(page, "test_loss") == 6


def test_the_keyboard_reads_and_zooms_the_curves(page):
    page.run("document.querySelector('#panel-test_accuracy').focus()")
    page.press("ArrowLeft")
    assert "Test accuracy, epoch 7" in page.run("document.querySelector('#reading').textContent")
    page.press("+")
    page.press("Escape")
    assert page.run("document.activeElement.id") == "panel-test_accuracy"


def test_every_control_is_reached_by_the_tab_key(page):
    page.click("#unfold")
    page.run("document.activeElement.blur()")
    reached = set()
    for _ in range(120):
        page.press("Tab")
        reached.add(page.run("document.activeElement.id || document.activeElement.getAttribute('class') || ''"))
    wanted = {"theme", "filter", "baseline", "cost", "panel-test_accuracy", "show-all", "last-quarter"}
    assert wanted <= reached
    assert any(name.startswith("copy") for name in reached)


def test_another_baseline_gives_the_verdicts_that_python_gives_against_it(page):
    page.run(
        "(() => { const b = document.querySelector('#baseline'); b.value = 1; b.dispatchEvent(new Event('change')) })()"
    )
    shown = page.run("document.querySelector('#verdict-table').innerText")
    row = next(row for row in a_comparison(baseline="40x12").rows if row.label == "100x12")
    verdict = row.verdict("epoch_seconds")
    assert verdict.word in shown
    assert f"{verdict.estimate:.3f}" in shown
    assert "40x12" not in page.run("document.querySelector('#verdict-table tbody').innerText")


def test_another_cost_can_be_chosen_for_the_scatter(page):
    names = page.run("[...document.querySelectorAll('#cost option')].map(option => option.textContent)")
    assert {"Epoch time", "GPU memory", "Params", "MACs", "Energy"} <= set(names)
    page.run(
        "(() => { const c = document.querySelector('#cost'); c.value = c.options.length - 1;"
        " c.dispatchEvent(new Event('change')) })()"
    )
    assert names[-1] in page.run("document.querySelector('#scatter-chart').textContent")
    assert page.run("document.querySelectorAll('#scatter-chart .point').length") == 3


def test_the_theme_follows_the_system_until_it_is_chosen(page):
    assert page.run("document.documentElement.dataset.theme") == "light"
    page.set_viewport(width=1280, height=900, dark=True)
    page.settle()
    assert page.run("document.documentElement.dataset.theme") == "dark"
    page.click("#theme")
    assert page.run("document.documentElement.dataset.theme") == "light"
    page.set_viewport(width=1280, height=900)


def test_a_narrow_screen_scrolls_down_only(page):
    page.set_viewport(width=360, height=800)
    page.settle()
    assert page.run("document.documentElement.scrollWidth") <= 360
    page.set_viewport(width=1280, height=900)


def test_hostile_names_do_nothing(browser, tmp_path):
    runs = []
    for number, attack in enumerate(ATTACKS):
        record = dataclasses.replace(make_run("100x12", epochs=3), variant=attack, run=attack, dataset=attack)
        environment = dataclasses.replace(record.environment, device=attack, cpu=attack)
        runs.append(
            dataclasses.replace(
                record, seed=number, command=attack, reason=attack, warnings=attack, environment=environment
            )
        )
    browser.open(write_page(compare(runs, CompareOptions()), tmp_path / "hostile.html", title=ATTACKS[0]))
    browser.settle()
    assert browser.run("document.title") == ATTACKS[0]
    assert browser.run("document.querySelectorAll('img, iframe, object, script:not(#data)').length") == 1
    assert browser.run("document.querySelectorAll('[onload], [onerror], a[href^=javascript]').length") == 0
    names = browser.run("[...document.querySelectorAll('.runs h3')].map(name => name.textContent)")
    assert set(names) == set(ATTACKS)
    assert browser.complaints == []
    assert len(browser.requests) == 1


def test_the_policy_stops_a_script_that_was_smuggled_in(browser, tmp_path):
    path = write_page(a_comparison(), tmp_path / "report.html")
    path.write_text(path.read_text().replace("</main>", "<script>document.title = 'broken'</script></main>"))
    browser.open(path)
    assert browser.run("document.title") == "densebench report"
    assert any("Content Security Policy" in complaint for complaint in browser.complaints)


@pytest.mark.parametrize("case", ["nothing", "one unfinished", "no accuracy", "not finite", "a trial"])
def test_poor_runs_make_a_page_all_the_same(browser, tmp_path, case):
    run = make_run("100x12", epochs=2)
    nan = float("nan")
    runs = {
        "nothing": [],
        "one unfinished": [dataclasses.replace(run, records=(), status="failed", reason="it broke")],
        "no accuracy": [dataclasses.replace(run, phase="speed", records=(EpochRecord(images_per_second=10.0),))],
        "not finite": [
            dataclasses.replace(run, records=(EpochRecord(epoch=1, train_loss=nan, test_loss=float("inf")),)),
            make_run("40x12", epochs=2),
        ],
        "a trial": [run, dataclasses.replace(run, phase="trial", run="trial")],  # is left out
    }[case]
    browser.open(write_page(compare(runs, CompareOptions()), tmp_path / "report.html"))
    assert browser.complaints == []


def test_it_prints_with_every_section(page, tmp_path):
    document = page.pdf(tmp_path / "report.pdf").read_bytes()
    assert document.startswith(b"%PDF")
    assert document.count(b"/Type /Page\n") >= 2


def test_the_page_without_scripts_holds_every_row_and_command():
    text = render(a_comparison(), title="t").split('id="data"')[0]
    for run in (run for row in a_comparison().rows for run in row.runs):
        assert run.command in text
        assert run.run in text


def test_the_same_comparison_gives_the_same_bytes():
    assert render(a_comparison(), title="t") == render(a_comparison(), title="t")


def test_nothing_in_the_page_names_another_place():
    text = render(a_comparison(), title="t")
    assert set(re.findall(r"https?://[^\s\"'`]+", text)) == {"http://www.w3.org/2000/svg"}  # a name, not an address
    assert "default-src &#39;none&#39;" in text
    assert "unsafe" not in text


@pytest.mark.parametrize("options", [{}, {"baseline": "100x12"}], ids=["without a baseline", "with one"])
def test_the_page_begins_with_the_sentences_that_close_the_terminal_s_tables(options):
    compared = a_comparison(**options)
    head = render(compared, title="t").split('<p class="lead">')[0]
    assert [html.unescape(text) for text in re.findall(r'<p class="answer">(.*?)</p>', head)] == conclude(compared)


def test_a_page_without_a_measured_row_has_no_answer():
    assert 'class="answer"' not in render(compare([], CompareOptions()), title="t")


def test_the_gate_and_the_notes_stand_in_the_page():
    compared = a_comparison(baseline="100x12", fail_on="epoch_seconds>+5%")
    text = render(compared, title="t")
    assert f"Gate {'failed' if compared.gate.failed else 'passed'}" in text
    for condition in compared.gate.conditions:
        assert condition.condition.replace(">", "&gt;") in text


def test_environments_that_differ_are_marked():
    runs = [make_run("100x12", epochs=1, device=device) for device in ("NVIDIA H100", "NVIDIA L4")]
    text = render(compare(runs, CompareOptions()), title="t")
    assert "2 different environments" in text
    assert re.search(r'class="differs"><th scope="row"[^>]*>Device ', text)


def test_published_rows_stand_apart():
    published = dataclasses.replace(make_run("121x32", epochs=1), phase="published", source="a paper", command=None)
    text = render(compare([make_run("100x12", epochs=1), published], CompareOptions()), title="t")
    assert text.index("Training</h3>") < text.index("Published by others, not measured here</h3>")


def test_an_unwritable_place_is_one_sentence(tmp_path):
    with pytest.raises(ResultsError, match="cannot be written"):
        write_page(a_comparison(), tmp_path)
