"""PyTorch's operations of the fast implementation."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from densebench.models.fast import torch_kernels  # noqa: E402
from densebench.models.layers import EPSILON  # noqa: E402


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_statistics_of_a_large_batch_keep_the_digits_of_float32(dtype):
    x = torch.randn(64, 32, 32, 5, generator=torch.Generator().manual_seed(0)).add_(3).to(dtype)
    mean, variance = torch_kernels.compute_statistics(x)
    wanted = x.double().flatten(0, 2)
    for found, exact in ((mean, wanted.mean(0)), (variance, wanted.var(0, correction=0))):
        assert found.dtype == torch.float32
        torch.testing.assert_close(found.double(), exact, rtol=1e-6, atol=0)


@pytest.mark.parametrize("relu", [False, True])
def test_operations_and_their_gradients_need_no_value_of_the_device(relu):
    """The meta device has shapes alone and refuses to give a value; the way for GPUs is taken there."""
    operations = torch_kernels.PassOperations()

    def make(*shape):
        return torch.empty(shape, device="meta", requires_grad=True)

    x, gamma, beta, kernel = make(2, 9, 9, 12), make(12), make(12), make(4, 4, 12, 5)
    left, right = operations.split(gamma, [4, 8], 0)
    scale = operations.join([right, left])
    y = operations.normalise(x, scale, beta, *operations.compute_statistics(x), relu=relu, training=True)
    y = operations.average_pool(operations.convolve(y, kernel, stride=2), 2)
    assert y.shape == (2, 2, 2, 5)
    found = torch.autograd.grad(y.sum(), (x, gamma, beta, kernel))
    assert [each.shape for each in found] == [x.shape, gamma.shape, beta.shape, kernel.shape]


def test_the_deviations_of_all_normalisations_are_taken_at_once_and_of_a_later_one_later():
    deviations = torch_kernels.Deviations()
    first, second, third = torch.rand(3, 5).unbind()
    places = [deviations.note(each) for each in (first, second, first)]
    assert places == [0, 1, 0]
    found = [deviations.invert(place) for place in (1, 0, deviations.note(third))]
    for inverse, variance in zip(found, (second, first, third), strict=True):
        torch.testing.assert_close(inverse, torch.rsqrt(variance + EPSILON), rtol=0, atol=0)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU, and CUDA_VISIBLE_DEVICES=0")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(64, 32, 32, 12), (64, 8, 8, 342), (128, 32, 32, 24)])
def test_on_a_gpu_the_statistics_are_those_of_the_moments_also_of_a_channel_without_variance(shape, dtype):
    x = (torch.randn(shape, device="cuda") * 2 + 0.5).to(dtype)
    x[..., 3] = 1.25
    wanted = torch_kernels.compute_moments(x.double())
    for found, exact in zip(torch_kernels.compute_statistics(x), wanted, strict=True):
        assert found.dtype == torch.float32
        torch.testing.assert_close(found.double(), exact, rtol=1e-5, atol=1e-7)
