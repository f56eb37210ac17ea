"""densebench: which of these networks should I train on my machine, and what will it cost me?

In Python: :func:`load`, :func:`compare`, :func:`plan`, :func:`train`, :func:`evaluate`, :func:`speed`, :func:`summary`.
They are loaded when first used, so that ``import densebench`` takes no time. What they raise is in
:mod:`densebench.errors`.
"""

from importlib import import_module

from densebench import errors
from densebench.version import __version__

TYPE_CHECKING = False  # not typing's: a command begins here, and until it can answer Ctrl-C it loads nothing
if TYPE_CHECKING:
    from densebench.api.comparing import Comparison, compare, load, summary
    from densebench.api.planning import plan
    from densebench.api.running import Evaluation, evaluate, speed, train

_MODULES = {
    "densebench.api.comparing": ("Comparison", "compare", "load", "summary"),
    "densebench.api.planning": ("plan",),
    "densebench.api.running": ("Evaluation", "evaluate", "speed", "train"),
}
__all__ = [
    "Comparison",
    "Evaluation",
    "__version__",
    "compare",
    "errors",
    "evaluate",
    "load",
    "plan",
    "speed",
    "summary",
    "train",
]


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'densebench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
