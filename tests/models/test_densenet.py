"""DenseNets: what stands where."""

from densebench.models.cost import CostLayers, count
from densebench.models.densenet import densenet, densenet_bc
from densebench.models.variants import find


def kinds(network, **settings):
    nn = CostLayers()
    network(nn, (16, 16, 3), classes=10, **settings)
    return " ".join(layer.kind for layer in nn.layers)


class Contents(CostLayers):
    """Shapes whose concatenations are remembered."""

    def __init__(self):
        super().__init__()
        self.concatenated = []

    def concat(self, *xs):
        self.concatenated.append([x[-1] for x in xs])
        return super().concat(*xs)


def test_a_bottleneck_net_normalises_before_each_convolution_and_pools_between_blocks():
    assert kinds(densenet_bc, blocks=(1, 1), growth_rate=4) == (
        "conv bn conv bn conv concat bn conv average_pool bn conv bn conv concat bn global_average_pool dense"
    )


def test_a_plain_net_has_one_convolution_a_layer():
    assert kinds(densenet, blocks=(2, 1), growth_rate=4) == (
        "conv bn conv concat bn conv concat bn conv average_pool bn conv concat bn global_average_pool dense"
    )


def test_new_channels_go_before_the_old_ones():
    nn = Contents()
    densenet_bc(nn, (16, 16, 3), blocks=(2,), growth_rate=4, classes=10)
    assert nn.concatenated == [[4, 8], [4, 12]]


def test_a_transition_keeps_half_of_the_channels_rounded_down():
    nn = CostLayers()
    densenet_bc(nn, (16, 16, 3), blocks=(1, 1), growth_rate=5, classes=10)
    (transition,) = (layer for layer in nn.layers if layer.kind == "average_pool")
    assert transition.output_shape == (8, 8, 7)


def test_a_plain_transition_keeps_every_channel():
    nn = CostLayers()
    densenet(nn, (16, 16, 3), blocks=(1, 1), growth_rate=5, classes=10)
    (transition,) = (layer for layer in nn.layers if layer.kind == "average_pool")
    assert transition.output_shape == (8, 8, 21)


def test_the_channels_of_100x12_are_those_of_the_blog_series():
    cost = count(find("100x12"), classes=10, image_size=32)
    pooled = [layer.output_shape for layer in cost.layers if layer.kind.endswith("average_pool")]
    assert pooled == [(16, 16, 108), (8, 8, 150), (342,)]
