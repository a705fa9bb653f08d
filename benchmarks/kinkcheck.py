"""What does a check of kinks cost?  A residual network of 11 million parameters, against a forward and a backward pass of PyTorch.

python benchmarks/kinkcheck.py
"""

import time

import torch
from torch import nn

import tamecheck as tc


class Block(nn.Module):
    """Two convolutions with a shortcut, as in ResNet-18."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.first, self.norm1 = nn.Conv2d(before, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.second, self.norm2 = nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        same = stride == 1 and before == width
        self.shortcut = nn.Identity() if same else nn.Sequential(nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        """Return the block's value."""
        return self.relu(self.norm2(self.second(self.relu(self.norm1(self.first(x))))) + self.shortcut(x))


def network() -> nn.Module:
    """Return a network like ResNet-18 for images of 32 x 32."""
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    before = 64
    for width, stride in ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)):
        layers.append(Block(before, width, stride))
        before = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def best(f, times: int = 3) -> float:
    """Return the least time of a few runs."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        f()
        found.append(time.perf_counter() - started)
    return min(found)


def main() -> None:
    """Print the table."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    net, images, labels = network(), torch.randint(0, 256, (8, 3, 32, 32)) / 255, torch.randint(0, 10, (8,))

    def loss(y):
        return nn.functional.cross_entropy(y, labels)

    tc.torch.kinkcheck(nn.Linear(1, 1), torch.ones(1, 1))
    loss(net(images)).backward()
    print(f"{sum([p.numel() for p in net.parameters()]):,} parameters, batch 8\n")
    print("| parameters | verdict | entries touched | check | forward and backward | ratio |\n|---|---|---|---|---|---|")

    def row(title: str) -> None:
        once, check = best(lambda: loss(net(images)).backward()), best(lambda: tc.torch.kinkcheck(net, images, loss))
        report = tc.torch.kinkcheck(net, images, loss)
        touched = sum([f.touched - f.trivial for f in report.findings])
        print(f"| {title} | {report.verdict} | {touched:,} | {check:.2f} s | {once:.2f} s | {check / once:.1f} |", flush=True)

    row("random")
    for part in net.modules():
        if isinstance(part, Block):
            nn.init.zeros_(part.norm2.weight)
    row("last normalisation of each block 0 (a usual start)")
    for p in net.parameters():
        nn.init.zeros_(p)
    row("all 0")


if __name__ == "__main__":
    main()
