"""What TensorFlow cannot do on several devices is refused; what it can, :mod:`test_data_parallel` shows."""

import faulthandler
import importlib.util
import signal

import pytest

from densebench.errors import InputError
from densebench.training.parallel.layout import Layout

pytestmark = pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="needs TensorFlow")


@pytest.fixture
def tensorflow():
    from densebench.training.backends.hidden_packages import hide_packages

    with hide_packages("jax"):
        from densebench.training.parallel import tensorflow

    return tensorflow


@pytest.fixture
def join(tensorflow, monkeypatch):
    monkeypatch.setattr(tensorflow.tf.config, "list_logical_devices", lambda kind: [f"{kind}:0"])
    monkeypatch.setattr(tensorflow.tf.config, "list_physical_devices", lambda kind: [f"{kind}:0"])
    return tensorflow.TensorFlowDataParallel


def test_more_devices_than_there_are_are_refused(join):
    with pytest.raises(InputError, match="--devices 2, but TensorFlow finds 1: give at most 1"):
        join(Layout(devices=2), "gpu")


def test_more_devices_than_a_host_has_are_refused(join):
    with pytest.raises(InputError, match="--devices 2, but TensorFlow finds 1 here"):
        join(Layout(devices=2, hosts=2, ranks=2, addresses=("node1:1", "node2:1")), "gpu")


def test_the_address_of_the_first_host_alone_is_not_enough(join):
    with pytest.raises(InputError, match="srun, or give --hosts"):
        join(Layout(hosts=2, ranks=2, addresses=("node1:1",)), "cpu")


def test_several_cpus_of_several_hosts_are_refused(join):
    with pytest.raises(InputError, match="leave --devices out"):
        join(Layout(devices=2, hosts=2, ranks=2, addresses=("node1:1", "node2:1")), "cpu")


def test_what_holds_up_all_of_python_is_ended_from_outside_it(tensorflow, monkeypatch):
    done = []
    monkeypatch.setattr(faulthandler, "dump_traceback_later", lambda seconds, exit: done.append((seconds, exit)))
    monkeypatch.setattr(faulthandler, "cancel_dump_traceback_later", lambda: done.append("cancelled"))
    with tensorflow._wait_no_longer_than(60.0):
        assert done == [(60.0, True)]
    assert done[1:] == ["cancelled"]


def test_sigterm_has_its_handler_back_after_tensorflow_took_it(tensorflow):
    before = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, handler := lambda *_: None)
    try:
        with tensorflow._keep_sigterm():
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)
