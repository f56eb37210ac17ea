"""What Pillow leaves to do for PNGs of 16, 4 and 2 bits a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

# Pillow's raw modes that read the high byte of every value, and those that read the low byte or both in turn.
_LOW_BYTES = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L"}
_GREY_AND_ALPHA, _FOUR_BYTES = "LA;16B", "RGBA"
_GREY_STEPS = {"L;2": 85, "L;4": 17}  # how much of 255 one step of 2 and 4 bits is
_LARGEST = 65535


def is_sixteen_bit(image: Image) -> bool:
    """Whether a freshly opened image has 16 bits a channel; Pillow's mode says so for grey alone."""
    return image.mode.startswith("I") or (image.format == "PNG" and ";16" in _raw_mode(image))


def scale_transparent_grey(image: Image) -> None:
    """Scale a transparent grey of 2 or 4 bits to 8, as Pillow does the pixels; for an image that was just opened."""
    step = _GREY_STEPS.get(_raw_mode(image)) if image.format == "PNG" else None
    if step is not None and "transparency" in image.info:
        image.info["transparency"] *= step


def read_sixteen_bit(image: Image) -> tuple[Image, int]:
    """A freshly opened image of 16 bits scaled linearly to 8, and the largest colour that it had in 16 bits."""
    import numpy as np
    from PIL import Image

    values, opaque = _read_values(image)
    scaled = ((values * 255 + _LARGEST // 2) // _LARGEST).astype(np.uint8)
    colours = values[..., :1] if values.shape[2] == 2 else values[..., :3]
    if opaque is not None:
        scaled = np.concatenate([scaled, np.where(opaque, 255, 0).astype(np.uint8)[..., None]], axis=2)
    return Image.fromarray(scaled[..., 0] if scaled.shape[2] == 1 else scaled), int(colours.max())


def _read_values(image: Image) -> tuple[NDArray[np.uint32], NDArray[np.bool_] | None]:
    """(H, W, channels) in 16 bits, and which pixels are not of the transparent colour, where there is one."""
    import numpy as np

    file, raw_mode = getattr(image, "fp"), _raw_mode(image)  # noqa: B009 - not every image has one
    if raw_mode == _GREY_AND_ALPHA:
        high_low = _read_as(file, _FOUR_BYTES).astype(np.uint32)
        values = high_low[..., 0::2] * 256 + high_low[..., 1::2]
    elif raw_mode in _LOW_BYTES:
        low = _read_as(file, _LOW_BYTES[raw_mode]).astype(np.uint32)
        values = _read_as(file, raw_mode).astype(np.uint32) * 256 + low
    else:
        values = np.asarray(image).astype(np.uint32)[..., None]
    transparent = image.info.get("transparency")
    opaque = None if transparent is None else (values != np.atleast_1d(transparent)).any(axis=2)
    return values, opaque


def _read_as(file: Any, raw_mode: str) -> NDArray[np.uint8]:
    """The pixels of a PNG with its bytes taken as those of another raw mode."""
    import numpy as np
    from PIL import Image

    file.seek(0)
    image: Any = Image.open(file, formats=("PNG",))
    image.tile = [tile._replace(args=raw_mode) for tile in image.tile]
    return np.asarray(image)


def _raw_mode(image: Any) -> str:
    """How the file's bytes make up a pixel; empty once they were read."""
    return str(image.tile[0].args) if image.tile else ""
