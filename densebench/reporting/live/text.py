"""Short texts for a live view: durations, memory, losses."""

from densebench.records import EpochRecord

UNKNOWN = "-"


def duration(seconds: float | None) -> str:
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


def size(count: int | None) -> str:
    """Bytes as MiB or GiB."""
    if count is None:
        return UNKNOWN
    mebibytes = count / 2**20
    return f"{mebibytes:,.1f} MiB" if mebibytes < 1000 else f"{mebibytes / 1024:,.2f} GiB"


def loss(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.4f}"


def accuracy(fraction: float | None) -> str:
    return UNKNOWN if fraction is None else f"{100 * fraction:.2f} %"


def rate(value: float | None) -> str:
    """Images a second: three digits at least, no more than the figure holds."""
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def memory(record: EpochRecord) -> tuple[str, str]:
    """Whose memory it is and how much: the GPU's where it is known, else the host's."""
    if record.gpu_peak_bytes is not None:
        return "GPU", size(record.gpu_peak_bytes)
    return "host", size(record.host_peak_bytes)
