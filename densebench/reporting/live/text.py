"""Short texts for a live view: what a run is, durations, memory, losses."""

from densebench.events import Started
from densebench.records import EpochRecord
from densebench.reporting.live.run_state import RunState

UNKNOWN = "-"


def describe_network(run: Started) -> str:
    """The variant and, where they are known, its parameters."""
    return run.variant if run.params is None else f"{run.variant} of {run.params:,} parameters"


def say(sentence: str, run: RunState, *, prefixed: bool) -> str:
    """The sentence, with the run that it is about before it where several go on."""
    return f"{run.run.run}: {sentence}" if prefixed and run.run.run else sentence


def format_duration(seconds: float | None) -> str:
    """``8.4 s``, ``4:05``, ``5:12:09`` or ``3 d 4:05:00``."""
    if seconds is None:
        return UNKNOWN
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock = f"{hours}:{minutes:02}:{rest:02}" if hours or days else f"{minutes}:{rest:02}"
    return f"{days} d {clock}" if days else clock


def _format_size(count: int | None) -> str:
    """Bytes as MiB or GiB."""
    if count is None:
        return UNKNOWN
    mebibytes = count / 2**20
    return f"{mebibytes:,.1f} MiB" if mebibytes < 1000 else f"{mebibytes / 1024:,.2f} GiB"


def format_loss(value: float | None) -> str:
    """Four decimals."""
    return UNKNOWN if value is None else f"{value:.4f}"


def format_accuracy(fraction: float | None) -> str:
    """In percent, with two decimals."""
    return UNKNOWN if fraction is None else f"{100 * fraction:.2f} %"


def format_rate(value: float | None) -> str:
    """Images a second: whole from 100 on, else with one decimal."""
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def format_memory(record: EpochRecord) -> tuple[str, str]:
    """Whose memory it is and how much: the GPU's where it is known, else the host's."""
    if record.gpu_peak_bytes is not None:
        return "GPU", _format_size(record.gpu_peak_bytes)
    return "host", _format_size(record.host_peak_bytes)


def describe_epoch(record: EpochRecord) -> list[str]:
    """Time, throughput and results of an epoch; what is unknown is left out."""
    parts = [
        format_duration(record.epoch_seconds) if record.epoch_seconds is not None else "",
        f"{format_rate(record.images_per_second)} images/s" if record.images_per_second is not None else "",
    ]
    return [*filter(None, parts), *describe_results(record)]


def describe_results(record: EpochRecord) -> list[str]:
    """Losses, accuracies and memory of an epoch; what is unknown is left out."""
    owner, used = format_memory(record)
    parts = [
        _describe_scores("train", record.train_loss, record.train_accuracy),
        _describe_scores("test", record.test_loss, record.test_accuracy),
        f"{owner} {used}" if used != UNKNOWN else "",
    ]
    return [*filter(None, parts)]


def _describe_scores(split: str, loss: float | None, accuracy: float | None) -> str:
    if loss is None and accuracy is None:
        return ""
    return f"{split} loss {format_loss(loss)} accuracy {format_accuracy(accuracy)}"
