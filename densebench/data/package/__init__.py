"""Datasets of installed packages."""
