"""How true predictions came: what a row was predicted to cost beside what it took, means over its runs."""

from collections.abc import Iterable, Sequence

from densebench.comparison.statistics import mean
from densebench.comparison.values import Row

# What ``--columns prediction`` stands for.
PREDICTION = (
    "predicted_total_seconds", "total_seconds", "total_against_prediction",
    "predicted_peak_bytes", "peak_bytes", "peak_against_prediction",
)  # fmt: skip


def find_predicted_seconds(row: Row) -> float | None:
    """Of the runs that have a prediction."""
    return _average(run.predicted_total_seconds for run in row.runs)


def find_predicted_bytes(row: Row) -> float | None:
    """Of the runs that have a prediction."""
    return _average(run.predicted_peak_bytes for run in row.runs)


def find_peak_bytes(row: Row) -> float | None:
    """Peak memory, of the GPU or else of the process: what is predicted."""
    return _average(_list_peaks(row))


def compare_seconds(row: Row) -> float | None:
    """Time by predicted time, of the runs that are completed."""
    return _average(
        _divide(run.total_seconds, run.predicted_total_seconds) if run.status == "completed" else None
        for run in row.runs
    )


def compare_bytes(row: Row) -> float | None:
    """Peak memory by what was predicted, of the runs that are completed."""
    return _average(
        _divide(peak, run.predicted_peak_bytes) if run.status == "completed" else None
        for run, peak in zip(row.runs, _list_peaks(row), strict=True)
    )


def describe_prediction(row: Row) -> dict[str, float | None] | None:
    """All of it under the names of the columns; ``None`` where nothing was predicted."""
    found = {
        "predicted_total_seconds": find_predicted_seconds(row),
        "total_against_prediction": compare_seconds(row),
        "predicted_peak_bytes": find_predicted_bytes(row),
        "peak_bytes": find_peak_bytes(row),
        "peak_against_prediction": compare_bytes(row),
    }
    nothing = found["predicted_total_seconds"] is None and found["predicted_peak_bytes"] is None
    return None if nothing else found


def _list_peaks(row: Row) -> Sequence[float | None]:
    """One a run."""
    on_gpu, on_host = (row.summary(name).values for name in ("gpu_peak_bytes", "host_peak_bytes"))
    return [
        gpu if run.environment.device_kind == "gpu" else host
        for run, gpu, host in zip(row.runs, on_gpu, on_host, strict=True)
    ]


def _divide(value: float | None, predicted: float | None) -> float | None:
    return value / predicted if value is not None and predicted else None


def _average(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if known else None
