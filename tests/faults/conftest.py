"""Puts this folder on the path: the harness's modules also run as scripts."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
