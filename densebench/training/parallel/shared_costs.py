"""What an epoch cost all processes of a run, of what each has measured itself."""

import dataclasses
import json
import math

from densebench.measuring.gpu.allocator import GpuMemory
from densebench.measuring.gpu.monitor import GpuReading, Monitor
from densebench.measuring.gpu.several import combine_peaks, combine_readings
from densebench.measuring.gpu.step_memory import StepMemory
from densebench.measuring.host import read_host_peak_bytes
from densebench.measuring.stopwatch import EpochTimes
from densebench.training.parallel.data_parallel import DataParallel, gather_texts


@dataclasses.dataclass(frozen=True, kw_only=True)
class Costs:
    """Of one process, or of all."""

    reading: GpuReading
    allocated: GpuMemory
    cpu_seconds: float | None  # summed over processes
    host_peak_bytes: int | None  # of the processes of a host together, where that is the most


def read_costs(monitor: Monitor, memory: StepMemory, times: EpochTimes) -> Costs:
    """Those of this process; ends the epoch of its instruments."""
    return Costs(
        reading=monitor.end_epoch(),
        allocated=memory.peak(),
        cpu_seconds=times.cpu_seconds,
        host_peak_bytes=read_host_peak_bytes(),
    )


def combine_costs(parallel: DataParallel, own: Costs) -> Costs:
    """The costs of all processes; every one of them calls it after the same step."""
    if parallel.layout.ranks == 1:
        return own
    texts = gather_texts(parallel, json.dumps([parallel.layout.host, dataclasses.asdict(own)]))
    hosts, every = zip(*(_parse(text) for text in texts), strict=True)
    seconds = [costs.cpu_seconds for costs in every]
    peaks = [costs.host_peak_bytes for costs in every]
    by_host = [sum(peak or 0 for peak, where in zip(peaks, hosts, strict=True) if where == host) for host in set(hosts)]
    return Costs(
        reading=combine_readings([costs.reading for costs in every]),
        allocated=combine_peaks([costs.allocated for costs in every]),
        cpu_seconds=None if None in seconds else math.fsum(each for each in seconds if each is not None),
        host_peak_bytes=None if None in peaks else max(by_host),
    )


def _parse(text: str) -> tuple[int, Costs]:
    host, values = json.loads(text)
    reading = GpuReading(**{**values["reading"], "warnings": tuple(values["reading"]["warnings"])})
    allocated = GpuMemory(**values["allocated"])
    return host, Costs(**{**values, "reading": reading, "allocated": allocated})
