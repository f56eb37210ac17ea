import pytest

from densebench.reporting.figures.style import label, make_figure, measure, scale_of


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("100x12", "100x12"),
        ("$x^2$", r"\$x^2\$"),
        ("_hidden", "\N{HAIR SPACE}_hidden"),
        ("a\x1b[2Jb", "a [2Jb"),
        ("a" * 30 + "b" * 30, "a" * 19 + "…" + "b" * 19),
    ],
)
def test_a_name_is_neither_mathematics_nor_hidden_nor_endless(name, shown):
    assert label(name) == shown


def test_an_axis_without_a_unit_of_its_form_has_that_of_its_metric():
    assert scale_of("images_per_second", 1e6) == (1.0, "images a second")
    assert scale_of("train_loss", 2.0) == (1.0, "")
    assert scale_of("gpu_peak_bytes", 8 * 2**30) == (2**-30, "GiB")


def test_panels_stand_in_reading_order_in_rows_of_the_heights_asked_for():
    figure, panels = make_figure(4, width=3, heights=(2, 4))
    figure.draw_without_rendering()
    places = [panel.get_window_extent() for panel in panels]
    assert places[0].x1 < places[1].x0
    assert places[2].y1 < places[0].y0
    assert places[2].height > places[0].height
    assert list(figure.get_size_inches()) == [6, 6]


def test_a_text_is_measured_as_it_is_drawn_and_leaves_nothing():
    figure, _ = make_figure(1)
    width, height = measure(figure, "resnet20")
    assert 0 < height < width < 1
    assert figure.texts == []
