"""Where a host of a run is reached by the others, and by which of its network interfaces."""

import socket
from ipaddress import ip_address

import psutil

from densebench.errors import InputError
from densebench.training.parallel.layout import Layout

_LOOPBACK = "127.0.0.1"


def split_address(text: str) -> tuple[str, int]:
    """``node1:29500`` -> node1, 29500; ``[::1]:7`` -> ::1, 7."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def find_own_address(layout: Layout) -> str:
    """The IP address by which the others reach this host; the loopback's where the run has no other host.

    Raises :class:`InputError` if the name of another cannot be resolved.
    """
    if layout.hosts == 1:
        return _LOOPBACK
    first, *others = layout.addresses
    if layout.host > 0:
        return _find_source(first)
    own = _resolve(first)
    if others and ip_address(own).is_loopback:  # Debian's /etc/hosts has a host's own name there
        return _find_source(others[0])
    return own


def find_interface(address: str) -> str | None:
    """Name of the network interface that has an IP address, such as lo or eth0."""
    wanted = ip_address(address)
    for name, entries in psutil.net_if_addrs().items():
        for entry in entries:
            if entry.family in (socket.AF_INET, socket.AF_INET6):
                has = ip_address(entry.address.partition("%")[0])
                if has == wanted or (has.is_loopback and wanted.is_loopback):
                    return name
    return None


def listen(address: str, port: int) -> socket.socket:
    """A socket that listens at an address of this host, and no other; raises :class:`InputError`."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family)
    except OSError as error:
        raise InputError(f"--hosts: this host cannot listen at {address}, port {port} ({error}).") from None


def _find_source(peer: str) -> str:
    """The address from which packets to the peer are sent; none is."""
    _, port = split_address(peer)
    address = _resolve(peer)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, port))
        except OSError as error:
            raise InputError(f"--hosts: {peer} cannot be reached from here ({error}).") from None
        return str(probe.getsockname()[0])


def _resolve(peer: str) -> str:
    host, port = split_address(peer)
    try:
        return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
    except socket.gaierror as error:
        raise InputError(f"--hosts: {host} is no address that is known here ({error}).") from None
