import threading
from types import SimpleNamespace

import numpy as np
import pytest

from densebench.errors import Interrupted
from densebench.training.inference import compute_logits, make_ahead

STEPS = SimpleNamespace(place=lambda x: x, logits=lambda x: x * 10.0)


def batches():
    """Two batches of two images, of which the last is padding."""
    for labels, valid in (([0, 1], 2), ([2, 0], 1)):
        yield np.array(labels, dtype=np.float32), np.array(labels, dtype=np.int32), valid


def list_threads():
    return [thread for thread in threading.enumerate() if "prefetch" in thread.name]


def test_padding_is_cut_off():
    pairs = [(x.tolist(), y.tolist()) for x, y in compute_logits(STEPS, batches(), lambda: None)]
    assert pairs == [([0.0, 10.0], [0, 1]), ([20.0], [2])]


def test_inference_can_be_stopped_after_each_batch_and_leaves_no_thread():
    def stop():
        raise Interrupted("Stopped.", 15)

    seen = []
    with pytest.raises(Interrupted):
        seen += compute_logits(STEPS, batches(), stop)
    assert not list_threads()


def test_what_is_made_ahead_ends_with_the_block():
    with make_ahead(iter(int, 1)) as zeros:
        assert next(zeros) == 0
        assert list_threads()
    assert not list_threads()
