"""Kills a node of Ray, and preempts jobs of SLURM, in the middle of sweeps of real runs; counts what was lost.

    python tests/faults/sweep_harness.py ray --times 10 --output ray.csv
    python tests/faults/sweep_harness.py slurm --times 10 --output slurm.csv     # as root

Every run is trained once without interruption first. Then each sweep must complete: every run once, none under a second
name, and every loss and accuracy equal to those of the undisturbed run bit for bit.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import psutil
from series import add_options, write_rows
from slurm_cluster import SlurmCluster, open_cluster

from densebench.events import EpochEnded, Requeued, Started, from_line
from densebench.results import csv_file

ROOT = Path(__file__).parents[2]
CURVE = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
HEADER = ("engine", "time", "runs", "completed", "twice", "equal", "started_again", "lost_epochs", "seconds", "code")


def make_command(seeds: int, epochs: int, *more: str) -> list[str]:
    """Tiny runs: 100 digits an epoch, on one thread, bit-exact."""
    words = f"train resnet20 --dataset digits --train-limit 100 --test-limit 50 --batch-size 20 --epochs {epochs}"
    exact = f"--backend jax --deterministic --threads 1 --seeds 0-{seeds - 1} --format csv"
    return [sys.executable, "-m", "densebench", *words.split(), *exact.split(), *more]


def read_curves(folder: Path) -> dict[str, list[tuple[float | None, ...]]]:
    """The curve of each completed run."""
    runs = [csv_file.read(file)[0] for file in sorted((folder / "results").glob("*.csv"))]
    return {
        run.run: [tuple(getattr(record, name) for name in CURVE) for record in run.records]
        for run in runs
        if run.status == "completed"
    }


def count_epochs(folder: Path) -> int:
    """Finished epochs of all runs."""
    return sum(max(file.read_bytes().count(b"\n") - 1, 0) for file in (folder / "results").glob("*.csv"))


def train_undisturbed(folder: Path, seeds: int, epochs: int) -> dict[str, list[tuple[float | None, ...]]]:
    """The curves to be equal to, of an earlier call where the folder has them."""
    folder.mkdir(parents=True, exist_ok=True)
    command = make_command(seeds, epochs, "--skip-completed")
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return read_curves(folder)


def summarise(folder: Path, reference: dict[str, list[tuple[float | None, ...]]]) -> dict[str, int]:
    """Runs that are complete, under a second name, and equal."""
    curves = read_curves(folder)
    return {
        "runs": len(reference),
        "completed": len(curves),
        "twice": len(set(os.listdir(folder / "results")) - {f"{name}.csv" for name in reference}),
        "equal": sum(curves.get(name) == curve for name, curve in reference.items()),
    }


# Ray


@contextmanager
def open_ray() -> Iterator[tuple[str, psutil.Process]]:
    """Two nodes of one core each, on loopback; their address, and the process that the second consists of."""
    os.environ |= {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_AUTH_MODE": "disabled",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    try:
        second = cluster.add_node(**node)
        (raylet,) = [info.process.pid for info in second.all_processes["raylet"]]
        yield cluster.address, psutil.Process(raylet)
    finally:
        cluster.shutdown()


def kill_node(raylet: psutil.Process, folder: Path, epochs: int) -> int:
    """Kill the node and everything on it at once, when that many epochs are done and it has a run; the runs it had."""
    while True:
        below = raylet.children(recursive=True)
        runs = [each for each in below if is_run(each)]
        if runs and count_epochs(folder) >= epochs:
            break
        time.sleep(0.1)
    for process in [raylet, *below]:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    return len(runs)


def is_run(process: psutil.Process) -> bool:
    """Whether it trains."""
    try:
        return "densebench.running.worker" in process.cmdline()
    except psutil.Error:
        return False


def disturb_ray(folder: Path, reference: dict[str, list[tuple[float | None, ...]]], seed: int) -> dict[str, object]:
    """One sweep of 12 runs with a node killed."""
    epochs = len(next(iter(reference.values())))
    at = random.Random(seed).randint(2, epochs * (len(reference) - 3))
    began = time.monotonic()
    with open_ray() as (address, raylet):
        more = ("--launcher", "ray", "--ray-address", address, "--cpus-per-run", "1")
        with (folder / "stderr").open("w") as log:
            child = subprocess.Popen(
                make_command(len(reference), epochs, *more), cwd=folder, stdout=subprocess.DEVNULL, stderr=log
            )
        kill_node(raylet, folder, at)
        code = child.wait(600)
    text = (folder / "stderr").read_text()
    return {
        **summarise(folder, reference),
        "started_again": text.count("was lost ("),
        "lost_epochs": "",
        "seconds": round(time.monotonic() - began, 1),
        "code": code,
    }


# SLURM


def disturb_slurm(
    cluster: SlurmCluster, folder: Path, reference: dict[str, list[tuple[float | None, ...]]], seed: int
) -> dict[str, object]:
    """One sweep of two runs, both preempted."""
    epochs = len(next(iter(reference.values())))
    at = random.Random(seed).randint(2, epochs)
    began = time.monotonic()
    more = ("--launcher", "slurm", "--partition", "low", "--slurm", "exclusive=user")
    with (folder / "stderr").open("w") as log:
        child = subprocess.Popen(
            cluster.enter("dbh1", make_command(len(reference), epochs, *more)),
            cwd=folder,
            env=cluster.environment,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    while child.poll() is None and count_epochs(folder) < at:
        time.sleep(0.1)
    cluster.call("sbatch", "--partition=high", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=sleep 3")
    code = child.wait(900)
    events = [read_events(file) for file in sorted(folder.glob("runs/.sweeps/*/*.events"))]
    return {
        **summarise(folder, reference),
        "started_again": sum(isinstance(event, Requeued) for each in events for event in each),
        "lost_epochs": sum(map(count_lost, events)),
        "seconds": round(time.monotonic() - began, 1),
        "code": code,
    }


def read_events(file: Path) -> list[object]:
    """What happened in a run."""
    return [from_line(line) for line in file.read_bytes().splitlines() if not line.startswith(b"outcome ")]


def count_lost(events: Sequence[object]) -> int:
    """Finished epochs that were trained again."""
    finished = lost = 0
    for event in events:
        if isinstance(event, EpochEnded):
            finished += 1
        elif isinstance(event, Started):
            lost += finished - (event.first_epoch - 1)
            finished = event.first_epoch - 1
    return lost


def main() -> int:
    """Run the sweeps; 0 if nothing was lost."""
    options = _parse_options()
    os.environ["PYTHONPATH"] = str(ROOT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(options.folder or tempfile.mkdtemp(prefix="densebench-sweeps-")).resolve()
    seeds, epochs = (12, 6) if options.engine == "ray" else (2, 15)
    reference = train_undisturbed(folder / "undisturbed", seeds, epochs)
    print(f"undisturbed: {len(reference)} runs", flush=True)
    rows: list[dict[str, object]] = []
    with open_cluster(folder / "slurm") if options.engine == "slurm" else nullcontext() as cluster:
        for number in range(options.times):
            place = folder / f"sweep-{number}"
            place.mkdir()
            seed = options.seed + number
            found = disturb_slurm(cluster, place, reference, seed) if cluster else disturb_ray(place, reference, seed)
            rows.append({"engine": options.engine, "time": number, **found})
            print(", ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
            if options.output:
                write_rows(Path(options.output), HEADER, rows)
    wrong = [row for row in rows if (row["equal"], row["twice"], row["code"]) != (row["runs"], 0, 0)]
    print(f"{len(rows) - len(wrong)} of {len(rows)} sweeps complete and equal; kept in {folder}")
    return 1 if wrong else 0


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=("ray", "slurm"))
    parser.add_argument("--times", type=int, default=10)
    add_options(parser)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
