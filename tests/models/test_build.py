"""Which implementation builds a network, and what is refused."""

import pytest

from densebench.errors import InputError
from densebench.models.build import build
from densebench.models.variants import find


def test_the_fast_implementation_is_asked_with_every_setting(monkeypatch):
    asked = {}
    monkeypatch.setattr(
        "densebench.models.build.build_fast", lambda variant, **settings: asked.update(settings, name=variant.name)
    )
    settings = {"classes": 3, "image_size": 9, "seed": 7, "recompute": True}
    build(find("10x3"), implementation="fast", weight_decay=0.5, **settings)
    assert asked == {"name": "10x3", **settings}


def test_recomputation_is_refused_by_the_plain_implementation():
    with pytest.raises(InputError, match="--implementation fast"):
        build(find("10x3"), classes=10, image_size=8, weight_decay=0.0, seed=0, recompute=True)


def test_an_unknown_implementation_is_refused():
    with pytest.raises(InputError, match="Unknown implementation 'quick': choose from plain, fast"):
        build(find("10x3"), classes=10, image_size=8, weight_decay=0.0, seed=0, implementation="quick")


def test_images_that_are_too_small_are_refused():
    with pytest.raises(InputError, match="7x7 pixels are too small"):
        build(find("100x12"), classes=10, image_size=7, weight_decay=1e-4, seed=0)
