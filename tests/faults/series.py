"""What the harnesses of disturbed runs share: their options, and the CSV that grows with each trial."""

import argparse
import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> None:
    """What every series takes."""
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", help="where the runs are written")
    parser.add_argument("--output", help="a CSV with one row per trial")


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write all rows so far."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
