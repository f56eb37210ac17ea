"""An epoch's measurements as the row that is kept of them."""

from dataclasses import dataclass, replace
from typing import Any

from densebench.measuring.gpu.allocator import GpuMemory
from densebench.measuring.gpu.monitor import GpuReading, describe_memory_source
from densebench.measuring.stopwatch import EpochTimes
from densebench.records import EpochRecord
from densebench.training.parallel.data_parallel import DataParallel
from densebench.training.parallel.shared_costs import Costs
from densebench.training.scores import Scores


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Everything that was seen of an epoch."""

    times: EpochTimes
    reading: GpuReading
    allocated: GpuMemory
    host_peak_bytes: int | None = None
    replicas: int = 1
    epoch: int | None = None
    learning_rate: float | None = None
    eval_seconds: float | None = None
    train_loss: float | None = None
    train_accuracy: float | None = None
    penalty: float | None = None
    validation: Scores | None = None
    test: Scores | None = None


def make_measured(costs: Costs, times: EpochTimes, parallel: DataParallel, **learned: Any) -> Measured:
    """What an epoch cost all processes, and ``learned``: the other fields."""
    return Measured(
        replicas=parallel.layout.replicas,
        times=replace(times, cpu_seconds=costs.cpu_seconds),
        reading=costs.reading,
        allocated=costs.allocated,
        host_peak_bytes=costs.host_peak_bytes,
        **learned,
    )


def make_record(measured: Measured) -> EpochRecord:
    """The row, lacking only ``elapsed_seconds``."""
    times, reading, allocated = measured.times, measured.reading, measured.allocated
    validation, test = measured.validation, measured.test
    return EpochRecord(
        epoch=measured.epoch,
        replicas=measured.replicas,
        learning_rate=measured.learning_rate,
        epoch_seconds=times.epoch_seconds,
        eval_seconds=measured.eval_seconds,
        cpu_seconds=times.cpu_seconds,
        data_wait_seconds=times.data_wait_seconds,
        images_per_second=times.images_per_second,
        step_ms_p5=times.step_ms_p5,
        step_ms_p50=times.step_ms_p50,
        step_ms_p95=times.step_ms_p95,
        gpu_peak_bytes=allocated.peak_bytes,
        gpu_reserved_peak_bytes=allocated.reserved_bytes,
        gpu_process_peak_bytes=reading.process_peak_bytes,
        gpu_device_peak_bytes=reading.device_peak_bytes,
        gpu_memory_source=describe_memory_source(allocated, reading),
        host_peak_bytes=measured.host_peak_bytes,
        gpu_clock_mhz=reading.clock_mhz,
        energy_joules=reading.energy_joules,
        energy_source=reading.energy_source,
        train_loss=measured.train_loss,
        train_accuracy=measured.train_accuracy,
        penalty=measured.penalty,
        validation_loss=validation.loss if validation else None,
        validation_accuracy=validation.accuracy if validation else None,
        test_loss=test.loss if test else None,
        test_accuracy=test.accuracy if test else None,
        test_top5_accuracy=test.top5_accuracy if test else None,
    )
