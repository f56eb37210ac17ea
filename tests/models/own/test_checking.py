import itertools

import pytest

from densebench.errors import InputError
from densebench.models.cost import count
from densebench.models.own.checking import count_checked
from densebench.models.own.network_files import load_file
from densebench.models.variant import Variant
from densebench.models.variants import VARIANTS

HEAD = "return nn.dense(nn.global_average_pool(x), classes)"


@pytest.mark.parametrize("name", VARIANTS)
def test_every_network_of_the_table_passes_and_counts_the_same(name):
    variant = VARIANTS[name]
    assert count_checked(variant, classes=10, image_size=32) == count(variant, classes=10, image_size=32)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("return None", "returns nothing instead of logits"),
        ("return nn.conv(image, 4, 3)", "returns a feature map of 8x8x4 instead of 10 logits"),
        ("return nn.dense(nn.global_average_pool(image), 12)", "returns a vector of 12 instead of 10 logits"),
        ("return nn.dense(image, classes)", "line 3: nn.dense takes what nn.global_average_pool gives"),
        (
            "x = nn.add(image, nn.conv(image, 4, 3))",
            "line 3: nn.add takes two feature maps of one shape, not 8x8x3",
        ),
        ("x = nn.concat(image, nn.average_pool(image, 2))", "line 3: nn.concat takes feature maps of one height"),
        ("x = nn.concat()", "line 3: nn.concat joins feature maps, and was given none"),
        ("x = nn.average_pool(image, 9)", "line 3: nn.average_pool .* larger --image-size"),
        ("x = nn.pad_channels(image, 2, stride=1)", "line 3: nn.pad_channels .* cannot make 2 of 3"),
        ("x = nn.conv(image, 4.0, 3)", "line 3: nn.conv takes a whole number from 1 for filters, not 4.0"),
        ("x = nn.conv(image, True, 3)", "line 3: nn.conv takes a whole number"),
        ("x = nn.conv(image, 4, 3, stride=0)", "line 3: nn.conv takes a whole number from 1 for stride, not 0"),
        ("x = nn.relu(7)", "line 3: nn.relu takes a feature map, not an object of type int"),
        ("x = nn.bn(nn.global_average_pool(image))", "line 3: nn.bn takes a feature map, not a vector of 3"),
        ("x = nn.dropout(image)", "line 3: nn has no word 'dropout'"),
        ("x = nn.convolution(image, 4, 3)", "line 3: nn has no word 'convolution': use conv"),
        ("x = image + image", r"line 3: a feature map is no number and no array: .* nn\.add"),
        ("x = image[0]", "line 3: a feature map is no number"),
        ("x = nn.conv(image, image.shape[-1], 3)", r"line 3: a feature map shows no 'shape'.* nn\.channels"),
        ("x = image; nn.conv(x, 4, 3)", "makes conv1 and does nothing with it: leave it out"),
    ],
)
def test_a_wrong_use_of_the_vocabulary_is_one_sentence_with_its_line(body, sentence, write):
    variant = load_file(write(f"\ndef net(nn, image, *, classes):\n    {body}\n    {HEAD}\n"))
    with pytest.raises(InputError, match=sentence):
        count_checked(variant, classes=10, image_size=8)


def test_a_network_that_is_another_each_time_is_refused():
    calls = itertools.count(1)
    variant = Variant(
        name="dice",
        family="own",
        source="here",
        build=lambda nn, image, classes: nn.dense(nn.global_average_pool(nn.conv(image, next(calls), 3)), classes),
    )
    with pytest.raises(InputError, match="dice makes other layers each time it is called"):
        count_checked(variant, classes=10, image_size=8)
