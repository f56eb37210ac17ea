import os
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from densebench.errors import InputError, ResultsError
from densebench.reporting.figures.files import FORMATS, drawing, is_picture, save, write_file

BEGINNINGS = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


def draw():
    figure = Figure(figsize=(1, 1))
    figure.subplots().plot([1, 2], label="label")
    return figure


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_suffix_decides_the_format(suffix, tmp_path):
    target = tmp_path / f"plot{suffix.upper()}"
    with drawing():
        assert save(draw(), target) == target
    assert target.read_bytes().startswith(BEGINNINGS[suffix])
    assert os.listdir(tmp_path) == [target.name]


def test_a_target_without_a_pictures_ending_is_a_folder_and_another_ending_a_mistake(tmp_path):
    (tmp_path / "results.v2").mkdir()
    assert [is_picture(tmp_path / name) for name in ("a.PNG", "pictures", ".hidden", "results.v2")] == [
        True,
        False,
        False,
        False,
    ]
    with pytest.raises(InputError, match=r"a.jpg is no picture .*: end its name in .png, .svg or .pdf"):
        is_picture(tmp_path / "a.jpg")
    assert os.listdir(tmp_path) == ["results.v2"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_one_figure_is_always_the_same_bytes(suffix, tmp_path):
    with drawing():
        files = [save(draw(), tmp_path / f"{name}{suffix}").read_bytes() for name in ("one", "other")]
    assert files[0] == files[1]


def test_the_words_of_an_svg_are_text_in_a_font_that_every_machine_can_replace(tmp_path):
    figure = draw()
    figure.axes[0].set_title("Größe <x> & 日本")
    with drawing():
        root = ElementTree.parse(save(figure, tmp_path / "plot.svg")).getroot()
    (written,) = [each for each in root.iter("{http://www.w3.org/2000/svg}text") if each.text.startswith("G")]
    assert written.text == "Größe <x> & 日本"
    assert "sans-serif" in written.attrib["style"]


def test_a_missing_folder_is_made(tmp_path):
    write_file(tmp_path / "a" / "b" / "page.html", b"content")
    assert (tmp_path / "a" / "b" / "page.html").read_bytes() == b"content"


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match=r"file/page.html cannot be written \(.*\): choose another place\.$"):
        write_file(tmp_path / "file" / "page.html", b"content")
