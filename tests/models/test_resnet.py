"""Residual networks: the order of each unit, and its shortcut."""

import pytest

from densebench.models import resnet
from densebench.models.cost import count
from densebench.models.layers import LayerNames
from densebench.models.variants import find


class Wiring:
    """The vocabulary on (name, channels), writing down what reads what."""

    def __init__(self):
        self.lines = []
        self._names = LayerNames()

    def _write(self, kind, channels, *xs):
        name = self._names.next(kind)
        self.lines.append(f"{name}({' '.join(read for read, _ in xs)})")
        return name, channels

    def channels(self, x):
        return x[1]

    def conv(self, x, filters, kernel_size, *, stride=1, bias=False):
        return self._write(f"conv{kernel_size}x{kernel_size}_", filters, x)

    def bn(self, x):
        return self._write("bn", x[1], x)

    def bn_relu(self, x):
        return self._write("active", x[1], x)

    def relu(self, x):
        return self._write("relu", x[1], x)

    def add(self, x, y):
        return self._write("add", x[1], x, y)

    def pad_channels(self, x, filters, *, stride):
        return self._write("pad", filters, x)

    def global_average_pool(self, x):
        return self._write("pool", x[1], x)

    def dense(self, x, units):
        return self._write("dense", units, x)


def first_lines(network, number, **settings):
    """What the stem and the first two units, one a stage, write: the second one opens a stage of half the side."""
    nn = Wiring()
    network(nn, ("image", 3), classes=10, **({} if "stages" in settings else {"units": 1}), **settings)
    return nn.lines[:number]


def test_the_original_unit_adds_before_its_last_relu():
    assert first_lines(resnet.resnet, 15) == [
        "conv3x3_1(image)",
        "active1(conv3x3_1)",
        *("conv3x3_2(active1)", "active2(conv3x3_2)", "conv3x3_3(active2)", "bn1(conv3x3_3)"),
        *("add1(bn1 active1)", "relu1(add1)"),
        *("conv3x3_4(relu1)", "active3(conv3x3_4)", "conv3x3_5(active3)", "bn2(conv3x3_5)"),
        *("pad1(relu1)", "add2(bn2 pad1)", "relu2(add2)"),
    ]


def test_the_full_preactivation_unit_shares_its_activation_where_a_stage_opens():
    assert first_lines(resnet.preactivation_resnet, 12) == [
        "conv3x3_1(image)",
        *("active1(conv3x3_1)", "conv3x3_2(active1)", "active2(conv3x3_2)", "conv3x3_3(active2)"),
        "add1(conv3x3_3 active1)",
        *("active3(add1)", "conv3x3_4(active3)", "active4(conv3x3_4)", "conv3x3_5(active4)", "pad1(active3)"),
        "add2(conv3x3_5 pad1)",
    ]


def test_the_bottleneck_unit_projects_its_activation_where_a_stage_opens():
    assert first_lines(resnet.bottleneck_resnet, 9) == [
        "conv3x3_1(image)",
        *("active1(conv3x3_1)", "conv1x1_1(active1)", "active2(conv1x1_1)", "conv3x3_2(active2)"),
        *("active3(conv3x3_2)", "conv1x1_2(active3)"),
        *("conv1x1_3(active1)", "add1(conv1x1_2 conv1x1_3)"),
    ]


def test_the_wide_unit_projects_its_activation_where_a_stage_opens():
    assert first_lines(resnet.wide_resnet, 7, factor=2) == [
        "conv3x3_1(image)",
        *("active1(conv3x3_1)", "conv3x3_2(active1)", "active2(conv3x3_2)", "conv3x3_3(active2)"),
        *("conv1x1_1(active1)", "add1(conv3x3_3 conv1x1_1)"),
    ]


def test_the_unit_for_imagenet_projects_its_input_where_the_shape_changes():
    assert first_lines(resnet.imagenet_resnet, 16, stages=(1, 1, 0, 0)) == [
        "conv3x3_1(image)",
        "active1(conv3x3_1)",
        *("conv3x3_2(active1)", "active2(conv3x3_2)", "conv3x3_3(active2)", "bn1(conv3x3_3)"),
        *("add1(bn1 active1)", "relu1(add1)"),
        *("conv3x3_4(relu1)", "active3(conv3x3_4)", "conv3x3_5(active3)", "bn2(conv3x3_5)"),
        *("conv1x1_1(relu1)", "bn3(conv1x1_1)", "add2(bn2 bn3)", "relu2(add2)"),
    ]


def test_the_bottleneck_for_imagenet_projects_in_the_first_stage_too():
    assert first_lines(resnet.imagenet_resnet, 12, stages=(1, 1, 0, 0), bottlenecks=True) == [
        "conv3x3_1(image)",
        "active1(conv3x3_1)",
        *("conv1x1_1(active1)", "active2(conv1x1_1)", "conv3x3_2(active2)", "active3(conv3x3_2)"),
        *("conv1x1_2(active3)", "bn1(conv1x1_2)"),
        *("conv1x1_3(active1)", "bn2(conv1x1_3)", "add1(bn1 bn2)", "relu1(add1)"),
    ]


def test_the_full_preactivation_unit_for_imagenet_projects_its_activation_where_the_shape_changes():
    assert first_lines(resnet.imagenet_preactivation_resnet, 13, stages=(1, 1, 0, 0)) == [
        "conv3x3_1(image)",
        *("active1(conv3x3_1)", "conv3x3_2(active1)", "active2(conv3x3_2)", "conv3x3_3(active2)"),
        "add1(conv3x3_3 conv3x3_1)",
        *("active3(add1)", "conv3x3_4(active3)", "active4(conv3x3_4)", "conv3x3_5(active4)"),
        *("conv1x1_1(active3)", "add2(conv3x3_5 conv1x1_1)", "active5(add2)"),
    ]


def test_the_series_unit_c_activates_before_it_adds():
    assert first_lines(resnet.series_resnet_c, 12) == [
        "conv3x3_1(image)",
        *("conv3x3_2(conv3x3_1)", "active1(conv3x3_2)", "conv3x3_3(active1)", "active2(conv3x3_3)"),
        "add1(active2 conv3x3_1)",
        *("conv3x3_4(add1)", "active3(conv3x3_4)", "conv3x3_5(active3)", "active4(conv3x3_5)"),
        *("conv1x1_1(add1)", "add2(active4 conv1x1_1)"),
    ]


def test_the_series_full_preactivation_unit_projects_what_it_has_not_activated():
    assert first_lines(resnet.series_resnet, 12) == [
        "conv3x3_1(image)",
        *("active1(conv3x3_1)", "conv3x3_2(active1)", "active2(conv3x3_2)", "conv3x3_3(active2)"),
        "add1(conv3x3_3 conv3x3_1)",
        *("active3(add1)", "conv3x3_4(active3)", "active4(conv3x3_4)", "conv3x3_5(active4)"),
        *("conv1x1_1(add1)", "add2(conv3x3_5 conv1x1_1)"),
    ]


def test_a_preactivation_network_activates_before_it_pools():
    nn = Wiring()
    resnet.series_resnet_c(nn, ("image", 3), classes=10, units=1)
    assert nn.lines[-3:] == ["active7(add3)", "pool1(active7)", "dense1(pool1)"]


def test_the_letter_of_resnet_32_c_is_said_to_be_inferred():
    assert "inferred" in resnet.series_resnet_c.__doc__


@pytest.mark.parametrize("name", ["resnet20", "resnet_32", "resnet_32_c", "preresnet20", "preresnet164", "wrn16x8"])
def test_two_of_three_stages_halve_the_image(name):
    cost = count(find(name), classes=10, image_size=32)
    sides = [layer.output_shape[0] for layer in cost.layers if layer.kind == "add"]
    assert sorted(set(sides), reverse=True) == [32, 16, 8]
    assert sides == sorted(sides, reverse=True)


@pytest.mark.parametrize(("name", "channels"), [("resnet20", 64), ("preresnet164", 256), ("wrn28x10", 640)])
def test_the_classifier_reads_the_last_stage(name, channels):
    cost = count(find(name), classes=10, image_size=32)
    assert cost.layers[-2].output_shape == (channels,)


@pytest.mark.parametrize(
    ("network", "settings"),
    [(resnet.preactivation_resnet, {}), (resnet.bottleneck_resnet, {}), (resnet.wide_resnet, {"factor": 2})],
)
def test_a_preactivation_unit_inside_a_stage_adds_to_what_it_has_not_activated(network, settings):
    nn = Wiring()
    network(nn, ("image", 3), classes=10, units=2, **settings)
    (addition,) = (line for line in nn.lines if line.startswith("add2("))
    assert addition.endswith(" add1)")
