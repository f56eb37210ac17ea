import dataclasses

import pytest

from densebench.config import RunConfig
from densebench.errors import InputError
from densebench.models.own.lookup import list_offered, load, load_configured, require_unchanged
from densebench.models.variants import VARIANTS

NET = "def net(nn, image, *, classes):\n    return nn.dense(nn.global_average_pool(image), classes)\n"


def configure(variant):
    return RunConfig(
        variant=variant.name, variant_file=variant.file, variant_sha256=variant.sha256, run="a", backend="jax"
    )


def test_a_name_means_a_network_of_the_table_of_a_file_of_keras_or_of_a_package(write, install):
    install({"variants": {"little": "fancynets:little"}})
    names = [load(name).name for name in ("ResNet20", write(NET), "keras:mobilenetv2", "little")]
    assert names == ["resnet20", "mynets.py:net", "keras:MobileNetV2", "little"]
    assert load("little").source == "fancynets 1.2"
    assert len(load("little").sha256) == 64


def test_an_unknown_name_may_be_meant_as_one_of_a_package(install):
    install({"variants": {"little": "fancynets:little"}})
    with pytest.raises(InputError, match="did you mean little"):
        load("litle")


def test_a_network_of_the_table_goes_before_a_package_with_a_note(install):
    install({"variants": {"resnet20": "fancynets:little", "little": "fancynets:little", "no": "fancynets:quick"}})
    found, notes = list_offered()
    assert load("resnet20") is VARIANTS["resnet20"]
    assert [variant.name for variant in found] == ["little"]
    assert "'resnet20' of the package fancynets 1.2 is not used" in notes[0]
    assert "'no' of the package fancynets 1.2 is not a function" in notes[1]


def test_a_run_finds_the_network_that_it_was_started_with_from_any_folder(write, tmp_path, monkeypatch):
    config = configure(load(write(NET)))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load_configured(config).sha256 == config.variant_sha256


def test_a_run_refuses_a_file_that_has_changed_since_and_does_not_run_it(write):
    config = configure(load(write(NET)))
    write(f"raise RuntimeError('was run')\n{NET}")
    for check in (load_configured, require_unchanged):
        with pytest.raises(InputError, match=r"mynets\.py has changed since the run was started"):
            check(config)


def test_a_run_refuses_a_package_that_has_changed(install):
    file = install({"variants": {"little": "fancynets:little"}})
    config = configure(load("little"))
    assert load_configured(config).name == "little"
    with pytest.raises(InputError, match=r"network little of fancynets 1\.2 is no longer what"):
        load_configured(dataclasses.replace(config, variant_sha256="0" * 64))
    assert file.exists()


def test_a_file_that_only_a_name_tells_of_is_never_run(write, tmp_path, monkeypatch):
    write("raise RuntimeError('was run')", name="evil.py")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="code in a file that is not known"):
        load_configured(RunConfig(variant="evil.py:net", run="a"))
