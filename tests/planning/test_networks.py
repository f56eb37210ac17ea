from dataclasses import replace

import pytest

from densebench.config import RunConfig
from densebench.data.images import DatasetFacts
from densebench.errors import InputError
from densebench.models.variants import BLOG_VARIANTS, VARIANTS
from densebench.planning.networks import choose_network, count_on, expand_variants, require_fitting_recipe
from densebench.recipes import RECIPES

FACTS = DatasetFacts(name="mine", classes=5, image_size=16, train_images=100, validation_images=0, test_images=20)

RESNET20 = VARIANTS["resnet20"]


def test_names_stand_for_networks_each_once():
    assert [one.name for one in expand_variants(["blog"])] == list(BLOG_VARIANTS)
    assert expand_variants(["all"]) == list(VARIANTS.values())
    assert [one.name for one in expand_variants(["resnet20", "RESNET20", "densenet-bc-100x12"])] == [
        "resnet20",
        "100x12",
    ]
    with pytest.raises(InputError, match="resnet21"):
        expand_variants(["resnet21"])


def test_a_network_is_counted_on_the_images_of_the_dataset():
    small, usual = (
        count_on(RESNET20, FACTS),
        count_on(RESNET20, replace(FACTS, image_size=32, classes=10)),
    )
    assert 4 * small.layers[0].macs == usual.layers[0].macs
    assert usual.params - small.params == 5 * 65  # of the last layer
    unknown = replace(FACTS, image_size=None, classes=None)
    assert count_on(RESNET20, unknown) == usual


def test_a_network_of_a_file_is_checked_where_it_is_counted(tmp_path):
    (tmp_path / "nets.py").write_text("def net(nn, image, *, classes):\n    return nn.relu(image)\n")
    (network,) = expand_variants([f"{tmp_path}/nets.py:net"])
    with pytest.raises(InputError, match=r"nets\.py:net returns a feature map of 16x16x3 instead of 5 logits"):
        count_on(network, FACTS)


def test_two_files_of_one_name_stay_two_networks_and_one_named_twice_is_one(tmp_path):
    for folder, filters in (("a", 4), ("b", 5)):
        (tmp_path / folder).mkdir()
        body = f"nn.dense(nn.global_average_pool(nn.conv(image, {filters}, 3)), classes)"
        (tmp_path / folder / "nets.py").write_text(f"def net(nn, image, *, classes): return {body}\n")
    names = [f"{tmp_path}/{folder}/nets.py:net" for folder in "aba"]
    assert [count_on(one, FACTS).layers[0].output_shape[-1] for one in expand_variants(names)] == [4, 5]


def test_a_configuration_has_the_file_and_the_hash_of_its_network_and_a_keras_model_is_plain(tmp_path):
    (tmp_path / "nets.py").write_text("def net(nn, image, *, classes): ...\ndef model(*, classes, image_size): ...\n")
    config = RunConfig(variant="x", run="x")
    net, model = (
        choose_network(config, one) for one in expand_variants([f"{tmp_path}/nets.py:{f}" for f in ("net", "model")])
    )
    assert (net.variant, net.variant_file, net.implementation) == ("nets.py:net", f"{tmp_path}/nets.py", "auto")
    assert net.variant_sha256 == model.variant_sha256 is not None
    assert model.implementation == "plain"
    for asked in ({"implementation": "fast"}, {"recompute": True}):
        with pytest.raises(InputError, match=r"nets\.py:model is a keras\.Model"):
            choose_network(replace(config, **asked), expand_variants([f"{tmp_path}/nets.py:model"])[0])


def test_a_batch_of_more_images_than_there_are_is_refused():
    require_fitting_recipe(replace(RECIPES["blog"], batch_size=100), FACTS)
    require_fitting_recipe(replace(RECIPES["blog"], batch_size=101), replace(FACTS, train_images=None))
    with pytest.raises(InputError, match="--batch-size 101 is more than the 100 training images of mine"):
        require_fitting_recipe(replace(RECIPES["blog"], batch_size=101), FACTS)


def test_a_cutout_must_fit_into_the_images():
    recipe = replace(RECIPES["blog"], batch_size=1, cutout=FACTS.image_size)
    require_fitting_recipe(recipe, FACTS)
    with pytest.raises(InputError, match="The cutout of recipe 'blog', 40 pixels, is larger"):
        require_fitting_recipe(replace(recipe, cutout=40), FACTS)
