"""The blog series' script on Keras 3: the functional model with L2 losses, trained by ``fit``.

It follows the code of the series, for any DenseNet-BC. In its favour, images are read from memory without changes:
``ImageDataGenerator``, the callbacks for the learning rate and TensorBoard, and the validation are left out. A step is
timed from the end of one batch to the end of the next, when ``fit`` has read its losses. On a GPU ``fit`` would compile
by XLA, which densebench does if asked to; here neither does.
"""

import os
import time

from sitting import (
    CLASSES,
    LEARNING_RATE,
    MOMENTUM,
    SIDE,
    WEIGHT_DECAY,
    Marks,
    Outcome,
    Setting,
    block_depths,
    growth_rate,
)

from densebench.measuring.gpu.allocator import open_allocator
from densebench.measuring.host import read_host_peak_bytes

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
from keras import optimizers, regularizers
from keras.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    Input,
    concatenate,
)
from keras.models import Model


def conv(x: keras.KerasTensor, out_filters: int, k_size: int) -> keras.KerasTensor:
    return Conv2D(
        filters=out_filters,
        kernel_size=(k_size, k_size),
        strides=(1, 1),
        padding="same",
        kernel_initializer="he_normal",
        kernel_regularizer=regularizers.l2(WEIGHT_DECAY),
        use_bias=False,
    )(x)


def dense_layer(x: keras.KerasTensor) -> keras.KerasTensor:
    return Dense(
        units=CLASSES,
        activation="softmax",
        kernel_initializer="he_normal",
        kernel_regularizer=regularizers.l2(WEIGHT_DECAY),
    )(x)


def bn_relu(x: keras.KerasTensor) -> keras.KerasTensor:
    x = BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
    return Activation("relu")(x)


def bottleneck(x: keras.KerasTensor, growth: int) -> keras.KerasTensor:
    x = conv(bn_relu(x), growth * 4, 1)
    return conv(bn_relu(x), growth, 3)


def transition(x: keras.KerasTensor, channels: int) -> tuple[keras.KerasTensor, int]:
    kept = int(channels * 0.5)
    x = conv(bn_relu(x), kept, 1)
    return AveragePooling2D((2, 2), strides=(2, 2))(x), kept


def dense_block(x: keras.KerasTensor, depth: int, channels: int, growth: int) -> tuple[keras.KerasTensor, int]:
    concat = x
    for _ in range(depth):
        x = bottleneck(concat, growth)
        concat = concatenate([x, concat], axis=-1)
        channels += growth
    return concat, channels


def densenet(variant: str) -> Model:
    """Build the network from images (batch, 32, 32, 3) to probabilities (batch, 10)."""
    growth = growth_rate(variant)
    img_input = Input(shape=(SIDE, SIDE, 3))
    channels = growth * 2
    x = conv(img_input, channels, 3)
    for index, depth in enumerate(block_depths(variant)):
        if index > 0:
            x, channels = transition(x, channels)
        x, channels = dense_block(x, depth, channels, growth)
    return Model(img_input, dense_layer(GlobalAveragePooling2D()(bn_relu(x))))


class StepClock(keras.callbacks.Callback):
    """Marks the end of every batch."""

    def __init__(self, marks: Marks) -> None:
        super().__init__()
        self._marks = marks

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._marks.mark()


class Traces:
    """Counts how often ``fit`` traces the training step, the time it takes, and the nodes of the last graph."""

    def __init__(self, model: Model) -> None:
        self.number, self.seconds, self.nodes = 0, 0.0, 0
        self._train_step = model.train_step
        model.train_step = self._traced

    def _traced(self, data: object) -> object:
        start = time.perf_counter()
        result = self._train_step(data)
        self.seconds += time.perf_counter() - start
        self.number += 1
        self.nodes = count_graph_nodes(tf.compat.v1.get_default_graph())
        return result


def count_graph_nodes(graph: tf.Graph) -> int:
    """Number of operations in a graph and the functions it calls."""
    definition = graph.as_graph_def()
    return len(definition.node) + sum(len(function.node_def) for function in definition.library.function)


def run(setting: Setting) -> Outcome:
    """Build and compile the model and ``fit`` one epoch, whose number of steps has to be known."""
    if setting.seconds:
        raise SystemExit("script takes a number of steps, so that --seconds is not for it: give --warm-up and --steps")
    gpus = tf.config.list_physical_devices("GPU")
    tf.config.threading.set_intra_op_parallelism_threads(setting.threads)
    tf.config.threading.set_inter_op_parallelism_threads(setting.threads)
    batches = setting.batches()
    images = np.concatenate([x for x, _ in batches])
    labels = keras.utils.to_categorical(np.concatenate([y for _, y in batches]), CLASSES)
    start = time.perf_counter()
    model = densenet(setting.variant)
    sgd = optimizers.SGD(learning_rate=LEARNING_RATE, momentum=MOMENTUM, nesterov=True)
    model.compile(loss="categorical_crossentropy", optimizer=sgd, metrics=["accuracy"], jit_compile=False)
    build_seconds = time.perf_counter() - start
    traces, marks = Traces(model), Marks()
    marks.begin()
    model.fit(images, labels, batch_size=setting.batch_size, epochs=1, verbose=0, callbacks=[StepClock(marks)])
    name = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU") if gpus else "cpu"
    peak = open_allocator("tensorflow").peak()
    return Outcome(
        marks=marks,
        device=name,
        params=model.count_params(),
        framework=f"keras {keras.__version__}, tensorflow {tf.__version__}",
        build_seconds=build_seconds,
        trace_seconds=traces.seconds,
        traces=traces.number,
        graph_nodes=traces.nodes,
        peak_bytes=peak.peak_bytes if gpus else read_host_peak_bytes(),
        memory_source=f"{peak.source}, the search for algorithms included" if gpus else "VmHWM",
    )
