"""Two hosts on loopback that train one run by the command line, ``hosts_scenario.py BACKEND DEVICES``.

First without a break. Then a process is killed after the first epoch, and the run is resumed on one host. Prints what
was seen as JSON.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

SETTINGS = [
    *("10x2", "--dataset", "synthetic", "--image-size", "8", "--classes", "6", "--train-limit", "36"),
    *("--test-limit", "16", "--batch-size", "8", "--epochs", "3", "--threads", "1", "--deterministic"),
    *("--learning-rate", "0.001"),
]
LIMIT_SECONDS = 240.0


def train(*options, name):
    """Start one host; what it prints goes to a file."""
    with Path(f"{name}.txt").open("wb") as file:
        command = [sys.executable, "-m", "densebench", "train", *options]
        return psutil.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)


def train_on_two_hosts(backend, devices, name, run):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    addresses = ",".join(f"127.0.0.1:{each.getsockname()[1]}" for each in sockets)
    for each in sockets:
        each.close()
    settings = [*SETTINGS, "--run", run, "--backend", backend, "--devices", devices]
    return [train(*settings, "--hosts", f"{host}@{addresses}", name=f"{name}{host}") for host in range(2)]


def wait_for_epoch(hosts, run):
    end = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < end and all(host.poll() is None for host in hosts):
        path = Path("results") / f"{run}.csv"
        if path.exists() and path.read_text().count("\n") > 1 and (Path("runs") / run / "checkpoint.npz").exists():
            return
        time.sleep(0.05)


def read(run):
    """Status, reason and the losses of the epochs of a run."""
    import densebench

    frame = densebench.load(Path("results") / f"{run}.csv")
    last = frame.iloc[-1]
    texts = {name: str(last[name]) for name in ("status", "reason", "warnings", "device_list")}
    return texts | {
        "losses": frame["train_loss"].dropna().tolist(),
        "test_losses": frame["test_loss"].dropna().tolist(),
        "devices": int(last["devices"]),
        "hosts": int(last["hosts"]),
    }


def end(hosts):
    """The exit codes; whoever still runs is ended."""
    codes = []
    for host in hosts:
        try:
            codes.append(host.wait(LIMIT_SECONDS))
        except psutil.TimeoutExpired:
            host.kill()
            codes.append(None)
    return codes


def main():
    backend, devices = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        seen = {"whole_codes": end(train_on_two_hosts(backend, devices, "whole", "whole")), "whole": read("whole")}
        hosts = train_on_two_hosts(backend, devices, "killed", "killed")
        wait_for_epoch(hosts, "killed")
        workers = [child for child in hosts[1].children() if "densebench.running.worker" in child.cmdline()]
        workers[-1].send_signal(signal.SIGKILL)
        seen |= {"killed_codes": end(hosts), "killed": read("killed")}
        resumed = train("--resume", "killed", "--devices", "2", name="resumed")
        seen |= {"resumed_codes": end([resumed]), "resumed": read("killed")}
        seen["output"] = {path.name: path.read_text() for path in sorted(Path().glob("*.txt"))}
        os.chdir("/")
    print(json.dumps(seen))


main()
