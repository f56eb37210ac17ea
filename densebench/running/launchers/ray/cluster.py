"""A Ray to queue runs on: one of this machine, started and ended here, or one that somebody else has started."""

import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from densebench.errors import InputError, first_line
from densebench.running.launchers.options import LaunchOptions
from densebench.running.launchers.variables import set_variables

_OBJECTS_BYTES = 80_000_000  # Ray's least, and a run needs none
_QUIET = {"log_to_driver": False, "logging_level": "ERROR"}
_CONNECT_SECONDS = 10.0
_SHORT_FOLDER = "/tmp"  # the path of a socket has at most 107 bytes


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What each run takes of a node."""

    cpus: float
    gpus: float


# RFC 9113, sections 3.4 and 4.1: a server answers a client's preface with its settings, Ray's too
_HTTP2_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
_FRAME_HEADER_BYTES = 9
_FRAME_TYPE, _SETTINGS = 3, b"\x04"


@contextmanager
def connect(options: LaunchOptions, **resources: int) -> Iterator[None]:
    """Connect to the Ray of an address, or to one of this machine that ends with the ``with`` block.

    That one listens on loopback only, asks for a token, and reports nothing. ``resources`` (``num_gpus=2``) are for
    tests. What Ray itself prints goes to standard error: standard output is for results.
    """
    with _restore_signals(), redirect_stdout(sys.stderr):
        if options.ray_address is not None:
            with _attach(options.ray_address):
                yield
        else:
            with _start(resources):
                yield


@contextmanager
def _start(resources: dict[str, int]) -> Iterator[None]:
    folder = Path(tempfile.mkdtemp(prefix="densebench-ray-", dir=_SHORT_FOLDER))  # mode 700
    try:
        with set_variables(_secure(folder)):
            import ray

            _require_unused(ray)
            _read_environment_again()
            ray.init(
                address="local",
                include_dashboard=False,
                object_store_memory=_OBJECTS_BYTES,
                _node_ip_address="127.0.0.1",
                _temp_dir=str(folder),
                **_QUIET,
                **resources,
            )
            try:
                yield
            finally:
                ray.shutdown()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _secure(folder: Path) -> dict[str, str]:
    """The variables of a Ray that is nobody else's; its token is in a file that only its owner reads."""
    token = folder / "token"
    with open(os.open(token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    return {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # else Ray takes 127.0.0.1 for a mistake, and listens everywhere
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
    }


def _read_environment_again() -> None:
    """Ray reads these variables once a process, when it is imported and when it first connects."""
    from ray import _raylet
    from ray._private import ray_constants

    ray_constants.ENABLE_RAY_CLUSTER = ray_constants.env_bool(ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR, True)
    compiled: Any = _raylet
    compiled.Config.initialize("")
    compiled.AuthenticationTokenLoader.instance().reset_cache()


@contextmanager
def _attach(address: str) -> Iterator[None]:
    import ray

    _require_unused(ray)
    _require_listener(address)
    _read_environment_again()
    try:
        ray.init(address=address, **_QUIET)
    except (ConnectionError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        raise InputError(
            f"No Ray can be used at --ray-address {address} ({first_line(error)}): see 'ray status' there."
        ) from None
    try:
        yield
    finally:
        with suppress(Exception):  # the cluster may be gone
            ray.shutdown()


def _require_listener(address: str) -> None:
    """Raise :class:`InputError` where nobody listens: Ray itself tries for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise InputError(f"--ray-address {address} cannot be read: write it as HOST:PORT, as 'ray start --head' says.")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS) as connection:
            connection.sendall(_HTTP2_GREETING)
            answer = connection.recv(_FRAME_HEADER_BYTES)
    except OSError as error:
        raise InputError(f"No Ray answers at --ray-address {address} ({error}): start one, or leave it out.") from None
    is_encrypted = os.environ.get("RAY_USE_TLS") == "1"  # then only the handshake is answered
    if not is_encrypted and answer[_FRAME_TYPE : _FRAME_TYPE + 1] != _SETTINGS:
        raise InputError(f"What answers at --ray-address {address} is no Ray: give what 'ray start' has printed.")


@contextmanager
def _restore_signals() -> Iterator[None]:
    """Ray replaces what SIGTERM does, and leaves it so."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                signal.signal(number, handler)


def _require_unused(ray: Any) -> None:
    if ray.is_initialized():
        raise InputError("Ray is in use in this Python process already: call ray.shutdown() first.")


def find_demand(options: LaunchOptions, *, devices: int, threads: int | None) -> Demand:
    """What each run takes: as given, else its devices where there are cards, and an equal share of the cores.

    A run on the CPU without ``--threads`` takes a whole node, since its framework takes all cores. Raises
    :class:`InputError` if no node has that much.
    """
    import ray

    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    cards = [node.get("GPU", 0.0) for node in nodes]
    gpus = options.gpus_per_run
    if gpus is None:
        gpus = float(devices) if any(cards) else 0.0
    cpus = options.cpus_per_run or _share_cores(nodes, options.jobs, gpus, threads)
    if not any(node.get("GPU", 0.0) >= gpus and node.get("CPU", 0.0) >= cpus for node in nodes):
        best = f"{max(cards, default=0):g} cards and {max(node.get('CPU', 0) for node in nodes):g} cores"
        raise InputError(
            f"No node has {gpus:g} cards and {cpus:g} cores for a run, only {best}: "
            "give smaller --gpus-per-run and --cpus-per-run."
        )
    return Demand(cpus=cpus, gpus=gpus)


def _share_cores(nodes: list[dict[str, float]], jobs: int | None, gpus: float, threads: int | None) -> int:
    if threads is not None:
        return threads
    cores = [node.get("CPU", 0.0) for node in nodes if node.get("GPU", 0.0) >= gpus and node.get("CPU", 0.0) >= 1]
    if not cores:
        return 1
    if gpus:
        runs = [node["GPU"] / gpus for node in nodes if node.get("GPU", 0.0) >= gpus and node.get("CPU", 0.0) >= 1]
        return max(1, int(min(core / count for core, count in zip(cores, runs, strict=True))))
    jobs_per_node = -(-jobs // len(cores)) if jobs else 1
    return max(1, int(min(cores) // jobs_per_node))
