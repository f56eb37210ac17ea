import pytest

from densebench.reporting.figures.label_placement import Box, nearest_free


def test_labels_cover_neither_points_nor_one_another():
    frame = Box(0, 0, 600, 400)
    points = [(300 + 9 * number, 200 + 5 * (number % 4)) for number in range(12)]
    taken = [Box(x - 5, y - 5, x + 5, y + 5) for x, y in points]
    for point in points:
        _, box = nearest_free(point, (60, 10), taken, frame)
        assert sum(box.shared_with(other) for other in taken) == 0
        assert box.shared_with(frame) == pytest.approx(box.area)
        taken.append(box)
