"""DenseNets with the CIFAR stem. Huang et al., arXiv:1608.06993."""

from collections.abc import Sequence

from densebench.models.layers import Layers, Value


def densenet_bc(nn: Layers[Value], image: Value, *, blocks: Sequence[int], growth_rate: int, classes: int) -> Value:
    """DenseNet-BC: bottlenecks of four growth rates, and transitions that keep half of the channels."""
    x = nn.conv(image, 2 * growth_rate, 3)
    for index, depth in enumerate(blocks):
        if index > 0:
            x = _add_transition(nn, x, filters=nn.channels(x) // 2)
        for _ in range(depth):
            x = nn.concat(_add_bottleneck(nn, x, growth_rate), x)
    return _add_head(nn, x, classes)


def densenet(nn: Layers[Value], image: Value, *, blocks: Sequence[int], growth_rate: int, classes: int) -> Value:
    """The plain DenseNet: a stem of 16, no bottleneck, and transitions that keep every channel."""
    x = nn.conv(image, 16, 3)
    for index, depth in enumerate(blocks):
        if index > 0:
            x = _add_transition(nn, x, filters=nn.channels(x))
        for _ in range(depth):
            x = nn.concat(nn.conv(nn.bn_relu(x), growth_rate, 3), x)
    return _add_head(nn, x, classes)


def _add_bottleneck(nn: Layers[Value], x: Value, growth_rate: int) -> Value:
    x = nn.conv(nn.bn_relu(x), 4 * growth_rate, 1)
    return nn.conv(nn.bn_relu(x), growth_rate, 3)


def _add_transition(nn: Layers[Value], x: Value, filters: int) -> Value:
    return nn.average_pool(nn.conv(nn.bn_relu(x), filters, 1), 2)


def _add_head(nn: Layers[Value], x: Value, classes: int) -> Value:
    return nn.dense(nn.global_average_pool(nn.bn_relu(x)), classes)
