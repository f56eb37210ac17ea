import keras
import pytest

from densebench.errors import InputError
from densebench.models.model_layers import find_last_activation, find_preparation, refuse_sigmoid

LAYERS = keras.layers


def classifier(*layers, size=8):
    return keras.Sequential([keras.Input((size, size, 3)), *layers])


def on_tensors(end, front=lambda image: image):
    image = keras.Input((8, 8, 3))
    return keras.Model(image, end(LAYERS.Flatten()(front(image))))


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: classifier(LAYERS.Flatten(), LAYERS.Dense(3)), None),
        (lambda: classifier(LAYERS.Flatten(), LAYERS.Dense(3, activation="softmax")), "softmax"),
        (lambda: classifier(LAYERS.Flatten(), LAYERS.Dense(3), LAYERS.Softmax()), "softmax"),
        (lambda: classifier(LAYERS.Flatten(), LAYERS.Dense(3), LAYERS.ReLU()), "relu"),
        (lambda: classifier(LAYERS.Flatten(), LAYERS.Dense(3), LAYERS.Activation("log_softmax")), "log_softmax"),
        (lambda: classifier(LAYERS.Flatten(), LAYERS.Dense(3, activation="softmax"), LAYERS.Dropout(0.1)), "softmax"),
        (
            lambda: classifier(LAYERS.Flatten(), LAYERS.Dense(3, activation="softmax"), LAYERS.Activation("linear")),
            "softmax",
        ),
        (lambda: classifier(classifier(LAYERS.Flatten(), LAYERS.Dense(3, activation="softmax"))), "softmax"),
        (lambda: classifier(LAYERS.Flatten(), LAYERS.Dense(3, activation="softmax"), LAYERS.Dense(3)), None),
        (lambda: on_tensors(lambda x: keras.ops.softmax(LAYERS.Dense(3)(x))), "softmax"),
        (lambda: on_tensors(LAYERS.Dense(3)), None),
    ],
)
def test_the_last_activation_is_found_behind_what_passes_values_on(build, expected):
    assert find_last_activation(build()) == expected


@pytest.mark.parametrize("end", [LAYERS.Dense(3, activation="sigmoid"), LAYERS.Activation("sigmoid")])
def test_a_sigmoid_for_each_class_is_refused(end):
    with pytest.raises(InputError, match="ends in a sigmoid for each class"):
        refuse_sigmoid(classifier(LAYERS.Flatten(), LAYERS.Dense(3), end))


def test_layers_that_prepare_images_are_found_before_the_first_weights():
    conv, rescaling = LAYERS.Conv2D(2, 3), LAYERS.Rescaling(1 / 255)
    assert find_preparation(classifier(rescaling, conv)) == "Rescaling"
    assert (
        find_preparation(classifier(LAYERS.RandomFlip(), classifier(LAYERS.Normalization()), conv)) == "Normalization"
    )
    assert find_preparation(classifier(LAYERS.Conv2D(3, 3), LAYERS.Rescaling(2.0))) is None
    assert find_preparation(on_tensors(LAYERS.Dense(3), front=lambda image: image / 255.0)) == "TrueDivide operation"
    assert find_preparation(on_tensors(LAYERS.Dense(3))) is None
