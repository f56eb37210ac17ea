import ast
import inspect

import pytest

from densebench.errors import InputError
from densebench.models.own.signatures import is_on_vocabulary, read_signature


def read(parameters):
    return read_signature(ast.parse(f"def f({parameters}): pass").body[0])


@pytest.mark.parametrize("parameters", ["nn, image, *, classes", "nn, image, classes", "nn, x, *, classes, width=4"])
def test_a_first_parameter_called_nn_means_the_vocabulary(parameters):
    assert is_on_vocabulary(read(parameters), "f")


@pytest.mark.parametrize("parameters", ["*, classes, image_size", "classes, image_size", "**settings"])
def test_anything_else_that_takes_classes_and_image_size_makes_a_keras_model(parameters):
    assert not is_on_vocabulary(read(parameters), "f")


@pytest.mark.parametrize("parameters", ["nn, image", "model", "", "classes", "nn, image, classes, width"])
def test_parameters_of_neither_kind_are_refused_with_both_forms(parameters):
    with pytest.raises(InputError, match=r"nn, image, \*, classes.*\*, classes, image_size"):
        is_on_vocabulary(read(parameters), "f")


def test_parameters_are_read_from_source_as_python_would_give_them():
    def f(a, /, b, c=1, *d, e, g=2, **h): ...

    found = read("a, /, b, c=1, *d, e, g=2, **h")
    wanted = inspect.signature(f)
    assert [(one.name, one.kind) for one in found.parameters.values()] == [
        (one.name, one.kind) for one in wanted.parameters.values()
    ]
    assert str(found) == "(a, /, b, c=..., *d, e, g=..., **h)"
