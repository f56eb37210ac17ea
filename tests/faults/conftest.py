"""The harness's modules lie beside the tests, and run by hand too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
