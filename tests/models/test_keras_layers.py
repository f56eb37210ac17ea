"""The networks in ordinary Keras layers."""

import zipfile

import keras
import numpy as np
import pytest

from densebench.models.cost import count
from densebench.models.initial_weights import draw_initial_value
from densebench.models.keras_layers import KerasLayers, build_plain
from densebench.models.variants import find


def model_of(name, *, classes=10, image_size=8, weight_decay=1e-4, seed=0):
    return build_plain(find(name), classes=classes, image_size=image_size, weight_decay=weight_decay, seed=seed)


def images(count=2, size=8):
    return np.random.default_rng(0).standard_normal((count, size, size, 3), dtype=np.float32)


def values(tensor):
    return keras.ops.convert_to_numpy(tensor)


def series_densenet(growth_rate, blocks):
    """The blog series' script, shortened: what the plain implementation must compute."""
    layers = keras.layers

    def conv(x, filters, size):
        return layers.Conv2D(filters, size, padding="same", use_bias=False)(x)

    def bn_relu(x):
        return layers.Activation("relu")(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x))

    x = image = keras.Input((16, 16, 3))
    channels = 2 * growth_rate
    x = conv(x, channels, 3)
    for block, depth in enumerate(blocks):
        if block > 0:
            channels //= 2
            x = layers.AveragePooling2D(2, strides=2)(conv(bn_relu(x), channels, 1))
        for _ in range(depth):
            new = conv(bn_relu(conv(bn_relu(x), 4 * growth_rate, 1)), growth_rate, 3)
            x = layers.Concatenate()([new, x])
            channels += growth_rate
    return keras.Model(image, layers.Dense(10)(layers.GlobalAveragePooling2D()(bn_relu(x))))


@pytest.fixture
def mixed_float16():
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("name", ["10x3", "densenet-40x12", "resnet20", "preresnet20", "resnet_32_c", "googlenet"])
@pytest.mark.parametrize("image_size", [8, 13])
def test_a_model_turns_images_into_logits(name, image_size):
    logits = values(model_of(name, classes=7, image_size=image_size)(images(size=image_size)))
    assert (logits.shape, logits.dtype) == ((2, 7), np.float32)
    assert np.isfinite(logits).all()


@pytest.mark.parametrize("training", [False, True])
def test_the_plain_network_computes_what_the_blog_series_script_computes(training):
    ours, script = model_of("22x5", image_size=16), series_densenet(5, (3, 3, 3))
    script.set_weights(ours.get_weights())
    batch = images(count=4, size=16)
    assert np.array_equal(values(ours(batch, training=training)), values(script(batch, training=training)))
    assert all(map(np.array_equal, ours.get_weights(), script.get_weights()))


def test_logits_are_float32_and_weights_too_under_mixed_precision(mixed_float16):
    model = model_of("10x3")
    assert {variable.dtype for variable in model.variables} == {"float32"}
    assert model.get_layer("conv2").output.dtype == "float16"
    assert values(model(images())).dtype == np.float32


@pytest.mark.parametrize("name", ["10x3", "resnet_32_c", "preresnet164"])
def test_every_variable_has_the_initial_value_of_its_path(name):
    for variable in model_of(name, seed=5).variables:
        assert np.array_equal(values(variable), draw_initial_value(variable.path, variable.shape, 5)), variable.path


def test_variables_are_named_by_layer_and_role():
    assert [variable.path for variable in model_of("10x3").variables[:6]] == [
        "conv1/kernel",
        "bn1/gamma",
        "bn1/beta",
        "bn1/moving_mean",
        "bn1/moving_variance",
        "conv2/kernel",
    ]


@pytest.mark.parametrize("name", ["10x3", "resnet_32_c", "resnet20", "preresnet164", "wrn16x8", "googlenet"])
def test_variables_stand_in_the_order_of_call(name):
    layers = dict.fromkeys(variable.path.partition("/")[0] for variable in model_of(name).variables)
    assert list(layers) == [layer.name for layer in count(find(name), classes=10, image_size=8).layers if layer.params]


def test_layers_are_configured_as_the_blog_series_has_them():
    model = model_of("10x3", weight_decay=3e-4)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            assert isinstance(layer.kernel_initializer, keras.initializers.HeNormal)
            assert float(layer.kernel_regularizer.l2) == pytest.approx(3e-4)
        if isinstance(layer, keras.layers.BatchNormalization):
            assert (layer.momentum, layer.epsilon) == (0.9, 1e-5)


def test_no_weight_decay_is_no_regularizer():
    assert model_of("10x3", weight_decay=0.0).losses == []


def test_the_padded_shortcut_picks_pixels_and_sets_zeros_on_both_sides():
    nn = KerasLayers(weight_decay=0.0, seed=0)
    image = keras.Input((5, 4, 3))
    padded = values(keras.Model(image, nn.pad_channels(image, 6, stride=2))(batch := images(size=5)[:, :, :4]))
    assert padded.shape == (2, 3, 2, 6)
    assert np.array_equal(padded[..., 1:4], batch[:, ::2, ::2])
    assert (padded[..., :1] == 0).all()
    assert (padded[..., 4:] == 0).all()


@pytest.mark.parametrize("name", ["10x3", "resnet20", "googlenet"])
def test_a_saved_model_needs_keras_alone_and_answers_the_same(name, tmp_path):
    model = model_of(name)
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert b"densebench" not in archive.read("config.json")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert [variable.path for variable in loaded.variables] == [variable.path for variable in model.variables]
    assert np.array_equal(values(loaded(images())), values(model(images())))
