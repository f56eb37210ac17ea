"""Tests of ``densebench/data/archives/idx.py``."""

import struct

import numpy as np
import pytest

from densebench.data.archives.idx import read_idx

LABELS = bytes((0, 0, 8, 1)) + struct.pack(">I", 3) + bytes((5, 0, 9))


def test_sizes_are_big_endian_and_rows_come_first():
    data = bytes((0, 0, 8, 3)) + struct.pack(">III", 2, 3, 4) + bytes(range(24))
    assert np.array_equal(read_idx(data, 3), np.arange(24).reshape(2, 3, 4))
    assert read_idx(LABELS, 1).tolist() == [5, 0, 9]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "does not begin as an IDX file of bytes in 1 dimensions"),
        (LABELS[:5], "does not begin as an IDX file"),
        (b"\x00\x00\x0d\x01" + LABELS[4:], "does not begin as an IDX file"),
        (b"\x00\x00\x08\x03" + LABELS[4:], "does not begin as an IDX file"),
        (LABELS[:-1], "it has 2 bytes where 3 belong"),
        (LABELS + b"more", "it has 7 bytes where 3 belong"),
        (LABELS[:4] + b"\xff\xff\xff\xff", "it has 0 bytes where 4,294,967,295 belong"),
    ],
)
def test_anything_else_is_refused_before_memory_is_taken(data, reason):
    with pytest.raises(ValueError, match=reason):
        read_idx(data, 1)
