"""Keeps packages from importing a framework merely because it is installed.

TensorFlow and Keras import jax, tensorboardX imports torch: 100 MB of the host's memory and a second or more, on a run
that has nothing to do with them.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec


class _Hook:
    """An import hook for which some packages are not installed."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name in self._names:
            raise ModuleNotFoundError(f"{name} is hidden while other packages are imported", name=name)
        return None


@contextmanager
def hide_packages(*names: str) -> Iterator[None]:
    """Within, packages of these names are as if not installed, unless they were imported before."""
    hook = _Hook(names)
    sys.meta_path.insert(0, hook)
    try:
        yield
    finally:
        sys.meta_path.remove(hook)
