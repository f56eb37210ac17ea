"""One training step and one forward pass on each backend."""
