"""Batch normalisation on PyTorch over a batch of which each of several processes holds a part, all of one size.

As ``torch.nn.SyncBatchNorm`` has it: the processes exchange the means and variances of their parts in the forward pass,
and in the backward pass the sums by which a gradient goes through the statistics.
"""

from typing import Any, Protocol

import torch

from densebench.models.fast import torch_kernels
from densebench.models.layers import EPSILON


class Exchange(Protocol):
    """What the processes do together: every one calls the same, in the same order."""

    @property
    def parts(self) -> int: ...

    def gather(self, values: torch.Tensor) -> torch.Tensor:
        """(parts, *shape): the values of every process."""

    def add_up(self, values: torch.Tensor) -> torch.Tensor:
        """Their sum over the processes."""


class SynchronisedOperations(torch_kernels.Operations):
    """The operations of :mod:`densebench.models.fast.torch_kernels`, with statistics over the whole batch."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def compute_statistics(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and biased variance of each channel, in float32; the gradient goes by :meth:`normalise`."""
        with torch.no_grad():
            return _compute_moments(x.float(), self._exchange)

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
        if not training:
            alone = torch_kernels.PassOperations()
            return alone.normalise(x, gamma, beta, mean, variance, relu=relu, training=False)
        x = torch_kernels.to_channels_first(x)
        y: torch.Tensor = _Normalised.apply(x, gamma, beta, mean, variance, relu, self._exchange)
        return y.permute(0, 2, 3, 1)


def take_moments(x: torch.Tensor, exchange: Exchange) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and biased variance of each channel of a float32 (batch, ..., channels), differentiable."""
    moments: tuple[torch.Tensor, torch.Tensor] = _Moments.apply(x, exchange)
    return moments


def _compute_moments(x: torch.Tensor, exchange: Exchange) -> tuple[torch.Tensor, torch.Tensor]:
    """Those of each part, merged: a difference of mean squares would lose digits (Chan et al. 1983)."""
    means, variances = exchange.gather(torch.stack(torch_kernels.compute_moments(x))).unbind(1)
    whole = means.mean(0)
    return whole, (variances + (means - whole).square()).mean(0)


class _Moments(torch.autograd.Function):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, exchange: Exchange) -> tuple[torch.Tensor, torch.Tensor]:
        mean, variance = _compute_moments(x, exchange)
        ctx.save_for_backward(x, mean)
        ctx.exchange = exchange
        return mean, variance

    @staticmethod
    def backward(ctx: Any, dmean: torch.Tensor, dvariance: torch.Tensor) -> tuple[torch.Tensor, None]:
        """The losses of all processes depend on the moments, so what comes back is added up."""
        x, mean = ctx.saved_tensors
        count = x.numel() // x.shape[-1] * ctx.exchange.parts
        dmean, dvariance = ctx.exchange.add_up(torch.stack([dmean, dvariance])).div_(count)
        return torch.addcmul(dmean, x - mean, dvariance, value=2), None


class _Normalised(torch.autograd.Function):  # type: ignore[misc]
    """The gradient is that of a normalisation which takes the statistics of the whole batch itself."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        gamma: torch.Tensor,
        beta: torch.Tensor,
        mean: torch.Tensor,
        variance: torch.Tensor,
        relu: bool,
        exchange: Exchange,
    ) -> torch.Tensor:
        ctx.exchange = exchange
        alone = torch_kernels.Deviations()
        return torch_kernels.Normalised.forward(ctx, x, gamma, beta, mean, variance, relu, True, alone)

    @staticmethod
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """``scale * (dy - mean(dy) - normalised * mean(dy * normalised))``, with the means over the whole batch."""
        x, gamma, mean, variance, *active = ctx.saved_tensors
        dy = torch_kernels.pass_relu(dy, active)
        inverse = torch.rsqrt(variance + EPSILON)
        centred = x - mean[:, None, None]
        dgamma, dbeta = (centred * dy).sum((0, 2, 3)) * inverse, dy.sum((0, 2, 3), dtype=torch.float32)
        count = x.numel() // x.shape[1] * ctx.exchange.parts
        mean_normalised, mean_dy = ctx.exchange.add_up(torch.stack([dgamma, dbeta])).div_(count)
        scale = gamma * inverse
        factors = scale, -scale * inverse * mean_normalised, -scale * mean_dy
        scale, slope, offset = (vector[:, None, None] for vector in factors)
        dx = torch.addcmul(offset, dy, scale).addcmul_(centred, slope)
        return dx.to(x.dtype), dgamma, dbeta, None, None, None, None
