"""Tests of ``densebench/data/selection.py``."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from densebench.data.selection import hold_out, take_first_of_each_class

labels_and_count = st.lists(st.integers(0, 4), min_size=1, max_size=60).flatmap(
    lambda labels: st.tuples(st.just(np.array(labels, np.int32)), st.integers(0, len(labels)))
)


def test_a_limit_takes_the_first_images_of_each_class():
    assert take_first_of_each_class(np.array([1, 1, 1, 0, 0, 2, 2], np.int32), 5).tolist() == [0, 1, 3, 4, 5]


@given(labels_and_count)
def test_a_limit_takes_as_many_as_asked_for_in_their_own_order(given_labels):
    labels, count = given_labels
    chosen = take_first_of_each_class(labels, count)
    assert len(chosen) == count
    assert (np.diff(chosen) > 0).all()


@given(labels_and_count)
def test_a_limit_is_balanced_as_far_as_the_classes_reach(given_labels):
    labels, count = given_labels
    taken = np.bincount(labels[take_first_of_each_class(labels, count)], minlength=5)
    there = np.bincount(labels, minlength=5)
    unfinished = taken[taken < there]
    assert taken.max(initial=0) - unfinished.min(initial=taken.max(initial=0)) <= 1


@given(labels_and_count)
def test_a_smaller_limit_is_part_of_a_larger_one(given_labels):
    labels, count = given_labels
    assert set(take_first_of_each_class(labels, count // 2)) <= set(take_first_of_each_class(labels, count))


@given(labels_and_count, st.integers(0, 2**64 - 1))
def test_what_is_held_out_is_balanced_and_apart_from_what_is_kept(given_labels, stream):
    labels, count = given_labels
    kept, held_out = hold_out(labels, count, stream)
    assert len(held_out) == count
    assert sorted([*kept, *held_out]) == list(range(len(labels)))
    taken, there = np.bincount(labels[held_out], minlength=5), np.bincount(labels, minlength=5)
    unfinished = taken[taken < there]
    assert taken.max(initial=0) - unfinished.min(initial=taken.max(initial=0)) <= 1


def test_what_is_held_out_is_not_simply_the_first_of_each_class():
    labels = np.repeat(np.arange(4, dtype=np.int32), 50)
    _, held_out = hold_out(labels, 40, 1)
    assert held_out.tolist() != take_first_of_each_class(labels, 40).tolist()
