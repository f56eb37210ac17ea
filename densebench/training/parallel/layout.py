"""Which of a run's devices one process drives."""

from collections.abc import Sequence
from dataclasses import dataclass

from densebench.config import RunConfig
from densebench.training.parallel.hosts import Host

MEETING_SECONDS = 300  # that a process waits for the others at the start: each may have to read its framework first
HEARTBEAT_SECONDS = 30  # after which a process that does not answer is taken for lost


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One of the processes that do a run together."""

    devices: int = 1  # of each host
    hosts: int = 1
    host: int = 0
    rank: int = 0  # of this process, from 0
    ranks: int = 1  # processes of all hosts
    local_rank: int = 0  # among those of its host
    addresses: tuple[str, ...] = ()  # host:port of each host, or of the first alone
    store: str | None = None  # a file by which the processes of a single host meet
    batch_norm: str = "global"

    @property
    def replicas(self) -> int:
        """Devices of all hosts."""
        return self.devices * self.hosts

    @property
    def local_devices(self) -> int:
        """Devices that this process drives."""
        return self.replicas // self.ranks

    @property
    def is_owner(self) -> bool:
        """Whether this process writes the run's files."""
        return self.rank == 0

    @property
    def synchronises_batch_norm(self) -> bool:
        """Whether devices must exchange their statistics of a batch."""
        return self.replicas > 1 and self.batch_norm == "global"

    def is_shared(self, images: int) -> bool:
        """Whether a batch is shared out; one that the devices cannot share equally is computed whole by each."""
        return images % self.replicas == 0

    def rows(self, images: int) -> slice:
        """The rows of a batch of so many images that this process computes."""
        if not self.is_shared(images):
            return slice(0, images)
        share = images // self.ranks
        return slice(self.rank * share, (self.rank + 1) * share)


ALONE = Layout()


def list_layouts(config: RunConfig, host: Host, *, store: str | None = None) -> Sequence[Layout]:
    """Those of this host: one process drives all its devices, but on PyTorch each device has its own."""
    a_host = config.devices if config.backend == "torch" else 1
    return [
        Layout(
            devices=config.devices,
            hosts=config.hosts,
            host=host.index,
            rank=host.index * a_host + local_rank,
            ranks=config.hosts * a_host,
            local_rank=local_rank,
            addresses=host.addresses,
            store=store,
            batch_norm=config.batch_norm,
        )
        for local_rank in range(a_host)
    ]
