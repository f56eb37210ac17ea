"""Checkpoints of a run on disk."""
