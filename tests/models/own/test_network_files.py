import hashlib
import sys
from pathlib import Path

import pytest

from densebench.errors import InputError
from densebench.models.own.checking import count_checked
from densebench.models.own.network_files import hash_file, is_file_address, load_file
from densebench.models.variant import ModelVariant, Variant

NET = """
    def net(nn, image, *, classes):
        return nn.dense(nn.global_average_pool(nn.conv(image, 4, 3)), classes)
"""


def test_a_file_is_meant_by_its_suffix_and_a_function_after_a_colon():
    assert all(map(is_file_address, ("mynets.py:tiny", "a/b.py:c", "/x/mynets.py")))
    assert not any(map(is_file_address, ("resnet20", "keras:MobileNetV2", "100x12", "numpy")))


def test_a_function_on_the_vocabulary_is_a_network_with_the_hash_of_its_file(write):
    address = write(NET)
    variant = load_file(address)
    path = address.rpartition(":")[0]
    assert isinstance(variant, Variant)
    assert (variant.name, variant.file, variant.is_foreign) == ("mynets.py:net", path, True)
    assert variant.sha256 == hash_file(path) == hashlib.sha256(Path(path).read_bytes()).hexdigest()
    assert count_checked(variant, classes=10, image_size=8).params == 3 * 9 * 4 + 5 * 10


def test_a_relative_path_becomes_absolute_so_that_other_folders_and_machines_find_it(write, tmp_path, monkeypatch):
    write(NET)
    monkeypatch.chdir(tmp_path)
    assert load_file("mynets.py:net").file == str(tmp_path / "mynets.py")


def test_a_builder_of_a_keras_model_is_known_by_its_parameters_without_running_the_file(write):
    variant = load_file(write("raise RuntimeError('was run')\ndef net(*, classes, image_size): ..."))
    assert isinstance(variant, ModelVariant)
    with pytest.raises(InputError, match="line 1: RuntimeError: was run"):
        variant.make(10, 32)


def test_a_name_that_is_no_plain_function_is_asked_after_the_file_was_run(write):
    source = f"from functools import partial\n{NET.replace('    def', 'def').replace('        return', '    return')}"
    variant = load_file(write(f"{source}\nsame = partial(net)\nnumber = 7\n", "same"))
    assert isinstance(variant, Variant)
    with pytest.raises(InputError, match=r"number in mynets\.py is not a function"):
        load_file(write(f"{source}\nnumber = 7\n", "number"))


@pytest.mark.parametrize(
    ("function", "sentence"),
    [("nett", "Unknown function of mynets.py 'nett': did you mean net"), ("", "may hold several .* mynets.py:net")],
)
def test_an_unknown_name_is_answered_with_those_that_there_are(function, sentence, write):
    address = write(NET, function).removesuffix(":")
    with pytest.raises(InputError, match=sentence):
        load_file(address)


def test_a_file_that_is_missing_or_without_a_function_is_said(write, tmp_path):
    with pytest.raises(InputError, match=r"none\.py cannot be read \(No such file or directory\): check the path"):
        load_file(str(tmp_path / "none.py:net"))
    with pytest.raises(InputError, match=r"defines no function: .* 'densebench init'"):
        load_file(write("x = 1\n", "x1"))


def test_a_file_that_has_changed_is_refused_before_it_is_run(write):
    address = write(NET)
    before = load_file(address).sha256
    write("raise RuntimeError('was run')\ndef net(nn, image, *, classes): ...")
    with pytest.raises(InputError, match=rf"has changed since .* \(SHA-256 {before[:8]}, now [0-9a-f]{{8}}\)"):
        load_file(address, sha256=before)


def test_two_files_of_one_name_are_two_networks(write, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = load_file(write(NET, name="a/mynets.py"))
    second = load_file(write(NET.replace("4, 3", "5, 3"), name="b/mynets.py"))
    assert first.name == second.name
    assert first.sha256 != second.sha256
    params = [count_checked(one, classes=10, image_size=8).params for one in (first, second)]
    assert params == [158, 195]


def test_a_dataclass_in_the_file_works_as_in_any_module(write):
    source = "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: 'int' = 1\n"
    load_file(write(f"{source}def net(nn, image, *, classes): ...\n"))
    assert any(name.startswith("densebench_network_") for name in sys.modules)
