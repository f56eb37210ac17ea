"""Measures how fast the page of 50 runs of 300 epochs opens and responds to the mouse.

``python benchmarks/page.py --output results/performance/page.csv`` writes the page of synthetic runs and measures it
in a headless Chromium. ``--beside FILE`` also measures the page of another version, in turn; write that file by
running ``--keep FILE`` with the other version. Each round uses a new browser with an empty profile. It measures:

- opening the page: from the command to the second frame after the page's load event;
- responding to the mouse: from the browser's receipt of a mouse move until the last resulting frame is on the screen,
  rasterisation included, according to the browser's trace (``InputLatency::MouseMove`` to the end of
  ``Graphics.Pipeline.DrawAndSwap``). The moves are sent by the DevTools protocol, each after the page has become idle:
  across the chart of the test accuracy, and between names in the legend.
"""

import argparse
import csv
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import chromium
from synthetic_runs import make_runs

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.measuring.host import read_cpu_model
from densebench.reporting.page.page import write_page

OPENING, CHART, LEGEND = "open the page", "move over a chart", "move over the legend"
TARGETS = {CHART: "#panel-test_accuracy", LEGEND: "#legend button"}
CATEGORIES = ("latencyInfo", "viz")


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """The time of one action on one page, in milliseconds."""

    page: Path
    action: str
    milliseconds: float


def main() -> int:
    arguments = _parse_arguments()
    program = chromium.find()
    if program is None:
        print("Chromium is not installed.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        target = arguments.keep or Path(folder) / "after.html"
        _write(target, arguments)
        pages = [*arguments.beside, target]
        measured = [
            each
            for number in range(arguments.rounds)
            for page in (pages if number % 2 == 0 else pages[::-1])
            for each in _measure(program, page, moves=arguments.moves, pause=arguments.pause)
        ]
        rows = [_row(page, action, measured) for page in pages for action in (OPENING, CHART, LEGEND)]
    for row in rows:
        print(f"{row['page']}, {row['action']}: {row['milliseconds_median']} ms (each: {row['milliseconds']})")
    if arguments.output:
        _write_csv(arguments.output, rows, program)
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=50, help="%(default)s")
    parser.add_argument("--epochs", type=int, default=300, help="%(default)s")
    parser.add_argument("--seeds", type=int, default=1, help="seeds of each variant (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="%(default)s")
    parser.add_argument("--moves", type=int, default=6, help="mouse moves of each kind in a round (%(default)s)")
    parser.add_argument("--pause", type=float, default=1.5, help="seconds after each move (%(default)s)")
    parser.add_argument("--keep", type=Path, help="write the page to this file and keep it")
    parser.add_argument("--beside", type=Path, action="append", default=[], help="another page to measure in turn")
    parser.add_argument("--output", type=Path, help="the CSV")
    return parser.parse_args()


def _write(target: Path, arguments: argparse.Namespace) -> None:
    runs = make_runs(arguments.runs, epochs=arguments.epochs, seeds=arguments.seeds)
    start = time.perf_counter()
    write_page(compare(runs, CompareOptions()), target)
    seconds, size = time.perf_counter() - start, target.stat().st_size / 2**20
    print(f"{len(runs)} runs of {arguments.epochs} epochs: {size:.2f} MiB, compared and written in {seconds:.2f} s")


def _measure(program: str, page: Path, *, moves: int, pause: float) -> list[Measurement]:
    """Measure every action on one page in a new browser."""
    with chromium.Chromium(program) as browser:
        browser.set_viewport(width=1280, height=900)
        times = {OPENING: [browser.open(page) * 1000]}
        times |= {action: _move_times(browser, action, moves, pause) for action in TARGETS}
        if browser.complaints:
            raise SystemExit(f"The page reports errors: {browser.complaints}")
    return [Measurement(page=page, action=action, milliseconds=each) for action in times for each in times[action]]


def _move_times(browser: chromium.Chromium, action: str, moves: int, pause: float) -> list[float]:
    """Measure several mouse moves, in milliseconds each."""
    browser.move_mouse(0, 0)
    browser.scroll_to(TARGETS[action])
    browser.settle()
    points = _chart_points(browser, moves) if action == CHART else _legend_points(browser, moves)
    time.sleep(pause)
    browser.start_trace(*CATEGORIES)
    for x, y in points:
        browser.move_mouse(x, y)
        time.sleep(pause)
    return _response_times(browser.end_trace(), moves)


def _chart_points(browser: chromium.Chromium, moves: int) -> list[tuple[float, float]]:
    """Points across the chart at alternating heights, so that the nearest curve changes."""
    box = browser.run(f"document.querySelector('{TARGETS[CHART]}').getBoundingClientRect().toJSON()")
    return [
        (
            box["x"] + box["width"] * (0.2 + 0.7 * number / moves),
            box["y"] + box["height"] * (0.2, 0.3, 0.45)[number % 3],
        )
        for number in range(moves)
    ]


def _legend_points(browser: chromium.Chromium, moves: int) -> list[tuple[float, float]]:
    boxes = browser.run(
        f"[...document.querySelectorAll('{TARGETS[LEGEND]}')].map(name => name.getBoundingClientRect().toJSON())"
    )
    return [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes[:moves]]


def _response_times(trace: list[dict[str, Any]], moves: int) -> list[float]:
    """Milliseconds from each mouse move to the last frame before the next move."""
    starts = [event["ts"] for event in trace if event["name"] == "InputLatency::MouseMove" and event["ph"] == "b"]
    frames = [event["ts"] for event in trace if event["name"] == "Graphics.Pipeline.DrawAndSwap" and event["ph"] == "e"]
    if len(starts) != moves:
        raise SystemExit(f"The browser traced {len(starts)} mouse moves instead of {moves}.")
    drawn = [[frame for frame in frames if start < frame < end] for start, end in pairwise([*starts, float("inf")])]
    if not all(drawn):
        raise SystemExit("A mouse move changed nothing on the screen, or --pause is too short.")
    return [(each[-1] - start) / 1000 for start, each in zip(starts, drawn, strict=True)]


def _row(page: Path, action: str, measured: list[Measurement]) -> dict[str, object]:
    times = [each.milliseconds for each in measured if (each.page, each.action) == (page, action)]
    return {
        "page": page.stem,
        "page_bytes": page.stat().st_size,
        "action": action,
        "repetitions": len(times),
        "milliseconds_median": round(statistics.median(times), 1),
        "milliseconds": " ".join(f"{each:.1f}" for each in times),
    }


def _write_csv(target: Path, rows: list[dict[str, object]], program: str) -> None:
    with chromium.Chromium(program) as browser:
        machine = {"load_average": os.getloadavg()[0], "cpu": read_cpu_model(), "browser": browser.version()}
    with target.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], *machine])
        writer.writeheader()
        writer.writerows(row | machine for row in rows)


if __name__ == "__main__":
    sys.exit(main())
