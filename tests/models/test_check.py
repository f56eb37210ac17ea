"""Both interpreters count the same: every named variant, and random small networks."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from densebench.models import check
from densebench.models.cost import count
from densebench.models.variant import Variant
from densebench.models.variants import VARIANTS, find

filters = st.integers(1, 9)
kernel_sizes = st.integers(1, 5)
strides = st.integers(1, 3)
WORDS = st.one_of(
    st.tuples(st.just("conv"), filters, kernel_sizes, strides, st.booleans()),
    st.tuples(st.just("bn")),
    st.tuples(st.just("relu")),
    st.tuples(st.just("bn_relu")),
    st.tuples(st.just("dense_layer"), filters, kernel_sizes),
    st.tuples(st.just("residual_unit"), st.integers(0, 4), strides),
    st.tuples(st.just("max_pool"), st.integers(1, 4), strides),
    st.tuples(st.just("branches"), filters, filters),
)


def apply(nn, x, word):
    """One word, or the two-branched phrases that networks make of several."""
    match word:
        case ("conv", filters, kernel_size, stride, bias):
            return nn.conv(x, filters, kernel_size, stride=stride, bias=bias)
        case ("dense_layer", growth_rate, kernel_size):
            return nn.concat(nn.conv(nn.bn_relu(x), growth_rate, kernel_size), x)
        case ("residual_unit", more, stride):
            width = nn.channels(x) + more
            return nn.add(nn.bn(nn.conv(x, width, 3, stride=stride)), nn.pad_channels(x, width, stride=stride))
        case ("max_pool", size, stride):
            return nn.max_pool(x, size, stride=stride)
        case ("branches", one, other):
            return nn.concat(nn.conv(x, one, 1), nn.relu(nn.conv(x, other, 3, bias=True)), nn.max_pool(x, 3, stride=1))
        case (name,):
            return getattr(nn, name)(x)


def random_variant(words, pool):
    """The words after an average pool that halves the image or not; strides may go on to a single pixel."""

    def build(nn, image, classes):
        x = nn.average_pool(image, pool)
        for word in words:
            x = apply(nn, x, word)
        return nn.dense(nn.global_average_pool(x), classes)

    return Variant(name="random", family="densenet", depth=1, build=build, source="a test")


@pytest.mark.parametrize("name", VARIANTS)
def test_both_interpreters_count_the_same_for_every_variant(name):
    assert check.find_disagreements(find(name), classes=10, image_size=32) == []


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    words=st.lists(WORDS, max_size=6),
    pool=st.integers(1, 3),
    classes=st.integers(2, 12),
    image_size=st.integers(8, 21),
)
def test_both_interpreters_count_the_same_for_random_networks(words, pool, classes, image_size):
    assert check.find_disagreements(random_variant(words, pool), classes=classes, image_size=image_size) == []


@settings(max_examples=10, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(["10x3", "16x5", "densenet-40x12", "resnet20", "preresnet20", "resnet_32_c", "googlenet"]),
    classes=st.integers(2, 200),
    image_size=st.integers(8, 71),
)
def test_both_interpreters_count_the_same_for_other_classes_and_odd_sizes(name, classes, image_size):
    assert check.find_disagreements(find(name), classes=classes, image_size=image_size) == []


@pytest.mark.parametrize(
    ("figure", "wrong"), [("params", 1), ("macs", 1), ("non_trainable_params", 1), ("output_shape", (8, 8, 1))]
)
def test_a_wrong_figure_is_reported_with_its_layer(monkeypatch, figure, wrong):
    variant = find("10x3")
    cost = count(variant, classes=10, image_size=8)
    spoilt = dataclasses.replace(cost.layers[1], **{figure: wrong})
    layers = (cost.layers[0], spoilt, *cost.layers[2:])
    monkeypatch.setattr(check, "count", lambda *_, **__: dataclasses.replace(cost, layers=layers))
    found = check.find_disagreements(variant, classes=10, image_size=8)
    assert any("10x3: bn1 is" in sentence and f"{figure}={wrong}" in sentence for sentence in found)


def test_a_layer_that_was_not_built_is_reported(monkeypatch):
    variant = find("10x3")
    cost = count(variant, classes=10, image_size=8)
    layers = (*cost.layers, dataclasses.replace(cost.layers[0], name="conv99", params=0))
    monkeypatch.setattr(check, "count", lambda *_, **__: dataclasses.replace(cost, layers=layers))
    (sentence,) = check.find_disagreements(variant, classes=10, image_size=8)
    assert "conv99" in sentence
    assert sentence.endswith("None built.")
