"""What the explorers train: MLPs of a chosen depth and norm on small digits."""

from functools import cache, partial

from torch import nn
from torch.nn import functional as F

from helpers.data import Examples, load_images
from helpers.models import BatchNorm, kaiming_init
from helpers.seeds import seeded

NUM_IMAGES, NUM_PIXELS, WIDTH = 512, 196, 32


def _normal(layer: nn.Module, sd: float) -> None:
    if isinstance(layer, nn.Linear):
        nn.init.normal_(layer.weight, std=sd)
        nn.init.zeros_(layer.bias)


ACTIVATIONS = {"ReLU": nn.ReLU, "sigmoid": nn.Sigmoid}
STARTS = {
    "torch's": lambda layer: None,
    "Kaiming": kaiming_init,
    "too small, 0.01": partial(_normal, sd=0.01),
    "too large, 1": partial(_normal, sd=1.0),
}
# name -> (normalization of a width, whether it stands before the activation)
NORMS = {
    "batch": (BatchNorm, True),
    "batch, after the activation": (BatchNorm, False),
    "layer": (lambda c: nn.GroupNorm(1, c), True),
}


@cache
def digits() -> Examples:
    """512 digits of 14 x 14 pixels as rows (512, 196) of mean 0 and variance 1."""
    images = load_images("digits").train.take(NUM_IMAGES)
    X = F.avg_pool2d(images.X, 2).flatten(1)
    return Examples((X - X.mean()) / X.std(), images.y)


def network(
    depth: int, activation: str, weights: str, norm: str, seed: int = 0
) -> nn.Sequential:
    """An MLP for `digits` with `depth` hidden layers of 32 units.

    Parameters
    ----------
    activation, weights, norm : names in ACTIVATIONS, STARTS and NORMS; "" is no
        normalization.
    seed : of the initial weights, which do not depend on the normalization.
    """
    make, before = NORMS.get(norm, (None, True))
    layers, c = [], NUM_PIXELS
    with seeded(seed):
        for _ in range(depth):
            behind = [make(WIDTH)] if make else []
            behind.insert(len(behind) if before else 0, ACTIVATIONS[activation]())
            layers += [nn.Linear(c, WIDTH), *behind]
            c = WIDTH
        return nn.Sequential(*layers, nn.Linear(c, 10)).apply(STARTS[weights])
