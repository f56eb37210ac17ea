"""GoogLeNet: as the comments under the blog series have it."""

from densebench.models.cost import count
from densebench.models.variants import find


def layers(kind):
    return [layer for layer in count(find("googlenet"), classes=10, image_size=32).layers if layer.kind == kind]


def test_the_inception_modules_put_four_branches_side_by_side():
    assert [layer.output_shape for layer in layers("concat")] == [(8, 8, 256), (8, 8, 480), (4, 4, 512)]


def test_every_convolution_has_a_bias_and_a_relu():
    assert len(layers("conv")) == len(layers("relu")) == 1 + 3 * 6
    assert layers("conv")[0].params == 7 * 7 * 3 * 64 + 64


def test_nothing_is_normalised():
    assert layers("bn") == []


def test_the_pooled_branches_keep_the_side():
    assert [layer.output_shape for layer in layers("max_pool")] == [
        (8, 8, 64),
        (8, 8, 64),
        (8, 8, 256),
        (4, 4, 480),
        (4, 4, 480),
    ]
