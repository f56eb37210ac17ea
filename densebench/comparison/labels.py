"""What rows are called: the variant, and in what rows of one variant differ."""

import dataclasses
from collections import Counter
from collections.abc import Sequence

from densebench.comparison.formats import setting_text
from densebench.comparison.grouping import differing
from densebench.comparison.options import CompareOptions
from densebench.comparison.values import Row, settings
from densebench.records import COLUMNS


def label_rows(rows: Sequence[Row], options: CompareOptions) -> list[Row]:
    """The rows with labels of which no two are equal."""
    names = [_name_row(row, rows, options) for row in rows]
    seen: Counter[str] = Counter()
    found = []
    for row, name in zip(rows, names, strict=True):
        seen[name] += 1
        label = name if seen[name] == 1 else f"{name} #{seen[name]}"
        found.append(dataclasses.replace(row, label=label))
    return found


def _describe_setting(row: Row, column: str) -> str:
    """A word speaks for itself, a number needs its title: ``jax``, ``batch 32``."""
    text = setting_text(row, column)
    return text if COLUMNS[column].type is str else f"{COLUMNS[column].about.title.lower()} {text}"


def _name_row(row: Row, rows: Sequence[Row], options: CompareOptions) -> str:
    if not options.group or row.phase == "published":
        return row.runs[0].run
    variants = settings(row, "variant")
    alike = [other for other in rows if other.phase == row.phase and settings(other, "variant") == variants]
    parts = [setting_text(row, "variant"), *(_describe_setting(row, column) for column in differing(alike))]
    if row.phase != "train" and any(other.phase == "train" for other in rows):
        parts.append(row.phase)
    if row.is_baseline and any(not other.is_baseline for other in alike):
        parts.append("baseline")
    return " · ".join(part for part in parts if part)
