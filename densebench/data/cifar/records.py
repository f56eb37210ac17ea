"""From the bytes of a CIFAR file to images, labels and class names; anything that does not fit is an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from densebench.data.cifar.editions import IMAGE_SIZE, Archive, Edition
from densebench.data.cifar.pickles import ByteArray, load_plain
from densebench.data.cifar.tar import Content
from densebench.data.images import Images
from densebench.errors import DatasetError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PIXEL_BYTES = 3 * IMAGE_SIZE**2  # the red plane, the green one, the blue one


@dataclass(frozen=True, kw_only=True, eq=False)
class _Planes:
    """Images as they are stored, (N, 3072), and their labels, (N,)."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int32]


def read_images(content: Content, images: int, edition: Edition, archive: Archive) -> Images:
    """The images of one member; raises :class:`DatasetError` if they are not ``images`` or a label is impossible."""
    planes = _read_binary(content, edition) if archive.form == "binary" else _read_pickled(content, archive)
    if len(planes.pixels) != images or len(planes.labels) != images:
        counts = f"{len(planes.pixels):,} images with {len(planes.labels):,} labels"
        raise _describe_damage(content, f"{counts} instead of {images:,}")
    if planes.labels.min() < 0 or planes.labels.max() >= edition.classes:
        raise _describe_damage(content, f"a label outside 0 to {edition.classes - 1}")
    pixels = planes.pixels.reshape(-1, 3, IMAGE_SIZE, IMAGE_SIZE).transpose(0, 2, 3, 1)
    return Images(pixels=pixels, labels=planes.labels)


def encode_records(images: Images, edition: Edition) -> bytes:
    """Images as a member of the binary archive has them: the inverse of reading them."""
    import numpy as np

    planes = images.pixels.transpose(0, 3, 1, 2).reshape(len(images.labels), -1)
    front = np.empty((len(images.labels), edition.label_bytes), np.uint8)
    if edition.coarse_labels:
        front[:, 0] = np.array(edition.coarse_labels, np.uint8)[images.labels]
    front[:, -1] = images.labels
    return np.concatenate([front, planes], axis=1).tobytes()


def read_class_names(content: Content, edition: Edition, archive: Archive) -> tuple[str, ...]:
    """The names of the classes; raises :class:`DatasetError` unless there is one for each, printable and distinct."""
    if archive.form == "binary":
        names: list[object] = [*content.data.decode("latin1").split()]
    else:
        names = _get_list(content, _load_entries(content), archive.names_key)
    words = tuple(name for name in names if isinstance(name, str) and name and name.isprintable())
    if not len(words) == len(names) == len(set(words)) == edition.classes:
        raise _describe_damage(content, f"no list of {edition.classes} class names")
    return words


def _read_binary(content: Content, edition: Edition) -> _Planes:
    """Records of the label's bytes and the three planes, one after another."""
    import numpy as np

    record = edition.label_bytes + _PIXEL_BYTES
    if len(content.data) % record:
        raise _describe_damage(content, f"{len(content.data):,} bytes, no multiple of a record's {record:,}")
    records = np.frombuffer(content.data, np.uint8).reshape(-1, record)
    labels = records[:, edition.label_bytes - 1].astype(np.int32)
    return _Planes(pixels=records[:, edition.label_bytes :], labels=labels)


def _read_pickled(content: Content, archive: Archive) -> _Planes:
    """A dictionary with an array of planes and a list of labels."""
    import numpy as np

    entries = _load_entries(content)
    labels = _get_list(content, entries, archive.labels_key)
    pixels = entries.get("data")
    if not isinstance(pixels, ByteArray) or pixels.as_numpy().shape[1] != _PIXEL_BYTES:
        raise _describe_damage(content, f"no array 'data' of {_PIXEL_BYTES:,} bytes an image")
    if not all(type(label) is int and 0 <= label < 256 for label in labels):
        raise _describe_damage(content, "a label that is not a number from 0 to 255")
    return _Planes(pixels=pixels.as_numpy(), labels=np.array(labels, np.int32))


def _load_entries(content: Content) -> dict[object, object]:
    try:
        entries = load_plain(content.data)
    except DatasetError as error:
        raise _describe_damage(content, str(error)) from None
    if not isinstance(entries, dict):
        raise _describe_damage(content, "no dictionary")
    return entries


def _get_list(content: Content, entries: dict[object, object], key: str) -> list[object]:
    found = entries.get(key)
    if not isinstance(found, list):
        raise _describe_damage(content, f"no list {key!r}")
    return found


def _describe_damage(content: Content, what: str) -> DatasetError:
    return DatasetError(f"{content.name!r} is malformed ({what}): download the archive again.")
