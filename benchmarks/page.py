"""How long the report of 50 runs of 300 epochs takes to write and to open: ``python benchmarks/page.py``.

The runs are synthetic. Opening is timed in a headless Chromium from the command to the second frame after the page's
load event, each time in a new browser profile, so that nothing is cached.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import chromium
from synthetic_runs import make_runs

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.page.page import write_page


def main() -> int:
    arguments = parsed()
    program = chromium.find()
    if program is None:
        print("No Chromium is installed to open the page in.", file=sys.stderr)
        return 2
    runs = make_runs(arguments.runs, epochs=arguments.epochs, seeds=arguments.seeds)
    with tempfile.TemporaryDirectory() as folder:
        target = arguments.keep or Path(folder) / "report.html"
        written = timed(lambda: write_page(compare(runs, CompareOptions()), target))
        opened = [open_once(program, target) for _ in range(arguments.repeat)]
        size = target.stat().st_size / 2**20
    print(f"{len(runs)} runs of {arguments.epochs} epochs: {size:.2f} MiB, compared and written in {written:.2f} s")
    spread = f"{min(opened):.2f} to {max(opened):.2f} s"
    print(f"opened in {statistics.median(opened):.2f} s (median of {len(opened)}, {spread})")
    return 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=1, help="seeds of each variant")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="write the page here and keep it")
    return parser.parse_args()


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def open_once(program: str, page: Path) -> float:
    with chromium.Chromium(program) as browser:
        browser.look(width=1280, height=900)
        seconds = browser.open(page)
        if browser.complaints:
            raise SystemExit(f"The page complains: {browser.complaints}")
        return seconds


if __name__ == "__main__":
    sys.exit(main())
