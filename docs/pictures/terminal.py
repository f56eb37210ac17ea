"""Draws ``docs/pictures/terminal.svg``, the picture in the README: ``python docs/pictures/terminal.py``.

It shows what ``densebench compare results/digits --baseline resnet20`` prints in a terminal of 100 columns.
"""

import os
import re
from pathlib import Path

from rich.console import Console

from densebench import workflows
from densebench.comparison.options import parse_compare_options
from densebench.reporting.comparison_tables import make_comparison_tables

ROOT = Path(__file__).parents[2]
WIDTH = 100


def main() -> None:
    comparison = workflows.compare(
        [ROOT / "results" / "digits"], parse_compare_options(baseline="resnet20"), published=False
    )
    with open(os.devnull, "w") as nothing:
        console = Console(record=True, width=WIDTH, file=nothing, force_terminal=True)
        console.print("[bold]$ densebench compare results/digits --baseline resnet20[/]", highlight=False)
        console.print(make_comparison_tables(comparison, width=WIDTH))
    svg = console.export_svg(title="densebench")
    # Rich asks another host for the font; without it, the reader's monospace font is used.
    (ROOT / "docs" / "pictures" / "terminal.svg").write_text(re.sub(r"@font-face\s*\{[^}]*\}", "", svg))


if __name__ == "__main__":
    main()
