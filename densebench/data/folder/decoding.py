"""Image files to pixels, trusting nothing in them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from densebench.data.images import OnProgress
from densebench.data.resizing import allocate_pixels
from densebench.errors import DatasetError

if TYPE_CHECKING:
    from PIL.Image import Image

    from densebench.data.images import Pixels

_FORMATS = ("PNG", "JPEG")
_LARGEST = 1 << 24  # pixels: 4096 x 4096, 50 MB decoded
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")  # others have 16 bits, which would be clipped
_EVERY = 256  # images between two reports of progress


def decode_files(
    root: Path, paths: Sequence[str], *, image_size: int | None, like: str, on_progress: OnProgress
) -> Pixels:
    """The RGB pixels of image files, (N, S, S, 3), as stored: transparency is dropped, an EXIF orientation ignored.

    With an ``image_size`` every image is resized to it, whatever its shape. Without, each must be a square as large as
    the file ``like``. Raises :class:`DatasetError` that names the file.
    """
    import numpy as np

    side = image_size or read_square_side(root / like)
    pixels = allocate_pixels(len(paths), side)
    for index, path in enumerate(paths):
        if index % _EVERY == 0:
            on_progress("Decoding images", index, len(paths))
        pixels[index] = np.asarray(_decode(root / path, side, None if image_size else root / like))
    on_progress("Decoding images", len(paths), len(paths))
    return pixels


def read_square_side(path: Path) -> int:
    """Side of an image by its header; raises :class:`DatasetError` if it is not a square."""
    with _open_image(path) as image:
        width, height = image.size
    if width != height:
        raise DatasetError(f"{str(path)!r} is {width}x{height}, not a square: give --image-size to resize every image.")
    return width


def _decode(path: Path, side: int, like: Path | None) -> Image:
    """One image as RGB of ``side`` x ``side``; ``like`` is the file whose size it must have, if it must."""
    from PIL.Image import Resampling

    with _open_image(path) as image:
        if like is not None and image.size != (side, side):
            width, height = image.size
            raise DatasetError(
                f"{str(path)!r} is {width}x{height} but {str(like)!r} is {side}x{side}: "
                "give --image-size to resize every image."
            )
        rgb = image.convert("RGB")
        return rgb if rgb.size == (side, side) else rgb.resize((side, side), Resampling.BILINEAR)


@contextmanager
def _open_image(path: Path) -> Iterator[Image]:
    """An image of which only the header was read, and found harmless; any error inside names the file."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about metadata, which does not touch the pixels
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with path.open("rb") as file:
                image = Image.open(file, formats=_FORMATS)
                _check_header(path, image)
                if image.format == "PNG":
                    image.verify()  # the chunks' checksums, which decoding does not compare; uses the image up
                    image = Image.open(file, formats=_FORMATS)
                yield image
    except DatasetError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged data
        reason = "unknown content" if isinstance(error, UnidentifiedImageError) else str(error)
        raise DatasetError(f"{str(path)!r} is not a readable PNG or JPEG ({reason}): repair or remove it.") from None


def _check_header(path: Path, image: Image) -> None:
    width, height = image.size
    if width * height > _LARGEST:
        raise DatasetError(f"{str(path)!r} is {width}x{height}, more than {_LARGEST:,} pixels: shrink or remove it.")
    if image.mode not in _MODES:
        raise DatasetError(f"{str(path)!r} has more than 8 bits a channel (mode {image.mode}): convert or remove it.")
