"""Training and evaluating a model: the only heavy package."""
