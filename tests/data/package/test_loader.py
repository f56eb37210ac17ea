import re
from pathlib import Path

import pytest

from densebench.config import DataConfig
from densebench.data import datasets
from densebench.errors import InputError

NETWORKS = Path(__file__).parents[3] / "docs" / "networks.md"
CONFIG = DataConfig(dataset="numbers", train_limit=20, test_limit=10)


def test_a_dataset_of_a_package_is_described_and_loaded_under_its_name(install):
    install({"datasets": {"numbers": "fancynets"}})
    assert datasets.describe(CONFIG).train_images == 20
    found = datasets.load(CONFIG)
    assert (found.name, len(found.train.labels), len(found.test.labels)) == ("numbers", 20, 10)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("", "has no functions describe and load_source"),
        ("describe = load_source = lambda *given: 7", "does not describe itself as .*DatasetFacts"),
        ("def describe(config): return 1 / 0\ndef load_source(*given): ...", r"cannot be used \(ZeroDivisionError"),
        ("import nothing_such", r"cannot be loaded \(ModuleNotFoundError"),
    ],
)
def test_a_dataset_that_is_wrong_names_its_package(code, sentence, install):
    install({"datasets": {"numbers": "fancynets"}}, code=code)
    with pytest.raises(InputError, match=rf"The dataset 'numbers' of the package fancynets 1\.2 {sentence}"):
        datasets.describe(CONFIG)


def test_an_unknown_dataset_may_be_meant_as_one_of_a_package(install):
    install({"datasets": {"numbers": "fancynets"}})
    with pytest.raises(InputError, match="did you mean numbers"):
        datasets.describe(DataConfig(dataset="number"))
    assert datasets.describe(DataConfig(dataset="digits")).name == "digits"


BLOCKS = re.findall(r"```python\n(.*?)```", NETWORKS.read_text(), re.DOTALL)
FLOWERS = next(block for block in BLOCKS if "def load_source" in block)


def test_the_example_of_the_documentation_is_one(install):
    install({"datasets": {"flowers": "fancynets"}}, code=FLOWERS)
    found = datasets.load(DataConfig(dataset="flowers"))
    assert (found.name, len(found.train.labels), found.class_names) == ("flowers", 100, ("daisy", "tulip"))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (FLOWERS.replace("images[chosen])", "images[chosen] / 255)"), r"float64 \(100, 32, 32, 3\)"),
        (FLOWERS.replace("images[chosen])", "images[chosen, ..., 0])"), r"uint8 \(100, 32, 32\)"),
        (FLOWERS.replace("images[chosen])", "images[:7])"), r"uint8 \(7, 32, 32, 3\)"),
        (FLOWERS.replace("images[chosen])", "7)"), r"objects \(\)"),
    ],
)
def test_images_of_another_kind_are_refused(code, kind, install):
    install({"datasets": {"flowers": "fancynets"}}, code=code)
    with pytest.raises(InputError, match=rf"fancynets 1\.2 has images as {kind}, which must be uint8 \(100, side"):
        datasets.load(DataConfig(dataset="flowers"))
