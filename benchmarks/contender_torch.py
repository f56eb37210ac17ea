"""A DenseNet-BC in plain PyTorch: modules, channels_last, ``torch.optim.SGD``; eager or with ``torch.compile``.

``mode`` is what ``torch.compile`` is given: ``default``, or ``reduce-overhead``, which on a GPU launches a step as one
CUDA graph. On a GPU the optimizer is the fused one.

As in densebench, weight decay applies to the weights of convolutions and of the linear layer. PyTorch's coefficient is
twice that of a Keras L2 loss.
"""

import contextlib
import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sitting import (
    CLASSES,
    LEARNING_RATE,
    MOMENTUM,
    WEIGHT_DECAY,
    Marks,
    Outcome,
    Setting,
    block_depths,
    growth_rate,
    measure_outcome,
)
from torch import nn
from torch.nn import functional

from densebench.measuring.gpu.allocator import open_allocator
from densebench.measuring.gpu.step_memory import StepMemory
from densebench.measuring.malloc import keep_large_buffers


def bn_relu_conv(channels: int, filters: int, kernel_size: int) -> nn.Sequential:
    """Normalisation, ReLU in place, convolution without a bias."""
    return nn.Sequential(
        nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels, filters, kernel_size, padding=kernel_size // 2, bias=False),
    )


class Bottleneck(nn.Module):
    """(B, C, H, W) -> (B, C + growth, H, W)."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(bn_relu_conv(channels, 4 * growth, 1), bn_relu_conv(4 * growth, growth, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.layers(x), x], 1)


class DenseNet(nn.Module):
    """Images (B, 3, 32, 32) -> logits (B, 10)."""

    def __init__(self, blocks: tuple[int, ...], growth: int) -> None:
        super().__init__()
        channels = 2 * growth
        layers: list[nn.Module] = [nn.Conv2d(3, channels, 3, padding=1, bias=False)]
        for index, depth in enumerate(blocks):
            if index > 0:
                layers += [bn_relu_conv(channels, channels // 2, 1), nn.AvgPool2d(2)]
                channels //= 2
            for _ in range(depth):
                layers.append(Bottleneck(channels, growth))
                channels += growth
        layers += [nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1), nn.ReLU(inplace=True)]
        self.features, self.classifier = nn.Sequential(*layers), nn.Linear(channels, CLASSES)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x).mean((2, 3)))


def make_optimizer(model: nn.Module, *, fused: bool) -> torch.optim.Optimizer:
    """SGD with weight decay for all weights except those of normalisations and biases."""
    decayed = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.ndim == 1]
    groups = [{"params": decayed, "weight_decay": 2 * WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.SGD(groups, lr=LEARNING_RATE, momentum=MOMENTUM, nesterov=True, fused=fused or None)


@dataclass(frozen=True, kw_only=True)
class Device:
    """Where the network computes, as :func:`sitting.measure_outcome` wants to know."""

    device_kind: str
    device_name: str | None


def find_device() -> Device:
    """The first GPU, or the CPU."""
    if torch.cuda.is_available():
        return Device(device_kind="gpu", device_name=torch.cuda.get_device_name())
    return Device(device_kind="cpu", device_name=None)


def run(setting: Setting, *, kept_buffers: bool, mode: str | None) -> Outcome:
    """Build the network and run all steps."""
    if kept_buffers:
        keep_large_buffers()
    torch.set_num_threads(setting.threads)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True  # as the other contenders
    facts = find_device()
    on_gpu = facts.device_kind == "gpu"
    device = torch.device("cuda" if on_gpu else "cpu")
    start = time.perf_counter()
    model = DenseNet(block_depths(setting.variant), growth_rate(setting.variant))
    model = model.to(device, memory_format=torch.channels_last).train()
    optimizer = make_optimizer(model, fused=on_gpu)
    forward = model if mode is None else torch.compile(model, mode=mode)
    build_seconds = time.perf_counter() - start
    reduced = setting.precision == "mixed_bfloat16"
    precision = torch.autocast(device.type, torch.bfloat16) if reduced else contextlib.nullcontext()
    marks, memory = Marks(), StepMemory(open_allocator("torch"))

    def step(images: NDArray[np.float32], labels: NDArray[np.int32]) -> None:
        x = torch.from_numpy(images).permute(0, 3, 1, 2).to(device)  # a view: channels already come last
        y = torch.from_numpy(labels).long().to(device)
        torch.compiler.cudagraph_mark_step_begin()
        optimizer.zero_grad()
        with precision:
            loss = functional.cross_entropy(forward(x), y)
        loss.backward()
        optimizer.step()
        loss.item()  # waits for the device's forward pass
        if on_gpu:
            torch.cuda.synchronize()

    marks.begin()
    setting.run(step, marks, memory)
    return measure_outcome(
        facts,
        marks,
        memory,
        params=sum(each.numel() for each in (*model.parameters(), *model.buffers()) if each.ndim > 0),
        framework=f"torch {torch.__version__}",
        build_seconds=build_seconds,
    )
