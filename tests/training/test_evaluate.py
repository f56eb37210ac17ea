from dataclasses import replace

import keras
import numpy as np
import pytest

from densebench.data.batches import standardise
from densebench.errors import InputError, Interrupted
from densebench.training.evaluate import _LATENCY_BATCHES, evaluate


@pytest.fixture
def evaluated(build, facts, dataset):
    def evaluated(images=dataset, raise_if_stopped=lambda: None, **options):
        return evaluate(
            model=build().model,
            facts=facts,
            dataset=images,
            images=images.test,
            batch_size=8,
            raise_if_stopped=raise_if_stopped,
            **options,
        )

    return evaluated


def test_scores_are_those_of_the_models_own_answers(evaluated, build, dataset):
    x = standardise(dataset.test.pixels, dataset.mean, dataset.deviation)
    logits = keras.ops.convert_to_numpy(build().model(x, training=False)).astype(np.float64)
    labels = dataset.test.labels
    losses = np.log(np.exp(logits).sum(axis=-1)) - logits[np.arange(len(labels)), labels]
    scores = evaluated().scores
    assert scores.images == 12
    assert scores.loss == pytest.approx(losses.mean(), rel=1e-5)
    assert scores.accuracy == pytest.approx((logits.argmax(axis=-1) == labels).mean())
    assert scores.confusion.sum(axis=1).tolist() == np.bincount(labels, minlength=6).tolist()


def test_answers_to_an_image_and_its_mirror_image_are_averaged(evaluated, build, dataset):
    def answer(pixels):
        x = standardise(pixels, dataset.mean, dataset.deviation)
        return keras.ops.convert_to_numpy(build().model(x, training=False)).astype(np.float64)

    pixels, labels = dataset.test.pixels, dataset.test.labels
    logits = (answer(pixels) + answer(pixels[:, :, ::-1])) / 2
    losses = np.log(np.exp(logits).sum(axis=-1)) - logits[np.arange(len(labels)), labels]
    mirrored = evaluated(test_time_flip=True).scores
    assert mirrored.loss == pytest.approx(losses.mean(), rel=1e-5)
    assert mirrored.accuracy == pytest.approx((logits.argmax(axis=-1) == labels).mean())
    assert mirrored.loss != pytest.approx(evaluated().scores.loss, rel=1e-5)


def test_probabilities_are_known_by_the_answers_themselves(facts, dataset):
    image = keras.Input((None, None, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(image)
    logits = keras.layers.Dense(6, kernel_initializer=keras.initializers.GlorotUniform(seed=0))(pooled)
    probabilities = keras.layers.Average()([keras.layers.Softmax()(logits)] * 2)  # ends in no softmax

    def find(answers):
        return evaluate(
            model=keras.Model(image, answers),
            facts=facts,
            dataset=dataset,
            images=dataset.test,
            batch_size=8,
            raise_if_stopped=lambda: None,
            probabilities=None,
        )

    ours, theirs = find(logits), find(probabilities)
    assert (ours.probabilities, theirs.probabilities) == (False, True)
    assert theirs.scores.loss == pytest.approx(ours.scores.loss, rel=1e-5)


def test_an_evaluation_trains_nothing(build, facts, dataset):
    model = build().model
    before = [np.array(keras.ops.convert_to_numpy(variable)) for variable in model.variables]
    evaluate(
        model=model, facts=facts, dataset=dataset, images=dataset.test, batch_size=8, raise_if_stopped=lambda: None
    )
    for old, variable in zip(before, model.variables, strict=True):
        assert np.array_equal(old, keras.ops.convert_to_numpy(variable))


def test_speed_and_latency_are_read_from_the_clock(evaluated):
    readings = iter(range(10_000))
    evaluation = evaluated(clock=lambda: float(next(readings)))
    assert (evaluation.latency_ms_p50, evaluation.latency_ms_p95) == (1000.0, 1000.0)
    assert (evaluation.eval_seconds, evaluation.images_per_second) == (1.0, 12.0)


def test_an_evaluation_can_be_stopped(evaluated):
    def stop():
        raise Interrupted("Stopped.", 2)

    with pytest.raises(Interrupted):
        evaluated(raise_if_stopped=stop)


def test_latency_is_measured_on_many_batches_of_even_a_small_split(evaluated):
    calls = []
    evaluated(raise_if_stopped=lambda: calls.append(1))
    assert len(calls) > _LATENCY_BATCHES


def test_a_network_for_other_classes_or_sizes_is_refused(evaluated, dataset):
    with pytest.raises(InputError, match="is for 6 classes of 8x8 images, but synthetic has 2 classes of 8x8"):
        evaluated(replace(dataset, class_names=("cat", "dog")))


def test_a_model_with_two_outputs_is_refused(facts, dataset):
    image = keras.Input((8, 8, 3))
    flat = keras.layers.Flatten()(image)
    model = keras.Model(image, [keras.layers.Dense(6)(flat), keras.layers.Dense(6)(flat)])
    with pytest.raises(InputError, match="1 inputs and 2 outputs"):
        evaluate(model=model, facts=facts, dataset=dataset, images=dataset.test, batch_size=8, raise_if_stopped=print)
