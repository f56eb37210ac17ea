import pytest
from matplotlib.text import Text

from densebench.reporting.figures.label_placement import Box, place_labels
from densebench.reporting.figures.style import make_figure


def place(points, name="a name of a row"):
    figure, (axes,) = make_figure(1)
    axes.set(xlim=(0, 100), ylim=(0, 100))
    written = place_labels(figure, axes, [name] * len(points), points)
    figure.draw_without_rendering()
    return figure, axes, written


def boxes(axes):
    return [Box(box.x0, box.y0, box.x1, box.y1) for box in (Text.get_window_extent(text) for text in axes.texts)]


def test_labels_cover_neither_points_nor_one_another_nor_the_edge():
    points = [(20 + 5 * number, 50 + 4 * (number % 4)) for number in range(12)]
    _, axes, written = place(points)
    labels = boxes(axes)
    edge = axes.get_window_extent()
    assert sum(written) == len(labels) > 5
    for label in labels:
        assert Box(edge.x0, edge.y0, edge.x1, edge.y1).holds(label)
        assert sum(label.overlaps(other) for other in labels) == 1  # itself
    dots = [axes.transData.transform(point) for point in points]
    assert not any(label.overlaps(Box(x - 1, y - 1, x + 1, y + 1)) for label in labels for x, y in dots)


def test_a_label_without_room_is_left_out():
    _, axes, written = place([(50, 50)] * 60)
    assert 0 < sum(written) < 60
    assert len(axes.texts) == sum(written)


def test_a_label_far_from_its_point_has_a_line_that_leads_to_the_nearest_end():
    _, axes, _ = place([(50, 50)] * 20)
    leaders = [text for text in axes.texts if text.arrow_patch is not None]
    assert leaders
    for text in leaders:
        assert set(text.arrowprops["relpos"]) != {0.5}


@pytest.mark.parametrize(("other", "holds", "overlaps"), [
    (Box(1, 1, 2, 2), True, True),
    (Box(3, 3, 5, 5), False, True),
    (Box(4, 0, 5, 4), False, False),
])  # fmt: skip
def test_boxes_that_only_touch_do_not_overlap(other, holds, overlaps):
    box = Box(0, 0, 4, 4)
    assert (box.holds(other), box.overlaps(other)) == (holds, overlaps)
