"""What an epoch cost all processes."""

from functools import partial
from itertools import count
from types import SimpleNamespace

import numpy as np

from densebench.measuring.gpu.allocator import GpuMemory
from densebench.measuring.gpu.monitor import NullMonitor
from densebench.training.parallel.data_parallel import Alone
from densebench.training.parallel.layout import Layout
from densebench.training.parallel.shared_costs import Costs, combine_costs

READING = NullMonitor("no GPU").end_epoch()


def costs(**values):
    usual = {
        "reading": READING,
        "allocated": GpuMemory(peak_bytes=None, reserved_bytes=None, source="no GPU"),
        "cpu_seconds": 1.5,
        "host_peak_bytes": 100,
    }
    return Costs(**{**usual, **values})


def combine(*every, hosts):
    """What each of the processes makes of it, when they exchange what they have measured."""
    layouts = [Layout(hosts=len(every), ranks=len(every), rank=rank, host=host) for rank, host in enumerate(hosts)]
    said = [[] for _ in every]

    def say(rank, values):
        said[rank].append(values)
        return np.stack([values] * len(every))

    for rank, (layout, own) in enumerate(zip(layouts, every, strict=True)):
        combine_costs(SimpleNamespace(layout=layout, gather=partial(say, rank)), own)

    def hear(calls, values):
        number = next(calls)
        size = max(len(one[number]) for one in said)
        return np.stack([np.pad(one[number], (0, size - len(one[number]))) for one in said])

    return [
        combine_costs(SimpleNamespace(layout=layout, gather=partial(hear, count())), own)
        for layout, own in zip(layouts, every, strict=True)
    ]


def test_one_process_keeps_its_own():
    own = costs()
    assert combine_costs(Alone(), own) is own


def test_processor_time_is_summed_and_memory_is_that_of_the_fullest_host():
    every = combine(costs(), costs(cpu_seconds=2.0, host_peak_bytes=50), costs(host_peak_bytes=120), hosts=[0, 0, 1])
    assert len({(each.cpu_seconds, each.host_peak_bytes) for each in every}) == 1
    assert (every[0].cpu_seconds, every[0].host_peak_bytes) == (5.0, 150)
    assert every[0].reading == READING


def test_what_one_does_not_know_is_unknown():
    first, _ = combine(costs(), costs(cpu_seconds=None, host_peak_bytes=None), hosts=[0, 1])
    assert (first.cpu_seconds, first.host_peak_bytes) == (None, None)
