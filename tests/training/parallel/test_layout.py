"""Which of a run's devices a process drives."""

import pytest

from densebench.config import RunConfig
from densebench.training.parallel.hosts import Host
from densebench.training.parallel.layout import Layout, list_layouts

ADDRESSES = ("node1:1", "node2:1")


def config(**values):
    return RunConfig(variant="resnet20", run="x", **values)


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_one_process_drives_all_devices_of_its_host(backend):
    (layout,) = list_layouts(config(backend=backend, devices=4, hosts=2), Host(index=1, count=2, addresses=ADDRESSES))
    assert (layout.rank, layout.ranks, layout.local_devices, layout.replicas) == (1, 2, 4, 8)
    assert layout.addresses == ADDRESSES


def test_on_pytorch_each_device_has_a_process():
    layouts = list_layouts(config(backend="torch", devices=2, hosts=2), Host(index=1, count=2, addresses=ADDRESSES))
    assert [(each.rank, each.local_rank, each.local_devices) for each in layouts] == [(2, 0, 1), (3, 1, 1)]
    assert [each.is_owner for each in layouts] == [False, False]


@pytest.mark.parametrize("images", [8, 64])
def test_the_processes_share_a_batch_out_between_them(images):
    layouts = [Layout(devices=2, hosts=2, ranks=4, rank=rank) for rank in range(4)]
    rows = [row for layout in layouts for row in range(images)[layout.rows(images)]]
    assert rows == list(range(images))


def test_a_batch_that_cannot_be_shared_equally_is_computed_whole_by_each():
    layouts = [Layout(devices=2, hosts=2, ranks=4, rank=rank) for rank in range(4)]
    assert all(layout.rows(13) == slice(0, 13) for layout in layouts)
    assert not layouts[0].is_shared(13)


def test_one_device_exchanges_nothing():
    assert not Layout().synchronises_batch_norm
    assert not Layout(devices=2, batch_norm="replica").synchronises_batch_norm
    assert Layout(devices=2).synchronises_batch_norm
