"""Hosts that wait for each other, on loopback."""

import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from densebench.errors import InputError, RunFailed
from densebench.training.parallel.layout import Layout
from densebench.training.parallel.meeting import meet_hosts


@pytest.fixture
def layouts():
    """Of three hosts, at ports that are free."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    addresses = tuple(f"127.0.0.1:{each.getsockname()[1]}" for each in sockets)
    for each in sockets:
        each.close()
    return [Layout(hosts=3, ranks=3, host=host, rank=host, addresses=addresses) for host in range(3)]


def test_hosts_go_on_once_all_have_come(layouts):
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(meet_hosts, layouts)) == [None] * 3


def test_hosts_that_do_not_come_are_named_after_a_while(layouts):
    with ThreadPoolExecutor(2) as pool:
        ends = [pool.submit(meet_hosts, layout, 1.0) for layout in layouts[:2]]
        for end in ends:
            with pytest.raises(RunFailed, match=f"{layouts[0].addresses[2]} did not come within 1 s"):
                end.result()


def test_a_stranger_at_the_port_is_not_taken_for_a_host(layouts):
    first = replace(layouts[0], addresses=layouts[0].addresses[:2], hosts=2, ranks=2)
    host, port = first.addresses[1].split(":")
    with socket.create_server((host, int(port))), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(meet_hosts, first, 1.0)
        own = first.addresses[0].split(":")
        while not waiting.done():
            try:
                with socket.create_connection((own[0], int(own[1])), 1.0) as stranger:
                    stranger.sendall(b"GET / HTTP/1.1\n")
                break
            except OSError:
                continue
        with pytest.raises(RunFailed, match="did not come"):
            waiting.result()


def test_a_port_that_is_taken_is_said(layouts):
    host, port = layouts[0].addresses[0].split(":")
    with socket.create_server((host, int(port))), pytest.raises(InputError, match="cannot listen"):
        meet_hosts(layouts[0])
