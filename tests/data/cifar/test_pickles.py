"""Tests of ``densebench/data/cifar/pickles.py``."""

import os
import pickle
import subprocess
import sys
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from densebench.data.cifar.pickles import ByteArray, load_plain
from densebench.errors import DatasetError

PLANES = np.arange(60, dtype=np.uint8).reshape(3, 20)

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.integers(), inner, max_size=4),
    max_leaves=20,
)


def test_a_batch_of_python_2_is_read(python_2_batch):
    batch = load_plain(python_2_batch(PLANES, [7, 0, 255], "labels"))
    assert batch["labels"] == [7, 0, 255]
    assert batch["batch_label"] == "batch 1 of 5"
    assert np.array_equal(batch["data"].as_numpy(), PLANES)


def test_the_batches_of_these_tests_are_what_pickle_itself_reads(python_2_batch):
    batch = pickle.loads(python_2_batch(PLANES, [7, 0, 255], "labels"), encoding="latin1")
    assert np.array_equal(batch["data"], PLANES)
    assert batch["filenames"] == ["a.png"] * 3


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_todays_numpy_are_read(protocol, order):
    data = pickle.dumps({"data": np.asarray(PLANES, order=order)}, protocol=protocol)
    if protocol < 3:  # Python 3 writes the bytes as a call of _codecs.encode, which no archive contains
        with pytest.raises(DatasetError, match=r"_codecs\.encode"):
            load_plain(data)
    else:
        assert np.array_equal(load_plain(data)["data"].as_numpy(), PLANES)


@given(plain, st.sampled_from([3, 4]))
def test_plain_data_comes_back_as_it_was(value, protocol):
    assert load_plain(pickle.dumps(value, protocol)) == value


class Run:
    """Pickles as a call of ``function``."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "hostile",
    [
        Run(os.system, "touch hacked"),
        Run(eval, "open('hacked', 'w')"),
        Run(exec, "open('hacked', 'w')"),
        Run(subprocess.call, ["touch", "hacked"]),
        Run(getattr, "text", "upper"),
        Run(np.load, "hacked"),
        Run(np.zeros, (1 << 40,)),
        Run(np.ndarray, (1 << 40,)),
        OrderedDict(a=1),
        os.system,
        Exception("boo"),
    ],
    ids=["system", "eval", "exec", "subprocess", "getattr", "load", "zeros", "ndarray", "class", "function", "error"],
)
def test_a_pickle_that_asks_for_anything_else_is_refused_and_nothing_runs(hostile, protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatasetError, match="not a plain pickle"):
        load_plain(pickle.dumps([hostile], protocol))
    assert list(tmp_path.iterdir()) == []


ARRAY = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
DTYPE = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"


def array(shape: bytes, data: bytes, dtype: bytes = DTYPE) -> bytes:
    return b"\x80\x02" + ARRAY + b"(K\x01" + shape + dtype + b"\x89" + data + b"tb."


@pytest.mark.parametrize(
    "hostile",
    [
        array(b"K\x02K\x02\x86", b"U\x03abc"),
        array(b"K\x00K\x02\x86", b"U\x00"),
        array(b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", b"U\x03abc"),
        array(b"K\x02\x8a\x0fabcdefghijklmno\x86", b"U\x04abcd"),
        array(b"K\x03\x85", b"U\x03abc"),
        array(b"K\x01K\x01K\x03\x87", b"U\x03abc"),
        array(b"U\x01aK\x03\x86", b"U\x03abc"),
        array(b"K\x01K\x01\x86", b"]K\x01a"),
        array(b"K\x01K\x01\x86", b"U\x01a", dtype=DTYPE.replace(b"u1", b"O8")),
        array(b"K\x01K\x01\x86", b"U\x01a", dtype=b"U\x02u1"),
        b"\x80\x02" + ARRAY + b"K\x01b.",
        b"\x80\x02cnumpy\nndarray\nK\x05\x85R.",
        b"\x80\x02cnumpy\ndtype\n)R.",
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n}U\x03abcK\x01sb.",
        b"\x80\x02" + ARRAY + b"K\x01K\x02s.",
        b"\x80\x02" + ARRAY + b"K\x01a.",
        b"\x80\x02cnumpy\nndarray\ncnumpy\ndtype\n\x81.",
        b"\x80\x02(cos\nsystem\nU\x04trueo.",
        b"(S'true'\nios\nsystem\n.",
        b"\x80\x02cos\nsystem\nU\x04true\x85R.",
        b"\x80\x02Ppersistent\n.",
        b"\x80\x02\x82\x01.",
        b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x02]r\xff\xff\xff\x7f.",
        b"]p4000000000\n.",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fabc.",
        b"\x80\x02" + b")" * 50 + b"\x85" * 100 + b".",
        b"\x80\x02]" + b"K\x01a" * 500_001 + b".",
        b"L" + b"9" * 5000 + b"L\n.",
        b"\x80\x02]0.",
        b".",
        b"",
        b"\x80\x63.",
    ],
)
def test_a_malformed_pickle_is_refused_at_once(hostile):
    with pytest.raises(DatasetError, match="not a plain pickle") as raised:
        load_plain(hostile)
    assert len(str(raised.value)) < 250
    assert str(raised.value).isprintable()


def test_a_refused_pickle_leaves_nothing_behind_for_the_next(python_2_batch):
    """BUILD on one of the names could otherwise rewrite the stand-ins themselves."""
    with pytest.raises(DatasetError):
        load_plain(b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n}U\x08__call__K\x01sb.")
    batch = load_plain(python_2_batch(PLANES, [1, 2, 3], "labels"))
    assert isinstance(batch["data"], ByteArray)


def test_hostile_sizes_take_no_memory():
    code = """
from densebench.data.cifar.pickles import load_plain
from densebench.errors import DatasetError
from densebench.measuring.host import read_host_peak_bytes
hostile = [
    b"\\x80\\x02]r\\x00\\x00\\x00\\x04.",
    b"\\x80\\x05\\x96\\x00\\x00\\x00\\x00\\x10\\x00\\x00\\x00.",
    b"\\x80\\x02cnumpy.core.multiarray\\n_reconstruct\\ncnumpy\\nndarray\\nJ\\xff\\xff\\xff\\x7f\\x85U\\x01b\\x87R.",
]
for data in hostile:
    try:
        load_plain(data)
    except DatasetError:
        pass
print(read_host_peak_bytes())
"""
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert int(output) < 100_000_000
