"""Image files to pixels, trusting nothing in them."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from densebench.data.folder.orientation import turn_upright
from densebench.data.folder.png import is_sixteen_bit, read_sixteen_bit, scale_transparent_grey
from densebench.data.folder.transparency import compose_on_white, is_transparent
from densebench.data.images import BadFile, Decoded, OnProgress, Treatment
from densebench.data.resizing import allocate_pixels
from densebench.errors import DatasetError

if TYPE_CHECKING:
    from PIL.Image import Image

    from densebench.data.images import Pixels

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
_ANIMATED_FORMATS = ("PNG", "WEBP", "GIF")  # a telephone's JPEG may hold a second picture, which is no frame
_LARGEST = 1 << 24  # pixels: 4096 x 4096, 50 MB decoded
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "I;16", "I;16B", "I;16L", "I")
_DARK = 4096  # the first value above those of 12 bits
_EVERY = 256  # images between two reports of progress


class BadImage(DatasetError):
    """One file cannot be used; the others may be."""

    def __init__(self, complaint: str) -> None:
        super().__init__(f"{complaint}: repair or remove it, or give --skip-bad-images.")
        self.complaint = complaint


@dataclass(frozen=True, kw_only=True)
class _Decoded:
    image: Image  # RGB
    treatment: Treatment


def decode_files(
    root: Path, paths: Sequence[str], *, image_size: int | None, like: str, on_progress: OnProgress
) -> Decoded:
    """The RGB pixels of image files, (N, S, S, 3): upright by EXIF, on white where transparent, 16 bits scaled to 8.

    With an ``image_size`` every image is resized to it, whatever its shape. Without, each must be a square as large as
    the file ``like``; else :class:`DatasetError` is raised. Files that cannot be read are listed in the result.
    """
    import numpy as np

    side = image_size or read_square_side(root / like)
    pixels = allocate_pixels(len(paths), side)
    kept: list[int] = []
    bad: list[BadFile] = []
    treatment = Treatment()
    for index, path in enumerate(paths):
        if index % _EVERY == 0:
            on_progress("Decoding images", index, len(paths))
        try:
            decoded = _decode(root / path, side, None if image_size else root / like)
        except BadImage as error:
            bad.append(BadFile(path=path, complaint=error.complaint))
            continue
        pixels[len(kept)] = np.asarray(decoded.image)
        kept.append(index)
        treatment += decoded.treatment
    on_progress("Decoding images", len(paths), len(paths))
    return Decoded(pixels=pixels[: len(kept)], kept=np.array(kept, np.intp), bad=tuple(bad), treatment=treatment)


def read_square_side(path: Path) -> int:
    """Side of an image by its header; raises :class:`DatasetError` if it is not a square."""
    with _open_image(path) as image:
        width, height = image.size
    if width != height:
        raise DatasetError(f"{str(path)!r} is {width}x{height}, not a square: give --image-size to resize every image.")
    return width


def decode_square(name: str, data: bytes, side: int) -> Pixels:
    """The RGB pixels (side, side, 3) of one image file; raises :class:`BadImage`, which calls it ``name``."""
    import numpy as np

    with _open_stream(name, lambda: io.BytesIO(data)) as image:
        if image.size != (side, side):
            raise BadImage(f"{name!r} is {image.width}x{image.height}, not {side}x{side}")
        return np.asarray(_convert(image).image)


def _decode(path: Path, side: int, like: Path | None) -> _Decoded:
    """One image as RGB of ``side`` x ``side``; ``like`` is the file whose size it must have, if it must."""
    from PIL.Image import Resampling

    with _open_image(path) as image:
        if like is not None and image.size != (side, side):
            width, height = image.size
            raise DatasetError(
                f"{str(path)!r} is {width}x{height} but {str(like)!r} is {side}x{side}: "
                "give --image-size to resize every image."
            )
        decoded = _convert(image)
        rgb = decoded.image
        if rgb.size != (side, side):
            rgb = rgb.resize((side, side), Resampling.BILINEAR)
        return _Decoded(image=rgb, treatment=decoded.treatment)


def _convert(image: Image) -> _Decoded:
    """The first frame, upright, in RGB of 8 bits, on white."""
    animated = image.format in _ANIMATED_FORMATS and getattr(image, "is_animated", False)
    sixteen_bit = is_sixteen_bit(image)
    scale_transparent_grey(image)
    eight_bit, largest = read_sixteen_bit(image) if sixteen_bit else (image, 0)
    transparent = is_transparent(eight_bit)
    rgb = compose_on_white(eight_bit) if transparent else eight_bit.convert("RGB")
    return _Decoded(
        image=turn_upright(rgb, image),
        treatment=Treatment(
            transparent=int(transparent),
            animated=int(animated),
            sixteen_bit=int(sixteen_bit),
            dark=int(sixteen_bit and largest < _DARK),
        ),
    )


def _open_image(path: Path) -> AbstractContextManager[Image]:
    return _open_stream(str(path), lambda: path.open("rb"))


@contextmanager
def _open_stream(name: str, open_file: Callable[[], BinaryIO]) -> Iterator[Image]:
    """An image of which only the header was read, and found harmless; any error inside names the file."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about metadata, which does not touch the pixels
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with open_file() as file:
                image = Image.open(file, formats=_FORMATS)
                _check_header(name, image)
                if image.format == "PNG":
                    image.verify()  # the chunks' checksums, which decoding does not compare; uses the image up
                    image = Image.open(file, formats=_FORMATS)
                yield image
    except DatasetError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged data
        reason = "unknown content" if isinstance(error, UnidentifiedImageError) else str(error)
        raise BadImage(f"{name!r} is not a readable image ({reason})") from None


def _check_header(name: str, image: Image) -> None:
    width, height = image.size
    if width * height > _LARGEST:
        raise BadImage(f"{name!r} is {width}x{height}, more than {_LARGEST:,} pixels")
    if image.mode not in _MODES:
        raise BadImage(f"{name!r} has colours of an unknown kind (mode {image.mode})")
