"""A real SLURM of two nodes on this machine: each in a network namespace of its own, joined by a link. Needs root.

Debian: ``apt-get install --no-install-recommends slurm-wlm munge``. What is started here is ended here, by its own
process ids.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from network import enter, open_network

NODES = {"dbh1": "10.78.0.1", "dbh2": "10.78.0.2"}
CONFIGURATION = """
ClusterName=densebench
SlurmctldHost=dbh1(10.78.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SchedulerParameters=sched_interval=2,requeue_delay=1
KillWait=30
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=dbh1 NodeAddr=10.78.0.1 CPUs=2 RealMemory=4000
NodeName=dbh2 NodeAddr=10.78.0.2 CPUs=2 RealMemory=4000
PartitionName=low Nodes=dbh1,dbh2 Default=YES PriorityTier=1 PreemptMode=REQUEUE GraceTime=20 MaxTime=60
PartitionName=high Nodes=dbh1,dbh2 PriorityTier=10 PreemptMode=OFF MaxTime=60
"""


class SlurmCluster:
    """Runs commands on a node; ``environment`` is for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}

    def enter(self, node: str, command: Sequence[str]) -> list[str]:
        """The command as it is run on a node."""
        return enter(node, command)

    def call(self, *command: str, node: str = "dbh1") -> str:
        """What a command prints."""
        return subprocess.run(
            self.enter(node, command), env=self.environment, check=True, capture_output=True, text=True
        ).stdout


@contextmanager
def open_cluster(folder: Path) -> Iterator[SlurmCluster]:
    """The cluster, ready for jobs."""
    folder.mkdir(parents=True)
    (folder / "slurm.conf").write_text(CONFIGURATION.format(folder=folder))
    (folder / "state").mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    cluster = SlurmCluster(folder)
    with open_network(NODES):
        try:
            subprocess.run(
                ["munged", "--force", f"--key-file={key}", f"--socket={folder}/munge.socket"]
                + [f"--{name}-file={folder}/munge.{name}" for name in ("pid", "log", "seed")],
                check=True,
            )
            cluster.call("slurmctld", "-c")
            time.sleep(1)
            for node in NODES:
                cluster.call("slurmd", "-N", node, "-c", node=node)
            _await_idle(cluster)
            yield cluster
        finally:
            for name in ("slurmd.dbh1", "slurmd.dbh2", "slurmctld", "munge"):
                _end(folder / f"{name}.pid")


def _await_idle(cluster: SlurmCluster) -> None:
    for _ in range(60):
        if cluster.call("sinfo", "-h", "-p", "low", "-o", "%t %D").split() == ["idle", "2"]:
            return
        time.sleep(0.5)
    raise RuntimeError(f"The nodes are not ready: {cluster.call('sinfo', '-N', '-l')}")


def _end(file: Path) -> None:
    """End the daemon of a file with its process id."""
    if not file.exists():
        return
    process = int(file.read_text())
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(process, number)
            for _ in range(50):
                time.sleep(0.1)
                os.kill(process, 0)
        except ProcessLookupError:
            return
