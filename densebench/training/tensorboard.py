"""A run's TensorBoard log, written by tensorboardX, so that every backend has one and none needs TensorFlow."""

from pathlib import Path
from typing import Any

from densebench.config import RunConfig, deciding_values
from densebench.records import EpochRecord
from densebench.training.backend import BackendFacts
from densebench.training.hiding import hidden

SCALARS = {
    "loss/train": "train_loss",
    "loss/validation": "validation_loss",
    "loss/test": "test_loss",
    "loss/penalty": "penalty",
    "accuracy/train": "train_accuracy",
    "accuracy/validation": "validation_accuracy",
    "accuracy/test": "test_accuracy",
    "accuracy/test_top5": "test_top5_accuracy",
    "schedule/learning_rate": "learning_rate",
    "time/epoch_seconds": "epoch_seconds",
    "time/eval_seconds": "eval_seconds",
    "time/data_wait_seconds": "data_wait_seconds",
    "time/step_ms_p50": "step_ms_p50",
    "time/step_ms_p95": "step_ms_p95",
    "time/images_per_second": "images_per_second",
    "memory/gpu_peak_bytes": "gpu_peak_bytes",
    "memory/gpu_process_peak_bytes": "gpu_process_peak_bytes",
    "memory/host_peak_bytes": "host_peak_bytes",
    "energy/epoch_joules": "energy_joules",
}
METRICS = ("accuracy/test", "loss/test", "time/images_per_second")  # by which runs are compared


class EpochLog:
    """Scalars epoch by epoch, flushed at once, and the hyper-parameters."""

    def __init__(self, directory: Path, config: RunConfig, facts: BackendFacts) -> None:
        with hidden("torch"):
            from tensorboardX import SummaryWriter
            from tensorboardX.summary import hparams
        self._writer = SummaryWriter(str(directory))
        metrics = dict.fromkeys(METRICS, 0.0)  # only their names are written
        experiment, start, self._end = hparams(_hyper_parameters(config, facts), metrics)
        self._writer.file_writer.add_summary(experiment)
        self._writer.file_writer.add_summary(start)

    def add(self, record: EpochRecord) -> None:
        """Write what is known of an epoch."""
        for tag, column in SCALARS.items():
            value = getattr(record, column)
            if value is not None:
                self._writer.add_scalar(tag, value, record.epoch)
        self._writer.flush()

    def close(self) -> None:
        """End the session."""
        self._writer.file_writer.add_summary(self._end)
        self._writer.close()


def _hyper_parameters(config: RunConfig, facts: BackendFacts) -> dict[str, Any]:
    """What TensorBoard can show: texts, numbers and flags."""
    resolved = {"jit": facts.jit, "implementation": facts.implementation, "threads": facts.threads}
    values = deciding_values(config) | resolved
    return {name: value for name, value in values.items() if value is not None}
