"""Synthetic runs that resemble real ones, to test figures, pages and comparisons of any size.

The curves follow the step schedule (noisy at the high learning rate, with sharp drops at one half and three quarters).
All values are generated from the seed. Such runs are never written to ``results/``.
"""

import math
import random

from densebench.machine import Environment
from densebench.records import EpochRecord, Run

VARIANTS = {  # name: parameters, MACs per image, final error, seconds per epoch, peak memory in MiB
    "100x12": (769_162, 292_000_000, 0.0470, 61.0, 1650),
    "121x24": (4_012_522, 1_290_000_000, 0.0425, 118.0, 3120),
    "121x32": (7_040_000, 2_270_000_000, 0.0410, 155.0, 4010),
    "161x48": (26_482_378, 7_900_000_000, 0.0362, 402.0, 8900),
    "169x32": (12_493_322, 3_300_000_000, 0.0395, 233.0, 5200),
    "190x40": (25_624_430, 9_400_000_000, 0.0348, 688.0, 11_800),
    "resnet_32": (470_218, 70_000_000, 0.0690, 14.0, 610),
    "resnet_32_c": (470_410, 70_000_000, 0.0740, 15.0, 640),
    "resnet_110": (1_730_714, 255_000_000, 0.0610, 46.0, 1480),
    "wrn_28_10": (36_479_194, 5_250_000_000, 0.0400, 210.0, 4400),
    "googlenet": (6_166_250, 1_530_000_000, 0.0490, 97.0, 2500),
    "40x12": (1_019_722, 283_000_000, 0.0524, 37.0, 1190),
}


def make_run(
    variant: str,
    *,
    seed: int = 0,
    epochs: int = 300,
    device: str = "NVIDIA H100 80GB HBM3",
    backend: str = "tensorflow",
    name: str | None = None,
) -> Run:
    """Make one completed training of a variant in ``VARIANTS``."""
    params, macs, error, seconds, memory = VARIANTS[variant]
    noise = random.Random(f"{variant} {seed} {backend} {device}")
    seconds *= {"tensorflow": 1.0, "jax": 0.93, "torch": 1.12}[backend] * (1 if "H100" in device else 2.4)
    error += noise.gauss(0, 0.0012)
    memory_bytes = int(memory * 2**20 * (1 + noise.gauss(0, 0.002)))
    records, elapsed = [], 25.0
    for epoch in range(1, epochs + 1):
        took = seconds * (1 + abs(noise.gauss(0, 0.012)))
        elapsed += took * 1.09
        records.append(_epoch(epoch, epochs, error, took, elapsed, memory_bytes, noise))
    return Run(
        run=name or f"cifar10-{variant}-blog-{backend}-s{seed}",
        status="completed",
        started=f"2026-03-{1 + seed % 28:02}T09:30:00+00:00",
        command=f"densebench train {variant} --dataset cifar10 --epochs {epochs} --seed {seed} --backend {backend}",
        variant=variant,
        dataset="cifar10",
        classes=10,
        image_size=32,
        train_images=50_000,
        test_images=10_000,
        recipe="blog",
        epochs=epochs,
        batch_size=64,
        seed=seed,
        base_learning_rate=0.1,
        schedule="steps",
        momentum=0.9,
        weight_decay=1e-4,
        augmentation="flip, shift 12.5 %",
        backend=backend,
        precision="float32",
        implementation="fast",
        params=params,
        trainable_params=int(params * 0.97),
        non_trainable_params=params - int(params * 0.97),
        forward_macs=macs,
        weights_bytes=params * 4,
        model_file_bytes=params * 4 + 310_000,
        checkpoint_file_bytes=params * 8 + 310_000,
        first_step_seconds=noise.uniform(8, 30),
        total_seconds=elapsed + 4,
        environment=_environment(device, backend),
        records=tuple(records),
    )


def make_runs(count: int, *, epochs: int = 300, seeds: int = 1) -> list[Run]:
    """Make ``count`` runs: ``seeds`` of each variant, then the same on the next backend, then on a second device."""
    places = [(device, backend) for device in ("NVIDIA H100 80GB HBM3", "NVIDIA L4") for backend in BACKENDS]
    cases = [
        (variant, device, backend, seed) for device, backend in places for variant in VARIANTS for seed in range(seeds)
    ]
    return [
        make_run(
            variant,
            seed=seed,
            epochs=epochs,
            device=device,
            backend=backend,
            name=f"cifar10-{variant}-blog-{backend}-{device.split()[1].lower()}-s{seed}",
        )
        for variant, device, backend, seed in cases[:count]
    ]


BACKENDS = ("tensorflow", "jax", "torch")


def _epoch(
    epoch: int, epochs: int, error: float, took: float, elapsed: float, memory: int, noise: random.Random
) -> EpochRecord:
    done = epoch / epochs
    phase = 0 if done <= 0.5 else 1 if done <= 0.75 else 2
    floor = (0.11, error * 1.14, error)[phase]
    test_error = floor + 0.55 * math.exp(-epoch / 9) + abs(noise.gauss(0, (0.028, 0.0016, 0.0006)[phase]))
    train_error = (0.055, 0.012, 0.004)[phase] + 0.6 * math.exp(-epoch / 12) + abs(noise.gauss(0, 0.0008))
    return EpochRecord(
        epoch=epoch,
        learning_rate=0.1 / 10**phase,
        epoch_seconds=took,
        eval_seconds=took * 0.08,
        elapsed_seconds=elapsed,
        images_per_second=50_000 / took,
        step_ms_p50=took / 782 * 1000,
        gpu_peak_bytes=memory,
        gpu_memory_source="tensorflow allocator",
        host_peak_bytes=3 * 2**30,
        energy_joules=took * noise.uniform(330, 350),
        energy_source="counter",
        train_loss=train_error * 2.9,
        train_accuracy=1 - train_error,
        test_loss=test_error * 3.6,
        test_accuracy=1 - test_error,
    )


def _environment(device: str, backend: str) -> Environment:
    return Environment(
        device=device,
        device_kind="gpu",
        gpu_name=device,
        driver="580.65.06",
        cuda="12.9",
        cudnn="9.10.2",
        cpu="AMD EPYC 9554",
        cpu_cores=16,
        ram_bytes=128 * 2**30,
        platform="Linux 6.8 x86_64",
        python="3.11.7",
        keras="3.15.1",
        numpy="2.3.5",
        backend_version={"tensorflow": "2.21.0", "jax": "0.10.2", "torch": "2.13.0"}[backend],
        densebench="0.1.0",
        commit="0123abc",
        host="5f1d" if "H100" in device else "9ac2",
    )
