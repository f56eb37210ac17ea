"""Re-keys every random stream of a framework by (seed, epoch), so that a resumed run draws what it would have drawn."""

import keras
import numpy as np


def rekey(model: keras.Model, seed: int, epoch: int) -> None:
    """Begin an epoch's streams: those of the model's seed generators, and the framework's own.

    Not by ``keras.utils.set_random_seed``, which imports TensorFlow on every backend.
    """
    source = np.random.default_rng([seed, epoch])
    for variable in model.non_trainable_variables:
        if variable.path.endswith("seed_generator_state"):
            variable.assign(source.integers(2**32, size=2, dtype=np.uint32))
    stream = int(source.integers(2**31))
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.random.set_seed(stream)
    elif keras.backend.backend() == "torch":
        import torch

        torch.manual_seed(stream)
