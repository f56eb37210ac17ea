"""densebench: which of these networks should I train on my machine, and what will it cost me?"""

__version__ = "0.1.0"
