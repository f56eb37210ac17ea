"""A step on PyTorch: the operations that its host starts, what it reads back, the update, the padding, the graph.

``test_torch.py`` runs these tests in a process of their own, where PyTorch is the backend.
"""

from collections import Counter
from dataclasses import replace

import keras
import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from densebench.models.fast import torch_kernels
from densebench.training.steps import torch as torch_steps
from densebench.training.steps.choose import make_steps
from densebench.training.steps.torch_update import Update
from densebench.training.trainee import build_trainee

NOTHING = ("aten.empty", "aten.detach", "aten.lift_fresh", "aten.alias")  # which computes nothing on a device
BATCH = 2


class Seen(TorchDispatchMode):
    """Counts the operations that compute something, by name."""

    def __init__(self):
        super().__init__()
        self.operations = Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = str(function)
        if not function.is_view and not name.startswith(NOTHING):
            self.operations[name.removeprefix("aten.").partition(".")[0]] += 1
        return function(*args, **(kwargs or {}))


@pytest.fixture
def make(config, facts):
    """Builds the steps of a network, with a batch for them."""

    def make(implementation, variant="100x12", **changes):
        recipe = replace(config.recipe, batch_size=BATCH, **changes)
        setting = replace(facts, implementation=implementation)
        trainee = build_trainee(replace(config, variant=variant, recipe=recipe), setting, classes=10, image_size=8)
        steps = make_steps(trainee, recipe, setting)
        steps.begin(0.1)
        random = np.random.default_rng(0)
        x, y = random.standard_normal((BATCH, 8, 8, 3), dtype=np.float32), np.array([1, 2], np.int32)
        return steps, trainee, (steps.place(x), steps.place(y))

    return make


@pytest.fixture
def reads(monkeypatch):
    """Where Python has read a value of a tensor."""
    seen = []

    def note(name):
        read = getattr(torch.Tensor, name)
        monkeypatch.setattr(torch.Tensor, name, lambda *given, **named: seen.append(name) or read(*given, **named))

    for name in ("item", "tolist", "numpy", "__bool__", "__int__", "__float__", "__index__", "__array__", "nonzero"):
        note(name)
    return seen


def count(steps, batch):
    """Operations of a step that is not the first."""
    steps.train(*batch)
    with Seen() as seen:
        steps.train(*batch)
    return seen.operations


def test_a_fast_step_of_100x12_takes_no_more_operations_than_a_gpus_host_can_start(make):
    steps, _, batch = make("fast")
    operations = count(steps, batch)
    joins = operations.pop("cat")
    assert operations.total() <= 1_300
    assert joins <= 212


@pytest.mark.parametrize("implementation", ["plain", "fast"])
def test_a_step_reads_nothing_back_but_its_own_three_figures(make, reads, implementation):
    steps, _, batch = make(implementation, "40x12")
    steps.train(*batch)
    reads.clear()
    with Seen() as seen:
        steps.train(*batch)
    assert reads == ["numpy"]
    assert not seen.operations["_local_scalar_dense"]


def test_gradients_lie_in_memory_as_their_weights_do_so_that_all_are_updated_at_once(make):
    steps, _, batch = make("fast", "40x12")
    _, _, found = steps._find(*batch)
    laid = steps._lay_out(found)
    assert any(torch_steps._differ(*pair) for pair in zip(found, steps._weights, strict=True))
    assert not any(torch_steps._differ(*pair) for pair in zip(laid, steps._weights, strict=True))
    assert all(torch.equal(*pair) for pair in zip(laid, found, strict=True))


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.9, True), (0.9, False), (0.0, False)])
def test_the_update_is_that_of_keras_to_the_last_bit(make, momentum, nesterov):
    """With a rate that float32 rounds, in two steps, of which the second finds velocities."""
    states = []
    for by_keras in (False, True):
        steps, trainee, batch = make("fast", "10x2", momentum=momentum, nesterov=nesterov)
        if by_keras:
            steps._update = lambda found, trainee=trainee: trainee.optimizer.apply(
                found, trainee.model.trainable_variables
            )
        for _ in range(2):
            steps.train(*batch)
        states.append([*trainee.model.variables, *trainee.optimizer.variables])
    assert all(torch.equal(mine.value, wanted.value) for mine, wanted in zip(*states, strict=True))


@pytest.mark.parametrize("implementation", ["plain", "fast"])
def test_a_compiled_step_does_what_an_eager_one_does(make, monkeypatch, implementation):
    """The graph alone is held to account, for compiling it takes a minute."""
    monkeypatch.setattr(torch, "compile", lambda graph, dynamic: graph)
    states = []
    for jit in (False, True):
        steps, trainee, (x, y) = make(implementation, "10x2")
        steps._jit = jit
        steps.compile(BATCH, 1)
        for images in (BATCH, 1, BATCH):
            steps.train(x[:images], y[:images])
        assert set(steps._compiled) == ({BATCH, 1} if jit else set())
        states.append([*trainee.model.variables, *trainee.optimizer.variables])
    for eager, compiled in zip(*states, strict=True):
        torch.testing.assert_close(compiled.value, eager.value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("side", "size", "stride"), [(9, 3, 1), (9, 3, 2), (8, 3, 2), (8, 4, 1), (9, 1, 2), (7, 5, 3)])
def test_convolutions_have_the_padding_of_keras(facts, side, size, stride):
    import keras

    random = torch.Generator().manual_seed(0)
    x, kernel = torch.randn(2, side, side, 3, generator=random), torch.randn(size, size, 3, 4, generator=random)
    wanted = keras.ops.conv(x, kernel, strides=stride, padding="same", data_format="channels_last")
    torch.testing.assert_close(torch_kernels.convolve(x, kernel, stride=stride), wanted)


# Recorded, by a graph made up of what PyTorch dispatches


class FakeGraph:
    """Computes again what was recorded; what recording has changed in ``state`` is taken back."""

    state = ()

    def __init__(self):
        self.calls = []

    def replay(self):
        with torch.no_grad():
            for function, args, kwargs, results in self.calls:
                again = function(*args, **kwargs)
                for old, new in zip(tree_leaves(results), tree_leaves(again), strict=True):
                    if isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr():
                        old.copy_(new)


class FakeRecording(TorchDispatchMode):
    def __init__(self, graph, *, pool, capture_error_mode):
        super().__init__()
        assert (pool, capture_error_mode) == ("pool", "thread_local")
        self.graph = graph

    def __enter__(self):
        self.before = [tensor.detach().clone() for tensor in FakeGraph.state]
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        for tensor, value in zip(FakeGraph.state, self.before, strict=True):
            tensor.detach().copy_(value)

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        results = function(*args, **(kwargs or {}))
        self.graph.calls.append((function, args, kwargs or {}, results))
        return results


@pytest.fixture
def fake_graphs(monkeypatch):
    monkeypatch.setattr(torch.cuda, "CUDAGraph", FakeGraph)
    monkeypatch.setattr(torch.cuda, "graph", FakeRecording)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: "pool")
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 123)


@pytest.mark.parametrize(
    ("optimizer", "precision"), [("sgd", "float32"), ("muon", "float32"), ("sgd", "mixed_bfloat16")]
)
def test_recorded_steps_do_what_steps_do_at_each_rate_and_size(make, fake_graphs, optimizer, precision):
    keras.config.set_dtype_policy(precision)
    ended, shown = [], []
    for recorded in (False, True):
        steps, trainee, (x, y) = make("fast", "10x2", optimizer=optimizer)
        variables = [*trainee.model.variables, *trainee.optimizer.variables]
        FakeGraph.state = [variable.value for variable in variables]
        if recorded:
            steps._records = steps._records_passes = True
            steps._update = Update(trainee.optimizer, trainee.model.trainable_variables, on_device=True)
        for rate, images in ((0.1, BATCH), (0.1, BATCH), (0.1, 1), (0.05, BATCH), (0.05, 1), (0.2, BATCH)):
            steps.begin(rate)
            shown.append(steps.train(x[:images] * rate, y[:images]).loss)
        shown += [float(steps.logits(x * factor).sum()) for factor in (1, 2, 3)]
        ended.append([variable.value.float() for variable in variables])
        assert steps.recorded_bytes() == (123 if recorded else None)
    keras.config.set_dtype_policy("float32")
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if precision == "float32" else {"rtol": 2e-2, "atol": 1e-2}
    np.testing.assert_allclose(shown[9:], shown[:9], **tolerance)
    assert steps._recorder.count() == 3
    for eager, repeated in zip(*ended, strict=True):
        torch.testing.assert_close(repeated, eager, **tolerance)


def test_steps_on_a_cpu_are_not_recorded(make):
    steps, _, batch = make("fast", "10x2")
    for _ in range(3):
        steps.train(*batch)
    assert steps._recorder.count() == 0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU, and CUDA_VISIBLE_DEVICES=0")
@pytest.mark.parametrize("optimizer", ["sgd", "muon"])
def test_on_a_gpu_recorded_steps_end_where_steps_do(make, monkeypatch, optimizer):
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)
    ended = []
    for recorded in (False, True):
        steps, trainee, (x, y) = make("fast", "40x12", optimizer=optimizer)
        assert steps._records
        if not recorded:
            steps._records = steps._records_passes = False
        for rate, images in ((0.1, BATCH), (0.1, BATCH), (0.1, 1), (0.05, BATCH), (0.05, 1), (0.2, BATCH)):
            steps.begin(rate)
            shown = steps.train(x[:images] * rate, y[:images])
        logits = [steps.logits(x * factor) for factor in (1, 2, 3)]
        ended.append([torch.tensor(shown.loss), *map(torch.from_numpy, logits)])
        ended[-1] += [variable.value for variable in [*trainee.model.variables, *trainee.optimizer.variables]]
        assert (steps._recorder.count() > 0) == recorded
    assert all(torch.equal(*pair) for pair in zip(*ended, strict=True))
