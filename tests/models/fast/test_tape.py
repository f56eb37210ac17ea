import numpy as np
import tensorflow as tf

from densebench.models.fast.tape import Node, Tape


def double(tape, x):
    return tape.record(Node(2 * x.tensor), lambda dy: x.send(2 * dy))


def test_gradients_go_back_from_the_last_operation_to_the_first():
    tape, x = Tape(), Node(tf.constant([1.0, 3.0]))
    y = double(tape, double(tape, x))
    y.send(tf.constant([1.0, 10.0]))
    tape.backward()
    assert x.gradient().numpy().tolist() == [4.0, 40.0]


def test_the_gradients_of_several_readers_are_summed():
    tape, x = Tape(), Node(tf.constant([1.0]))
    for reader in (double(tape, x), double(tape, x)):
        reader.send(tf.constant([5.0]))
    tape.backward()
    assert x.gradient().numpy().tolist() == [20.0]


def test_what_the_loss_does_not_depend_on_has_no_gradient():
    tape, x = Tape(), Node(tf.constant([1.0]))
    double(tape, x)
    tape.backward()
    assert x.gradient() is None


def test_a_split_variables_gradient_is_that_of_its_pieces_joined():
    node = Node(tf.constant([1.0, 2.0, 3.0]))
    first, second = node.split([1, 2], axis=0)
    first.send(tf.constant([7.0]))
    second.send(tf.constant([8.0, 9.0]))
    assert node.gradient().numpy().tolist() == [7.0, 8.0, 9.0]


def test_a_recomputed_tensor_is_computed_once_more_and_not_once_a_reader():
    computed = []

    def recompute(after):
        computed.append(after)
        return tf.constant([4.0])

    node = Node(tf.constant([4.0]), recompute=recompute)
    after = tf.constant(0.0)
    assert node.recall(after) is node.recall(after)
    assert len(computed) == 1


def test_a_gradient_arrives_in_the_precision_of_the_tensor():
    node = Node(tf.constant([1.0], tf.float16))
    node.send(tf.constant([0.5], tf.float32))
    assert node.gradient().dtype == np.float16
