"""A package as pip would have installed it, which offers densebench something by entry points."""

import importlib
import sys
from pathlib import Path
from textwrap import dedent

from densebench.models.own import lookup
from densebench.plugins import offers

CODE = """
    from dataclasses import replace
    from densebench.data import digits
    from densebench.recipes import RECIPES

    quick = replace(RECIPES["blog"], name="other", epochs=2)

    def little(nn, image, *, classes):
        return nn.dense(nn.global_average_pool(nn.conv(image, 4, 3)), classes)

    def describe(config):
        return digits.describe()

    def load_source(config, on_progress):
        return digits.load_source(config.image_size or 32)
"""


def install_package(folder: Path, groups: dict[str, dict[str, str]], code: str, package: str) -> Path:
    """Install a package with this code and these entry points, group to name to what stands there; its module."""
    information = folder / f"{package}-1.2.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
    lines = [
        line
        for group, entries in groups.items()
        for line in (f"[densebench.{group}]", *(f"{name} = {target}" for name, target in entries.items()))
    ]
    (information / "entry_points.txt").write_text("\n".join(lines))
    (folder / f"{package}.py").write_text(dedent(code))
    forget_packages()
    return folder / f"{package}.py"


def forget_packages() -> None:
    """Let densebench look for packages again."""
    for module in ("fancynets", "one", "another"):
        sys.modules.pop(module, None)
    offers.list_offers.cache_clear()
    lookup._load_offer.cache_clear()
    importlib.invalidate_caches()
