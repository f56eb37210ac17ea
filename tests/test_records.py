"""The table of columns: its rules, and the version of its schema."""

import re

from densebench.machine import Environment
from densebench.records import COLUMNS, SCHEMA, EpochRecord, Run


def test_no_column_stands_twice_and_the_run_comes_first():
    levels = [column.level for column in COLUMNS.values()]
    assert next(iter(COLUMNS)) == "run"
    assert levels == sorted(levels, key=["run", "epoch", "environment"].index)


def test_a_column_says_what_it_means_in_a_sentence():
    assert [name for name, column in COLUMNS.items() if not re.fullmatch(r"\S.*\.", column.about.means)] == []


def test_bytes_and_seconds_are_named_in_the_column():
    for name, column in COLUMNS.items():
        if column.about.show == "bytes":
            assert name.endswith("_bytes")
        if column.about.show == "seconds":
            assert name.endswith("_seconds")


def test_what_is_not_given_is_unknown():
    run = Run(run="a", variant="b")
    given = {"run", "variant", "schema", "status", "phase"}
    assert all(getattr(run, name) is None for name, c in COLUMNS.items() if c.level == "run" and name not in given)
    assert all(getattr(EpochRecord(), name) is None for name, c in COLUMNS.items() if c.level == "epoch")
    assert all(getattr(Environment(), name) is None for name, c in COLUMNS.items() if c.level == "environment")
    assert run.schema == SCHEMA
