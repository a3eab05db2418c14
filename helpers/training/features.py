"""Features of small pictures from the network learned on ImageNet, and linear probes.

A body that stays as it is gives each picture the same features whenever it is asked.
So they are computed once for a set of pictures, in seconds, and a probe on them takes
a moment.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.data import Examples, ImageData
from helpers.models import EfficientNetLite0, efficientnet_input, load_efficientnet

SIZE = 96  # pixels that the network gets; it was trained at 224
BLOCKS = (10, 14)
NUM_STAGES = 17  # 16 blocks and the head
PENALTY = 0.01


@cache
def pretrained() -> EfficientNetLite0:
    """The network learned on ImageNet, frozen, in evaluation mode, on the CPU.

    It is one object for everybody: copy it before you train it.
    """
    return load_efficientnet().requires_grad_(False)


def as_input(X: Tensor, size: int = SIZE) -> Tensor:
    """Pictures (n, 3, h, w) in 0..1 as the network wants them, (n, 3, size, size)."""
    if X.shape[-1] != size:
        X = F.interpolate(X, (size, size), mode="bilinear", antialias=True)
    return efficientnet_input(X.clamp(0, 1))


def features(X: Tensor, blocks: Sequence[int] = BLOCKS, size: int = SIZE) -> Tensor:
    """What some blocks of the network say of pictures, (n, d) float32.

    Parameters
    ----------
    X : (n, 3, h, w) in 0..1. The same tensor costs nothing the second time.
    blocks : numbers of blocks, 0 to 15; 16 is the head, as `EfficientNetLite0` has it.
    size : height and width that the pictures are brought to, in pixels.

    Returns
    -------
    each channel's mean over all places, the blocks side by side; d = 304 by default
    """
    stages = _stages(X, size, X._version)
    return torch.cat([stages[block] for block in blocks], dim=1)


@lru_cache(maxsize=24)
@torch.no_grad()
def _stages(X: Tensor, size: int, version: int) -> tuple[Tensor, ...]:
    net, parts = pretrained(), []
    for batch in X.cpu().split(100):
        H, means = net.stem(as_input(batch, size)), []
        for stage in (*net.blocks, net.head):
            H = stage(H)
            means.append(H.mean((2, 3)))
        parts.append(means)
    return tuple(map(torch.cat, zip(*parts, strict=True)))


def featured(
    data: ImageData, blocks: Sequence[int] = BLOCKS, size: int = SIZE
) -> ImageData:
    """The same set with features in the place of pictures, X (n, d).

    They are standardized: each has mean 0 and standard deviation 1 over the training
    pictures.
    """
    parts = ("train", "val", "test")
    X = {part: features(getattr(data, part).X, blocks, size) for part in parts}
    mean, sd = X["train"].mean(0), X["train"].std(0) + 1e-6
    new = {p: replace(getattr(data, p), X=(X[p] - mean) / sd) for p in parts}
    return replace(data, **new)


def pick(examples: Examples, per_class: int, seed: int = 0) -> Examples:
    """The same number of examples of each class, drawn without replacement.

    A class that has fewer gives all that it has. The order is by class.
    """
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for label in examples.y.unique():
        places = (examples.y == label).nonzero()[:, 0].cpu()
        shuffled = torch.randperm(len(places), generator=generator)
        chosen.append(places[shuffled[:per_class]])
    return examples.at(torch.cat(chosen))


def linear_probe(
    examples: Examples, num_outputs: int, penalty: float = PENALTY
) -> nn.Linear:
    """The linear layer that classifies given features best, with a penalty on weights.

    Parameters
    ----------
    examples : X (n, d), standardized; y (n,).
    num_outputs : number of classes K.
    penalty : times the sum of the squared weights, added to the mean cross-entropy.

    The loss is convex and has one minimum, which L-BFGS finds; so there is no rate to
    choose, and no seed.

    Returns
    -------
    nn.Linear from d to K, on the device of X
    """
    X, y = examples.X, examples.y
    layer = nn.Linear(X.shape[1], num_outputs, device=X.device)
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=60)

    def loss() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(layer(X), y) + penalty * layer.weight.square().sum()
        loss.backward()
        return loss

    with torch.enable_grad():
        optimizer.step(loss)
    return layer.requires_grad_(False)
