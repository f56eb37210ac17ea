"""Tests of ``densebench/data/checksums.py``."""

import numpy as np

from densebench.data.checksums import hash_file, hash_images
from densebench.data.images import Images


def images(pixels: np.ndarray, labels: list[int]) -> Images:
    return Images(pixels=pixels, labels=np.array(labels, np.int32))


def test_the_sum_of_a_file_is_its_sha256(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    assert hash_file(tmp_path / "file") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_hash_tells_pixels_labels_and_splits_apart():
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 2, 2, 3)
    part, other = images(pixels, [0, 1, 0, 1]), images(pixels, [1, 1, 0, 1])
    halves = images(pixels[:2], [0, 1]), images(pixels[2:], [0, 1])
    hashes = [
        hash_images((part, None, part)),
        hash_images((other, None, part)),
        hash_images((part, part, part)),
        hash_images((part, None, images(pixels + 1, [0, 1, 0, 1]))),
        hash_images((*halves, part)),
        hash_images((halves[0], None, part)),
    ]
    assert len(set(hashes)) == len(hashes)
    assert hash_images((part, None, part)) == hashes[0]
