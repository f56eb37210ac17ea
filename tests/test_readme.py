"""The README leads where it says, installs what there is, and asks no other host for a picture."""

import re
import runpy
import tomllib
from pathlib import Path

import pytest

from densebench.config import RunConfig

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OUTSIDE_CODE = re.sub(r"^```.*?^```$", "", README, flags=re.DOTALL | re.MULTILINE)
LINKS = re.findall(r"\]\(([^)\s]+)\)", OUTSIDE_CODE)
HEADINGS = re.findall(r"^## (.+)$", OUTSIDE_CODE, flags=re.MULTILINE)
BADGES = runpy.run_path(str(ROOT / "docs" / "pictures" / "badges.py"))["draw_badges"]()


def to_anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_every_link_leads_to_a_file_or_a_heading():
    for link in LINKS:
        path, _, anchor = link.partition("#")
        assert (ROOT / path).exists(), link
        page = (ROOT / path).read_text(encoding="utf-8") if path.endswith(".md") else README
        anchors = {to_anchor(heading) for heading in re.findall(r"^#+ (.+)$", page, flags=re.MULTILINE)}
        assert not anchor or anchor in anchors, link


def test_the_contents_lead_to_every_section_in_order():
    contents = [link[1:] for link in re.findall(r"\]\((#[^)]+)\)", README.split("## ", 1)[0])]
    assert contents == [to_anchor(heading) for heading in HEADINGS]


def test_no_picture_comes_from_another_host():
    shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)
    assert {f"docs/pictures/{name}" for name in BADGES} < set(shown)
    assert not [path for path in shown if "://" in path]
    for path in shown:
        text = (ROOT / path).read_bytes().replace(b"http://www.w3.org/", b"")
        assert not path.endswith(".svg") or not re.search(rb"(?:href|src|url)\W+https?:", text), path


@pytest.mark.parametrize("name", BADGES)
def test_a_badge_says_what_pyproject_says(name):
    drawn = (ROOT / "docs" / "pictures" / name).read_text(encoding="utf-8")
    assert drawn == BADGES[name], "run: python docs/pictures/badges.py"


def test_the_words_in_place_of_badges_are_as_true_as_they_are():
    least = PROJECT["requires-python"].removeprefix(">=")
    for words in (f"![Python {least} or newer]", f"![Licence: {PROJECT['license']}]", f"needs Python {least} or newer"):
        assert words in README


def test_two_commands_set_up_everything_the_first_with_the_default_backend():
    commands = re.findall(r"^pip install .*$", README, flags=re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].startswith(f"pip install -e '.[{RunConfig.backend}]' && densebench train ")
    in_ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert set(commands[1].replace("pip install", "pip install --quiet --no-compile").split(" && ")) < set(in_ci)


def test_every_extra_that_is_named_exists_and_every_one_is_named():
    named = {extra for group in re.findall(r"'\.\[([\w,-]+)\]'", README) for extra in group.split(",")}
    assert named == set(PROJECT["optional-dependencies"])
