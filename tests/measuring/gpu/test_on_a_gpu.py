"""What only a GPU can show: that a measurement there has every figure that a CPU leaves empty."""

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

from densebench.measuring.gpu.monitor import NoGpu, ask_gpu

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(isinstance(ask_gpu(), NoGpu), reason="needs an NVIDIA GPU, and CUDA_VISIBLE_DEVICES=0"),
]


@pytest.mark.parametrize("backend", [name for name in ("tensorflow", "jax", "torch") if find_spec(name)])
def test_a_measurement_of_speed_has_memory_energy_and_clock_of_the_gpu(backend, tmp_path):
    places = ["--results-dir", str(tmp_path / "results"), "--runs-dir", str(tmp_path / "runs")]
    words = ["speed", "resnet20", "--backend", backend, "--energy", "--format", "json", *places]
    command = [sys.executable, "-m", "densebench", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    (epoch,) = run["epochs_done"]
    assert run["environment"]["device_kind"] == "gpu"
    assert run["environment"]["gpu_uuid"].startswith(("GPU-", "MIG-"))
    assert epoch["gpu_device_peak_bytes"] >= epoch["gpu_peak_bytes"] > 0
    assert epoch["energy_joules"] > 0
    assert epoch["energy_source"] == "counter"
    assert epoch["gpu_clock_mhz"] > 0
