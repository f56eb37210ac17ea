"""Bringing images to another size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from densebench.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from densebench.data.images import Pixels

_LABEL_BYTES = 24  # an image's label, and its indices in the orders that are made of them


def resize(pixels: Pixels, image_size: int) -> Pixels:
    """(N, H, W, 3) -> (N, image_size, image_size, 3), bilinear, antialiased when made smaller; as it is if it fits."""
    import numpy as np
    from PIL import Image

    if pixels.shape[1:3] == (image_size, image_size):
        return np.ascontiguousarray(pixels)
    result = allocate_pixels(len(pixels), image_size)
    for index, image in enumerate(pixels):
        small = Image.fromarray(image).resize((image_size, image_size), Image.Resampling.BILINEAR)
        result[index] = np.asarray(small)
    return result


def make_rgb(grey: NDArray[np.uint8]) -> Pixels:
    """(N, H, W) -> (N, H, W, 3), three equal channels."""
    import numpy as np

    return np.repeat(grey[..., None], 3, axis=3)


def allocate_pixels(images: int, image_size: int) -> Pixels:
    """Uninitialised pixels (images, image_size, image_size, 3); raises :class:`InputError` if memory is too small."""
    import numpy as np

    check_memory(images, image_size)
    return np.empty((images, image_size, image_size, 3), np.uint8)


def check_memory(images: int, image_size: int) -> None:
    """Raise :class:`InputError` unless that many images and their labels fit into the free memory."""
    import psutil

    needed, free = images * (image_size**2 * 3 + _LABEL_BYTES), psutil.virtual_memory().available
    if needed > free:
        raise InputError(
            f"{images:,} images of {image_size}x{image_size} need {needed / 2**30:,.1f} GiB of memory, of which "
            f"{free / 2**30:,.1f} GiB are free: use fewer (--train-limit, --test-limit) or a smaller --image-size."
        )
