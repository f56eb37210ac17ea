"""Residual networks: the order of each unit, and its shortcut."""

import pytest

from densebench.models import resnet
from densebench.models.cost import CostLayers, count
from densebench.models.variants import find


def words(network, **settings):
    nn = CostLayers()
    network(nn, (32, 32, 3), classes=10, units=1, **settings)
    return " ".join(layer.kind for layer in nn.layers)


HEAD = " bn global_average_pool dense"


def test_the_original_unit_adds_before_its_last_relu():
    inside = "conv bn conv bn add relu"
    opening = "conv bn conv bn pad_channels add relu"
    assert words(resnet.resnet) == f"conv bn {inside} {opening} {opening} global_average_pool dense"


def test_the_full_preactivation_unit_adds_bare_convolutions():
    opening = "bn pad_channels conv bn conv add"
    assert words(resnet.preactivation_resnet) == f"conv bn conv bn conv add {opening} {opening}" + HEAD


def test_the_bottleneck_unit_projects_where_a_stage_opens():
    opening = "bn conv conv bn conv bn conv add"
    assert words(resnet.bottleneck_resnet) == f"conv {opening} {opening} {opening}" + HEAD


def test_the_wide_unit_projects_where_a_stage_opens():
    opening = "bn conv conv bn conv add"
    assert words(resnet.wide_resnet, factor=2) == f"conv {opening} {opening} {opening}" + HEAD


def test_the_series_unit_c_activates_before_it_adds():
    inside, opening = "conv bn conv bn add", "conv bn conv bn conv add"
    assert words(resnet.series_resnet_c) == f"conv {inside} {opening} {opening}" + HEAD


def test_the_series_full_preactivation_unit_projects_what_it_has_not_activated():
    inside, opening = "bn conv bn conv add", "bn conv bn conv conv add"
    assert words(resnet.series_resnet) == f"conv {inside} {opening} {opening}" + HEAD


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
