"""What the fast implementation does by PyTorch's own kernels: batch normalisation and convolution."""

from collections.abc import Sequence
from typing import Any

import torch
from keras import ops
from torch.nn import functional

from densebench.models.layers import EPSILON


def compute_statistics(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and biased variance of each channel, in float32; the gradient goes by :func:`normalise`."""
    with torch.no_grad():
        if x.device.type == "cpu":
            return compute_moments(x.float())
        _, mean, inverse = torch.native_batch_norm(
            to_channels_first(x.float()), None, None, None, None, True, 0.0, EPSILON
        )
        return mean, (inverse**-2 - EPSILON).clamp_(min=0)


def compute_moments(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and biased variance of each channel of a float32 (batch, ..., channels).

    PyTorch's own batch normalisation adds up one pixel after another on a CPU, and so loses two digits.
    """
    axes = tuple(range(x.ndim - 1))
    mean = x.mean(axes)
    return mean, (x - mean).square_().mean(axes)


def convolve(x: torch.Tensor, kernel: torch.Tensor, *, stride: int) -> torch.Tensor:
    """Same padding; by oneDNN on a CPU, for 1x1 kernels too, where it is twice as fast as a matrix product."""
    size = kernel.shape[0]
    if (stride > 1 and size > 1) or size % 2 == 0:
        return ops.conv(x, kernel.to(x.dtype), strides=stride, padding="same", data_format="channels_last")
    weights = kernel.to(x.dtype).permute(3, 2, 0, 1)
    y: torch.Tensor = functional.conv2d(to_channels_first(x), weights, stride=stride, padding=size // 2)
    return y.permute(0, 2, 3, 1)


def normalise(
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
    y: torch.Tensor = Normalised.apply(to_channels_first(x), gamma, beta, mean, variance, relu, training)
    return y.permute(0, 2, 3, 1)


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
    ) -> torch.Tensor:
        y = torch.native_batch_norm(x, gamma, beta, mean, variance, False, 0.0, EPSILON)[0]
        y = y.relu_() if relu else y
        ctx.save_for_backward(x, gamma, mean, variance, *([y] if relu else []))
        ctx.training = training
        return y

    @staticmethod
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, gamma, mean, variance, *active = ctx.saved_tensors
        dy = pass_relu(dy, active)
        deviation = torch.rsqrt(variance + EPSILON)
        gradients = torch.ops.aten.native_batch_norm_backward(
            dy, x, gamma, mean, variance, mean, deviation, ctx.training, EPSILON, [True, True, True]
        )
        return *gradients, None, None, None, None
