"""Two processes, here threads, that normalise the halves of a batch as one would normalise the whole."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from densebench.models.fast.torch_kernels import PassOperations  # noqa: E402
from densebench.models.fast.torch_synchronised import SynchronisedOperations, take_moments  # noqa: E402

IMAGES, CHANNELS = 8, 6


class Threads:
    """What each of two threads calls in turn reaches the other."""

    parts = 2

    def __init__(self, seats, barrier, seat):
        self._seats, self._barrier, self._seat = seats, barrier, seat

    def gather(self, values):
        self._seats[self._seat] = values.clone()
        self._barrier.wait(10)
        every = torch.stack(list(self._seats))
        self._barrier.wait(10)
        return every

    def add_up(self, values):
        return values.copy_(self.gather(values).sum(0))


def run_halves(function, *halved):
    """(part of each, exchange) -> tensors, in two threads; returns those of both."""
    seats, barrier = [None, None], Barrier(2)
    parts = zip(*(tensor.chunk(2) for tensor in halved), strict=True)
    with ThreadPoolExecutor(2) as pool:
        tasks = [pool.submit(function, *part, Threads(seats, barrier, seat)) for seat, part in enumerate(parts)]
        return list(zip(*(task.result() for task in tasks), strict=True))


def draw(mean=0.0, dtype=torch.float32):
    random = torch.Generator().manual_seed(1)
    x, dy = torch.randn(2, IMAGES, 4, 4, CHANNELS, generator=random)
    gamma, beta = torch.randn(2, CHANNELS, generator=random)
    return (x + mean).to(dtype), dy.to(dtype), gamma, beta


def test_moments_and_their_gradients_are_those_of_the_whole_batch():
    x, dy, _, _ = draw(mean=3.0)

    def find(x, dy, moments):
        x = x.clone().requires_grad_()
        mean, variance = moments(x)
        y = (x - mean) * torch.rsqrt(variance + 0.1)
        return mean.detach(), variance.detach(), torch.autograd.grad((y * dy).sum(), x)[0]

    expected = find(x.double(), dy.double(), lambda x: (x.mean((0, 1, 2)), x.var((0, 1, 2), correction=0)))
    means, variances, gradients = run_halves(
        lambda x, dy, exchange: find(x, dy, lambda x: take_moments(x, exchange)), x, dy
    )
    for each, wanted in ((means, expected[0]), (variances, expected[1]), ([torch.cat(gradients)], expected[2])):
        for found in each:
            torch.testing.assert_close(found, wanted.float())


def test_the_variance_keeps_its_digits_beside_a_large_mean():
    x, _, _, _ = draw(mean=1000.0)
    _, variances = run_halves(take_moments, x)
    wanted = x.double().var((0, 1, 2), correction=0)
    assert all(torch.allclose(found.double(), wanted, rtol=1e-5) for found in variances)


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_fast_operations_and_their_gradients_are_those_of_the_whole_batch(dtype, relu):
    x, dy, gamma, beta = draw(dtype=dtype)

    def normalise(x, dy, operations):
        x, scale, offset = (tensor.clone().requires_grad_() for tensor in (x, gamma, beta))
        mean, variance = operations.compute_statistics(x)
        y = operations.normalise(x, scale, offset, mean, variance, relu=relu, training=True)
        return y.detach(), mean, variance, *torch.autograd.grad(y, (x, scale, offset), dy)

    y, mean, variance, dx, dgamma, dbeta = normalise(x, dy, PassOperations())
    ys, means, variances, dxs, dgammas, dbetas = run_halves(
        lambda x, dy, exchange: normalise(x, dy, SynchronisedOperations(exchange)), x, dy
    )
    for found, wanted in ((torch.cat(ys), y), (torch.cat(dxs), dx), (sum(dgammas), dgamma), (sum(dbetas), dbeta)):
        torch.testing.assert_close(found, wanted)
        assert found.dtype == wanted.dtype
    for found in zip(means, variances, strict=True):
        torch.testing.assert_close(found, (mean, variance))


def test_by_given_statistics_nothing_is_exchanged():
    x, _, gamma, beta = draw()
    given = gamma, beta, torch.zeros(CHANNELS), torch.ones(CHANNELS)
    alone = SynchronisedOperations(None).normalise(x, *given, relu=True, training=False)
    torch.testing.assert_close(alone, PassOperations().normalise(x, *given, relu=True, training=False))
