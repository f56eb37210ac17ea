"""A DenseNet-BC in plain PyTorch: modules, channels_last, ``torch.optim.SGD``; eager or with ``torch.compile``.

As in densebench, weight decay applies to the weights of convolutions and of the linear layer. PyTorch's coefficient is
twice that of a Keras L2 loss.
"""

import contextlib
import time

import torch
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
)
from torch import nn
from torch.nn import functional

from densebench.measuring.host import read_host_peak_bytes
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


def make_optimizer(model: nn.Module) -> torch.optim.Optimizer:
    """SGD with weight decay for all weights except those of normalisations and biases."""
    decayed = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.ndim == 1]
    groups = [{"params": decayed, "weight_decay": 2 * WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.SGD(groups, lr=LEARNING_RATE, momentum=MOMENTUM, nesterov=True)


def run(setting: Setting, *, kept_buffers: bool, compiled: bool) -> Outcome:
    """Build the network and run all steps."""
    if kept_buffers:
        keep_large_buffers()
    torch.set_num_threads(setting.threads)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True  # as the other contenders
    on_gpu = torch.cuda.is_available()
    device = torch.device("cuda" if on_gpu else "cpu")
    start = time.perf_counter()
    model = DenseNet(block_depths(setting.variant), growth_rate(setting.variant))
    model = model.to(device, memory_format=torch.channels_last).train()
    optimizer = make_optimizer(model)
    forward = torch.compile(model) if compiled else model
    build_seconds = time.perf_counter() - start
    reduced = setting.precision == "mixed_bfloat16"
    precision = torch.autocast(device.type, torch.bfloat16) if reduced else contextlib.nullcontext()
    batches, marks = setting.batches(), Marks()
    marks.begin()
    for images, labels in batches:
        x = torch.from_numpy(images).permute(0, 3, 1, 2).to(device)  # a view: channels already come last
        y = torch.from_numpy(labels).long().to(device)
        optimizer.zero_grad()
        with precision:
            loss = functional.cross_entropy(forward(x), y)
        loss.backward()
        optimizer.step()
        loss.item()  # waits for the device's forward pass
        if on_gpu:
            torch.cuda.synchronize()
        marks.mark()
    return Outcome(
        marks=marks,
        params=sum(each.numel() for each in (*model.parameters(), *model.buffers()) if each.ndim > 0),
        framework=f"torch {torch.__version__}",
        device=torch.cuda.get_device_name() if on_gpu else "cpu",
        build_seconds=build_seconds,
        peak_bytes=torch.cuda.max_memory_allocated() if on_gpu else read_host_peak_bytes(),
        memory_source="torch.cuda.max_memory_allocated" if on_gpu else "VmHWM",
    )
