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
    ratios, wanted = _read_ratios(), (backend, device_kind, precision)
    if wanted in ratios or device_kind != "gpu":
        return ratios.get(wanted, 0.0) > 1.0
    return min((ratio for key, ratio in ratios.items() if key[:2] == wanted[:2]), default=0.0) > 1.0


@cache
def _read_ratios() -> dict[tuple[str, str, str], float]:
    """How many times as long ``plain`` takes."""
    with TABLE.open(newline="") as file:
        return {
            (row["backend"], row["device_kind"], row["precision"]): float(row["plain_over_fast"])
            for row in csv.DictReader(file)
        }
