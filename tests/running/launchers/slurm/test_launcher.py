"""The array of jobs by submitit's local executor; SLURM's own commands are small programs in the test's folder."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from densebench.errors import InputError
from densebench.events import Ended, EpochEnded, Message, Placed, Requeued, Started
from densebench.records import Run
from densebench.results import csv_file
from densebench.running.launchers.options import LaunchOptions
from densebench.running.launchers.slurm import launcher as slurm
from densebench.running.launchers.slurm.launcher import SlurmLauncher
from densebench.running.launchers.sweep import read_sweeps

pytest.importorskip("submitit", reason="submitit is not installed: pip install 'densebench[slurm]'")

SLURM = LaunchOptions(launcher="slurm")


@pytest.fixture
def launch(stub, heard, monkeypatch):
    """Make runs by the local executor; returns their outcomes."""
    monkeypatch.setattr(slurm, "_INTERVAL", 0.1)
    monkeypatch.setattr(slurm, "_QUEUE_INTERVAL", 0.3)

    def call(runs, options=SLURM):
        return list(SlurmLauncher(options, cluster="local").launch(runs, heard.report))

    return call


def test_every_run_is_a_job_and_its_events_come_under_its_name(launch, queue, heard, stub):
    csv_file.write(Run(run="a", variant="resnet20"), "results/a.csv")
    outcomes = launch(queue(2))
    assert {outcome.queued.name: outcome.config.run for outcome in outcomes} == {"a": "a-2", "b": "b"}
    assert {outcome.ended.status for outcome in outcomes} == {"completed"}
    kinds = [type(event) for event, run in heard if run == "b"]
    assert kinds == [Placed, Started, EpochEnded, EpochEnded, EpochEnded, Ended]
    assert {line[3] for line in stub()} == {"''"}, "a run that asks for no card sees none"


def test_a_run_that_fails_is_an_outcome_and_stops_no_other(launch, queue, heard):
    outcomes = launch([*queue(1, seed=13), *queue(1, names="b")])
    assert {outcome.config.run: outcome.ended.status for outcome in outcomes} == {"a": "failed", "b": "completed"}
    assert heard.of(Requeued) == []


def test_ctrl_c_stops_all_jobs_and_leaves_them_resumable(launch, queue, heard):
    Path("seconds").write_text("0.3")

    def interrupt():
        while len(heard.of(EpochEnded)) < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    outcomes = launch(queue(2, epochs=100))
    assert {outcome.ended.exit_code for outcome in outcomes} == {130}
    assert {csv_file.read(f"results/{one.config.run}.csv")[0].status for one in outcomes} == {"interrupted"}
    (sweep,) = read_sweeps("runs")
    assert sweep.is_stopped


def test_without_waiting_it_says_where_to_look(launch, queue, heard):
    assert launch(queue(1), LaunchOptions(launcher="slurm", no_wait=True)) == []
    ((event, _),) = heard.of(Message)
    (sweep,) = read_sweeps("runs")
    assert f"job {sweep.job}: 'densebench status' shows what has come of them, 'scancel {sweep.job}'" in event.text
    deadline = time.monotonic() + 60
    while not Path("results/a.csv").exists() or csv_file.read("results/a.csv")[0].status != "completed":
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_what_sbatch_gets_is_what_was_asked_for(queue, in_tmp, command, monkeypatch):
    """``sbatch`` keeps the script, and refuses it."""
    command("srun")
    command("sinfo", "echo 'batch*|gpu:4'; echo 'big|(null)'")
    command("sbatch", f'cp "$1" {in_tmp}/script; exit 1')
    options = LaunchOptions(
        launcher="slurm", jobs=2, cpus_per_run=3, slurm=("account=vision", "mem=4G", "signal_delay_s=30")
    )
    with pytest.raises(InputError, match="SLURM did not take the runs"):
        list(SlurmLauncher(options).launch(queue(3, time_limit=3600.0), print))
    lines = set((in_tmp / "script").read_text().splitlines())
    wanted = ["array=0-2%2", "cpus-per-task=3", "time=65", "gpus-per-node=1", "account=vision", "mem=4G", "requeue"]
    assert {f"#SBATCH --{each}" for each in wanted} <= lines
    assert "#SBATCH --signal=USR2@30" in lines


def test_without_a_time_limit_the_partitions_holds_and_without_cards_none_is_asked_for(queue, in_tmp, command):
    command("srun")
    command("sinfo", "echo 'big|(null)'")
    command("sbatch", f'cp "$1" {in_tmp}/script; exit 1')
    options = LaunchOptions(launcher="slurm", partition="big")
    with pytest.raises(InputError):
        list(SlurmLauncher(options).launch(queue(2), print))
    script = (in_tmp / "script").read_text()
    assert "--time" not in script
    assert "gpus" not in script
    assert "#SBATCH --partition=big" in script


def test_a_cluster_that_cannot_be_reached_is_one_sentence(queue, in_tmp, command, capfd):
    command("sinfo", "echo 'sinfo: error: no controller' >&2; echo 'sinfo: fatal: none' >&2; exit 1")
    options = LaunchOptions(launcher="slurm", gpus_per_run=1)
    with pytest.raises(InputError, match=r"does not answer \(sinfo: error: no controller\)"):
        list(SlurmLauncher(options).launch(queue(1), print))
    assert capfd.readouterr() == ("", "")


def test_outside_a_cluster_it_is_one_sentence(queue, in_tmp, monkeypatch):
    monkeypatch.setenv("PATH", str(in_tmp))
    with pytest.raises(InputError, match=r"SLURM does not answer \(sinfo is not here, or took too long\)"):
        list(SlurmLauncher(SLURM).launch(queue(1), print))
