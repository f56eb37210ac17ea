import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from densebench.training.scores import _compute_ranks, are_probabilities, score

NAN = float("nan")


def scored(logits, labels, classes=None):
    logits = np.array(logits, dtype=np.float32)
    return score([(logits, np.array(labels, dtype=np.int32))], classes or logits.shape[1])


def test_scores_of_a_small_split_worked_by_hand():
    scores = scored([[2, 0, 0], [0, 2, 0], [0, 2, 0], [0, 0, 2]], [0, 1, 0, 2])
    right, wrong = np.log(np.e**2 + 2) - 2, np.log(np.e**2 + 2)
    assert scores.images == 4
    assert scores.accuracy == 0.75
    assert scores.loss == pytest.approx((3 * right + wrong) / 4)
    assert scores.confusion.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert scores.class_accuracies == [0.5, 1.0, 1.0]


def test_a_class_without_images_has_no_accuracy():
    assert scored([[1, 0, 0]], [0]).class_accuracies == [1.0, None, None]


def test_top5_is_unknown_below_five_classes():
    assert scored([[1, 0, 0, 0]], [3]).top5_accuracy is None
    assert scored([[5, 4, 3, 2, 1, 0]], [4]).top5_accuracy == 1.0
    assert scored([[5, 4, 3, 2, 1, 0]], [5]).top5_accuracy == 0.0


def test_a_network_that_answers_the_same_for_all_classes_is_right_by_chance_only():
    scores = scored(np.zeros((6, 6)), range(6))
    assert scores.accuracy == pytest.approx(1 / 6)
    assert scores.top5_accuracy == pytest.approx(5 / 6)


def test_nan_is_never_a_right_answer():
    scores = scored([[NAN] * 6, [NAN, 1, 2, 3, 4, 5]], [2, 0])
    assert (scores.accuracy, scores.top5_accuracy) == (0.0, 0.0)


@given(
    arrays(np.float32, (4, 7), elements=st.integers(-3, 3).map(np.float32)),
    st.lists(st.integers(0, 6), min_size=4, max_size=4),
)
def test_a_rank_is_the_place_in_a_stable_sort(logits, labels):
    places = [list(np.argsort(-row, kind="stable")).index(label) for row, label in zip(logits, labels, strict=True)]
    assert _compute_ranks(logits, np.array(labels, dtype=np.int32)).tolist() == places


def test_batches_add_up_to_the_whole():
    random = np.random.default_rng(0)
    logits, labels = random.normal(size=(10, 6)).astype(np.float32), random.integers(6, size=10, dtype=np.int32)
    parts = score([(logits[:4], labels[:4]), (logits[4:], labels[4:])], 6)
    whole = score([(logits, labels)], 6)
    assert parts.loss == pytest.approx(whole.loss)
    assert (parts.accuracy, parts.top5_accuracy) == (whole.accuracy, whole.top5_accuracy)


def test_the_loss_of_probabilities_is_that_of_the_logits_they_come_from():
    logits = np.random.default_rng(0).normal(size=(10, 6))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    labels = np.arange(10, dtype=np.int32) % 6
    from_logits = score([(logits.astype(np.float32), labels)], 6)
    from_probabilities = score([(probabilities.astype(np.float32), labels)], 6, probabilities=True)
    assert from_probabilities.loss == pytest.approx(from_logits.loss, rel=1e-6)
    assert from_probabilities.accuracy == from_logits.accuracy


def test_answers_are_probabilities_if_every_row_is_a_distribution():
    logits = np.random.default_rng(0).normal(size=(10, 6)).astype(np.float32)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    assert are_probabilities(probabilities)
    assert are_probabilities(probabilities.astype(np.float16))
    assert not are_probabilities(logits)
    assert not are_probabilities(np.log(probabilities))
    assert not are_probabilities(np.concatenate([probabilities[:9], [[0, 0, 0, 0, 0, 0]]]))
    assert not are_probabilities(np.full((2, 6), np.nan))


def test_a_probability_of_zero_has_a_finite_loss_as_in_keras():
    certain = score([(np.eye(6, dtype=np.float32)[:1], np.array([1], np.int32))], 6, probabilities=True)
    assert certain.loss == pytest.approx(-np.log(1e-7), rel=1e-3)
