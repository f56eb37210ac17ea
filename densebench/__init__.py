"""densebench: which of these networks should I train on my machine, and what will it cost me?"""

from densebench.version import __version__

__all__ = ["__version__"]
