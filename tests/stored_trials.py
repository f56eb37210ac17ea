"""Trials as results hold them, of the machine and software of this moment; nothing is measured."""

import dataclasses
from datetime import datetime

from densebench.measuring.environment import find_version, probe
from densebench.records import EpochRecord, Run
from densebench.results import csv_file, store

SECONDS = {"resnet20": 0.001, "40x12": 0.004}  # an image


def store_trials(results_dir="results", *variants):
    """Writes the trial of each variant; of those in ``SECONDS`` if none is named."""
    for variant in variants or SECONDS:
        run = make_trial(variant, SECONDS[variant])
        csv_file.write(run, store.run_path(str(results_dir), run.run))


def make_trial(variant, seconds, *, backend="tensorflow"):
    """Ten full batches in the first epoch, two in the second."""
    ends = 5.0 + 640 * seconds, 6.0 + 768 * seconds
    return Run(
        run=f"{variant}-trial-b64-{backend}",
        variant=variant,
        phase="trial",
        status="completed",
        started=datetime.now().astimezone().isoformat(),
        batch_size=64,
        train_images=640,
        test_images=256,
        image_size=32,
        classes=10,
        backend=backend,
        precision="float32",
        implementation="fast",
        recompute=False,
        jit=False,
        deterministic=False,
        threads=probe().cpu_cores,
        environment=dataclasses.replace(probe(), device_kind="cpu", backend_version=find_version(backend), commit=None),
        records=tuple(
            EpochRecord(
                epoch=epoch,
                images_per_second=1 / seconds if epoch == 1 else None,
                eval_seconds=256 * seconds / 4,
                elapsed_seconds=end,
                host_peak_bytes=10**9,
            )
            for epoch, end in enumerate(ends, 1)
        ),
    )
