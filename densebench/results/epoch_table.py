"""The epochs of runs as one typed frame: a row an epoch, unknown cells ``<NA>``, ``nan`` and ``inf`` kept as facts."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, overload

from densebench.columns import Column
from densebench.records import COLUMNS, EpochRecord

if TYPE_CHECKING:
    import pandas as pd

_EPOCH_COLUMNS = tuple(field.name for field in dataclasses.fields(EpochRecord))


class EpochTable(Sequence[EpochRecord]):
    """The epochs of one run: rows ``start`` to ``stop`` of a frame, made into records only where they are asked for."""

    def __init__(self, source: "pd.DataFrame", start: int, stop: int) -> None:
        self.source, self.start, self.stop = source, start, stop

    @property
    def frame(self) -> "pd.DataFrame":
        return self.source.iloc[self.start : self.stop]

    @cached_property
    def _records(self) -> tuple[EpochRecord, ...]:
        frame = self.frame
        columns = [_to_values(name, frame[name]) for name in _EPOCH_COLUMNS]
        return tuple(EpochRecord(**dict(zip(_EPOCH_COLUMNS, row, strict=True))) for row in zip(*columns, strict=True))

    def __len__(self) -> int:
        return self.stop - self.start

    @overload
    def __getitem__(self, index: int) -> EpochRecord: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[EpochRecord, ...]: ...
    def __getitem__(self, index: int | slice) -> EpochRecord | tuple[EpochRecord, ...]:
        return self._records[index]

    def __eq__(self, other: object) -> bool:
        return self._records == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._records)

    def __repr__(self) -> str:
        return repr(self._records)


def to_table(records: Sequence[EpochRecord]) -> EpochTable:
    """The records of a run that was not read from a file as a table of their own."""
    if isinstance(records, EpochTable):
        return records
    columns = {name: [getattr(record, name) for record in records] for name in _EPOCH_COLUMNS}
    return EpochTable(make_frame(columns, len(records)), 0, len(records))


def make_frame(columns: Mapping[str, Any], rows: int) -> "pd.DataFrame":
    """A frame with every epoch column from those that are known: lists of values (None: unknown) or typed arrays."""
    import pandas as pd

    arrays = {}
    for name in _EPOCH_COLUMNS:
        given = columns.get(name, [None] * rows)
        arrays[name] = to_array(COLUMNS[name], given) if isinstance(given, list) else given
    return pd.DataFrame(arrays, copy=False)


def to_array(column: Column, values: Sequence[Any]) -> "pd.api.extensions.ExtensionArray":
    """Values (None: unknown) as a nullable array of the column's type; texts as a categorical."""
    import numpy as np
    import pandas as pd

    if column.type is str:
        return pd.Categorical(values, categories=sorted({value for value in values if value is not None}))
    unknown = np.array([value is None for value in values], dtype=bool)
    known = [0 if value is None else value for value in values]
    if column.type is bool:
        return pd.arrays.BooleanArray(np.array(known, dtype=bool), unknown)
    if column.type is int:
        return pd.arrays.IntegerArray(np.array(known, dtype=np.int64), unknown)
    return pd.arrays.FloatingArray(np.array(known, dtype=np.float64), unknown)


def concatenate(runs: Iterable[Sequence[EpochRecord]]) -> "pd.DataFrame":
    """The epochs of runs one below the other; the places of the runs in the order given stand in the index, ``run``."""
    import numpy as np
    import pandas as pd

    runs = list(runs)
    parts = [table.frame for table in _join_neighbours(_join_records(runs))]
    frame = pd.concat(parts, ignore_index=True) if parts else make_frame({}, 0)
    places = np.repeat(np.arange(len(runs)), [len(run) for run in runs])
    return frame.set_axis(pd.Index(places, name="run"))


def _join_records(runs: Sequence[Sequence[EpochRecord]]) -> Iterator[EpochTable]:
    """Records that are in no frame become one for all runs that follow each other."""
    for is_in_frame, group in groupby(runs, lambda run: isinstance(run, EpochTable)):
        found = list(group)
        yield from map(to_table, found if is_in_frame else [tuple(chain.from_iterable(found))])


def _join_neighbours(tables: Iterable[EpochTable]) -> Iterator[EpochTable]:
    """Slices of one frame that follow each other as one slice, which costs one copy instead of hundreds."""
    joined: EpochTable | None = None
    for table in tables:
        if joined is not None and table.source is joined.source and table.start == joined.stop:
            joined = EpochTable(joined.source, joined.start, table.stop)
            continue
        if joined is not None:
            yield joined
        joined = table
    if joined is not None:
        yield joined


def _to_values(name: str, cells: "pd.Series") -> list[Any]:
    """Python values, None where unknown."""
    if COLUMNS[name].type is str:
        values = cells.astype(object).tolist()
    else:
        values = cells.to_numpy(dtype={int: "int64", float: "float64"}[COLUMNS[name].type], na_value=0).tolist()
    return [None if unknown else value for value, unknown in zip(values, cells.isna(), strict=True)]
