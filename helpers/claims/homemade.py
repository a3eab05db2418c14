"""A home-made source: a small network on the course's images, and targets made of them.

Images are halved to 14 x 14 pixels. A training takes a second or less.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.claims.small_images import cosine
from helpers.data import Examples, ImageData
from helpers.models import ConvNet
from helpers.seeds import seeded
from helpers.training import train

CHANNELS, SIDE = (16, 32), 14
BATCH_SIZE = 16
PARTS = ("train", "val", "test")


def halved(data: ImageData) -> ImageData:
    """Images of half the height and width; smaller ones are left as they are."""
    if data.train.X.shape[-1] <= SIDE:
        return data
    parts = {p: getattr(data, p) for p in PARTS}
    return replace(
        data, **{p: replace(e, X=F.avg_pool2d(e.X, 2)) for p, e in parts.items()}
    )


def small_net(num_outputs: int = 10, seed: int = 0) -> ConvNet:
    """Two convolutions, `features`, and a linear layer, `classifier`, for 14 x 14."""
    with seeded(seed):
        return ConvNet(CHANNELS, SIDE**2, num_outputs)


def learn(
    net: nn.Module,
    examples: Examples,
    lr: float = 0.01,
    num_epochs: int = 20,
    seed: int = 0,
    batch_size: int = BATCH_SIZE,
    **settings,
) -> nn.Module:
    """Train by Adam, with a rate that falls to 0 along a cosine.

    Parameters that need no gradient stay as they are. `settings` are further ones of
    `helpers.training.train`, such as the loss.
    """
    num_steps = num_epochs * math.ceil(len(examples) / batch_size)
    train(net, examples, num_epochs=num_epochs, lr=lr, batch_size=batch_size, seed=seed,
          optimizer=torch.optim.Adam, schedule=cosine(lr, num_steps),
          schedule_every="step", **settings)  # fmt: skip
    return net


def only(examples: Examples, classes: Sequence[int]) -> Examples:
    """The examples of some classes, whose labels become 0, 1, ... in that order."""
    number = torch.full((int(examples.y.max()) + 1,), -1)
    number[list(classes)] = torch.arange(len(classes))
    y = number[examples.y.cpu()].to(examples.y.device)
    return replace(examples, y=y.clamp(min=0)).at(y >= 0)


def noisy(X: Tensor, sigma: float = 0.3, seed: int = 0) -> Tensor:
    """X plus Gaussian noise of standard deviation sigma; values leave 0..1."""
    generator = torch.Generator().manual_seed(seed)
    return X + sigma * torch.randn(X.shape, generator=generator).to(X.device)
