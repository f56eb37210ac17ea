"""A queue on a real Ray with pretend cards, on loopback; the process of a run is a stub."""

import itertools
import os
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from densebench.errors import InputError
from densebench.events import Ended, EpochEnded, Placed, Requeued, Started
from densebench.records import Run
from densebench.results import csv_file
from densebench.running.launchers.options import LaunchOptions
from densebench.running.launchers.ray.launcher import RayLauncher

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'densebench[ray]'")


@pytest.fixture
def launch(stub, cluster, heard):
    """Make runs on the two nodes; returns their outcomes."""

    def call(runs, **options):
        launcher = RayLauncher(LaunchOptions(launcher="ray", ray_address=cluster.address, **options))
        return list(launcher.launch(runs, heard.report))

    return call


def most_at_once(lines):
    """How many runs went on at the same time at most."""
    steps = sorted((float(at), 1 if kind == "start" else -1) for kind, *_, at in lines)
    return max(itertools.accumulate(step for _, step in steps))


def test_each_run_has_cards_of_its_own_and_all_complete(launch, stub, queue, heard, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    outcomes = launch(queue(4), gpus_per_run=1, cpus_per_run=1)
    assert sorted(outcome.config.run for outcome in outcomes) == ["a", "b", "c", "d"]
    assert {outcome.ended.status for outcome in outcomes} == {"completed"}
    starts = [line for line in stub() if line[0] == "start"]
    assert {line[3] for line in starts} == {"'0'", "'1'"}
    assert {line[4] for line in starts} == {"5"}, "the threads are the command's, not Ray's"
    for card in ("'0'", "'1'"):
        assert most_at_once(line for line in stub() if line[3] == card) == 1
    assert all(event.where.endswith(("GPU 0", "GPU 1")) for event, _ in heard.of(Placed))


def test_no_more_runs_go_on_than_there_are_cores_or_jobs(launch, queue, stub):
    launch(queue(6, epochs=10), gpus_per_run=0, cpus_per_run=2)
    assert most_at_once(stub()) <= 2
    launch(queue(3, names="xyz"), gpus_per_run=0, cpus_per_run=1, jobs=1)
    assert most_at_once(line for line in stub() if line[1] in "xyz") == 1


def test_a_run_that_asks_for_no_card_sees_none(launch, stub, queue, heard):
    launch(queue(1), gpus_per_run=0)
    assert [line[3] for line in stub()] == ["''", "''"]


def test_events_come_under_the_planned_name_with_the_end_last(launch, stub, queue, heard):
    csv_file.write(Run(run="a", variant="resnet20"), "results/a.csv")
    (outcome,) = launch(queue(1))
    assert outcome.config.run == "a-2", "a name that was taken in between gets a number"
    assert {run for _, run in heard} == {"a"}
    kinds = [type(event) for event, _ in heard]
    assert kinds == [Placed, Started, EpochEnded, EpochEnded, EpochEnded, Ended]


def test_only_a_lost_process_is_started_again(launch, stub, queue, heard):
    (failed,) = launch(queue(1, seed=13))
    assert (failed.ended.status, failed.ended.reason) == ("failed", "The loss is not finite.")
    assert heard.of(Requeued) == []
    assert len([line for line in stub() if line[0] == "start"]) == 1


def test_a_run_whose_process_was_lost_goes_on_where_it_stopped_under_its_name(launch, stub, queue, heard):
    (outcome,) = launch(queue(1, seed=99, epochs=4))
    assert (outcome.ended.status, outcome.config.run) == ("completed", "a")
    assert [(line[1], line[2]) for line in stub() if line[0] == "start"] == [("a", "1"), ("a", "3")]
    ((event, _),) = heard.of(Requeued)
    assert event.reason.endswith("was lost (WorkerCrashedError): start 2 of 4.")
    (run,) = csv_file.read("results/a.csv")
    assert [record.epoch for record in run.records] == [1, 2, 3, 4]
    assert sorted(os.listdir("runs")) == [".sweeps", "a"]


def test_a_run_that_is_lost_too_often_has_failed(launch, stub, queue, heard):
    (outcome,) = launch(queue(1, seed=99), retries=0)
    assert outcome.ended.status == "failed"
    assert outcome.ended.reason.startswith("Its process was lost once, the last time on ")
    assert csv_file.read("results/a.csv")[0].status == "failed"


def test_ctrl_c_stops_all_runs_and_leaves_them_resumable(launch, queue, heard):
    Path("seconds").write_text("0.3")

    def interrupt():
        while len(heard.of(EpochEnded)) < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    outcomes = launch(queue(5, epochs=100), gpus_per_run=0, cpus_per_run=2)
    assert {outcome.ended.exit_code for outcome in outcomes} == {130}
    assert 1 <= len(outcomes) <= 2, "those that waited never began"
    for outcome in outcomes:
        (run,) = csv_file.read(f"results/{outcome.config.run}.csv")
        assert (run.status, run.reason) == ("interrupted", "Stopped by SIGINT.")


def test_a_demand_that_no_node_has_is_refused_at_once(launch, queue):
    with pytest.raises(InputError, match="No node has 4 cards"):
        launch(queue(1), gpus_per_run=4)


def test_no_cluster_at_the_address_is_one_sentence(stub, queue, heard):
    launcher = RayLauncher(LaunchOptions(launcher="ray", ray_address="127.0.0.1:1"))
    with pytest.raises(InputError, match=r"No Ray answers at --ray-address 127\.0\.0\.1:1"):
        list(launcher.launch(queue(1), heard.report))


def test_a_ray_of_this_machine_listens_on_loopback_alone_asks_for_a_token_and_goes(stub, queue, heard):
    seen = {}

    def look(event, run):
        if isinstance(event, Started):
            seen["token"] = os.environ["RAY_AUTH_TOKEN_PATH"]
            seen["mode"] = oct(os.stat(seen["token"]).st_mode & 0o777)
            seen["sockets"] = list_listeners()

    before = set(list_listeners())
    list(RayLauncher(LaunchOptions(launcher="ray"), num_cpus=1).launch(queue(1), look))
    own = {address for address, _ in set(seen["sockets"]) - before}
    assert own
    assert own <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}
    assert seen["mode"] == "0o600"
    assert not os.path.exists(seen["token"])
    assert os.environ.get("RAY_AUTH_TOKEN_PATH") is None
    assert not ray.is_initialized()


def list_listeners():
    """Address and port of every listening TCP socket."""
    return [tuple(one.laddr) for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN]


def test_the_runs_of_a_node_that_dies_go_on_elsewhere(launch, cluster, queue, heard, stub):
    """Everything on the node is killed at once, as by a power cut."""
    Path("seconds").write_text("0.3")
    node = cluster.add_node(num_cpus=2, object_store_memory=80_000_000, include_dashboard=False)

    def kill():
        while len(heard.of(EpochEnded)) < 6 or not cut_power(node):
            time.sleep(0.1)

    threading.Thread(target=kill, daemon=True).start()
    outcomes = launch(queue(6, epochs=8), gpus_per_run=0, cpus_per_run=2)
    assert sorted(outcome.config.run for outcome in outcomes) == list("abcdef")
    assert {outcome.ended.status for outcome in outcomes} == {"completed"}
    assert sorted(os.listdir("results")) == [f"{name}.csv" for name in "abcdef"], "none was made twice"
    for name in "abcdef":
        (run,) = csv_file.read(f"results/{name}.csv")
        assert [record.epoch for record in run.records] == list(range(1, 9))
    assert heard.of(Requeued)


def cut_power(node):
    """Kill the node with all of its processes, if it has a run; whether it was done."""
    (raylet,) = [psutil.Process(info.process.pid) for info in node.all_processes["raylet"]]
    below = raylet.children(recursive=True)
    runs = [each for each in below if "densebench.running.worker" in " ".join(each.cmdline())]
    if not runs:
        return False
    for process in [raylet, *below]:
        process.kill()
    return True
