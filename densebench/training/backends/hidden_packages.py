"""Keeps packages from importing others merely because they are installed.

TensorFlow and Keras import jax, tensorboardX imports torch: 100 MB of the host's memory and a second or more, on a run
that has nothing to do with them. Keras also imports scikit-learn, matplotlib and pandas, for its wrappers,
pictures and adapters.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Hook(Loader):
    """An import hook by which some packages cannot be imported, though ``find_spec`` finds them, as PyTorch expects."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, self) if name in self._names else None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        raise ModuleNotFoundError(f"{spec.name} is hidden while other packages are imported", name=spec.name)


@contextmanager
def hide_packages(*names: str) -> Iterator[None]:
    """Within, packages of these names are as if not installed, unless they were imported before."""
    hook = _Hook(names)
    sys.meta_path.insert(0, hook)
    try:
        yield
    finally:
        sys.meta_path.remove(hook)
