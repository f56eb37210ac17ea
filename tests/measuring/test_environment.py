import subprocess
import sys
from dataclasses import dataclass

from densebench.measuring.environment import describe_environment, find_version, probe
from densebench.measuring.gpu.nvml import GpuFacts
from densebench.measuring.host import hash_host
from densebench.version import __version__


@dataclass
class Framework:
    name: str = "jax"
    version: str | None = "9.9"
    device_name: str | None = "NVIDIA H100"
    device_kind: str = "gpu"
    cuda: str | None = "12.9"
    cudnn: str | None = "9.10"


GPU = GpuFacts(
    name="NVIDIA H100 80GB HBM3",
    uuid="GPU-1",
    memory_bytes=80,
    used_bytes=1,
    processes=(),
    driver="570.1",
    max_clock_mhz=1980,
    power_limit_watts=700.0,
)


def test_a_run_on_the_gpu_names_it_as_nvml_does() -> None:
    found = describe_environment(Framework(), GPU)
    assert (found.device, found.device_kind) == ("NVIDIA H100 80GB HBM3", "gpu")
    assert (found.gpu_uuid, found.gpu_memory_bytes, found.driver) == ("GPU-1", 80, "570.1")
    assert (found.gpu_max_clock_mhz, found.gpu_power_limit_watts) == (1980, 700)
    assert (found.cuda, found.cudnn, found.backend_version) == ("12.9", "9.10", "9.9")


def test_without_nvml_the_gpu_is_named_as_the_framework_does() -> None:
    found = describe_environment(Framework(), None)
    assert found.device == "NVIDIA H100"
    assert found.gpu_name is found.gpu_uuid is found.driver is None


def test_a_run_on_the_cpu_is_named_by_the_processor_even_beside_a_gpu() -> None:
    found = describe_environment(Framework(device_kind="cpu", device_name="cpu:0"), GPU)
    assert (found.device, found.device_kind) == (found.cpu, "cpu")
    assert found.gpu_name is found.gpu_uuid is found.gpu_memory_bytes is found.driver is None
    assert found.gpu_max_clock_mhz is found.gpu_power_limit_watts is None


def test_the_host_and_the_software_are_known_without_a_framework() -> None:
    found = probe()
    assert found.cpu
    assert found.cpu_cores >= 1
    assert found.python == ".".join(map(str, sys.version_info[:3]))
    assert found.keras == find_version("keras")
    assert found.densebench == __version__
    assert found.backend_version is None


def test_a_framework_that_does_not_tell_its_version_is_asked_of_the_installation() -> None:
    assert describe_environment(Framework(name="numpy", version=None), None).backend_version == find_version("numpy")


def test_tensorflow_is_found_under_any_of_its_distributions(monkeypatch) -> None:
    from importlib import metadata

    def version(name: str) -> str:
        if name != "tensorflow-cpu":
            raise metadata.PackageNotFoundError
        return "2.21"

    monkeypatch.setattr(metadata, "version", version)
    assert find_version("tensorflow") == "2.21"
    assert find_version("torch") is None


def test_the_host_is_told_apart_and_not_named() -> None:
    assert hash_host("alpha") != hash_host("beta")
    assert hash_host("alpha") == hash_host("alpha")
    assert len(hash_host()) == 8


def test_probing_loads_no_framework() -> None:
    ask = "import sys; from densebench.measuring.environment import probe; probe(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout.split()
    assert not {"tensorflow", "jax", "torch", "keras", "numpy", "pandas"}.intersection(loaded)
