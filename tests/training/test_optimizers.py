import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import keras
import numpy as np
import pytest

from densebench.config import BACKENDS
from densebench.models.initial_weights import draw_initial_value
from densebench.training.objective import compute_penalty, find_decayed
from densebench.training.optimizers import Muon, orthogonalise
from densebench.training.steps.choose import make_steps

OTHERS = [name for name in BACKENDS if find_spec(name) and name != os.environ["KERAS_BACKEND"]]
RATE, MOMENTUM, DECAY = 0.05, 0.9, 0.01


def to_numpy(value):
    return np.array(keras.ops.convert_to_numpy(value), dtype=np.float64)


def orthogonalise_in_numpy(direction):
    """The same five iterations in float64, on whichever side of the matrix is the smaller."""
    matrix = direction.reshape(-1, direction.shape[-1])
    x = matrix if matrix.shape[0] < matrix.shape[1] else matrix.T
    x = x / np.linalg.norm(x)
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    x = x if matrix.shape[0] < matrix.shape[1] else x.T
    return np.sqrt(2 * matrix.shape[1] / min(matrix.shape)) * x.reshape(direction.shape)


@pytest.fixture
def kernel(facts):
    """Makes a kernel of a convolution, a classifier's kernel, a scale; and a gradient for each."""

    def kernel(shape):
        random = np.random.default_rng(len(shape) + sum(shape))
        return random.standard_normal(shape).astype(np.float32)

    return kernel


@pytest.mark.parametrize("shape", [(3, 3, 4, 16), (1, 1, 4, 16), (1, 1, 20, 6), (3, 3, 3, 3)])
def test_the_step_has_the_directions_of_the_momentum_and_nearly_equal_singular_values(kernel, shape):
    direction = kernel(shape)
    step = to_numpy(orthogonalise(keras.ops.convert_to_tensor(direction)))
    left, _, right = np.linalg.svd(direction.reshape(-1, shape[-1]), full_matrices=False)
    along = left.T @ step.reshape(-1, shape[-1]) @ right.T
    wanted = np.sqrt(2 * shape[-1] / min(np.prod(shape[:-1]), shape[-1]))
    assert np.all(np.abs(np.diag(along) / wanted - 0.95) < 0.3)
    np.testing.assert_allclose(along, np.diag(np.diag(along)), atol=1e-4)


def test_a_step_is_about_as_long_as_the_initial_values_of_the_kernel(facts, kernel):
    for shape in ((3, 3, 16, 32), (1, 1, 16, 128)):
        length = np.linalg.norm(to_numpy(orthogonalise(keras.ops.convert_to_tensor(kernel(shape)))))
        assert length == pytest.approx(np.linalg.norm(draw_initial_value("a/kernel", shape, 0)), rel=0.2)


@pytest.mark.parametrize(("momentum", "nesterov"), [(MOMENTUM, True), (MOMENTUM, False), (0.0, False)])
def test_two_steps_on_a_kernel_are_those_of_the_definition(kernel, momentum, nesterov):
    value, first, second = (kernel((3, 3, 4, 6)) * scale for scale in (1, 0.1, 0.01))
    variable = keras.Variable(value, name="kernel")
    optimizer = Muon(RATE, momentum=momentum, nesterov=nesterov, kernel_decay=DECAY)
    optimizer.build([variable])
    wanted, velocity = value.astype(np.float64), np.zeros(value.shape)
    for gradient in (first, second):
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        velocity = momentum * velocity + gradient
        direction = gradient + momentum * velocity if nesterov else velocity
        wanted = wanted - RATE * (orthogonalise_in_numpy(direction) + 2 * DECAY * wanted)
    np.testing.assert_allclose(to_numpy(variable), wanted, rtol=1e-4, atol=1e-6)


def test_all_but_the_kernels_of_convolutions_are_updated_by_sgd(kernel):
    values = {
        "kernel": kernel((5, 4)),
        "depthwise_kernel": kernel((3, 3, 4, 1)),
        "bias": kernel((4,)),
        "gamma": kernel((7,)),
    }
    ours, theirs = ([keras.Variable(value, name=name) for name, value in values.items()] for _ in range(2))
    muon = Muon(RATE, momentum=MOMENTUM, nesterov=True, kernel_decay=DECAY)
    sgd = keras.optimizers.SGD(RATE, momentum=MOMENTUM, nesterov=True)
    for optimizer, variables in ((muon, ours), (sgd, theirs)):
        optimizer.build(variables)
        for scale in (1.0, -0.3):
            gradients = [keras.ops.convert_to_tensor(value * np.float32(scale)) for value in values.values()]
            optimizer.apply(gradients, variables)
    for mine, reference in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(to_numpy(mine), to_numpy(reference), rtol=1e-6)


@pytest.mark.parametrize("implementation", ["plain", "fast"])
def test_a_training_step_is_the_optimizers_with_an_l2_loss_on_the_classifier_alone(
    config, facts, build, implementation
):
    """Held against the gradients that SGD's first step shows at rate 1 without momentum."""
    recipe = replace(config.recipe, optimizer="muon", weight_decay=DECAY)
    random = np.random.default_rng(1)
    x, y = random.standard_normal((8, 8, 8, 3), dtype=np.float32), random.integers(6, size=8, dtype=np.int32)
    plain = replace(recipe, optimizer="sgd", momentum=0.0, nesterov=False)
    start, found = _step(build(replace(config, recipe=plain), implementation), plain, facts, x, y, rate=1.0)
    gradients = {path: start[path] - found[path] for path in start}
    _, moved = _step(build(replace(config, recipe=recipe), implementation), recipe, facts, x, y, rate=RATE)
    for path, before in start.items():
        gradient = gradients[path]
        if before.ndim == 4:
            gradient = gradient - 2 * DECAY * before  # SGD's had the L2 loss in it
            wanted = before - RATE * (orthogonalise_in_numpy(gradient) + 2 * DECAY * before)
        else:
            wanted = before - RATE * (1 + MOMENTUM) * gradient
        np.testing.assert_allclose(moved[path], wanted, rtol=2e-2, atol=2e-3, err_msg=path)


def _step(trainee, recipe, facts, x, y, rate):
    """The trainable variables by path before and after a step."""
    before = {variable.path: to_numpy(variable) for variable in trainee.model.trainable_variables}
    steps = make_steps(trainee, recipe, facts)
    steps.compile(len(y))
    steps.begin(rate)
    steps.train(steps.place(x), steps.place(y))
    steps.end()
    return before, {variable.path: to_numpy(variable) for variable in trainee.model.trainable_variables}


def test_only_the_classifiers_kernel_is_in_a_loss(config, build):
    recipe = replace(config.recipe, optimizer="muon", weight_decay=DECAY)
    trainee = build(replace(config, recipe=recipe), "plain")
    variables = trainee.model.trainable_variables
    decayed = [variable for variable, decays in zip(variables, find_decayed(variables, recipe), strict=True) if decays]
    assert [len(variable.shape) for variable in decayed] == [2]
    assert compute_penalty(trainee.model, recipe) == pytest.approx(DECAY * np.sum(to_numpy(decayed[0]) ** 2))
    assert trainee.model.losses == []


@pytest.mark.parametrize("optimizer", ["sgd", "muon"])
def test_velocities_begin_at_zero_and_jax_compiles_no_program_for_the_shape_of_each(config, build, optimizer):
    programs = []
    if config.backend == "jax":
        import jax

        jax.monitoring.register_event_duration_secs_listener(lambda event, seconds, **_: programs.append(event))
    recipe = replace(config.recipe, optimizer=optimizer)
    growth_rate = {"sgd": 7, "muon": 9}[optimizer]  # with shapes of its own
    trainee = build(replace(config, variant=f"10x{growth_rate}", recipe=recipe), "fast")
    assert [event for event in programs if "compile" in event] == []
    for velocity in trainee.optimizer.momentums:
        assert not np.any(to_numpy(velocity))


@pytest.mark.parametrize("backend", OTHERS)
def test_all_of_this_holds_on_the_other_backends(backend):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", __file__, "-k", "not other_backends"]
    done = subprocess.run(command, env=os.environ | {"KERAS_BACKEND": backend}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
