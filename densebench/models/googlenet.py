"""A small GoogLeNet, as the comments under the blog series have it: three inception modules, no batch normalisation.

After Szegedy et al., Going deeper with convolutions, arXiv:1409.4842.
"""

from densebench.models.layers import Layers, Value


def googlenet(nn: Layers[Value], image: Value, *, classes: int) -> Value:
    """A 7x7 stem of stride 2 and three inception modules with ImageNet's first filter counts."""
    x = nn.relu(nn.conv(image, 64, 7, stride=2, bias=True))
    x = nn.max_pool(x, 3, stride=2)
    x = _add_inception(nn, x, direct=64, reduced_3x3=96, wide_3x3=128, reduced_5x5=16, wide_5x5=32, pooled=32)
    x = _add_inception(nn, x, direct=128, reduced_3x3=128, wide_3x3=192, reduced_5x5=32, wide_5x5=96, pooled=64)
    x = nn.max_pool(x, 3, stride=2)
    x = _add_inception(nn, x, direct=192, reduced_3x3=96, wide_3x3=208, reduced_5x5=16, wide_5x5=48, pooled=64)
    return nn.dense(nn.global_average_pool(x), classes)


def _add_inception(
    nn: Layers[Value],
    x: Value,
    *,
    direct: int,
    reduced_3x3: int,
    wide_3x3: int,
    reduced_5x5: int,
    wide_5x5: int,
    pooled: int,
) -> Value:
    """Four branches side by side: 1x1, 3x3 and 5x5 after a 1x1 reduction, and a pooled one."""

    def conv_relu(value: Value, filters: int, kernel_size: int) -> Value:
        return nn.relu(nn.conv(value, filters, kernel_size, bias=True))

    narrow_3x3, narrow_5x5 = conv_relu(x, reduced_3x3, 1), conv_relu(x, reduced_5x5, 1)
    return nn.concat(
        conv_relu(x, direct, 1),
        conv_relu(narrow_3x3, wide_3x3, 3),
        conv_relu(narrow_5x5, wide_5x5, 5),
        conv_relu(nn.max_pool(x, 3, stride=1), pooled, 1),
    )
