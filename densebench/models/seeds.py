"""Seeds of the random numbers that are drawn by others than densebench: by Python, NumPy, Keras and the framework.

Not by ``keras.utils.set_random_seed``, which loads TensorFlow on every backend: seconds, and memory of the GPU.
"""

import random

import keras
import numpy as np


def seed_everything(seed: int) -> None:
    """Begin all streams, for code of a user's; Keras's initializers draw from Python's."""
    random.seed(seed)
    np.random.seed(seed)
    seed_framework(seed)


def seed_framework(seed: int) -> None:
    """Begin the framework's own stream; JAX has none."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.random.set_seed(seed)
    elif keras.backend.backend() == "torch":
        import torch

        torch.manual_seed(seed)
