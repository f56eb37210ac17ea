"""KerasLayers: the networks in ordinary Keras layers, formulated as the blog series has them."""

import keras

from densebench.config import clean_name
from densebench.models.initial_weights import make_initializer
from densebench.models.layers import EPSILON, MOMENTUM, LayerNames
from densebench.models.variant import Variant


def build_plain(variant: Variant, *, classes: int, image_size: int, weight_decay: float, seed: int) -> keras.Model:
    """Model from float32 images (batch, height, width, 3), standardised, to float32 logits (batch, classes)."""
    image = keras.Input((image_size, image_size, 3), name="image")
    logits = variant.build(KerasLayers(weight_decay=weight_decay, seed=seed), image, classes)
    return keras.Model(image, logits, name=clean_name(variant.name))


class KerasLayers:
    """The vocabulary on symbolic tensors (batch, height, width, channels)."""

    def __init__(self, *, weight_decay: float, seed: int) -> None:
        self._weight_decay = weight_decay
        self._seed = seed
        self._names = LayerNames()

    def channels(self, x: keras.KerasTensor) -> int:
        return int(x.shape[-1])

    def conv(
        self, x: keras.KerasTensor, filters: int, kernel_size: int, *, stride: int = 1, bias: bool = False
    ) -> keras.KerasTensor:
        layer = keras.layers.Conv2D(
            filters,
            kernel_size,
            strides=stride,
            padding="same",
            use_bias=bias,
            kernel_initializer="he_normal",
            kernel_regularizer=self._penalty(),
            name=self._names.next("conv"),
        )
        return self._call_with_own_kernel(layer, x)

    def bn(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return _make_normalisation(self._names.next("bn"))(x)

    def relu(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return keras.layers.Activation("relu", name=self._names.next("relu"))(x)

    def bn_relu(self, x: keras.KerasTensor) -> keras.KerasTensor:
        name = self._names.next("bn")
        return keras.layers.Activation("relu", name=f"{name}_relu")(_make_normalisation(name)(x))

    def concat(self, *xs: keras.KerasTensor) -> keras.KerasTensor:
        return keras.layers.Concatenate(name=self._names.next("concat"))(xs)

    def add(self, x: keras.KerasTensor, y: keras.KerasTensor) -> keras.KerasTensor:
        return keras.layers.Add(name=self._names.next("add"))([x, y])

    def pad_channels(self, x: keras.KerasTensor, filters: int, *, stride: int) -> keras.KerasTensor:
        name = self._names.next("pad_channels")
        picked = keras.layers.MaxPooling2D(1, strides=stride, name=f"{name}_stride")(x)
        before = (filters - self.channels(x)) // 2
        behind = filters - self.channels(x) - before
        # "channels_first" takes the last two axes for the image's: here they are width and channels
        return keras.layers.ZeroPadding2D(((0, 0), (before, behind)), data_format="channels_first", name=name)(picked)

    def average_pool(self, x: keras.KerasTensor, size: int) -> keras.KerasTensor:
        return keras.layers.AveragePooling2D(size, name=self._names.next("average_pool"))(x)

    def max_pool(self, x: keras.KerasTensor, size: int, *, stride: int) -> keras.KerasTensor:
        name = self._names.next("max_pool")
        return keras.layers.MaxPooling2D(size, strides=stride, padding="same", name=name)(x)

    def global_average_pool(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return keras.layers.GlobalAveragePooling2D(name=self._names.next("global_average_pool"))(x)

    def dense(self, x: keras.KerasTensor, units: int) -> keras.KerasTensor:
        layer = keras.layers.Dense(
            units,
            kernel_initializer="he_normal",
            kernel_regularizer=self._penalty(),
            dtype="float32",
            name=self._names.next("dense"),
        )
        return self._call_with_own_kernel(layer, x)

    def _penalty(self) -> keras.regularizers.Regularizer | None:
        return keras.regularizers.L2(self._weight_decay) if self._weight_decay else None

    def _call_with_own_kernel(self, layer: keras.layers.Layer, x: keras.KerasTensor) -> keras.KerasTensor:
        """Call a new layer with our initial kernel: Keras's differs by backend, and JAX would compile it per shape."""
        he_normal = layer.kernel_initializer
        layer.kernel_initializer = make_initializer(f"{layer.name}/kernel", self._seed)
        y = layer(x)
        layer.kernel_initializer = he_normal
        return y


def _make_normalisation(name: str) -> keras.layers.Layer:
    return keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, name=name)
