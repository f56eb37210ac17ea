"""The epoch in which a training reaches a test accuracy."""

from collections.abc import Iterable

from densebench.records import EpochRecord


def find_first_reaching(records: Iterable[EpochRecord], target: float) -> EpochRecord | None:
    """The first epoch with at least that test accuracy, a fraction; ``None`` where none has."""
    return next((one for one in records if one.test_accuracy is not None and one.test_accuracy >= target), None)
