import keras
import numpy as np
import pytest
from keras import layers

from densebench.errors import InputError
from densebench.models.own.keras_models import build_model, describe_peculiarities, require_one_device
from densebench.models.own.model_counts import count_model
from densebench.models.variant import ModelVariant


def body(*between, classes=6, **last):
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3),
            *between,
            layers.GlobalAveragePooling2D(),
            layers.Dense(classes, **last),
        ]
    )


def build(make, seed=0):
    variant = ModelVariant(name="mine", family="keras", source="here", make=lambda classes, image_size: make())
    return build_model(variant, classes=6, image_size=8, seed=seed)


def _make_two_outputs():
    model = body()
    return keras.Model(model.inputs, [model.outputs[0], model.outputs[0]])


def _freeze(model):
    model.trainable = False
    return model


class Subclassed(keras.Model):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: 7, "returns an object of type int instead of a keras.Model"),
        (Subclassed, "whose layers Keras cannot list"),
        (lambda: body(classes=7), r"gives \(batch, 7\) instead of logits \(batch, 6\)"),
        (lambda: body(activation="softmax"), "ends in softmax, and what is trained are logits"),
        (lambda: body(activation="sigmoid"), "ends in sigmoid"),
        (
            lambda: body(layers.Conv2D(4, 3, dtype="float16")),
            r"with weights in float16 \(.*kernel\), and the",
        ),
        (lambda: body(layers.Conv2D(4, 3, dtype="mixed_bfloat16")), r"a layer that computes in bfloat16 \(conv2d"),
        (lambda: keras.Sequential([keras.Input((8, 8, 3)), body(), layers.ReLU()]), "ends in relu"),
        (lambda: body(kernel_regularizer="l2"), r"regularizers or losses of its own.* --weight-decay"),
        (lambda: body(layers.Activation("relu", activity_regularizer="l1")), r"losses of its own \(activation"),
        (
            lambda: keras.Sequential([keras.Input((None, None, 3)), layers.GlobalAveragePooling2D(), layers.Dense(6)]),
            r"takes \(batch, any, any, 3\) instead of images \(batch, 8, 8, 3\)",
        ),
        (_make_two_outputs, r"gives \(batch, 6\) and \(batch, 6\) instead of logits"),
        (lambda: _freeze(body()), "without a trainable variable"),
    ],
)
def test_a_model_that_cannot_be_trained_as_others_is_refused_in_a_sentence(make, sentence):
    with pytest.raises(InputError, match=sentence):
        build(make)


def test_one_seed_gives_one_set_of_initial_weights():
    first, again, other = (build(body, seed=seed).get_weights()[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.fixture
def _in_bfloat16():
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.usefixtures("_in_bfloat16")
@pytest.mark.parametrize("last", [{}, {"dtype": "float32"}])
def test_logits_are_float32_whatever_the_precision_of_the_last_layer(last):
    model = build(lambda: body(**last))
    assert model.outputs[0].dtype == "float32"
    assert model.output_shape == (None, 6)


@pytest.mark.usefixtures("_in_bfloat16")
def test_a_network_that_sets_the_policy_for_all_is_refused_and_leaves_it_as_it_was():
    def make():
        keras.config.set_dtype_policy("mixed_float16")
        return body()

    with pytest.raises(InputError, match=r"computes in float16 .* and the run is in bfloat16"):
        build(make)
    assert keras.config.dtype_policy().name == "mixed_bfloat16"


def test_what_is_peculiar_to_a_model_is_said_beside_its_figures():
    model = build(lambda: keras.Sequential([keras.Input((8, 8, 3)), layers.Rescaling(1 / 255), *body().layers]))
    (sentence,) = describe_peculiarities(model, count_model(model))
    assert "Rescaling inside, but its images were standardised before it too" in sentence
    odd = build(lambda: body(_Odd()))
    (sentence,) = describe_peculiarities(odd, count_model(odd))
    assert sentence == "multiply-adds are not counted: they are unknown of _Odd"


class _Odd(layers.Layer):
    def call(self, x):
        return x


def test_several_devices_are_refused_where_they_would_train_another_model():
    require_one_device(build(lambda: body(layers.BatchNormalization())), "mine")
    with pytest.raises(InputError, match=r"draws random numbers .* --devices 1"):
        require_one_device(build(lambda: body(layers.Dropout(0.5))), "mine")
    nested = keras.Sequential([keras.Input((6, 6, 4)), layers.BatchNormalization()])
    with pytest.raises(InputError, match=r"has models inside .* --devices 1"):
        require_one_device(build(lambda: body(nested)), "mine")
