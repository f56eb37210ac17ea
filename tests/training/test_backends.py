"""What holds on every backend that is installed, each in a process of its own."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from background import Background

INSTALLED = [name for name in ("tensorflow", "jax", "torch") if find_spec(name)]
each_backend = pytest.mark.parametrize("backend", INSTALLED)
SCENARIO = Background.in_turn(Path(__file__).with_name("scenario.py"), INSTALLED)
BACKGROUND = [SCENARIO]


@cache
def scenario(backend):
    return json.loads(SCENARIO.read(backend).splitlines()[-1])


@each_backend
def test_a_resumed_run_equals_the_uninterrupted_one_to_the_last_bit(backend):
    seen = scenario(backend)
    assert seen["resumed"] == seen["uninterrupted"]
    assert seen["resumed_figures"] == seen["uninterrupted_figures"]


@each_backend
def test_no_other_framework_is_imported_from_start_to_end(backend):
    seen = scenario(backend)
    assert seen["after_prepare"] == [backend]
    assert seen["at_the_end"] == [backend]


@each_backend
def test_the_facts_say_what_was_asked_for(backend):
    facts = scenario(backend)["facts"]
    assert (facts["name"], facts["threads"], facts["deterministic"]) == (backend, 1, True)
    assert facts["precision"] == "float32"
    assert facts["device_kind"] == "gpu" or (facts["tf32"], facts["cuda"], facts["cudnn"]) == (False, None, None)


@pytest.mark.skipif(len(INSTALLED) < 2, reason="needs two backends")
def test_all_backends_start_from_the_same_weights():
    assert len({scenario(backend)["initial"] for backend in INSTALLED}) == 1


@pytest.mark.skipif(len(INSTALLED) < 2, reason="needs two backends")
def test_the_losses_of_all_backends_agree_over_the_first_epochs():
    for name in ("train_loss", "validation_loss", "test_loss", "penalty"):
        first, *others = [[epoch[name] for epoch in scenario(backend)["resumed_figures"][:2]] for backend in INSTALLED]
        for other in others:
            assert other == pytest.approx(first, rel=1e-4)
