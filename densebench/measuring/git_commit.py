"""Which densebench made a figure: its version and, from a checkout or an installation from Git, its commit."""

import json
import os
import subprocess
from importlib import metadata
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_DIGITS = 12


def find_commit(package: Path = _PACKAGE) -> str | None:
    """Short commit of densebench itself, with ``+`` if a file of the package differs from it; ``None`` if unknown.

    Only densebench's own checkout counts, never the repository that happens to lie around a virtual environment.
    """
    if not (package.parent / ".git").exists():
        return _find_installed_commit()
    head = _run_git(package, "rev-parse", f"--short={_DIGITS}", "HEAD")
    changes = _run_git(package, "status", "--porcelain", "--", ".")
    if not head or changes is None:
        return None
    return f"{head}+" if changes else head


def _run_git(folder: Path, *arguments: str) -> str | None:
    # Git's own variables, as they are set inside a hook, would point it at another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(folder), *arguments]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=10, env=environment, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return ended.stdout.strip() if ended.returncode == 0 else None


def _find_installed_commit() -> str | None:
    """The commit that ``pip install git+https://...`` wrote down (PEP 610)."""
    try:
        origin = metadata.distribution("densebench").read_text("direct_url.json")
        found = json.loads(origin or "{}").get("vcs_info", {}).get("commit_id")
    except (metadata.PackageNotFoundError, ValueError):
        return None
    return str(found)[:_DIGITS] if found else None
