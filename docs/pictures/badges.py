"""Draws the badges of the README from ``pyproject.toml``: ``python docs/pictures/badges.py``. A test compares them."""

import tomllib
from pathlib import Path
from xml.sax.saxutils import escape

from densebench.config import BACKENDS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "pictures"
PADDING, HEIGHT, SIZE = 7, 20, 11  # pixels
NAMES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
BADGE = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img" aria-label="{label}: {text}">
<title>{label}: {text}</title>
<clipPath id="round"><rect width="{width}" height="{height}" rx="3"/></clipPath>
<g clip-path="url(#round)"><rect width="{middle}" height="{height}" fill="#444"/>
<rect x="{middle}" width="{rest}" height="{height}" fill="#0072b2"/></g>
<g fill="#fff" font-family="Verdana,'DejaVu Sans',sans-serif" font-size="{size}">
<text x="{padding}" y="14" textLength="{label_length}">{label}</text>
<text x="{text_start}" y="14" textLength="{text_length}">{text}</text></g>
</svg>
"""


def draw_badges() -> dict[str, str]:
    """``{file name: SVG}`` of what ``pyproject.toml`` says."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    backends = [NAMES[name] for name in BACKENDS if name in project["optional-dependencies"]]
    return {
        "python.svg": draw("python", project["requires-python"].replace(">=", "≥ ")),
        "backends.svg": draw("backends", " · ".join(backends)),
        "licence.svg": draw("licence", project["license"]),
    }


def draw(label: str, text: str) -> str:
    label_length, text_length = measure(label), measure(text)
    middle, rest = label_length + 2 * PADDING, text_length + 2 * PADDING
    return BADGE.format(
        label=escape(label),
        text=escape(text),
        label_length=label_length,
        text_length=text_length,
        padding=PADDING,
        text_start=middle + PADDING,
        middle=middle,
        rest=rest,
        width=middle + rest,
        height=HEIGHT,
        size=SIZE,
    )


def measure(text: str) -> int:
    """Pixels in DejaVu Sans, which matplotlib has with it; other fonts are fitted to them."""
    from matplotlib.textpath import TextPath

    return round(TextPath((0, 0), text, size=SIZE).get_extents().width)


if __name__ == "__main__":
    for name, svg in draw_badges().items():
        (FOLDER / name).write_text(svg, encoding="utf-8")
