import random

import keras
import numpy as np

from densebench.models.seeds import seed_everything, seed_framework


def draw():
    """By Python, NumPy, an initializer of Keras, and the framework."""
    drawn = keras.initializers.HeNormal()((3, 3, 2, 2))
    return random.random(), np.random.random(), np.array(keras.ops.convert_to_numpy(drawn)).tobytes(), draw_framework()


def draw_framework():
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return float(tf.random.uniform([]))
    if keras.backend.backend() == "torch":
        import torch

        return float(torch.rand([]))
    return 0.0


def test_after_a_seed_all_draw_what_they_drew_after_it():
    drawn = []
    for seed in (1, 2, 1):
        seed_everything(seed)
        drawn.append(draw())
    assert drawn[0] == drawn[2]
    assert all(one != other for one, other in zip(drawn[0][:3], drawn[1][:3], strict=True))


def test_the_frameworks_seed_leaves_python_and_numpy_alone():
    seed_everything(1)
    expected = draw()[:2]
    seed_everything(1)
    seed_framework(2)
    assert draw()[:2] == expected
