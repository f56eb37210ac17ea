"""Which implementation was measured to be faster: the table behind ``--implementation auto``."""

import csv
from functools import cache
from pathlib import Path

# Written by benchmarks/implementations.py from results/implementations; a further measurement is a further row.
TABLE = Path(__file__).with_name("implementations.csv")
COLUMNS = ("backend", "device_kind", "precision", "plain_over_fast", "least", "networks", "rounds")


def is_fast_proven(backend: str, device_kind: str, precision: str) -> bool:
    """Whether ``fast`` takes less time than ``plain`` over the networks measured; not where nothing was measured.

    A GPU waits for its host to start operations, of which there are as many in any precision: there one that was not
    measured is as the others were.
    """
    ratios = _read_ratios()
    measured = [ratios[key] for key in ((backend, device_kind, precision),) if key in ratios]
    if not measured and device_kind == "gpu":
        measured = [ratio for (name, kind, _), ratio in ratios.items() if (name, kind) == (backend, device_kind)]
    return min(measured, default=0.0) > 1.0


@cache
def _read_ratios() -> dict[tuple[str, str, str], float]:
    """How many times as long ``plain`` takes."""
    with TABLE.open(newline="") as file:
        return {
            (row["backend"], row["device_kind"], row["precision"]): float(row["plain_over_fast"])
            for row in csv.DictReader(file)
        }
