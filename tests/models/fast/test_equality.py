"""Fast computes what plain computes, on every backend that is installed."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from background import Background

INSTALLED = [name for name in ("tensorflow", "jax", "torch") if find_spec(name)]
# "tensorflow cudnn": its batch normalisation keeps for the gradient what it keeps on a GPU
BACKENDS = [*INSTALLED, *(["tensorflow cudnn"] if "tensorflow" in INSTALLED else [])]
each_backend = pytest.mark.parametrize("backend", BACKENDS)
EQUALITY = Background.in_turn(Path(__file__).with_name("equality.py"), BACKENDS)
BACKGROUND = [EQUALITY]
FLOAT32, ONE_VARIABLE, BFLOAT16 = 1e-5, 1e-4, 2.0**-8


@cache
def differences(backend):
    """By case and figure; one process computes all of them."""
    return json.loads(EQUALITY.read(backend).splitlines()[-1])


def worst(backend, figure, mode=""):
    """The greatest difference in float32, and its case."""
    cases = {case: seen for case, seen in differences(backend).items() if mode in case and case != "mixed"}
    return max((seen[figure], case) for case, seen in cases.items() if figure in seen)


@each_backend
@pytest.mark.parametrize("mode", ["training", "recomputing", "inference"])
def test_fast_computes_the_logits_of_plain(backend, mode):
    assert worst(backend, "logits", mode) < (FLOAT32,)


@each_backend
@pytest.mark.parametrize("mode", ["training", "recomputing", "inference"])
def test_fast_computes_the_gradients_of_plain(backend, mode):
    assert worst(backend, "gradients", mode) < (FLOAT32,)
    assert worst(backend, "worst gradient", mode) < (ONE_VARIABLE,)


@each_backend
def test_fast_moves_the_statistics_as_plain_does(backend):
    assert worst(backend, "moving", "training") < (FLOAT32,)
    assert worst(backend, "moving", "recomputing") < (FLOAT32,)


@each_backend
def test_inference_leaves_the_moving_statistics_alone(backend):
    assert worst(backend, "moving", "inference")[0] == 0


@each_backend
def test_ten_steps_on_batches_of_two_sizes_lead_to_the_same_variables(backend):
    assert differences(backend)["ten steps"]["variables"] < FLOAT32


@each_backend
def test_fast_computes_what_plain_computes_in_mixed_precision_as_far_as_that_goes(backend):
    seen = differences(backend)["mixed"]
    assert seen["logits"] < 4 * BFLOAT16
    assert seen["moving"] < BFLOAT16
    assert seen["gradients"] < 0.5  # of small images: plain's own differ as much from those in float32


@pytest.mark.skipif("torch" not in INSTALLED, reason="needs PyTorch")
def test_on_pytorch_fast_keeps_less_for_the_backward_pass_and_recomputing_still_less():
    kept = differences("torch")["kept"]
    assert kept["fast"] < 0.7 * kept["plain"]
    assert kept["recomputing"] < 0.7 * kept["fast"]
