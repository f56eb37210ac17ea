"""PyTorch's operations of the fast implementation."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from densebench.models.fast import torch_kernels  # noqa: E402


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_statistics_of_a_large_batch_keep_the_digits_of_float32(dtype):
    x = torch.randn(64, 32, 32, 5, generator=torch.Generator().manual_seed(0)).add_(3).to(dtype)
    mean, variance = torch_kernels.compute_statistics(x)
    wanted = x.double().flatten(0, 2)
    for found, exact in ((mean, wanted.mean(0)), (variance, wanted.var(0, correction=0))):
        assert found.dtype == torch.float32
        torch.testing.assert_close(found.double(), exact, rtol=1e-6, atol=0)
