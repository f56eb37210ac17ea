"""The report: one self-contained HTML file that loads nothing, sends nothing and runs nothing but its own script.

A content security policy names the only script and the only style that may run by their hashes. Every text goes through
Jinja's escaping, the data of the charts through ``tojson``; the scripts write text as text, never as HTML.
"""

import base64
import dataclasses
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from densebench.comparison.metrics import METRICS
from densebench.comparison.values import Comparison
from densebench.escape import plain
from densebench.reporting.comparison_tables import write_closing_notes
from densebench.reporting.conclusion import conclude
from densebench.reporting.figures.files import write_file
from densebench.reporting.figures.series import COLOURS
from densebench.reporting.page.chart_data import make_page_data
from densebench.reporting.page.runs import about, environments, facts, list_runs
from densebench.reporting.page.tables import sections
from densebench.reporting.row_columns import SCALING
from densebench.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"
_SCRIPTS = (
    "common.js", "view.js", "filter.js", "axes.js", "table.js", "columns.js", "verdicts.js", "curves.js", "panels.js",
    "reading.js", "zooming.js", "legend.js", "scatter.js", "labels.js", "page.js",
)  # fmt: skip
_STYLES = ("page.css", "charts.css", "print.css")


def write_page(comparison: Comparison, target: Path, *, title: str = "densebench report") -> Path:
    """Write the report of a comparison; raises :class:`ResultsError` if the file cannot be written."""
    return write_file(target, render(comparison, title=title).encode(errors="replace"))


def render(comparison: Comparison, *, title: str) -> str:
    """The whole page; the same comparison gives the same bytes."""
    from markupsafe import Markup

    dark = write_dark("screen", ':root[data-theme="dark"]')
    script, style = join_files(_SCRIPTS), f"{_write_palette()}\n{join_files(_STYLES)}\n{dark}"
    return (
        open_templates()
        .get_template("page.html.j2")
        .render(
            title=plain(title),
            version=__version__,
            policy=write_policy(script, style),
            script=Markup(script),  # ours, not data
            style=Markup(style),
            answer=[plain(sentence) for sentence in conclude(comparison)],
            about=about(comparison),
            sections=sections(comparison),
            facts=facts(comparison),
            notes=[plain(note) for note in write_closing_notes(comparison, [*METRICS, SCALING])],
            gate=comparison.gate,
            places={row.label: place for place, row in enumerate(comparison.rows)},
            environments=environments(comparison),
            runs=list_runs(comparison),
            data=dataclasses.asdict(make_page_data(comparison)),
        )
    )


def write_policy(script: str, style: str) -> str:
    """Nothing from anywhere, and of scripts and styles only these two."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def join_files(names: tuple[str, ...]) -> str:
    """The templates of these names, one after another."""
    return "\n".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in names)


def write_dark(media: str, selector: str) -> str:
    """The colours of a dark page, which hold for these media and this element."""
    return f"@media {media} {{\n{selector} {{\n{join_files(('dark.css',))}}}\n}}\n"


def _write_palette() -> str:
    """The colours of the pictures, for a white page and for paper; a dark page has its own, in ``dark.css``."""
    return f":root {{ {' '.join(f'--c{place}: {colour};' for place, colour in enumerate(COLOURS))} }}"


def open_templates() -> "Environment":
    """Every text in them is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":"), "ensure_ascii": False}
    return templates
