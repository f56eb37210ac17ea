"""Runs of every shape, for tests that try many."""

import dataclasses
import math

from hypothesis import strategies as st

from densebench.machine import Environment
from densebench.records import COLUMNS, EpochRecord, Run

words = st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30)
numbers = {
    "percent": st.none() | st.floats(0, 1) | st.just(math.nan),
    "measured": st.none() | st.floats(0, exclude_min=True) | st.just(math.nan),
    "other": st.none() | st.floats(),
}


def values(column):
    if column.name in ("status", "phase"):
        return st.just({"status": "completed", "phase": "train"}[column.name])
    if column.type is str:
        return words.filter(bool) if column.name in ("run", "variant") else words
    if column.type is int:
        return st.just(1) if column.name == "schema" else st.none() | st.integers(0, 10**15)
    if column.type is bool:
        return st.none() | st.booleans()
    return numbers.get(column.about.show, numbers["measured" if column.about.unit else "other"])


def level(name):
    return {column.name: values(column) for column in COLUMNS.values() if column.level == name}


environments = st.builds(Environment, **level("environment"))


def number_epochs(records):
    """The records as epochs from 1 on, of which the elapsed times that are known ascend."""
    known = sorted(record.elapsed_seconds or 0.0 for record in records if not math.isnan(record.elapsed_seconds or 0.0))
    return tuple(
        dataclasses.replace(record, epoch=index, elapsed_seconds=known[index - 1] if index <= len(known) else None)
        for index, record in enumerate(records, 1)
    )


def make_whole(run):
    """The run with as many epochs as it has rows."""
    return dataclasses.replace(run, epochs=len(run.records) or None)


epochs = st.lists(st.builds(EpochRecord, **level("epoch")), max_size=4).map(number_epochs)
runs = st.builds(Run, **level("run"), environment=environments, records=epochs).map(make_whole)
