"""Tests of ``densebench/data/digits.py``."""

import subprocess
import sys

import numpy as np

from densebench.data import digits


def read(split, chosen):
    return split.read(np.array(chosen))


def test_the_split_is_the_announced_one_and_balanced_in_test():
    source, facts = digits.load_source(32), digits.describe()
    assert len(source.train.labels) == facts.train_images == 1437
    assert len(source.test.labels) == facts.test_images == 360
    assert np.bincount(source.test.labels).tolist() == [36] * 10
    assert len(source.class_names) == facts.classes == 10


def test_no_digit_is_in_train_and_in_test_at_once():
    from sklearn.datasets import load_digits

    source = digits.load_source(8)
    parts = [split.read(np.arange(len(split.labels))) for split in (source.train, source.test)]
    together = sorted(image.tobytes() for image in np.concatenate(parts))
    scaled = np.rint(load_digits().images * 255 / 16).astype(np.uint8)[..., None].repeat(3, axis=3)
    assert together == sorted(image.tobytes() for image in scaled)


def test_images_are_grey_rgb_over_the_whole_range():
    pixels = read(digits.load_source(32).train, range(50))
    assert pixels.shape == (50, 32, 32, 3)
    assert pixels.dtype == np.uint8
    assert (pixels[..., 0] == pixels[..., 2]).all()
    assert pixels.min() == 0
    assert pixels.max() == 255


def test_a_digit_must_not_be_mirrored():
    assert not digits.load_source(32).flip_allowed


def test_labels_fit_their_images():
    """Each class's mean image is nearest to the images of that class: 88 % here, 10 % for labels out of step."""
    source = digits.load_source(8)
    pixels = source.train.read(np.arange(1437)).reshape(1437, -1).astype(float)
    means = np.stack([pixels[source.train.labels == digit].mean(axis=0) for digit in range(10)])
    test = source.test.read(np.arange(360)).reshape(360, -1).astype(float)
    nearest = ((test[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == source.test.labels).mean() > 0.85


def test_scikit_learn_is_loaded_only_where_its_file_is_not_where_it_was(monkeypatch):
    code = "import sys; from densebench.data import digits; digits.load_source(8); assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    source = digits.load_source(8)
    monkeypatch.setattr(digits, "_FILE", ("elsewhere.csv.gz",))
    other = digits.load_source(8)
    for mine, theirs in ((source.train, other.train), (source.test, other.test)):
        assert np.array_equal(mine.labels, theirs.labels)
        assert np.array_equal(read(mine, range(len(mine.labels))), read(theirs, range(len(theirs.labels))))
