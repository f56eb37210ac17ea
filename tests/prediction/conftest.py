"""A machine whose costs obey a known law, and measurements of it."""

import pytest

from densebench.comparison.statistics import Interval
from densebench.machine import Environment
from densebench.models import cost, variants
from densebench.prediction.measurements import Measurement
from densebench.prediction.values import Candidate, Prediction
from densebench.records import EpochRecord, Run

MAC, ELEMENT, LAYER = 2e-11, 6e-10, 3e-4  # seconds
START, START_LAYER, EPOCH = 3.0, 0.05, 0.4
BASE, BYTES = 6e8, 3.0


def count(variant):
    return cost.count(variants.find(variant), classes=10, image_size=32)


def image_seconds(variant, batch_size=64):
    """What an image costs on that machine."""
    found = count(variant)
    return MAC * found.forward_macs + ELEMENT * found.activations + LAYER * len(found.layers) / batch_size


def make_measurement(variant, batch_size=64, factor=1.0, **changes):
    found = count(variant)
    figures = {
        "run": f"{variant}-trial",
        "backend": "tensorflow",
        "implementation": "fast",
        "on_gpu": False,
        "image_seconds": image_seconds(variant, batch_size) * factor,
        "eval_image_seconds": image_seconds(variant, batch_size) / 3,
        "epoch_seconds": EPOCH,
        "start_seconds": START + START_LAYER * len(found.layers),
        "peak_bytes": BASE + BYTES * found.activations * batch_size,
        "image_joules": None,
        "spread": 0.0,
        "started": None,
    }
    return Measurement(variant=variant, batch_size=batch_size, **{**figures, **changes})


@pytest.fixture
def measured():
    """Makes the measurement of a variant on that machine."""
    return make_measurement


@pytest.fixture
def trial():
    """Makes a trial's run: 10 full batches and one of 16, then two of them, then what was changed."""

    def make(variant="resnet20", *, seconds=0.01, evaluation=0.002, start=5.0, besides=0.5, **changes):
        first, second = 656 * seconds, 80 * seconds
        eval_seconds = 256 * evaluation
        ends = start + besides + first + eval_seconds, 0.0
        ends = ends[0], ends[0] + besides + second + eval_seconds
        records = [
            EpochRecord(
                epoch=epoch,
                epoch_seconds=took,
                images_per_second=1 / seconds if epoch == 1 else None,
                eval_seconds=eval_seconds,
                elapsed_seconds=end,
                host_peak_bytes=10**9 + epoch,
                step_ms_p5=640 * seconds,
                step_ms_p50=640 * seconds,
                step_ms_p95=640 * seconds,
            )
            for epoch, took, end in ((1, first, ends[0]), (2, second, ends[1]))
        ]
        settings = {
            "run": f"{variant}-trial",
            "status": "completed",
            "phase": "trial",
            "batch_size": 64,
            "train_images": 656,
            "test_images": 256,
            "image_size": 32,
            "implementation": "fast",
            "environment": Environment(device_kind="cpu"),
        }
        return Run(variant=variant, **{"records": tuple(records), **settings, **changes})

    return make


@pytest.fixture
def candidate():
    """Makes a network with a cost: seconds, bytes, price, accuracy."""

    def make(label="a", *, seconds=100.0, peak=1e9, price=None, energy=None, macs=10**6, **changes):
        prediction = Prediction(
            total_seconds=seconds,
            total_interval=Interval(low=0.9 * seconds, high=1.1 * seconds),
            peak_bytes=peak,
            peak_interval=Interval(low=0.95 * peak, high=1.05 * peak),
            on_gpu=False,
            energy_joules=energy,
            price=price,
            measured=True,
            source=f"{label}-trial",
            measured_at=None,
            implementation="fast",
        )
        settings = {
            "variant": label,
            "params": 1000,
            "forward_macs": macs,
            "batch_size": 64,
            "precision": "float32",
            "backend": "tensorflow",
            "devices": 1,
            "prediction": prediction,
            "problem": None,
            "accuracy": None,
            "command": f"densebench train {label}",
        }
        return Candidate(label=label, **{**settings, **changes})

    return make
