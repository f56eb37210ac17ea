"""Epochs as a typed frame: unknown is <NA>, NaN is a fact, and records come back as they were."""

import math

from hypothesis import given
from results_strategies import epochs

from densebench.records import COLUMNS, EpochRecord
from densebench.results.epoch_table import concatenate, to_table


@given(epochs)
def test_records_come_back_as_they_were(records):
    assert repr(to_table(records)) == repr(records)


def test_every_column_has_the_nullable_type_of_its_meaning():
    frame = to_table((EpochRecord(epoch=1),)).frame
    kinds = {int: "Int64", float: "Float64", str: "category"}
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        name: kinds[column.type] for name, column in COLUMNS.items() if column.level == "epoch"
    }


def test_unknown_is_missing_and_nan_is_not():
    cells = to_table((EpochRecord(epoch=1, test_loss=math.nan), EpochRecord(epoch=2))).frame["test_loss"]
    assert cells.isna().tolist() == [False, True]
    assert math.isnan(cells.iloc[0])


def test_a_table_is_a_sequence_of_its_records():
    records = (EpochRecord(epoch=1, test_accuracy=0.5), EpochRecord(epoch=2, test_accuracy=0.75))
    table = to_table(records)
    assert len(table) == 2
    assert table[-1] == records[-1]
    assert table[:1] == records[:1]
    assert table == records
    assert records == table
    assert hash(table) == hash(records)
    assert table != records[:1]


def test_tables_one_below_the_other_are_marked_by_their_place():
    first, none, second = (
        to_table((EpochRecord(epoch=1), EpochRecord(epoch=2))),
        to_table(()),
        to_table((EpochRecord(),)),
    )
    assert concatenate([first, none, second]).index.tolist() == [0, 0, 2]
    records = (EpochRecord(epoch=5), EpochRecord(epoch=6))
    joined = concatenate([records, records[:1], first, second, (), records[1:]])
    assert joined.index.tolist() == [0, 0, 1, 2, 2, 3, 5]
    assert joined["epoch"].isna().tolist() == [False] * 5 + [True, False]
    assert joined["epoch"].dropna().tolist() == [5, 6, 5, 1, 2, 6]
    assert concatenate([]).empty


def test_counts_keep_every_digit():
    (record,) = to_table((EpochRecord(gpu_peak_bytes=2**53 + 1),))
    assert record.gpu_peak_bytes == 2**53 + 1
