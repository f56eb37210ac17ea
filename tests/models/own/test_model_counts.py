import keras
from keras import layers

from densebench.models.cost import count
from densebench.models.keras_layers import build_plain
from densebench.models.own.model_counts import count_model
from densebench.models.variants import find


def test_a_network_of_the_table_counts_the_same_as_its_keras_model():
    variant = find("resnet20")
    counted = count(variant, classes=10, image_size=32)
    model = build_plain(variant, classes=10, image_size=32, weight_decay=0.0, seed=0)
    built = count_model(model)
    for figure in ("params", "trainable_params", "non_trainable_params", "forward_macs"):
        assert getattr(built, figure) == getattr(counted, figure)


def test_multiply_adds_of_every_kind_are_weights_times_positions():
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(6, 3, padding="same", groups=3)(image)
    x = layers.DepthwiseConv2D(3, strides=2, padding="same")(x)
    x = layers.SeparableConv2D(5, 3, padding="same")(x)
    x = layers.Conv2DTranspose(4, 2, strides=2)(x)
    x = layers.Dense(2)(layers.Flatten()(keras.ops.relu(x)))
    found = count_model(keras.Model(image, x))
    by_kind = {layer.kind: layer.macs for layer in found.layers}
    assert by_kind["Conv2D"] == 9 * 1 * 6 * 64
    assert by_kind["DepthwiseConv2D"] == 9 * 6 * 16
    assert by_kind["SeparableConv2D"] == (9 * 6 + 6 * 5) * 16
    assert by_kind["Conv2DTranspose"] == 4 * 5 * 4 * 16
    assert by_kind["Dense"] == 256 * 2
    assert by_kind["Relu"] == by_kind["Flatten"] == 0
    assert found.forward_macs == sum(by_kind.values())


def test_a_model_inside_is_counted_at_the_size_that_it_is_called_with():
    pixels = keras.Input((None, None, 3))
    convolved = layers.Conv2D(4, 3, padding="same")(pixels)
    innermost = keras.Sequential([layers.DepthwiseConv2D(3, strides=2, padding="same")])
    inside = keras.Model(pixels, layers.BatchNormalization()(innermost(convolved)))
    image = keras.Input((8, 8, 3))
    half = layers.AveragePooling2D(2)(image)
    pooled = [layers.GlobalAveragePooling2D()(inside(each)) for each in (image, half)]
    found = count_model(keras.Model(image, layers.Dense(2)(layers.Concatenate()(pooled))))
    at_8 = 27 * 4 * 64 + 9 * 4 * 16
    at_4 = 27 * 4 * 16 + 9 * 4 * 4
    assert found.forward_macs == at_8 + at_4 + 8 * 2
    assert found.params == (27 * 4 + 4) + (9 * 4 + 4) + 4 * 4 + (8 * 2 + 2)


def test_a_layer_that_is_called_twice_computes_twice_and_weighs_once():
    image, dense = keras.Input((4, 4, 3)), layers.Dense(3)
    inside = keras.Sequential([keras.Input((4, 4, 3)), dense])
    model = keras.Model(image, layers.Add()([inside(image), inside(image)]))
    found = count_model(model)
    assert found.params == model.count_params() == 12
    assert found.forward_macs == 2 * 9 * 16


def test_of_a_layer_that_is_not_known_the_multiply_adds_are_unknown_and_so_are_those_of_the_network():
    class Mine(layers.Layer):
        def call(self, x):
            return x

    image = keras.Input((4, 4, 3))
    attended = layers.MultiHeadAttention(1, 2)(Mine()(image), image)
    found = count_model(keras.Model(image, layers.Dense(2)(layers.Flatten()(attended))))
    assert found.forward_macs is None
    assert found.uncounted == ("Mine", "MultiHeadAttention")
    assert found.params > 0
