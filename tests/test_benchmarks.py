"""What the benchmarks measure with, where a mistake would show in their figures alone."""

import dataclasses
import itertools
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import paired
import pytest
import sitting

from densebench.measuring.gpu.allocator import GpuMemory, NoGpuMemory
from densebench.measuring.gpu.step_memory import StepMemory
from densebench.planning.recipe_file import find_recipe
from densebench.recipes import RECIPES, list_settings

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SETTING = sitting.Setting(
    contender="fast",
    round=1,
    variant="10x4",
    batch_size=2,
    threads=1,
    precision="float32",
    warm_up=1,
    steps=3,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Facts:
    device_kind: str
    device_name: str | None


class Allocator:
    """Has had a peak of 900 bytes in its first step, and of 7 since."""

    resets = 0

    def reset(self):
        self.resets += 1
        return True

    def peak(self):
        return GpuMemory(peak_bytes=7 if self.resets else 900, reserved_bytes=None, source="allocator")


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves by an eighth of a second a reading."""
    readings = itertools.count()
    monkeypatch.setattr(sitting.time, "perf_counter", lambda: next(readings) / 8)


def measure(setting, facts, allocator):
    marks, memory = sitting.Marks(), StepMemory(allocator)
    marks.begin()
    setting.run(lambda x, y: None, marks, memory)
    params = sitting.count(sitting.find(setting.variant), classes=sitting.CLASSES, image_size=sitting.SIDE).params
    outcome = sitting.measure_outcome(facts, marks, memory, params=params, framework="none", build_seconds=0.0)
    return sitting.make_measurement(setting, outcome)


def test_a_contender_makes_as_many_steps_as_were_asked(clock):
    row = measure(SETTING, Facts(device_kind="cpu", device_name=None), NoGpuMemory())
    assert (row.steps, row.device, row.memory_source) == (3, "cpu", "VmHWM")
    assert row.step_seconds_median == 0.125


def test_a_contender_goes_on_for_the_seconds_that_were_asked(clock):
    row = measure(dataclasses.replace(SETTING, seconds=3.0), Facts(device_kind="cpu", device_name=None), NoGpuMemory())
    assert row.steps == 24


def test_no_memory_of_the_host_is_subtracted_from_that_of_a_gpu(clock):
    row = measure(SETTING, Facts(device_kind="gpu", device_name="Fast Card"), Allocator())
    assert (row.device, row.peak_bytes, row.base_bytes, row.untraced_bytes) == ("Fast Card", 7, None, None)
    assert row.memory_source == "allocator after the first step on each shape"
    assert paired.subtract_base(row.peak_bytes, row.base_bytes) == 7


def test_what_repeats_a_call_waits_for_the_device_within_its_time(clock):
    waits = []
    times = sitting.time_repeatedly(lambda: None, 1.0, lambda: waits.append(sitting.time.perf_counter()))
    assert times == [0.25] * 4
    assert len(waits) == 5


@pytest.mark.skipif(not (find_spec("jax") and find_spec("torch")), reason="needs JAX and PyTorch")
def test_the_networks_written_by_hand_in_jax_and_pytorch_are_one():
    program = """
import numpy as np, torch, contender_torch, contender_jax
model = contender_torch.DenseNet((2, 2), 4).train()
contender_jax.block_depths = lambda variant: (2, 2)
x = np.random.default_rng(0).standard_normal((4, 32, 32, 3), dtype=np.float32)
weights = [w.detach().numpy() for w in model.parameters()]
weights = [w.transpose(2, 3, 1, 0) if w.ndim == 4 else w.T for w in weights]
_, _, moving = contender_jax.initialise("10x4")
logits, _ = contender_jax.apply("10x4", weights, moving, x)
np.testing.assert_allclose(logits, model(torch.from_numpy(x).permute(0, 3, 1, 2)).detach(), rtol=1e-3, atol=1e-4)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(BENCHMARKS), str(BENCHMARKS.parent)])}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_index_has_every_program_of_the_folder():
    text = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(\w+\.py)`", text)) == {path.name for path in BENCHMARKS.glob("*.py")}


@pytest.mark.parametrize("path", sorted((BENCHMARKS / "recipes").glob("*.toml")), ids=lambda path: path.stem)
def test_a_recipe_of_the_ablation_differs_from_short_in_few_settings(path):
    recipe, short = find_recipe(str(path)), RECIPES["short"]
    changed = [name for name in list_settings() if getattr(recipe, name) != getattr(short, name)]
    assert changed
    assert "optimizer" in changed or len(changed) <= 2
