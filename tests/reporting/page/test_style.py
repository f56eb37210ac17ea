"""The colours of the style sheet, and how the page looks on paper."""

import re
from pathlib import Path

import pytest
from synthetic_runs import make_run

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.figures.series import COLOURS
from densebench.reporting.page import page as writer
from densebench.reporting.page.page import render, write_page

NAMES = ("edge", "muted", "accent", *(f"c{place}" for place in range(len(COLOURS))))


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def colours_of(theme):
    templates = Path(writer.__file__).parent / "templates"
    (light,) = re.findall(r":root \{([^}]*)\}", (templates / "page.css").read_text())
    palette = {f"c{place}": colour for place, colour in enumerate(COLOURS)}
    text = (templates / "dark.css").read_text() if theme == "dark" else light
    return palette | dict(re.findall(r"--(\w+): (#\w{6});", text))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_lines_points_and_borders_have_a_contrast_of_three_to_one(theme, name):
    colours = colours_of(theme)
    assert contrast(colours[name], colours["paper"]) >= 3


def test_the_page_has_the_colours_of_the_pictures():
    text = render(compare([make_run("100x12", epochs=1)], CompareOptions()), title="t")
    assert re.findall(r"--c\d: (#\w+);", text)[: len(COLOURS)] == list(COLOURS)


@pytest.fixture
def paper(browser, tmp_path):
    """A page on paper, of which two networks differ in their figures."""
    browser.set_viewport(width=1032, height=720, dark=True)
    runs = [make_run(variant, seed=seed, epochs=4) for variant in ("100x12", "40x12") for seed in (0, 1)]
    browser.open(write_page(compare(runs, CompareOptions()), tmp_path / "report.html"))
    browser.send("Emulation.setEmulatedMedia", media="print")
    browser.settle()
    yield browser
    browser.send("Emulation.setEmulatedMedia", media="")


def test_paper_is_white_with_the_light_colours_though_the_screen_is_dark(paper):
    colours = (
        "['--paper', '--c3'].map(name => getComputedStyle(document.documentElement).getPropertyValue(name).trim())"
    )
    assert paper.run(colours) == ["#ffffff", COLOURS[3]]


def test_paper_marks_the_best_of_a_column_beside_its_figure(paper):
    star, cell = "getComputedStyle(best, '::after')", "getComputedStyle(best)"
    content, right, width, padding = paper.run(
        f"(best => [{star}.content, ...[{star}.right, {star}.width, {cell}.paddingRight].map(parseFloat)])"
        "(document.querySelector('td.best'))"
    )
    assert content == '"*"'
    assert right >= 0
    assert right + width <= padding + 0.5
