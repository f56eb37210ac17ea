"""The processes that do a run together: whether they agree, and what the others need to know of each."""

import dataclasses
from typing import TYPE_CHECKING

from densebench.config import RunConfig, deciding_values
from densebench.measuring.gpu.several import list_devices
from densebench.running.run_file import RunFile
from densebench.training.parallel.layout import Layout

if TYPE_CHECKING:
    from densebench.data.images import Dataset
    from densebench.training.backends.backend import BackendFacts
    from densebench.training.parallel.data_parallel import DataParallel


def meet(config: RunConfig, facts: "BackendFacts", layout: Layout, dataset: "Dataset") -> "DataParallel":
    """The devices of all processes, once all have come; raises :class:`RunFailed` where something differs among them.

    A folder of images may have another path on each host.
    """
    from densebench.training.parallel.data_parallel import join, require_same, require_same_settings

    parallel = join(facts.name, layout, facts.device_kind)
    deciding = deciding_values(config)
    require_same_settings(parallel, {name: value for name, value in deciding.items() if name != "data.dataset"})
    require_same(parallel, "The images", f"{dataset.name} {dataset.sha256}")
    software = f"{facts.name} {facts.version}, Keras {facts.keras}, {facts.device_kind}"
    require_same(parallel, "The software", software)
    return parallel


def list_all_devices(facts: "BackendFacts", parallel: "DataParallel") -> list[str]:
    """Every device that computes, host by host."""
    from densebench.training.parallel.data_parallel import gather_texts

    layout = parallel.layout
    own = list_devices(facts.device_kind, layout.local_devices, first=layout.local_rank * layout.local_devices)
    return gather_texts(parallel, "; ".join(own))


def take_name(config: RunConfig, parallel: "DataParallel", run_file: RunFile) -> RunConfig:
    """The configuration under the name that the run has got on the host that owns it."""
    if parallel.layout.ranks == 1:
        return config
    from densebench.training.parallel.data_parallel import gather_texts

    name = gather_texts(parallel, config.run)[0]
    if not parallel.layout.is_owner:
        run_file.update(dataclasses.replace(run_file.run, run=name))
    return dataclasses.replace(config, run=name)
