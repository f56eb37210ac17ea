import pytest

from densebench.reporting.figures.style import label, new_figure, scale_of


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


def test_panels_stand_in_reading_order_in_as_many_rows_as_asked():
    figure, panels = new_figure(4, rows=2)
    tops = [round(panel.get_subplotspec().rowspan.start) for panel in panels]
    assert tops == [0, 0, 1, 1]
    assert len(figure.axes) == 4
