"""What the fast implementation does by PyTorch's own kernels: batch normalisation and convolution."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.fx.experimental.proxy_tensor import get_proxy_mode
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from densebench.models.layers import EPSILON

_NOT_REDUCED = 0  # at::Reduction::None
_TINY = 1e-30  # added to a variance by a kernel that would divide by 0 without it


def compute_statistics(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and biased variance of each channel, in float32; the gradient goes by :class:`PassOperations`.

    On a GPU by the kernel of PyTorch's own batch normalisation, which reads reduced precision as it is, but not in a
    step that is traced for the compiler: that fuses others, and does not know this one.
    """
    with torch.no_grad():
        if x.device.type != "cuda" or get_proxy_mode() is not None:
            return compute_moments(x.float())
        mean, inverse = torch.batch_norm_stats(to_channels_first(x), _TINY)
        return mean, inverse.pow_(-2)


def compute_moments(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and biased variance of each channel of a float32 (batch, ..., channels).

    PyTorch's own batch normalisation adds up one pixel after another on a CPU, and so loses two digits; its
    ``var_mean`` loses none, but takes five to thirty times as long there.
    """
    axes = tuple(range(x.ndim - 1))
    if x.device.type != "cpu":
        variance, mean = torch.var_mean(x, axes, correction=0)
        return mean, variance
    mean = x.mean(axes)
    return mean, torch.ops.aten.mse_loss(x, mean, _NOT_REDUCED).mean(axes)  # the squared differences in one pass


def convolve(x: torch.Tensor, kernel: torch.Tensor, *, stride: int) -> torch.Tensor:
    """Same padding; by oneDNN on a CPU, for 1x1 kernels too, where it is twice as fast as a matrix product."""
    pixels, size = to_channels_first(x), kernel.shape[0]
    (top, bottom), (left, right) = (_choose_padding(side, size, stride) for side in pixels.shape[2:])
    if (top, left) != (bottom, right):
        pixels = functional.pad(pixels, (left, right, top, bottom))
        top = left = 0
    weights = kernel.to(x.dtype).permute(3, 2, 0, 1)
    y: torch.Tensor = functional.conv2d(pixels, weights, stride=stride, padding=(top, left))
    return y.permute(0, 2, 3, 1)


def _choose_padding(side: int, size: int, stride: int) -> tuple[int, int]:
    """Pixels before and behind a side, of which the even kernel and the stride leave one more behind."""
    total = max((-(-side // stride) - 1) * stride + size - side, 0)
    return total // 2, total - total // 2


def _recompute(function: Callable[..., torch.Tensor], *inputs: torch.Tensor) -> torch.Tensor:
    """The function's result, computed again for the backward pass, without the state of random numbers.

    Nothing here is random, and a CUDA graph cannot be recorded where that state is read.
    """
    y: torch.Tensor = checkpoint(function, *inputs, use_reentrant=False, preserve_rng_state=False)
    return y


def _average_pool(x: torch.Tensor, size: int) -> torch.Tensor:
    """Means of squares; Keras's own copies its input and leaves the memory format."""
    y: torch.Tensor = functional.avg_pool2d(to_channels_first(x), size)
    return y.permute(0, 2, 3, 1)


def _join(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """Concatenated along the last axis."""
    return torch.cat(tensors, dim=-1)


def _split(variable: torch.Tensor, sizes: Sequence[int], axis: int) -> Sequence[torch.Tensor]:
    """In pieces. Keras's own reads the sizes back from the device, where it puts them before."""
    pieces: Sequence[torch.Tensor] = variable.split(list(sizes), dim=axis)
    return pieces


class Operations:
    """Those that do not depend on what a batch is."""

    convolve = staticmethod(convolve)
    average_pool = staticmethod(_average_pool)
    recompute = staticmethod(_recompute)
    join = staticmethod(_join)
    split = staticmethod(_split)


class PassOperations(Operations):
    """The operations of one forward pass and its backward pass, for which some is computed at once."""

    compute_statistics = staticmethod(compute_statistics)

    def __init__(self) -> None:
        self._deviations = Deviations()

    def normalise(
        self,
        x: torch.Tensor,
        gamma: torch.Tensor,
        beta: torch.Tensor,
        mean: torch.Tensor,
        variance: torch.Tensor,
        *,
        relu: bool,
        training: bool,
    ) -> torch.Tensor:
        """Normalised by given statistics, (batch, height, width, channels)."""
        way = relu, training, self._deviations
        y: torch.Tensor = Normalised.apply(to_channels_first(x), gamma, beta, mean, variance, *way)
        return y.permute(0, 2, 3, 1)


class Deviations:
    """1 / sqrt(variance + epsilon) for the backward pass, computed for all normalisations when the first needs one."""

    def __init__(self) -> None:
        self._variances: list[torch.Tensor] = []
        self._inverses: list[torch.Tensor] = []
        self._places: dict[int, int] = {}  # by the variance's identity

    def note(self, variance: torch.Tensor) -> int:
        """The place of a variance that the backward pass will need."""
        place = self._places.setdefault(id(variance), len(self._variances))
        if place == len(self._variances):
            self._variances.append(variance)
        return place

    def invert(self, place: int) -> torch.Tensor:
        """What is kept of the variance in that place."""
        if place >= len(self._inverses):
            new = torch._foreach_add([each.detach() for each in self._variances[len(self._inverses) :]], EPSILON)
            torch._foreach_rsqrt_(new)
            self._inverses += new
        return self._inverses[place]


def to_channels_first(x: torch.Tensor) -> torch.Tensor:
    """As PyTorch sees (batch, height, width, channels): by its shape channels come first, in memory last."""
    return x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def pass_relu(dy: torch.Tensor, active: Sequence[torch.Tensor]) -> torch.Tensor:
    """The gradient before the ReLU, if there was one, whose output is then in ``active``."""
    if active:
        dy = torch.ops.aten.threshold_backward(dy, active[0], 0)
    return dy.contiguous(memory_format=torch.channels_last)


class Normalised(torch.autograd.Function):  # type: ignore[misc]
    """In training mode the gradient is that of a normalisation which takes the statistics itself: the whole one."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        gamma: torch.Tensor,
        beta: torch.Tensor,
        mean: torch.Tensor,
        variance: torch.Tensor,
        relu: bool,
        training: bool,
        deviations: Deviations,
    ) -> torch.Tensor:
        y = torch.native_batch_norm(x, gamma, beta, mean, variance, False, 0.0, EPSILON)[0]
        y = y.relu_() if relu else y
        ctx.save_for_backward(x, gamma, mean, variance, *([y] if relu else []))
        ctx.training, ctx.deviations, ctx.place = training, deviations, deviations.note(variance)
        return y

    @staticmethod
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, gamma, mean, variance, *active = ctx.saved_tensors
        dy = pass_relu(dy, active)
        deviation = ctx.deviations.invert(ctx.place)
        gradients = torch.ops.aten.native_batch_norm_backward(
            dy, x, gamma, mean, variance, mean, deviation, ctx.training, EPSILON, [True, True, True]
        )
        return *gradients, None, None, None, None, None
