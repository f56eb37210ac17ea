"""The vocabulary on feature maps in parts, with kernels in NumPy for convolutions of 1x1."""

import numpy as np
import pytest

from densebench.models.fast.layers import FastLayers, FeatureMap, Part

RANDOM = np.random.default_rng(0)


class NumpyKernels:
    """What these tests need; ``asked`` are the channels whose statistics were taken."""

    def __init__(self):
        self.asked = []

    def conv(self, x, kernel, bias, stride):
        return x[:, ::stride, ::stride] @ kernel[0, 0] + (0 if bias is None else bias)

    def batch_norm(self, part, gamma, beta, relu):
        part.statistics = part.statistics or self.statistics(part.tensor)
        return self.moving_norm(part.tensor, gamma, beta, *part.statistics, relu)

    def moving_norm(self, x, gamma, beta, mean, variance, relu):
        y = (x - mean) / np.sqrt(variance + 1e-5) * gamma + beta
        return np.maximum(y, 0) if relu else y

    def statistics(self, x):
        self.asked.append(x.shape[-1])
        return x.mean((0, 1, 2)), x.var((0, 1, 2))

    def join(self, tensors):
        return np.concatenate(tensors, axis=-1)

    def split(self, variable, sizes, axis):
        return np.split(variable, np.cumsum(sizes)[:-1], axis)

    def add(self, x, y):
        return x + y


def feature_map(channels):
    return FeatureMap(parts=(Part(tensor=RANDOM.standard_normal((2, 4, 4, channels)), channels=channels),))


def norm_variables(channels):
    gamma, beta, mean, variance = RANDOM.uniform(0.5, 2, (4, channels))
    return gamma, beta, mean, variance


def kernel(channels, filters):
    return (RANDOM.standard_normal((1, 1, channels, filters)),)


@pytest.mark.parametrize("training", [False, True])
def test_a_layer_on_parts_computes_what_it_computes_on_their_concatenation(training):
    groups = [norm_variables(13), kernel(13, 6)]
    one, other = feature_map(8), feature_map(5)
    joined = np.concatenate([one.parts[0].tensor, other.parts[0].tensor], axis=-1)
    whole = FeatureMap(parts=(Part(tensor=joined, channels=13),))

    in_parts = FastLayers(NumpyKernels(), iter(groups), training=training)
    found = in_parts.conv(in_parts.bn_relu(in_parts.concat(one, other)), 6, 1)
    in_one = FastLayers(NumpyKernels(), iter(groups), training=training)
    expected = in_one.conv(in_one.bn_relu(whole), 6, 1)
    np.testing.assert_allclose(found.parts[0].tensor, expected.parts[0].tensor, rtol=1e-12)


def test_the_statistics_of_a_part_are_taken_once_however_many_layers_read_it():
    kernels = NumpyKernels()
    x, y, z = feature_map(32), feature_map(3), feature_map(5)
    nn = FastLayers(kernels, iter([norm_variables(35), norm_variables(40)]), training=True)
    nn.bn_relu(nn.concat(y, x))
    nn.bn_relu(nn.concat(z, y, x))
    assert sorted(kernels.asked) == [3, 5, 32]


def test_a_concatenation_is_put_off_until_it_has_too_many_parts():
    nn = FastLayers(NumpyKernels(), iter([]), training=False)
    few = nn.concat(*(feature_map(3) for _ in range(4)))
    many = nn.concat(*(feature_map(3) for _ in range(5)))
    assert ([part.channels for part in few.parts], [part.channels for part in many.parts]) == ([3] * 4, [15])


def test_the_batchs_statistics_come_in_the_order_of_the_moving_ones():
    nn = FastLayers(NumpyKernels(), iter([norm_variables(7)]), training=True)
    x, y = feature_map(4), feature_map(3)
    nn.bn(nn.concat(x, y))
    assert [len(statistic) for statistic in nn.statistics] == [4, 3, 4, 3]  # means, then variances
