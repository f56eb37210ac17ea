"""Labels beside points that cover neither each other nor a point."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from densebench.reporting.figures.style import INK, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DISTANCES = (7, 16, 28, 42, 60)  # points from the marker to its label
_DIRECTIONS = ((1, 0.4), (1, -0.4), (-1, 0.4), (-1, -0.4), (0, 1), (0, -1), (0.7, 1), (0.7, -1), (-0.7, 1), (-0.7, -1))
_LEADER_FROM = 16  # from this distance on a line leads to the point
_MARKER = 5.0  # radius that is kept free around a point


@dataclass(frozen=True)
class Box:
    """A rectangle in points of the picture."""

    left: float
    bottom: float
    right: float
    top: float

    def shared_with(self, other: "Box") -> float:
        """Area that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return width * height if width > 0 and height > 0 else 0.0

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.top - self.bottom)


def place_labels(figure: "Figure", axes: "Axes", names: Sequence[str], places: Sequence[tuple[float, float]]) -> None:
    """Write each name beside its place (data coordinates); an empty one is only kept free. This fixes the layout."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    points = [_in_points(figure, axes, place) for place in places]
    taken = [Box(x - _MARKER, y - _MARKER, x + _MARKER, y + _MARKER) for x, y in points]
    frame = _frame(figure, axes)
    sizes = [_size(figure, axes, label(name)) for name in names]
    for name, place, point, size in sorted(
        zip(names, places, points, sizes, strict=True), key=lambda each: -each[2][1]
    ):
        offset, box = nearest_free(point, size, taken, frame)
        taken.append(box)
        _write(axes, label(name), place, offset)


def nearest_free(
    point: tuple[float, float], size: tuple[float, float], taken: Sequence[Box], frame: Box
) -> tuple[tuple[float, float], Box]:
    """Offset of the label's middle from the point: the nearest place that is free, else the freest."""
    best: tuple[float, tuple[float, float], Box] | None = None
    for distance, (right, up) in product(_DISTANCES, _DIRECTIONS):
        offset = (right * (distance + size[0] / 2), up * (distance + size[1] / 2))
        x, y = point[0] + offset[0], point[1] + offset[1]
        box = Box(x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2)
        covered = sum(box.shared_with(other) for other in taken) + box.area - box.shared_with(frame)
        if best is None or covered < best[0] - 1e-6:
            best = (covered, offset, box)
        if covered < 1e-6:
            break
    assert best is not None
    return best[1], best[2]


def _write(axes: "Axes", text: str, place: tuple[float, float], offset: tuple[float, float]) -> None:
    far = max(abs(offset[0]), abs(offset[1])) > _LEADER_FROM + 30
    from matplotlib.patheffects import withStroke

    written = axes.annotate(
        text,
        place,
        xytext=offset,
        textcoords="offset points",
        fontsize=8.5,
        color=INK,
        ha="center",
        va="center",
        arrowprops={"arrowstyle": "-", "color": "#999999", "linewidth": 0.6} if far else None,
    )
    written.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


def _in_points(figure: "Figure", axes: "Axes", place: tuple[float, float]) -> tuple[float, float]:
    x, y = axes.transData.transform(place)
    return float(x) * 72 / figure.dpi, float(y) * 72 / figure.dpi


def _frame(figure: "Figure", axes: "Axes") -> Box:
    box = axes.get_window_extent()
    scale = 72 / figure.dpi
    return Box(box.x0 * scale, box.y0 * scale, box.x1 * scale, box.y1 * scale)


def _size(figure: "Figure", axes: "Axes", text: str) -> tuple[float, float]:
    written = axes.text(0, 0, text, fontsize=8.5)
    box = written.get_window_extent()
    written.remove()
    return float(box.width) * 72 / figure.dpi, float(box.height) * 72 / figure.dpi
