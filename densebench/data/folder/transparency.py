"""Transparent images on a white ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_OPAQUE = 255


def is_transparent(image: Image) -> bool:
    """Whether any pixel is not opaque, by an alpha channel, a palette or a transparent colour."""
    if not image.has_transparency_data:
        return False
    alpha = image.convert("RGBA").getchannel("A").tobytes()
    return min(alpha) < _OPAQUE


def compose_on_white(image: Image) -> Image:
    """The image in RGB as it looks on white."""
    from PIL import Image

    rgba = image.convert("RGBA")
    ground = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(ground, rgba).convert("RGB")
