from types import SimpleNamespace

import pytest

from densebench.measuring.gpu.allocator import (
    NO_GPU,
    GpuMemory,
    JaxMemory,
    NoGpuMemory,
    TensorFlowMemory,
    TorchMemory,
    open_allocator,
)


class FakeAllocator:
    """Has a peak and a current size, as the frameworks' own have."""

    def __init__(self) -> None:
        self.peak, self.current, self.asked = 900, 300, ""

    def reset(self, device: str = "") -> None:
        self.peak, self.asked = self.current, device

    def info(self, device: str) -> dict[str, int]:
        self.asked = device
        return {"peak": self.peak, "current": self.current}


def tensorflow_of(get_memory_info, reset_memory_stats=None):
    experimental = SimpleNamespace(get_memory_info=get_memory_info, reset_memory_stats=reset_memory_stats)
    return SimpleNamespace(config=SimpleNamespace(experimental=experimental))


def fail(*_: object) -> None:
    raise ValueError("Memory statistics not tracked")


def test_tensorflows_peak_is_that_of_its_first_gpu_and_can_be_reset() -> None:
    fake = FakeAllocator()
    memory = TensorFlowMemory(tensorflow_of(fake.info, fake.reset))
    assert memory.peak() == GpuMemory(
        peak_bytes=900, reserved_bytes=None, source="tf.config.experimental.get_memory_info"
    )
    assert memory.reset()
    assert memory.peak().peak_bytes == 300
    assert fake.asked == "GPU:0"


def test_a_tensorflow_allocator_without_statistics_is_a_reason() -> None:
    memory = TensorFlowMemory(tensorflow_of(fail, fail))
    assert memory.peak() == GpuMemory(
        peak_bytes=None, reserved_bytes=None, source="tf.config.experimental.get_memory_info failed (ValueError)"
    )
    assert not memory.reset()


def test_an_allocator_that_counted_nothing_is_unknown_and_not_0() -> None:
    memory = TensorFlowMemory(tensorflow_of(lambda device: {"peak": 0, "current": 0}))
    assert memory.peak().peak_bytes is None
    assert "keeps no statistics" in memory.peak().source


def test_jaxs_peak_stands_beside_its_pool_and_cannot_be_reset() -> None:
    device = SimpleNamespace(memory_stats=lambda: {"peak_bytes_in_use": 900, "peak_pool_bytes": 2000})
    memory = JaxMemory(device)
    assert memory.peak() == GpuMemory(peak_bytes=900, reserved_bytes=2000, source="jax Device.memory_stats")
    assert not memory.reset()


@pytest.mark.parametrize("statistics", [None, {}, {"bytes_in_use": 5}])
def test_jax_without_statistics_is_a_reason(statistics) -> None:
    peak = JaxMemory(SimpleNamespace(memory_stats=lambda: statistics)).peak()
    assert peak.peak_bytes is peak.reserved_bytes is None
    assert "keeps no statistics" in peak.source


def test_torchs_peak_stands_beside_its_reserve_and_can_be_reset() -> None:
    fake = FakeAllocator()
    cuda = SimpleNamespace(
        max_memory_allocated=lambda: fake.peak,
        max_memory_reserved=lambda: 2000,
        reset_peak_memory_stats=fake.reset,
    )
    memory = TorchMemory(SimpleNamespace(cuda=cuda))
    assert memory.peak() == GpuMemory(peak_bytes=900, reserved_bytes=2000, source="torch.cuda.max_memory_allocated")
    assert memory.reset()
    assert memory.peak().peak_bytes == 300


def test_a_run_on_the_cpu_points_to_the_hosts_peak() -> None:
    assert NoGpuMemory().peak() == GpuMemory(peak_bytes=None, reserved_bytes=None, source=NO_GPU)
    assert not NoGpuMemory().reset()


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_framework_without_a_gpu_has_no_allocator_peak(backend) -> None:
    framework = pytest.importorskip(backend)
    has_gpu = framework.default_backend() != "cpu" if backend == "jax" else framework.cuda.is_available()
    assert (open_allocator(backend).peak().source == NO_GPU) is not has_gpu
