"""Whether a network that others wrote on the vocabulary uses it as it is meant, and what it counts."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import NoReturn

from densebench.errors import InputError
from densebench.models.cost import Cost, CostLayers, Shape, count
from densebench.models.layers import Layers
from densebench.models.own.user_code import Misuse, explained
from densebench.models.variant import Variant

_WORDS_ALONE = "use the words of nn alone on it, such as nn.add(x, y) and nn.channels(x)"
_END = "end with nn.dense(nn.global_average_pool(x), classes)"


def count_variant(variant: Variant, *, classes: int, image_size: int) -> Cost:
    """Cost of a network on the vocabulary; one that is not densebench's own is checked for it."""
    chosen = count_checked if variant.is_foreign else count
    return chosen(variant, classes=classes, image_size=image_size)


def count_checked(variant: Variant, *, classes: int, image_size: int) -> Cost:
    """Cost of a network on square colour images; raises :class:`InputError` with the line where it goes wrong."""
    counted = _count_once(variant, classes, image_size)
    if counted != _count_once(variant, classes, image_size):
        raise InputError(f"{variant.name} makes other layers each time it is called: leave what is random out of it.")
    return counted


def _count_once(variant: Variant, classes: int, image_size: int) -> Cost:
    nn = _CheckedLayers()
    with explained(variant.file, variant.name):
        result = variant.build(nn, nn.take_image(image_size), classes)
    nn.check_result(variant.name, result, classes)
    return Cost(layers=tuple(nn.counted.layers))


class _Value:
    """A feature map or a vector of which the network knows nothing but the words that take it."""

    def __init__(self, shape: Shape, layer: str) -> None:
        self._shape = shape
        self._layer = layer  # that made it

    def __str__(self) -> str:
        return "x".join(map(str, self._shape))

    def __getattr__(self, name: str) -> NoReturn:
        raise Misuse(f"a feature map shows no {name!r} to a network: {_WORDS_ALONE}")

    def _refuse(self, *others: object) -> NoReturn:
        raise Misuse(f"a feature map is no number and no array: {_WORDS_ALONE}")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __neg__ = _refuse
    __getitem__ = __iter__ = __len__ = __bool__ = __call__ = _refuse


_WORDS = [word for word in vars(Layers) if not word.startswith("_")]


class _CheckedLayers:
    """The vocabulary on values that cannot be mistaken for anything else; every word looks at what it is given."""

    def __init__(self) -> None:
        self.counted = CostLayers()
        self._made: dict[str, _Value] = {}
        self._used: set[str] = set()

    def __getattr__(self, name: str) -> NoReturn:
        near = get_close_matches(name, _WORDS, n=1, cutoff=0.5) or [", ".join(_WORDS)]
        raise Misuse(f"nn has no word {name!r}: use {near[0]}")

    def take_image(self, size: int) -> _Value:
        """What the network starts from."""
        return self._keep((size, size, 3), "image")

    def check_result(self, name: str, result: object, classes: int) -> None:
        """Raise :class:`InputError` unless the network gives logits, and needs all that it has made for them."""
        if not isinstance(result, _Value) or self._made.get(result._layer) is not result:
            raise InputError(f"{name} returns {_name(result)} instead of logits: {_END}.")
        if result._shape != (classes,):
            raise InputError(f"{name} returns {_name(result)} instead of {classes} logits: {_END}.")
        unused = [layer for layer in self._made if layer not in self._used and layer != result._layer]
        if unused:
            raise InputError(f"{name} makes {unused[0]} and does nothing with it: leave it out.")

    def channels(self, x: _Value) -> int:
        return self._take("channels", x)._shape[-1]

    def conv(self, x: _Value, filters: int, kernel_size: int, *, stride: int = 1, bias: bool = False) -> _Value:
        _require_numbers("conv", filters=filters, kernel_size=kernel_size, stride=stride)
        return self._apply("conv", lambda y: self.counted.conv(y, filters, kernel_size, stride=stride, bias=bias), x)

    def bn(self, x: _Value) -> _Value:
        return self._apply("bn", self.counted.bn, x)

    def relu(self, x: _Value) -> _Value:
        return self._apply("relu", self.counted.relu, x)

    def bn_relu(self, x: _Value) -> _Value:
        return self._apply("bn_relu", self.counted.bn_relu, x)

    def concat(self, *xs: _Value) -> _Value:
        if not xs:
            raise Misuse("nn.concat joins feature maps, and was given none")
        shapes = [self._take("concat", x)._shape for x in xs]
        if len({shape[:-1] for shape in shapes}) > 1:
            raise Misuse(f"nn.concat takes feature maps of one height and width, not {' and '.join(map(str, xs))}")
        return self._apply("concat", self.counted.concat, *xs)

    def add(self, x: _Value, y: _Value) -> _Value:
        if self._take("add", x)._shape != self._take("add", y)._shape:
            raise Misuse(f"nn.add takes two feature maps of one shape, not {x} and {y}")
        return self._apply("add", self.counted.add, x, y)

    def pad_channels(self, x: _Value, filters: int, *, stride: int) -> _Value:
        _require_numbers("pad_channels", filters=filters, stride=stride)
        if filters < self._take("pad_channels", x)._shape[-1]:
            raise Misuse(f"nn.pad_channels makes channels more, and cannot make {filters} of {x._shape[-1]}")
        return self._apply("pad_channels", lambda y: self.counted.pad_channels(y, filters, stride=stride), x)

    def average_pool(self, x: _Value, size: int) -> _Value:
        _require_numbers("average_pool", size=size)
        height = self._take("average_pool", x)._shape[0]
        if height < size:
            raise Misuse(
                f"nn.average_pool takes windows of {size}x{size} pixels, and {x} has no room for one: "
                "pool less often, or give a larger --image-size"
            )
        return self._apply("average_pool", lambda y: self.counted.average_pool(y, size), x)

    def max_pool(self, x: _Value, size: int, *, stride: int) -> _Value:
        _require_numbers("max_pool", size=size, stride=stride)
        return self._apply("max_pool", lambda y: self.counted.max_pool(y, size, stride=stride), x)

    def global_average_pool(self, x: _Value) -> _Value:
        return self._apply("global_average_pool", self.counted.global_average_pool, x)

    def dense(self, x: _Value, units: int) -> _Value:
        _require_numbers("dense", units=units)
        if not isinstance(x, _Value) or len(x._shape) != 1:
            raise Misuse(f"nn.dense takes what nn.global_average_pool gives, not {_name(x)}")
        self._used.add(x._layer)
        return self._keep(self.counted.dense(x._shape, units))

    def _apply(self, word: str, count: Callable[..., Shape], *xs: _Value) -> _Value:
        shapes = [self._take(word, x)._shape for x in xs]
        self._used.update(x._layer for x in xs)
        return self._keep(count(*shapes))

    def _take(self, word: str, x: object) -> _Value:
        """A feature map that this network has made."""
        if not isinstance(x, _Value) or self._made.get(x._layer) is not x or len(x._shape) != 3:
            raise Misuse(f"nn.{word} takes a feature map, not {_name(x)}")
        return x

    def _keep(self, shape: Shape, layer: str | None = None) -> _Value:
        value = _Value(shape, layer or self.counted.layers[-1].name)
        self._made[value._layer] = value
        return value


def _require_numbers(word: str, **given: object) -> None:
    for name, value in given.items():
        if type(value) is not int or not 1 <= value <= 1 << 20:
            raise Misuse(f"nn.{word} takes a whole number from 1 for {name}, not {value!r:.60}")


def _name(value: object) -> str:
    if isinstance(value, _Value):
        return f"{'a feature map' if len(value._shape) == 3 else 'a vector'} of {value}"
    return "nothing" if value is None else f"an object of type {type(value).__name__}"
