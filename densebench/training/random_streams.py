"""Re-keys every random stream of a framework by (seed, epoch), so that a resumed run draws what it would have drawn."""

import keras
import numpy as np

from densebench.models.seeds import seed_framework


def rekey(model: keras.Model, seed: int, epoch: int) -> None:
    """Begin an epoch's streams: those of the model's seed generators, and the framework's own."""
    source = np.random.default_rng([seed, epoch])
    for variable in model.non_trainable_variables:
        if variable.path.endswith("seed_generator_state"):
            variable.assign(source.integers(2**32, size=2, dtype=np.uint32))
    seed_framework(int(source.integers(2**31)))
