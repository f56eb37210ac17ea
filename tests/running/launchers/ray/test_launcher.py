"""A queue on a real Ray with pretend cards, on loopback; the process of a run is a stub.

A launch takes seconds, so two of them make all runs whose ends are told apart by the run.
"""

import itertools
import os
import signal
import socket
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
    """Make runs on the cluster; returns their outcomes."""

    def call(runs, **options):
        launcher = RayLauncher(LaunchOptions(launcher="ray", ray_address=cluster.address, **options))
        return list(launcher.launch(runs, heard.report))

    return call


@pytest.fixture(scope="module")
def on_cards(make_on_cluster, queue):
    """Five runs on two cards: two that are well, one that fails, one that is lost once, one whose name is taken."""
    runs = [*queue(2), *queue(1, names="c", seed=13), *queue(1, names="d", seed=99, epochs=4), *queue(1, names="e")]
    return make_on_cluster(
        runs,
        lambda: csv_file.write(Run(run="e", variant="resnet20"), "results/e.csv"),
        gpus_per_run=1,
        cpus_per_run=1,
    )


@pytest.fixture(scope="module")
def without_cards(make_on_cluster, queue):
    """Four runs on two cores, the last of which is lost and may not be started again."""
    runs = [*queue(3), *queue(1, names="d", seed=99)]
    with pytest.MonkeyPatch.context() as patch:  # on a busy machine its process ends late
        patch.setattr("densebench.running.launchers.starting._SHORT_PATIENCE", 120.0)
        return make_on_cluster(runs, gpus_per_run=0, cpus_per_run=1, retries=0)


def most_at_once(lines):
    """How many runs went on at the same time at most."""
    steps = sorted((float(at), 1 if kind == "start" else -1) for kind, *_, at in lines)
    return max(itertools.accumulate(step for _, step in steps))


def starts_of(made, run):
    return [line for line in made.notes if line[:2] == ["start", run]]


def test_each_run_has_a_card_of_its_own_and_all_complete(on_cards):
    statuses = {name: outcome.ended.status for name, outcome in on_cards.outcomes.items()}
    assert statuses == dict.fromkeys("abde", "completed") | {"c": "failed"}
    assert {line[3] for line in on_cards.notes} == {"'0'", "'1'"}
    assert {line[4] for line in on_cards.notes} == {"5"}, "the threads are the command's, not Ray's"
    for card in ("'0'", "'1'"):  # the lost process takes a moment to notice
        assert most_at_once(line for line in on_cards.notes if line[3] == card and line[1] != "d") == 1
    assert all(event.where.endswith(("GPU 0", "GPU 1")) for event, _ in on_cards.heard.of(Placed))


def test_no_more_runs_go_on_than_there_are_cores(without_cards):
    assert most_at_once(line for line in without_cards.notes if line[1] != "d") <= 2


def test_no_more_runs_go_on_than_there_are_jobs_and_standard_output_is_kept_for_results(
    launch, queue, stub, heard, monkeypatch, capfd
):
    report = heard.report
    monkeypatch.setattr(heard, "report", lambda *said: (print("as Ray prints"), report(*said)))
    launch(queue(2), gpus_per_run=0, cpus_per_run=1, jobs=1)
    assert most_at_once(stub()) == 1
    out, err = capfd.readouterr()
    assert ("as Ray prints" in out, "as Ray prints" in err) == (False, True)


def test_a_run_that_asks_for_no_card_sees_none(without_cards):
    assert {line[3] for line in without_cards.notes} == {"''"}


def test_events_come_under_the_planned_name_with_the_end_last(on_cards):
    assert on_cards.outcomes["e"].config.run == "e-2", "a name that was taken in between gets a number"
    assert {run for _, run in on_cards.heard} == set("abcde")
    kinds = [type(event) for event, run in on_cards.heard if run == "e"]
    assert kinds == [Placed, Started, EpochEnded, EpochEnded, EpochEnded, Ended]


def test_only_a_lost_process_is_started_again(on_cards):
    failed = on_cards.outcomes["c"]
    assert (failed.ended.status, failed.ended.reason) == ("failed", "The loss is not finite.")
    assert on_cards.heard.of(Requeued, run="c") == []
    assert len(starts_of(on_cards, "c")) == 1


def test_a_run_whose_process_was_lost_goes_on_where_it_stopped_under_its_name(on_cards):
    outcome = on_cards.outcomes["d"]
    assert (outcome.ended.status, outcome.config.run) == ("completed", "d")
    assert [line[2] for line in starts_of(on_cards, "d")] == ["1", "3"]
    ((event, _),) = on_cards.heard.of(Requeued)
    assert event.reason.endswith("was lost (WorkerCrashedError): start 2 of 4.")
    (run,) = csv_file.read(on_cards.folder / "results" / "d.csv")
    assert [record.epoch for record in run.records] == [1, 2, 3, 4]
    assert sorted(os.listdir(on_cards.folder / "runs")) == [".sweeps", "a", "b", "c", "d", "e-2"]


def test_a_run_that_is_lost_too_often_has_failed(without_cards):
    outcome = without_cards.outcomes["d"]
    assert outcome.ended.status == "failed"
    assert outcome.ended.reason.startswith("Its process was lost once, the last time on ")
    assert csv_file.read(without_cards.folder / "results" / "d.csv")[0].status == "failed"


def test_ctrl_c_stops_all_runs_and_leaves_them_resumable(launch, queue, heard):
    Path("seconds").write_text("0.3")

    def interrupt():
        while len(heard.of(EpochEnded)) < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    outcomes = launch(queue(5, epochs=100), gpus_per_run=0, cpus_per_run=1)
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


def test_what_is_no_cluster_at_the_address_is_one_sentence(stub, queue, heard):
    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=lambda: server.accept()[0].sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
        answering.start()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        launcher = RayLauncher(LaunchOptions(launcher="ray", ray_address=address))
        with pytest.raises(InputError, match=f"What answers at --ray-address {address} is no Ray"):
            list(launcher.launch(queue(1), heard.report))
        answering.join()


def test_the_runs_of_a_node_that_dies_go_on_elsewhere(launch, cluster, queue, heard, stub):
    """All on the second node is killed at once, as by a power cut, once every run that has a place has begun."""
    Path("seconds").write_text("0.3")
    node = cluster.add_node(num_cpus=2, object_store_memory=80_000_000, include_dashboard=False)

    def kill():
        while {run for _, run in heard.of(EpochEnded)} < {run for _, run in heard.of(Placed)} or not cut_power(node):
            time.sleep(0.1)

    threading.Thread(target=kill, daemon=True).start()
    outcomes = launch(queue(4, epochs=8), gpus_per_run=0, cpus_per_run=2)
    assert sorted(outcome.config.run for outcome in outcomes) == list("abcd")
    assert {outcome.ended.status for outcome in outcomes} == {"completed"}
    assert sorted(os.listdir("results")) == [f"{name}.csv" for name in "abcd"], "none was made twice"
    for name in "abcd":
        (run,) = csv_file.read(f"results/{name}.csv")
        assert [record.epoch for record in run.records] == list(range(1, 9))
    assert heard.of(Requeued)


def cut_power(node):
    """Kill the node with all of its processes, if it has a run; whether it was done."""
    (raylet,) = [psutil.Process(info.process.pid) for info in node.all_processes["raylet"]]
    below = raylet.children(recursive=True)
    if not any(map(is_run, below)):
        return False
    for process in [raylet, *below]:
        process.kill()
    return True


def is_run(process):
    try:
        return "densebench.running.worker" in process.cmdline()
    except psutil.Error:  # it has ended
        return False
