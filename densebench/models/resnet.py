"""Residual networks for small images.

Three stages of 16, 32 and 64 filters (times a factor in the wide ones), or the four of 64 to 512 that networks for
ImageNet have, under a 3x3 stem.
"""

from collections.abc import Iterator, Sequence

from densebench.models.layers import Layers, Value

_WIDTHS = (16, 32, 64)
_IMAGENET_WIDTHS = (64, 128, 256, 512)
_BOTTLENECK_EXPANSION = 4


def resnet(nn: Layers[Value], image: Value, *, units: int, classes: int) -> Value:
    """The original: ReLU after addition, shortcuts without parameters (option A). He et al. 2015, arXiv:1512.03385."""
    x = nn.bn_relu(nn.conv(image, 16, 3))
    for width, stride, _ in _plan_units(units):
        y = nn.bn_relu(nn.conv(x, width, 3, stride=stride))
        y = nn.bn(nn.conv(y, width, 3))
        x = nn.relu(nn.add(y, _pad_shortcut(nn, x, width, stride)))
    return nn.dense(nn.global_average_pool(x), classes)


def preactivation_resnet(nn: Layers[Value], image: Value, *, units: int, classes: int) -> Value:
    """Full pre-activation, shortcuts without parameters. He et al. 2016, arXiv:1603.05027, figure 4 (e)."""
    x = nn.conv(image, 16, 3)
    for width, stride, opens_stage in _plan_units(units):
        active = nn.bn_relu(x)
        y = nn.conv(active, width, 3, stride=stride)
        y = nn.conv(nn.bn_relu(y), width, 3)
        x = nn.add(y, _pad_shortcut(nn, active if opens_stage else x, width, stride))
    return _add_head(nn, x, classes)


def bottleneck_resnet(nn: Layers[Value], image: Value, *, units: int, classes: int) -> Value:
    """Full pre-activation with bottlenecks, and a 1x1 projection where a stage opens. He et al. 2016."""
    x = nn.conv(image, 16, 3)
    for width, stride, opens_stage in _plan_units(units):
        active = nn.bn_relu(x)
        filters = _BOTTLENECK_EXPANSION * width
        y = nn.conv(active, width, 1, stride=stride)
        y = nn.conv(nn.bn_relu(y), width, 3)
        y = nn.conv(nn.bn_relu(y), filters, 1)
        x = nn.add(y, nn.conv(active, filters, 1, stride=stride) if opens_stage else x)
    return _add_head(nn, x, classes)


def wide_resnet(nn: Layers[Value], image: Value, *, units: int, factor: int, classes: int) -> Value:
    """Full pre-activation, ``factor`` times as wide, without dropout. Zagoruyko and Komodakis, arXiv:1605.07146."""
    widths = [factor * width for width in _WIDTHS]
    return _projecting_resnet(nn, nn.conv(image, 16, 3), _plan_stages([units] * 3, widths), classes)


def imagenet_preactivation_resnet(nn: Layers[Value], image: Value, *, stages: Sequence[int], classes: int) -> Value:
    """Full pre-activation in the four stages of ImageNet's networks, under a 3x3 stem. He et al. 2016."""
    return _projecting_resnet(nn, nn.conv(image, 64, 3), _plan_stages(stages, _IMAGENET_WIDTHS), classes)


def imagenet_resnet(
    nn: Layers[Value], image: Value, *, stages: Sequence[int], bottlenecks: bool = False, classes: int
) -> Value:
    """ResNet-18, 34, 50 and so on under a 3x3 stem, projections with batch normalisation (option B). He et al. 2015.

    The stride of a bottleneck is that of its 3x3 convolution, as in PyTorch's networks.
    """
    x = nn.bn_relu(nn.conv(image, 64, 3))
    for width, stride, _ in _plan_stages(stages, _IMAGENET_WIDTHS):
        filters = _BOTTLENECK_EXPANSION * width if bottlenecks else width
        if bottlenecks:
            y = nn.bn_relu(nn.conv(x, width, 1))
            y = nn.bn_relu(nn.conv(y, width, 3, stride=stride))
            y = nn.bn(nn.conv(y, filters, 1))
        else:
            y = nn.bn_relu(nn.conv(x, width, 3, stride=stride))
            y = nn.bn(nn.conv(y, filters, 3))
        changes = stride > 1 or nn.channels(x) != filters
        x = nn.relu(nn.add(y, nn.bn(nn.conv(x, filters, 1, stride=stride)) if changes else x))
    return nn.dense(nn.global_average_pool(x), classes)


def series_resnet(nn: Layers[Value], image: Value, *, units: int, classes: int) -> Value:
    """The blog series' ``resnet_32``: full pre-activation, biases, projections of the input before its activation."""
    x = nn.conv(image, 16, 3, bias=True)
    for width, stride, _ in _plan_units(units):
        y = nn.conv(nn.bn_relu(x), width, 3, stride=stride, bias=True)
        y = nn.conv(nn.bn_relu(y), width, 3, bias=True)
        x = nn.add(y, _project_with_bias(nn, x, width, stride))
    return _add_head(nn, x, classes)


def series_resnet_c(nn: Layers[Value], image: Value, *, units: int, classes: int) -> Value:
    """The blog series' ``resnet_32_c``: ReLU before addition, a bias on every convolution.

    The letter names a unit in figure 4 of He et al. 2016 (arXiv:1603.05027): by it this is (c),
    conv-BN-ReLU-conv-BN-ReLU, then the addition. That is inferred. The series is known by its parameters alone, and
    the units (a) to (d) all have exactly these: 468,042 trainable and 2,368 not.
    """
    x = nn.conv(image, 16, 3, bias=True)
    for width, stride, _ in _plan_units(units):
        y = nn.bn_relu(nn.conv(x, width, 3, stride=stride, bias=True))
        y = nn.bn_relu(nn.conv(y, width, 3, bias=True))
        x = nn.add(y, _project_with_bias(nn, x, width, stride))
    return _add_head(nn, x, classes)


def _plan_units(units: int) -> Iterator[tuple[int, int, bool]]:
    """(width, stride, whether it opens a stage) of every unit: three stages of ``units`` each."""
    return _plan_stages([units] * len(_WIDTHS), _WIDTHS)


def _plan_stages(stages: Sequence[int], widths: Sequence[int]) -> Iterator[tuple[int, int, bool]]:
    """The same of stages of so many units and filters."""
    for stage, (units, width) in enumerate(zip(stages, widths, strict=True)):
        for unit in range(units):
            yield width, 2 if stage > 0 and unit == 0 else 1, unit == 0


def _projecting_resnet(nn: Layers[Value], x: Value, units: Iterator[tuple[int, int, bool]], classes: int) -> Value:
    """Full pre-activation after the stem, with a 1x1 projection where the shape changes."""
    for filters, stride, _ in units:
        active = nn.bn_relu(x)
        y = nn.conv(active, filters, 3, stride=stride)
        y = nn.conv(nn.bn_relu(y), filters, 3)
        changes = stride > 1 or nn.channels(x) != filters
        x = nn.add(y, nn.conv(active, filters, 1, stride=stride) if changes else x)
    return _add_head(nn, x, classes)


def _pad_shortcut(nn: Layers[Value], x: Value, filters: int, stride: int) -> Value:
    if stride == 1 and nn.channels(x) == filters:
        return x
    return nn.pad_channels(x, filters, stride=stride)


def _project_with_bias(nn: Layers[Value], x: Value, filters: int, stride: int) -> Value:
    if stride == 1 and nn.channels(x) == filters:
        return x
    return nn.conv(x, filters, 1, stride=stride, bias=True)


def _add_head(nn: Layers[Value], x: Value, classes: int) -> Value:
    return nn.dense(nn.global_average_pool(nn.bn_relu(x)), classes)
