"""The version of densebench."""

__version__ = "0.1.0"
