"""Which of how many hosts this is."""

import pytest

from densebench.errors import InputError
from densebench.training.parallel import hosts
from densebench.training.parallel.hosts import Host, find_host

TORCHRUN = {
    "GROUP_RANK": "1",
    "GROUP_WORLD_SIZE": "2",
    "LOCAL_WORLD_SIZE": "1",
    "MASTER_ADDR": "node1",
    "MASTER_PORT": "29500",
}
SLURM = {
    "SLURM_PROCID": "1",
    "SLURM_STEP_NUM_NODES": "2",
    "SLURM_STEP_NUM_TASKS": "2",
    "SLURM_STEP_NODELIST": "node[1-2]",
    "SLURM_JOB_ID": "20007",
}


def test_hosts_can_be_written_with_their_addresses():
    assert find_host("1@node1:7,node2") == Host(index=1, count=2, addresses=("node1:7", "node2:29500"))
    assert find_host("0@[::1]:7").addresses == ("[::1]:7",)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("two", "cannot be read"),
        ("1@", "cannot be read"),
        ("0@a b:1", "cannot be read"),
        ("2@a:1,b:1", "names 2 hosts"),
        ("0@a:1,a:1", "one address twice"),
        ("0@a:99999,b:1", "cannot be read"),
        ("0@[zz]:1,b:1", "cannot be read"),
    ],
)
def test_what_is_no_list_of_hosts_is_refused(text, what):
    with pytest.raises(InputError, match=what):
        find_host(text, {})


def test_torchrun_says_where_the_first_host_is_and_its_own_port_is_left_alone():
    assert find_host("auto", TORCHRUN) == Host(index=1, count=2, addresses=("node1:29501",))


def test_slurm_says_where_all_hosts_are(monkeypatch):
    monkeypatch.setattr(hosts, "_list_nodes", lambda nodes: {"node[1-2]": ["node1", "node2"]}[nodes])
    assert find_host("auto", SLURM) == Host(index=1, count=2, addresses=("node1:20007", "node2:20007"))


@pytest.mark.parametrize(
    ("environ", "advice"),
    [
        (TORCHRUN | {"LOCAL_WORLD_SIZE": "4"}, "--nproc-per-node 1"),
        (SLURM | {"SLURM_STEP_NUM_TASKS": "4"}, "--ntasks-per-node=1"),
        ({}, "0@node1:29500"),
        ({"GROUP_RANK": "0", "LOCAL_WORLD_SIZE": "1"}, "'MASTER_ADDR'"),
        (SLURM | {"SLURM_STEP_NUM_NODES": "two"}, "missing or wrong"),
    ],
)
def test_what_cannot_be_one_process_a_host_is_refused_with_advice(environ, advice):
    with pytest.raises(InputError, match=advice):
        find_host("auto", environ)
