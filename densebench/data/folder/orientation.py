"""How a camera was held, by EXIF."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_ORIENTATION = 0x0112  # EXIF 2.3, tag 274


def turn_upright(pixels: Image, source: Image) -> Image:
    """``pixels`` as a viewer shows them by the EXIF orientation of the file ``source``; one that is damaged is none."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    turn = turns.get(_read_orientation(source))
    return pixels if turn is None else pixels.transpose(turn)


def _read_orientation(image: Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION)
    except Exception:  # Pillow's reader raises nearly anything on damaged metadata, which does not touch the pixels
        return 1
    return value if isinstance(value, int) else 1
