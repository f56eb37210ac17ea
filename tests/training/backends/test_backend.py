from dataclasses import replace

import pytest

from densebench.errors import InputError
from densebench.training.backends import backend


def test_a_backend_that_is_not_installed_is_told_with_what_installs_it(config, monkeypatch):
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"--backend jax needs .*pip install 'densebench\[jax\]'"):
        backend.prepare(replace(config, backend="jax"))


def test_jax_without_compilation_is_refused(config, monkeypatch):
    monkeypatch.setattr(backend, "find_spec", lambda name: object())
    with pytest.raises(InputError, match="--no-jit"):
        backend.prepare(replace(config, backend="jax", jit=False))


def test_a_keras_on_another_backend_is_an_error_of_ours(config, facts, monkeypatch):
    monkeypatch.setattr(backend, "find_spec", lambda name: object())
    other = next(name for name in ("torch", "jax") if name != config.backend)
    with pytest.raises(RuntimeError, match="before"):
        backend.prepare(replace(config, backend=other))


def test_the_precision_becomes_kerass_policy(config):
    import keras

    try:
        facts = backend.prepare(replace(config, precision="mixed_bfloat16"))
        assert facts.precision == keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")


def test_auto_is_an_implementation_and_recomputing_asks_for_the_one_that_can(config):
    assert backend.prepare(config).implementation in ("plain", "fast")
    assert backend.prepare(replace(config, recompute=True)).implementation == "fast"
    assert backend.prepare(replace(config, implementation="plain")).implementation == "plain"
