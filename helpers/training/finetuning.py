"""The network learned on ImageNet, cut in two: a frozen front, and a rest that trains.

What a frozen front puts out never changes. It is computed once, and training sees its
output in the place of pictures: the same gradients for a fraction of the time.
"""

import copy
import math
from dataclasses import replace
from functools import lru_cache, partial

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR

from helpers.data import Examples, ImageData
from helpers.seeds import seeded
from helpers.training.features import as_input, pretrained
from helpers.training.fit import train

SIZE = 64  # pixels: fine-tuning all takes ten seconds, not thirty
FROZEN = 11
NUM_STAGES = 17  # 16 blocks and the head; the stem goes with the first
BATCH_SIZE = 16
LR_BODY, LR_HEAD = 2e-4, 5e-3


class Rest(nn.Module):
    """What follows the frozen front: the other stages, and a classifier of its own.

    Parameters
    ----------
    num_outputs : number of classes K.
    frozen : stages that the front has, 0 to 17; 0 leaves the whole network here, 17
        only the classifier.
    seed : of the classifier's initial weights. The stages are copies of the pretrained
        ones, and train.

    Input is what `front` gives, output (n, K) logits. Batch normalization stays in
    evaluation mode, with the statistics of the source: a batch of a few pictures says
    little of them. `fit` leaves a part of a network in its own mode, as the body here.
    """

    def __init__(self, num_outputs: int, frozen: int = FROZEN, seed: int = 0):
        super().__init__()
        net = copy.deepcopy(pretrained())
        stages = [*net.blocks, net.head]
        stem = [net.stem] if frozen == 0 else []
        self.body = nn.Sequential(*stem, *stages[frozen:]).eval().requires_grad_(True)
        with seeded(seed):
            self.classifier = nn.Linear(1_280, num_outputs)

    def forward(self, X: Tensor) -> Tensor:
        return self.classifier(self.body(X).mean((2, 3)))


def front(X: Tensor, frozen: int = FROZEN, size: int = SIZE) -> Tensor:
    """What the first stages put out for pictures, (n, c, h', w'), or their input.

    Parameters
    ----------
    X : (n, 3, h, w) in 0..1. The same tensor costs nothing the second time.
    frozen : stages that the front has, 0 to 17; 0 gives the network's input.
    size : height and width that the pictures are brought to, in pixels.
    """
    return _front(X, frozen, size, X._version)


@lru_cache(maxsize=12)
@torch.no_grad()
def _front(X: Tensor, frozen: int, size: int, version: int) -> Tensor:
    net, parts = pretrained(), []
    stages = [*net.blocks, net.head][:frozen]
    for batch in X.cpu().split(100):
        H = as_input(batch, size)
        if frozen:
            H = net.stem(H)
        for stage in stages:
            H = stage(H)
        parts.append(H)
    return torch.cat(parts)


def fronted(data: ImageData, frozen: int = FROZEN, size: int = SIZE) -> ImageData:
    """The same set with what the front gives in the place of pictures."""
    parts = {part: getattr(data, part) for part in ("train", "val", "test")}
    new = {p: replace(e, X=front(e.X, frozen, size)) for p, e in parts.items()}
    return replace(data, **new)


def groups(
    net: Rest, lr_body: float = LR_BODY, lr_head: float = LR_HEAD
) -> torch.optim.Optimizer:
    """Adam with a rate for the stages and another for the new classifier."""
    body = [p for p in net.body.parameters() if p.requires_grad]
    own = [{"params": net.classifier.parameters(), "lr": lr_head}]
    return torch.optim.Adam(own + ([{"params": body, "lr": lr_body}] if body else []))


def fine_tune(
    net: Rest,
    examples: Examples,
    lr_body: float = LR_BODY,
    lr_head: float = LR_HEAD,
    num_steps: int = 40,
    seed: int = 0,
    **settings,
) -> Rest:
    """Train for about so many steps, with rates that fall to 0 along a cosine.

    ``examples`` hold what `front` gives, for as many stages as ``net`` was cut at.
    """
    per_epoch = math.ceil(len(examples) / BATCH_SIZE)
    num_epochs = max(1, round(num_steps / per_epoch))
    cosine = partial(CosineAnnealingLR, T_max=num_epochs * per_epoch)
    train(net, examples, num_epochs=num_epochs, batch_size=BATCH_SIZE, seed=seed,
          optimizer=groups(net, lr_body, lr_head), schedule_every="step",
          schedule=cosine, **settings)  # fmt: skip
    return net
