"""What the samples of a card add up to: peaks, median clock, and what a reader of the figures must be warned of."""

import statistics

from densebench.measuring.gpu.energy import EnergyMeter
from densebench.measuring.gpu.nvml import Card
from densebench.measuring.stopwatch import Clock

_LATE = 1.5  # intervals; if samples come later, the source names the actual interval
_LOW_CLOCK = 0.75  # of the card's maximum
_THROTTLED_SHARE = 0.1  # of an epoch's samples: a single short dip changes no figure

# nvml.h, nvmlClocksEventReason*. Idle, and clocks that a user or a display has set, are no throttling.
_THROTTLED = {
    0x04: "the power limit",
    0x08: "hardware",
    0x20: "heat",
    0x40: "heat",
    0x80: "the power supply",
}


class Samples:
    """Keeps the maximum of every sample. Not for two threads at once."""

    def __init__(self, card: Card, *, pid: int, clock: Clock) -> None:
        self.energy = EnergyMeter(card.energy_joules, card.power_watts, clock)
        self._card, self._pid, self._now = card, pid, clock
        self._taken = 0
        self._device_peak = 0
        self._process_peak: int | None = None
        self._was_listed = False
        self._beside_us = 0
        self._without_us = 0
        self._first_at = self._last_at = clock()
        self._clocks: list[int] = []
        self._clock_was_low = False
        self._reasons: list[int] = []  # of the epoch, one bit field a sample
        self._throttled_by: set[str] = set()

    def take(self) -> None:
        """Read the card once."""
        used = self._card.used_bytes.read()
        self.energy.sample()
        self._note_processes()
        self._note_clocks()
        self._device_peak = max(self._device_peak, used or 0)
        self._taken += 1
        self._last_at = self._now()

    def begin_epoch(self) -> None:
        """Begin the energy and the clocks of an epoch; the peaks go on."""
        self._clocks, self._reasons = [], []
        self._note_clocks()
        self.energy.begin()

    def device_peak(self) -> int | None:
        """Peak of the whole card in bytes; ``None`` once the driver is silent, for later peaks are unseen."""
        return None if self._card.used_bytes.failure else self._device_peak

    def process_peak(self) -> int | None:
        """Peak of the process in bytes, under the same condition."""
        return None if self._process_failure() else self._process_peak

    def clock_mhz(self) -> float | None:
        """Median clock of the epoch."""
        if self._card.clock_mhz.failure or not self._clocks:
            return None
        return float(statistics.median(self._clocks))

    def memory_source(self, interval_seconds: float) -> str:
        """How the peaks were taken, with the interval that was kept, or why they are unknown."""
        failure, process = self._card.used_bytes.failure, self._process_failure()
        kept = (self._last_at - self._first_at) / max(self._taken, 1)
        interval = interval_seconds if kept <= _LATE * interval_seconds else kept
        method = f"NVML memory version {self._card.memory_version} every {interval * 1000:.0f} ms"
        device = f"NVML memory unknown: {failure}" if failure else method
        return f"{device}, of the process unknown: {process}" if process else device

    def warnings(self) -> tuple[str, ...]:
        """What a reader must know; the words hold no figure that changes from epoch to epoch."""
        card = self._card
        maximum = card.max_clock_mhz.read()
        median = self.clock_mhz()
        if median is not None and maximum and median < _LOW_CLOCK * maximum:
            self._clock_was_low = True
        self._throttled_by |= self._find_throttling()
        causes = [cause for cause in dict.fromkeys(_THROTTLED.values()) if cause in self._throttled_by]
        warnings = [
            (self._others() > 0, self._shared()),
            (bool(causes), f"GPU throttled by {' and '.join(causes)}"),
            (self._clock_was_low, f"GPU clock below {_LOW_CLOCK:.0%} of its maximum"),
            (card.memory_version == 1, "NVML memory counts the driver's own reserve (version 1)"),
            (card.is_mig_instance, "GPU is a MIG instance: energy and clocks are the whole card's"),
            (card.hides_mig_instance, "MIG is on and the instance unknown: NVML memory is the whole card's"),
            (card.used_bytes.worked and card.used_bytes.failure is not None, "NVML stopped answering"),
        ]
        return tuple(words for holds, words in warnings if holds)

    def _find_throttling(self) -> set[str]:
        """What slowed the card down in at least a tenth of the epoch's samples."""
        fewest = max(_THROTTLED_SHARE * len(self._reasons), 1)
        counts = {bit: sum(1 for reasons in self._reasons if reasons & bit) for bit in _THROTTLED}
        return {_THROTTLED[bit] for bit, count in counts.items() if count >= fewest}

    def _shared(self) -> str:
        least, others = "" if self._was_listed else "at least ", self._others()
        return f"GPU shared with {least}{others} other process{'' if others == 1 else 'es'}"

    def _others(self) -> int:
        """Most processes beside ours; where our PID is hidden, one of those on the list may be us."""
        if self._was_listed:
            return max(self._beside_us, self._without_us)
        return max(self._without_us - 1, 0)

    def _process_failure(self) -> str | None:
        if self._card.process_failure:
            return self._card.process_failure
        if not self._was_listed:
            return f"PID {self._pid} is not on the card's list, as in a container with its own PIDs"
        if self._process_peak is None:
            return "the driver does not report the memory of a process"
        return None

    def _note_processes(self) -> None:
        processes = self._card.processes()
        if processes is None:
            return
        if self._pid not in processes:
            self._without_us = max(self._without_us, len(processes))
            return
        self._was_listed = True
        self._beside_us = max(self._beside_us, len(processes) - 1)
        used = processes[self._pid]
        if used is not None:
            self._process_peak = max(self._process_peak or 0, used)

    def _note_clocks(self) -> None:
        clock, reasons = self._card.clock_mhz.read(), self._card.clock_reasons.read()
        if clock is not None:
            self._clocks.append(clock)
        if reasons is not None:
            self._reasons.append(reasons)
