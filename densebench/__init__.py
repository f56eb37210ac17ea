"""densebench: which of these networks should I train on my machine, and what will it cost me?"""

from densebench.version import __version__ as __version__
