"""What the explorers train: networks with and without shortcuts on small digits."""

import math
from functools import cache, partial
from typing import NamedTuple

from torch.optim.lr_scheduler import OneCycleLR

from helpers.claims.small_images import halved
from helpers.data import Examples, load_images
from helpers.models import ResNet
from helpers.seeds import seeded
from helpers.training import train

NUM_IMAGES, NUM_EPOCHS, BATCH_SIZE, LR = 2000, 4, 64, 0.05
CHANNELS = (8, 16, 32)
KINDS = {"residual": 1.0, "plain": 0.0}  # network -> its skip


class Images(NamedTuple):
    """Digits of 14 x 14 pixels, (n, 1, 14, 14)."""

    train: Examples
    test: Examples


@cache
def images() -> Images:
    """2,000 digits to train on, and 1,000 to test."""
    data = load_images("digits")
    parts = data.train.take(NUM_IMAGES), data.test.take(NUM_IMAGES // 2)
    return Images(*(Examples(halved(part.X), part.y) for part in parts))


@cache
def trained(kind: str, depth: int, seed: int = 0) -> ResNet:
    """A trained network of ``depth`` = 6 n + 2 layers, in evaluation mode.

    Parameters
    ----------
    kind : "residual" or "plain".
    seed : of the initial weights and of the batches.

    The learning rate rises to 0.05 and falls to nearly 0 (one cycle), so that the
    weights come to rest; both kinds are trained in the same way. Nobody may change it:
    it is made once.
    """
    with seeded(seed):
        net = ResNet(((depth - 2) // 6,) * 3, CHANNELS, skip=KINDS[kind])
    examples = images().train
    num_steps = NUM_EPOCHS * math.ceil(len(examples) / BATCH_SIZE)
    train(net, examples, num_epochs=NUM_EPOCHS, lr=LR, batch_size=BATCH_SIZE, seed=seed,
          momentum=0.9, schedule_every="step",
          schedule=partial(OneCycleLR, max_lr=LR, total_steps=num_steps))  # fmt: skip
    return net.eval().requires_grad_(False)
