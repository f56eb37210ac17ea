"""Hosts on this machine: each a network namespace with an address of its own, joined by a link. Needs root."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


def enter(host: str, command: Sequence[str], *, with_names: bool = False) -> list[str]:
    """The command as it is run on a host; the process that is started becomes the command's.

    ``with_names``: there the names of all hosts are known, as JAX needs its own.
    """
    # not `ip netns exec`, which hides the cgroup file system
    names = f"mount --bind /etc/netns/{host}/hosts /etc/hosts; " if with_names else ""
    unshare = ("unshare", "-u", *(["-m"] if with_names else []))
    return [
        *("nsenter", f"--net=/run/netns/{host}", *unshare, "sh", "-c"),
        *(f'{names}hostname {host}; exec "$@"', "sh", *command),
    ]


@contextmanager
def open_network(addresses: Mapping[str, str]) -> Iterator[None]:
    """Two hosts, by their names."""
    try:
        for number, (host, address) in enumerate(addresses.items()):
            hosts = Path(f"/etc/netns/{host}/hosts")
            hosts.parent.mkdir(parents=True, exist_ok=True)
            hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{at} {name}\n" for name, at in addresses.items()))
            _ip("netns", "add", host)
            _ip("-n", host, "link", "set", "lo", "up")
            if number == 0:
                _ip("link", "add", f"{host}v", "type", "veth", "peer", "name", f"{list(addresses)[1]}v")
            _ip("link", "set", f"{host}v", "netns", host)
            _ip("-n", host, "addr", "add", f"{address}/24", "dev", f"{host}v")
            set_link(host, "up")
        yield
    finally:
        for host in addresses:
            subprocess.run(["ip", "netns", "del", host], check=False)
            Path(f"/etc/netns/{host}/hosts").unlink(missing_ok=True)


def set_link(host: str, state: str) -> None:
    """Cut the link of a host (``down``), or join it again (``up``)."""
    _ip("-n", host, "link", "set", f"{host}v", state)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
