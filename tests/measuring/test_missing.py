import dataclasses

from densebench.config import BACKENDS
from densebench.measuring import missing
from densebench.measuring.gpu.monitor import NoGpu
from densebench.measuring.gpu.nvml import GpuFacts
from densebench.measuring.host import CpuFacts
from densebench.measuring.missing import (
    find_absent_backends,
    find_cpu_obstacles,
    find_gpu_obstacles,
    find_unused_gpu,
    list_missing,
)

MIB = 2**20
IDLE = GpuFacts(
    name="NVIDIA H100",
    uuid="GPU-1",
    memory_bytes=80_000 * MIB,
    used_bytes=4 * MIB,
    processes=(),
    driver="570.1",
    max_clock_mhz=1980,
    power_limit_watts=700.0,
)


def test_no_gpu_is_told_with_its_reason() -> None:
    assert list(find_gpu_obstacles(NoGpu(reason="no NVIDIA driver"), 1)) == ["No GPU to measure on (no NVIDIA driver)."]


def test_an_idle_gpu_lacks_nothing() -> None:
    assert list(find_gpu_obstacles(IDLE, 1)) == []
    assert list(find_gpu_obstacles(dataclasses.replace(IDLE, processes=(1,), used_bytes=900 * MIB), 1)) == []


def test_a_gpu_that_others_use_is_busy() -> None:
    busy = dataclasses.replace(IDLE, processes=(1, 7, 8), used_bytes=2000 * MIB)
    assert list(find_gpu_obstacles(busy, 1)) == [
        "The GPU is busy: 2 other processes, 2,000 MiB of its memory are in use.",
    ]


def test_a_gpu_that_someone_unseen_uses_is_busy() -> None:
    busy = dataclasses.replace(IDLE, processes=None, used_bytes=2000 * MIB)
    assert list(find_gpu_obstacles(busy, 1)) == [
        "The GPU is busy: 2,000 MiB of its memory are in use, by processes that cannot be seen from here.",
    ]


def test_a_control_group_that_limits_the_cores_is_told() -> None:
    assert list(find_cpu_obstacles(CpuFacts(model="A", cores=8, quota=1.5))) == [
        "A control group allows the time of 1.5 cores, of which 8 are visible."
    ]
    assert list(find_cpu_obstacles(CpuFacts(model="A", cores=8, quota=8))) == []
    assert list(find_cpu_obstacles(CpuFacts(model="A", cores=8, quota=None))) == []


def test_a_backend_that_is_not_installed_comes_with_the_way_to_install_it() -> None:
    for backend in BACKENDS:
        (sentence,) = find_absent_backends([backend])
        assert sentence == f"Backend {backend} is not installed: pip install 'densebench[{backend}]'."


def test_a_gpu_that_a_backend_does_not_see_comes_with_what_the_backend_needs() -> None:
    assert list(find_unused_gpu("tensorflow", "cpu", IDLE, {})) == [
        "tensorflow computes on the CPU and does not see NVIDIA H100: pip install 'densebench[cuda]'"
    ]
    assert "densebench[jax-cuda13]" in next(find_unused_gpu("jax", "cpu", IDLE, {}))
    assert "a build of PyTorch for CUDA" in next(find_unused_gpu("torch", "cpu", IDLE, {}))


def test_a_gpu_in_use_none_and_one_that_was_not_wanted_are_no_obstacle() -> None:
    assert list(find_unused_gpu("jax", "gpu", IDLE, {})) == []
    assert list(find_unused_gpu("jax", "cpu", NoGpu(reason="no NVIDIA driver"), {})) == []
    assert list(find_unused_gpu("jax", "cpu", IDLE, {"JAX_PLATFORMS": "cpu"})) == []


def test_a_backend_that_does_not_see_the_gpu_is_missing_something(monkeypatch) -> None:
    monkeypatch.setattr(missing, "ask_gpu", lambda: IDLE)
    said = list_missing(device_kinds={"tensorflow": "cpu", "jax": "gpu", "torch": None})
    assert [sentence for sentence in said if "H100" in sentence] == [
        "Backend tensorflow computes on the CPU and does not see NVIDIA H100: pip install 'densebench[cuda]'."
    ]


def test_an_absent_dataset_is_told() -> None:
    assert list_missing(["Dataset cifar10 is absent."])[-1] == "Dataset cifar10 is absent."
