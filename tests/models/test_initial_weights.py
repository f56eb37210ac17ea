"""The values before the first step."""

import numpy as np
import pytest

from densebench.models.initial_weights import draw_initial_value


def test_kernels_are_he_normal_cut_off_as_keras_does():
    fan_in = 3 * 3 * 48
    kernel = draw_initial_value("conv7/kernel", (3, 3, 48, 512), seed=0)
    deviation = np.sqrt(2 / fan_in)
    assert kernel.dtype == np.float32
    assert abs(kernel.mean()) < 0.01 * deviation
    assert kernel.std() == pytest.approx(deviation, rel=0.01)
    limit = 2 * deviation / 0.87962566103423978
    assert 0.99 * limit < np.abs(kernel).max() <= limit * (1 + 1e-6)


def test_the_tails_are_drawn_again_and_not_clipped():
    kernel = draw_initial_value("conv1/kernel", (100, 100, 1, 10), seed=0)
    assert np.unique(np.abs(kernel)).size > 0.9 * kernel.size
    assert (np.abs(kernel) == np.abs(kernel).max()).sum() <= 2


@pytest.mark.parametrize(
    ("path", "value"),
    [("bn1/gamma", 1), ("bn1/moving_variance", 1), ("bn1/beta", 0), ("bn1/moving_mean", 0), ("dense1/bias", 0)],
)
def test_all_other_variables_begin_at_keras_defaults(path, value):
    drawn = draw_initial_value(path, (5,), seed=3)
    assert drawn.dtype == np.float32
    assert (drawn == value).all()


def test_a_draw_depends_on_seed_and_path_alone():
    first = draw_initial_value("conv1/kernel", (3, 3, 3, 8), seed=0)
    assert np.array_equal(first, draw_initial_value("conv1/kernel", (3, 3, 3, 8), seed=0))
    assert not np.array_equal(first, draw_initial_value("conv1/kernel", (3, 3, 3, 8), seed=1))
    assert not np.array_equal(first, draw_initial_value("conv2/kernel", (3, 3, 3, 8), seed=0))


def test_the_draw_is_the_same_in_every_release():
    kernel = draw_initial_value("conv1/kernel", (1, 1, 2, 2), seed=0)
    assert kernel.ravel() == pytest.approx([0.33313715, -0.31514877, -0.40170202, 0.87464201], rel=1e-6)


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_every_seed_that_a_run_may_have_can_be_drawn_from(seed):
    assert np.isfinite(draw_initial_value("dense1/kernel", (4, 3), seed=seed)).all()
