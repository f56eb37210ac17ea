"""The tests of reporting share synthetic runs and the headless browser with the benchmarks."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
