"""Labels beside points that cover neither each other nor a point; where there is no room, there is no label."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from densebench.reporting.figures.style import INK, SMALL, label, measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DISTANCES = (7, 12, 18, 26)  # points from the marker to its label
_DIRECTIONS = ((1, 0.4), (1, -0.4), (-1, 0.4), (-1, -0.4), (0, 1), (0, -1), (0.7, 1), (0.7, -1), (-0.7, 1), (-0.7, -1))
_LEADER_FROM = 18  # from this distance on a line leads to the point
_MARKER = 5.0  # radius that is kept free around a point


@dataclass(frozen=True)
class Box:
    """A rectangle in points of the picture."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: "Box") -> bool:
        """Whether both cover some area."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return width > 0 and height > 0

    def holds(self, other: "Box") -> bool:
        """Whether the other lies within it."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.bottom <= other.bottom
            and other.top <= self.top
        )


def place_labels(
    figure: "Figure", axes: "Axes", names: Sequence[str], places: Sequence[tuple[float, float]]
) -> list[bool]:
    """Write each name beside its place (data coordinates), the first names first, and say which had room.

    A place without a name is only kept free. This fixes the layout.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    points = [_in_points(figure, axes, place) for place in places]
    taken = [Box(x - _MARKER, y - _MARKER, x + _MARKER, y + _MARKER) for x, y in points]
    frame = _frame(figure, axes)
    found = []
    for name, place, point in zip(names, places, points, strict=True):
        free = _find_free(point, _size(figure, label(name)), taken, frame) if name else None
        found.append(free is not None)
        if free is not None:
            taken.append(free.box)
            _write(axes, label(name), place, free)
    return found


@dataclass(frozen=True)
class _Free:
    """Room for a label: how far its middle and its nearest edge are from the point, in points of the picture."""

    offset: tuple[float, float]
    distance: float
    box: Box

    @property
    def nearest(self) -> tuple[float, float]:
        """Where on the label, from (0, 0) to (1, 1), a line to the point is the shortest."""
        width, height = self.box.right - self.box.left, self.box.top - self.box.bottom
        across, up = 0.5 - self.offset[0] / width, 0.5 - self.offset[1] / height
        return min(max(across, 0.0), 1.0), min(max(up, 0.0), 1.0)


def _find_free(point: tuple[float, float], size: tuple[float, float], taken: Sequence[Box], frame: Box) -> _Free | None:
    """The nearest place for a label that covers nothing and lies within the frame."""
    for distance, (right, up) in product(_DISTANCES, _DIRECTIONS):
        offset = (right * (distance + size[0] / 2), up * (distance + size[1] / 2))
        x, y = point[0] + offset[0], point[1] + offset[1]
        box = Box(x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2)
        if frame.holds(box) and not any(box.overlaps(other) for other in taken):
            return _Free(offset, distance, box)
    return None


def _write(axes: "Axes", text: str, place: tuple[float, float], free: _Free) -> None:
    from matplotlib.patheffects import withStroke

    leader = None
    if free.distance >= _LEADER_FROM:
        leader = {"arrowstyle": "-", "color": "#999999", "linewidth": 0.6, "relpos": free.nearest}
    written = axes.annotate(
        text,
        place,
        xytext=free.offset,
        textcoords="offset points",
        fontsize=SMALL,
        color=INK,
        ha="center",
        va="center",
        arrowprops=leader,
    )
    written.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


def _in_points(figure: "Figure", axes: "Axes", place: tuple[float, float]) -> tuple[float, float]:
    x, y = axes.transData.transform(place)
    return float(x) * 72 / figure.dpi, float(y) * 72 / figure.dpi


def _frame(figure: "Figure", axes: "Axes") -> Box:
    box = axes.get_window_extent()
    scale = 72 / figure.dpi
    return Box(box.x0 * scale, box.y0 * scale, box.x1 * scale, box.y1 * scale)


def _size(figure: "Figure", text: str) -> tuple[float, float]:
    width, height = measure(figure, text)
    return width * 72, height * 72
