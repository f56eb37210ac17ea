"""The launcher of a queue on Ray."""
