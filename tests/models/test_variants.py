"""The names: which there are, which are understood, and what is said about the rest."""

import pytest

from densebench.errors import InputError
from densebench.models.cost import count
from densebench.models.variant import Variant
from densebench.models.variants import (
    BLOG_VARIANTS,
    VARIANTS,
    check_request,
    explain_alias,
    find,
    list_aliases,
)

# fmt: off
NAMES = [
    "100x12", "100x24", "121x32", "169x32", "201x32", "161x48", "resnet_32_c",
    "40x12", "40x36", "40x48", "40x60", "160x24", "190x40", "250x24",
    "densenet-40x12", "densenet-100x12", "densenet-100x24",
    "resnet20", "resnet32", "resnet44", "resnet56", "resnet110",
    "resnet_32", "resnet18", "resnet34", "resnet50",
    "preresnet20", "preresnet32", "preresnet44", "preresnet56", "preresnet110", "preresnet164", "preresnet18",
    "wrn16x8", "wrn28x2", "wrn28x10", "wrn40x4", "googlenet",
]
# fmt: on

RULE = r"depth L must be 6n \+ 4, from 10 to 1000, and the growth rate K from 1 to 512; did you mean "


class LongestPath:
    """The vocabulary on (channels, convolutions passed): a third interpreter, to count depth."""

    def channels(self, x):
        return x[0]

    def conv(self, x, filters, kernel_size, *, stride=1, bias=False):
        return filters, x[1] + 1

    def bn(self, x):
        return x

    relu = bn_relu = global_average_pool = bn

    def concat(self, *xs):
        return sum(channels for channels, _ in xs), max(passed for _, passed in xs)

    def add(self, x, y):
        return x[0], max(x[1], y[1])

    def pad_channels(self, x, filters, *, stride):
        return filters, x[1]

    def average_pool(self, x, size):
        return x

    def max_pool(self, x, size, *, stride):
        return x

    def dense(self, x, units):
        return units, x[1] + 1


def test_the_table_holds_every_promised_name_in_order():
    assert list(VARIANTS) == NAMES


def test_the_seed_variants_are_those_of_the_blog_series():
    assert BLOG_VARIANTS == ("100x12", "100x24", "121x32", "169x32", "201x32", "161x48", "resnet_32_c")


@pytest.mark.parametrize("name", [*NAMES, "52x7"])
def test_a_name_finds_the_variant_that_bears_it(name):
    assert find(name).name == name


@pytest.mark.parametrize("name", [name for name in [*NAMES, "52x7"] if not name.startswith("wrn")])
def test_a_variant_is_as_deep_as_its_longest_path(name):
    variant = find(name)
    assert variant.build(LongestPath(), (3, 0), 10) == (10, variant.depth)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("wrn")])
def test_a_wide_residual_network_is_as_deep_as_it_has_convolutions(name):
    variant = find(name)
    kinds = [layer.kind for layer in count(variant, classes=10, image_size=32).layers]
    assert kinds.count("conv") == variant.depth


def test_40x12_is_the_compressed_net_and_densenet_40x12_the_plain_one():
    assert (find("40x12").family, find("densenet-40x12").family) == ("densenet-bc", "densenet")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("100\N{MULTIPLICATION SIGN}12", "100x12"),
        ("100X12", "100x12"),
        ("densenet-bc-100x12", "100x12"),
        ("DenseNet_BC_121x32", "121x32"),
        ("0100x012", "100x12"),
        ("densenet121", "121x32"),
        ("DenseNet-161", "161x48"),
        (" ResNet20 ", "resnet20"),
    ],
)
def test_other_spellings_mean_the_same_network(given, name):
    assert find(given) is VARIANTS[name]


def test_the_names_of_other_libraries_are_explained():
    assert explain_alias("DenseNet_201").startswith("DenseNet_201 is 201x32 here, ")
    assert [list_aliases(VARIANTS[name]) for name in ("161x48", "100x12")] == [["densenet161"], []]
    assert explain_alias("161x48") is None


@pytest.mark.parametrize(
    ("given", "suggestion"),
    [
        ("101x12", "100x12"),
        ("0x12", "10x12"),
        ("4x12", "10x12"),
        ("100x0", "100x1"),
        ("100x99999999", "100x512"),
        ("99999999x12", "1000x12"),
        ("121x24", "124x24"),
    ],
)
def test_a_depth_or_growth_rate_outside_the_rule_is_told_the_rule(given, suggestion):
    with pytest.raises(InputError, match=f"Unknown variant '{given}': .*{RULE}{suggestion}"):
        find(given)
    assert find(suggestion).name == suggestion


@pytest.mark.parametrize("given", ["densenet_100x12", "DenseNet_100\N{MULTIPLICATION SIGN}12"])
def test_a_name_that_may_mean_two_networks_is_not_guessed(given):
    with pytest.raises(InputError, match=r"may mean two networks: give 100x12 .* or densenet-100x12"):
        find(given)


@pytest.mark.parametrize(
    ("given", "suggestion"), [("resnet_20", "resnet20"), ("wrn-28-10", "wrn28x10"), ("googlnet", "googlenet")]
)
def test_a_misspelt_name_is_answered_with_a_near_one(given, suggestion):
    with pytest.raises(InputError, match=f"did you mean .*{suggestion}"):
        find(given)


@pytest.mark.parametrize(
    "given",
    ["", "x", "100x", "x12", "-100x12", "100x-12", "100x1.5", "100x12x3", "\u0664\u0660x\u0661\u0662", "9" * 50],
)
def test_anything_else_is_unknown(given):
    with pytest.raises(InputError, match="Unknown variant"):
        find(given)


TINY = Variant(name="tiny", family="resnet", depth=1, build=lambda nn, image, classes: image, source="a test")


@pytest.mark.parametrize(("classes", "image_size"), [(2, 8), (1000, 224)])
def test_a_request_within_the_limits_passes(classes, image_size):
    check_request(TINY, classes=classes, image_size=image_size)


def test_images_that_a_network_would_halve_to_nothing_are_refused_with_the_smallest_size():
    with pytest.raises(InputError, match="7x7 pixels are too small for tiny: give --image-size 8 or more"):
        check_request(TINY, classes=10, image_size=7)


def test_a_single_class_is_refused():
    with pytest.raises(InputError, match="--classes 2 or more"):
        check_request(TINY, classes=1, image_size=32)
