"""Tests of ``densebench/data/keyed_random.py``."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from densebench.data.keyed_random import GOLDEN, derive_key, draw_bits, draw_permutation, scale_bits


def test_the_bits_are_those_of_splitmix64():
    # The first outputs of Vigna's reference splitmix64.c for the seed 1234567.
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert draw_bits(1234567, np.arange(1, 6, dtype=np.uint64)).tolist() == expected


def test_bits_do_not_depend_on_what_is_drawn_beside_them():
    together = draw_bits(5, np.arange(100, dtype=np.uint64))
    assert together[17] == draw_bits(5, np.array([17], np.uint64))[0]


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4), st.lists(st.integers(0, 2**32 - 1), min_size=1))
def test_different_purposes_have_different_keys(one, other):
    assert (derive_key(*one) == derive_key(*other)) == (one == other)


def test_a_key_depends_on_the_order_of_its_parts():
    assert derive_key(1, 2) != derive_key(2, 1)
    assert 0 <= derive_key(1, 2) < 2**64
    assert derive_key(0) != GOLDEN


@given(st.integers(0, 2**64 - 1), st.integers(0, 300))
def test_a_permutation_has_every_number_once(stream, count):
    assert sorted(draw_permutation(stream, count)) == list(range(count))


def test_a_permutation_is_the_same_on_every_machine_and_in_every_version():
    assert draw_permutation(derive_key(1, 0, 1), 10).tolist() == [7, 3, 4, 2, 8, 1, 6, 5, 0, 9]


def test_integers_below_a_limit_are_uniform():
    drawn = scale_bits(9, draw_bits(derive_key(3), np.arange(90_000, dtype=np.uint64)))
    counts = np.bincount(drawn, minlength=9)
    assert len(counts) == 9
    assert abs(counts - 10_000).max() < 400  # four deviations
