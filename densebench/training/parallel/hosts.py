"""The hosts that share the batches of one run: which of how many this is, and where the others are."""

import os
import re
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address

from densebench.errors import InputError

_PORT = 29500  # torchrun's
_FIRST_PORT, _PORTS = 20_000, 20_000  # one of them for a job of SLURM, by its number
_EXPLICIT = re.compile(r"(\d+)@(.+)")
_ADDRESS = re.compile(r"(\[[^\]]+\]|[^:\[\],\s]+)(?::(\d{1,5}))?")
_HOW = "give --hosts INDEX@HOST:PORT,HOST:PORT,... on every host, such as 0@node1:29500,node2:29500 on node1"


@dataclass(frozen=True, kw_only=True)
class Host:
    """This host among those of a run."""

    index: int = 0
    count: int = 1
    addresses: tuple[str, ...] = ()  # host:port of each, or of the first alone


THIS_HOST = Host()  # alone


def find_host(text: str, environ: Mapping[str, str] = os.environ) -> Host:
    """What ``--hosts`` says; raises :class:`InputError`.

    ``auto`` reads what torchrun or SLURM's srun has set, with one densebench a host; ``1@node1:29500,node2:29500`` is
    the second of two.
    """
    if text != "auto":
        return _parse(text)
    try:
        if "GROUP_RANK" in environ:
            return _read_torchrun(environ)
        if "SLURM_PROCID" in environ and "SLURM_STEP_NODELIST" in environ:
            return _read_slurm(environ)
    except (KeyError, ValueError) as error:
        raise InputError(
            f"--hosts auto: a variable of torchrun or srun is missing or wrong ({error}): {_HOW}."
        ) from None
    raise InputError(f"--hosts auto finds neither srun nor torchrun around it: {_HOW}.")


def _parse(text: str) -> Host:
    found = _EXPLICIT.fullmatch(text.strip())
    parts = [part.strip() for part in found[2].split(",")] if found else []
    addresses = [_ADDRESS.fullmatch(part) for part in parts]
    if not found or not all(address and _is_possible(address) for address in addresses):
        raise InputError(f"--hosts {text!r} cannot be read: {_HOW}.")
    index = int(found[1])
    if index >= len(parts):
        raise InputError(f"--hosts {text!r} names {len(parts)} hosts, counted from 0, but no host {index}: {_HOW}.")
    whole = tuple(f"{address[1]}:{address[2] or _PORT}" for address in addresses if address)
    if len(set(whole)) < len(whole):
        raise InputError(f"--hosts {text!r} names one address twice: give each process a port of its own.")
    return Host(index=index, count=len(whole), addresses=whole)


def _is_possible(address: re.Match[str]) -> bool:
    """Whether the port is one, and what stands in brackets an address of IPv6."""
    host, port = address[1], int(address[2] or _PORT)
    with suppress(ValueError):
        return 0 < port < 2**16 and (not host.startswith("[") or ip_address(host.strip("[]")).version == 6)
    return False


def _read_torchrun(environ: Mapping[str, str]) -> Host:
    if environ.get("LOCAL_WORLD_SIZE") != "1":
        raise InputError(
            f"torchrun has started {environ.get('LOCAL_WORLD_SIZE')} processes on this host: give it "
            "--nproc-per-node 1, for densebench starts one for each of its --devices."
        )
    # torchrun's own store listens at MASTER_PORT
    first = f"{environ['MASTER_ADDR']}:{int(environ['MASTER_PORT']) + 1}"
    return Host(index=int(environ["GROUP_RANK"]), count=int(environ["GROUP_WORLD_SIZE"]), addresses=(first,))


def _read_slurm(environ: Mapping[str, str]) -> Host:
    nodes, tasks = int(environ["SLURM_STEP_NUM_NODES"]), int(environ["SLURM_STEP_NUM_TASKS"])
    if tasks != nodes:
        raise InputError(
            f"srun has started {tasks} processes on {nodes} hosts: give it --ntasks-per-node=1, for densebench starts "
            "one for each of its --devices."
        )
    port = _FIRST_PORT + int(environ["SLURM_JOB_ID"]) % _PORTS
    names = _list_nodes(environ["SLURM_STEP_NODELIST"])
    return Host(index=int(environ["SLURM_PROCID"]), count=nodes, addresses=tuple(f"{name}:{port}" for name in names))


@cache  # every configuration of a command asks
def _list_nodes(nodes: str) -> list[str]:
    """``node[1-3]`` -> node1, node2, node3, by SLURM's own reading of it."""
    try:
        done = subprocess.run(["scontrol", "show", "hostnames", nodes], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InputError(f"scontrol does not say which hosts {nodes!r} are ({error}): {_HOW}.") from None
    return done.stdout.split()
