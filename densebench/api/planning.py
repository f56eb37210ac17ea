"""Plan from Python: what trainings will cost, before any."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Unpack

from densebench import workflows
from densebench.api.settings import (
    PlanSettings,
    check_texts,
    check_type,
    check_whole_numbers,
    make_options,
    read_devices,
)
from densebench.planning.plan.options import parse_plan_options
from densebench.reporting.frames import make_grid_frame
from densebench.reporting.notebook import open_progress
from densebench.reporting.plan.export import make_values_grid

if TYPE_CHECKING:
    import pandas as pd


def plan(
    *variants: str,
    batch_sizes: Iterable[int] | None = None,
    precisions: Iterable[str] = ("float32",),
    backends: Iterable[str] = ("tensorflow",),
    devices: int | str | Iterable[int] = 1,
    seeds: int = 1,
    within: float = 120.0,
    remeasure: bool = False,
    budget: str | None = None,
    cost: str = "total_time",
    price_per_hour: float | None = None,
    price_per_kwh: float | None = None,
    watts: float | None = None,
    progress: bool = True,
    **settings: Unpack[PlanSettings],
) -> "pd.DataFrame":
    """What training each network will cost on this machine: one row a network and setting.

    ::

        densebench.plan("resnet20", "100x12", dataset="cifar10", budget="total_time<=8h")

    ``devices`` is a number of this host's devices, or several: they share every batch. ``within`` seconds are spent on
    measuring; the rest is predicted from what was measured. ``budget`` is written as on the command line, and holds for
    all ``seeds`` trainings of a network together; ``cost`` is that of the front (total_time, memory, energy, price
    where one is given, or time_to_target with a ``target``). Columns: among others predicted_total_seconds with its
    95 % interval (_low, _high) and predicted_peak_bytes of one training, energy_joules and price of all of them,
    measured (or predicted from others), expected_accuracy (a fraction) with accuracy_source, fits, reason, on_front,
    and the command that starts it. Raises :class:`densebench.errors.InputError`.
    """
    options = parse_plan_options(
        make_options(settings, PlanSettings, variants=variants),
        batch_sizes=() if batch_sizes is None else check_whole_numbers("batch_sizes", batch_sizes),
        precision=",".join(check_texts("precision", precisions)),
        backend=",".join(check_texts("backend", backends)),
        devices=read_devices(devices) or (1,),
        seeds=str(check_type("seeds", seeds, int)),
        within=f"{check_type('within', within, float)}s",
        remeasure=remeasure,
        budget=budget,
        cost=cost,
        price_per_hour=None if price_per_hour is None else str(check_type("price_per_hour", price_per_hour, float)),
        price_per_kwh=None if price_per_kwh is None else str(check_type("price_per_kwh", price_per_kwh, float)),
        watts=None if watts is None else check_type("watts", watts, float),
    )
    return make_grid_frame(make_values_grid(workflows.plan(options, open_progress(shown=progress))))
