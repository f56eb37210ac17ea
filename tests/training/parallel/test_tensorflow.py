"""What TensorFlow cannot do on several devices is refused; what it can, :mod:`test_data_parallel` shows."""

import importlib.util
import os
import threading

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


def test_hosts_that_do_not_come_are_not_waited_for_for_ever(tensorflow, monkeypatch, capsys):
    ended = threading.Event()
    monkeypatch.setattr(os, "_exit", lambda code: ended.set())
    with tensorflow._wait_no_longer_than(0.0, Layout(hosts=2, addresses=("node1:1", "node2:1"))):
        assert ended.wait(60)
    assert "node1:1, node2:1 have not met within 0 s" in capsys.readouterr().err


def test_hosts_that_come_in_time_go_on(tensorflow, monkeypatch):
    ended = []
    monkeypatch.setattr(os, "_exit", ended.append)
    before = set(threading.enumerate())
    with tensorflow._wait_no_longer_than(60.0, Layout(hosts=2)):
        timers = set(threading.enumerate()) - before
    for timer in timers:
        timer.join()
    assert timers
    assert not ended
