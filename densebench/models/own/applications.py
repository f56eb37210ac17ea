"""The networks of ``keras.applications``, as ``keras:MobileNetV2``: without weights, for images of any size."""

import ast
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from densebench.errors import InputError, unknown
from densebench.models.variant import ModelVariant

PREFIX = "keras:"
_SOURCE = "keras.applications"


def find_application(name: str) -> ModelVariant:
    """The network of ``keras:NAME``, in any case of letters; Keras is not imported before the network is built."""
    wanted = name[len(PREFIX) :]
    names = _list_names()
    found = {each.lower(): each for each in names}.get(wanted.lower())
    if found is None:
        raise unknown("network of keras.applications", wanted, names)

    def make(classes: int, image_size: int) -> Any:
        return _make(found, classes, image_size)

    return ModelVariant(name=f"{PREFIX}{found}", family="keras", source=_SOURCE, make=make)


def _list_names() -> list[str]:
    """What Keras calls its networks, read off its source: to import it takes seconds."""
    spec = find_spec("keras")
    file = None if spec is None or spec.origin is None else Path(spec.origin).parent / "applications" / "__init__.py"
    if file is None or not file.is_file():
        raise InputError("The networks of keras.applications cannot be found: install Keras 3.15.1 or newer.")
    imported = (node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ImportFrom))
    names = (alias.name for node in imported for alias in node.names)
    return sorted(name for name in names if name[0].isupper())


def _make(name: str, classes: int, image_size: int) -> Any:
    """Random weights and logits; without layers that prepare images, where Keras can leave them out."""
    import inspect

    import keras

    function = getattr(keras.applications, name)
    asked: dict[str, Any] = {
        "weights": None,
        "classes": classes,
        "input_shape": (image_size, image_size, 3),
        "classifier_activation": None,
    }
    if "include_preprocessing" in inspect.signature(function).parameters:
        asked["include_preprocessing"] = False
    try:
        return function(**asked)
    except (ValueError, TypeError) as error:
        reason = str(error).strip().split("\n")[0].rstrip(".")
        other = "--backend" if "backend" in reason else "--image-size"
        raise InputError(
            f"{PREFIX}{name} cannot be built for images of {image_size}x{image_size} pixels ({reason}): "
            f"give another {other}."
        ) from None
