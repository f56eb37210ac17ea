"""Where a host is reached by the others."""

import socket
from types import SimpleNamespace

import pytest

from densebench.errors import InputError
from densebench.training.parallel import own_address
from densebench.training.parallel.layout import Layout
from densebench.training.parallel.own_address import find_interface, find_own_address, split_address


@pytest.fixture
def names(monkeypatch):
    """Resolves names by a table, and has this host send from 10.0.0.9 to what is not on it."""
    table = {"node0": "10.0.0.9", "debian": "127.0.1.1", "node1": "10.0.0.2", "localhost": "127.0.0.1"}

    def resolve(host, port, type):
        if host not in table:
            raise socket.gaierror("unknown")
        return [(socket.AF_INET, type, 0, "", (table[host], port))]

    monkeypatch.setattr(own_address.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(own_address.socket, "socket", FakeSocket)


class FakeSocket:
    def __init__(self, family, kind):
        assert kind == socket.SOCK_DGRAM

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def connect(self, address):
        self.source = "127.0.0.1" if address[0].startswith("127.") else "10.0.0.9"

    def getsockname(self):
        return self.source, 5


def two_hosts(*addresses, host=0):
    return Layout(hosts=2, ranks=2, rank=host, host=host, addresses=addresses)


def test_addresses_are_a_host_and_a_port():
    assert split_address("node1:29500") == ("node1", 29500)
    assert split_address("[::1]:7") == ("::1", 7)


def test_a_run_on_one_host_is_reached_from_that_host_alone():
    assert find_own_address(Layout(devices=2, ranks=2)) == "127.0.0.1"


def test_the_first_host_is_reached_at_its_own_address_and_the_others_at_what_they_send_from(names):
    assert find_own_address(two_hosts("node0:1", "node1:1")) == "10.0.0.9"
    assert find_own_address(two_hosts("node1:1", host=1)) == "10.0.0.9"


def test_hosts_that_are_all_this_machine_are_not_reached_from_others(names):
    for host in range(2):
        assert find_own_address(two_hosts("localhost:1", "localhost:2", host=host)) == "127.0.0.1"


def test_a_host_that_calls_itself_by_the_loopback_address_is_reached_at_what_it_sends_from(names):
    assert find_own_address(two_hosts("debian:1", "node1:1")) == "10.0.0.9"


def test_a_name_that_nobody_knows_is_named(names):
    with pytest.raises(InputError, match="nowhere is no address"):
        find_own_address(two_hosts("nowhere:1", "node1:1"))


def test_an_interface_is_found_by_its_address(monkeypatch):
    entries = {"lo": ["127.0.0.1", "::1"], "eth0": ["fe80::1%eth0", "10.0.0.9"]}
    addresses = {
        name: [SimpleNamespace(family=socket.AF_INET6 if ":" in each else socket.AF_INET, address=each) for each in own]
        for name, own in entries.items()
    }
    monkeypatch.setattr(own_address.psutil, "net_if_addrs", lambda: addresses)
    assert find_interface("10.0.0.9") == "eth0"
    assert find_interface("::1") == find_interface("127.0.1.1") == "lo"
    assert find_interface("10.0.0.8") is None
