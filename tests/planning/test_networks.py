import dataclasses

import pytest

from densebench.data.images import DatasetFacts
from densebench.errors import InputError
from densebench.models.variants import BLOG_VARIANTS, VARIANTS
from densebench.planning.networks import count_on, expand_variants, require_full_batch

FACTS = DatasetFacts(name="mine", classes=5, image_size=16, train_images=100, validation_images=0, test_images=20)


def test_names_stand_for_networks_each_once():
    assert expand_variants(["blog"]) == list(BLOG_VARIANTS)
    assert expand_variants(["all"]) == list(VARIANTS)
    assert expand_variants(["resnet20", "RESNET20", "densenet-bc-100x12"]) == ["resnet20", "100x12"]
    with pytest.raises(InputError, match="resnet21"):
        expand_variants(["resnet21"])


def test_a_network_is_counted_on_the_images_of_the_dataset():
    small, usual = (
        count_on("resnet20", FACTS),
        count_on("resnet20", dataclasses.replace(FACTS, image_size=32, classes=10)),
    )
    assert 4 * small.layers[0].macs == usual.layers[0].macs
    assert usual.params - small.params == 5 * 65  # of the last layer
    unknown = dataclasses.replace(FACTS, image_size=None, classes=None)
    assert count_on("resnet20", unknown) == usual


def test_a_batch_of_more_images_than_there_are_is_refused():
    require_full_batch(100, FACTS)
    require_full_batch(101, dataclasses.replace(FACTS, train_images=None))
    with pytest.raises(InputError, match="--batch-size 101 is more than the 100 training images of mine"):
        require_full_batch(101, FACTS)
