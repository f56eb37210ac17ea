"""The counts, against the blog series, the papers and numbers worked out by hand."""

import subprocess
import sys

import pytest

from densebench.errors import InputError
from densebench.models.cost import CostLayers, count
from densebench.models.variants import VARIANTS, find

# Parameters as the blog series prints them; multiply-adds counted over convolutions and the classifier.
SERIES = [
    ("100x12", 793_150, 769_162, 23_988, 287_929_692),
    ("100x24", 3_068_482, 3_020_506, 47_976, 1_150_384_824),
    ("121x32", 7_039_818, 6_956_298, 83_520, 888_350_720),
    ("169x32", 12_651_594, 12_493_322, 158_272, 1_059_799_296),
    ("201x32", 18_333_258, 18_104_330, 228_928, 1_363_888_896),
    ("161x48", 26_702_122, 26_482_378, 219_744, 2_467_550_784),
    ("resnet_32_c", 470_410, 468_042, 2_368, 69_124_736),
]

# Trainable parameters to the last one, as reproductions of the papers print them.
EXACT = [
    ("190x40", 25_624_430),
    ("250x24", 15_324_406),
    ("resnet_32", 467_946),
    ("resnet20", 269_722),
    ("resnet32", 464_154),
    ("resnet44", 658_586),
    ("resnet56", 853_018),
    ("resnet110", 1_727_962),
    ("preresnet164", 1_703_258),
    ("resnet18", 11_173_962),
    ("resnet34", 21_282_122),
    ("resnet50", 23_520_842),
    ("preresnet18", 11_171_146 + 2 * 512),  # of kuangliu/pytorch-cifar, which has no normalisation before the pool
    ("wrn16x8", 10_961_370),
    ("wrn28x2", 1_467_610),
    ("wrn28x10", 36_479_194),
]

# Millions of trainable parameters, with the papers' digits: Huang et al. table 2, He et al. 2015 table 6, Zagoruyko
# and Komodakis table 5.
PRINTED = [
    ("densenet-40x12", "1.0"),
    ("densenet-100x12", "7.0"),
    ("densenet-100x24", "27.2"),
    ("100x12", "0.8"),
    ("250x24", "15.3"),
    ("190x40", "25.6"),
    ("resnet20", "0.27"),
    ("resnet32", "0.46"),
    ("resnet44", "0.66"),
    ("resnet56", "0.85"),
    ("resnet110", "1.7"),
    ("preresnet110", "1.7"),
    ("preresnet164", "1.7"),
    ("wrn16x8", "11.0"),
    ("wrn28x10", "36.5"),
    ("wrn40x4", "8.9"),
]


@pytest.mark.parametrize(("name", "params", "trainable", "non_trainable", "macs"), SERIES)
def test_the_blog_series_networks_cost_what_it_says(name, params, trainable, non_trainable, macs):
    cost = count(find(name), classes=10, image_size=32)
    assert (cost.params, cost.trainable_params, cost.non_trainable_params) == (params, trainable, non_trainable)
    assert cost.forward_macs == macs


@pytest.mark.parametrize(("name", "trainable"), EXACT)
def test_trainable_parameters_equal_published_counts(name, trainable):
    assert count(find(name), classes=10, image_size=32).trainable_params == trainable


@pytest.mark.parametrize(("name", "millions"), PRINTED)
def test_trainable_parameters_round_to_the_papers_millions(name, millions):
    digits = len(millions.partition(".")[2])
    assert f"{count(find(name), classes=10, image_size=32).trainable_params / 1e6:.{digits}f}" == millions


def test_the_series_full_preactivation_net_has_470218_parameters():
    assert count(find("resnet_32"), classes=10, image_size=32).params == 470_218


def test_a_convolution_counts_its_bias_as_a_parameter_but_not_as_a_multiply_add():
    nn = CostLayers()
    nn.conv((5, 5, 3), 4, 3, stride=2, bias=True)
    (layer,) = nn.layers
    assert (layer.name, layer.output_shape) == ("conv1", (3, 3, 4))
    assert (layer.params, layer.macs) == (3 * 3 * 3 * 4 + 4, 3 * 3 * 3 * 4 * 3 * 3)


def test_a_batch_normalisation_counts_its_moving_statistics_as_not_trainable():
    nn = CostLayers()
    nn.bn_relu((5, 5, 7))
    (layer,) = nn.layers
    assert (layer.name, layer.params, layer.non_trainable_params, layer.macs) == ("bn1", 28, 14, 0)


def test_layers_are_numbered_by_kind_in_order_of_call():
    cost = count(find("10x4"), classes=10, image_size=32)
    names = [layer.name for layer in cost.layers if layer.kind in ("conv", "bn", "concat")]
    assert names[:7] == ["conv1", "bn1", "conv2", "bn2", "conv3", "concat1", "bn3"]


def test_activations_count_the_elements_of_every_output():
    nn = CostLayers()
    nn.dense(nn.global_average_pool(nn.conv((8, 6, 3), 5, 3)), 2)
    assert [layer.activations for layer in nn.layers] == [8 * 6 * 5, 5, 2]


@pytest.mark.parametrize("name", ["100x12", "resnet20", "wrn16x8", "googlenet"])
def test_twice_the_side_costs_four_times_the_convolutions_and_no_more_parameters(name):
    small, large = (count(find(name), classes=10, image_size=size) for size in (32, 64))
    classifier = small.layers[-1].macs
    assert large.params == small.params
    assert large.forward_macs - classifier == 4 * (small.forward_macs - classifier)


def test_more_classes_change_the_classifier_alone():
    ten, hundred = (count(find("100x12"), classes=classes, image_size=32) for classes in (10, 100))
    assert hundred.params - ten.params == 90 * (342 + 1)
    assert hundred.layers[:-1] == ten.layers[:-1]


@pytest.mark.parametrize("image_size", [8, 9, 15, 31, 33, 64, 97])
def test_every_network_keeps_pixels_to_pool_at_any_size(image_size):
    for variant in VARIANTS.values():
        cost = count(variant, classes=3, image_size=image_size)
        assert all(layer.activations > 0 for layer in cost.layers), variant.name


def test_images_too_small_to_halve_three_times_are_refused():
    with pytest.raises(InputError, match=r"7x7 pixels are too small for 121x32: give --image-size 8 or more"):
        count(find("121x32"), classes=10, image_size=7)


def test_fewer_than_two_classes_are_refused():
    with pytest.raises(InputError, match=r"100x12 cannot classify into 1 classes: give --classes 2 or more"):
        count(find("100x12"), classes=1, image_size=32)


def test_counting_loads_no_heavy_module():
    program = (
        "import sys; from densebench.models.cost import count; from densebench.models.variants import find; "
        "count(find('100x12'), classes=10, image_size=32); "
        "print([name for name in ('keras', 'numpy', 'tensorflow', 'jax', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
