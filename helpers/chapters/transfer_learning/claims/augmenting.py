"""Claim of chapter 9 on augmentation: images that are changed anew in every batch."""

from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional as F

from helpers.chapters.transfer_learning.claims.training import (
    BETTER,
    NUM_VAL,
    TEST,
    ask,
    over_grid,
)
from helpers.claims import level
from helpers.claims.homemade import halved, learn, small_net
from helpers.widgets.predict import claim

RATES = (0.003, 0.01, 0.03)
ANGLE = 15  # degrees at most
SIGMA = 0.1
ERASED = 4  # pixels of a side


def warped(X, angle, dx, dy):
    """Images (n, c, h, w), each turned by its angle in radians and moved by pixels."""
    h, w = X.shape[-2:]
    cos, sin = angle.cos(), angle.sin()
    rows = ((cos, -sin, -2 * dx / w), (sin, cos, -2 * dy / h))
    theta = torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)
    grid = F.affine_grid(theta, list(X.shape), align_corners=False)
    return F.grid_sample(X, grid, align_corners=False)


def shift(X):
    """Move each image by -1, 0 or 1 pixel along each side."""
    dx, dy = torch.randint(-1, 2, (2, len(X)), device=X.device).to(X.dtype)
    return warped(X, torch.zeros_like(dx), dx, dy)


def rotation(X):
    """Turn each image by at most ANGLE to either side."""
    angle = (2 * torch.rand(len(X), device=X.device) - 1) * torch.pi * ANGLE / 180
    return warped(X, angle, *torch.zeros(2, len(X), device=X.device))


def flip(X):
    """Swap left and right in each image with probability 1/2."""
    chosen = torch.rand(len(X), 1, 1, 1, device=X.device) < 0.5
    return torch.where(chosen, X.flip(-1), X)


def noise(X):
    """Add Gaussian noise; the values leave 0..1."""
    return X + SIGMA * torch.randn_like(X)


def erasing(X):
    """Set a square of ERASED x ERASED pixels to 0, at a random place in each image."""
    h, w = X.shape[-2:]
    top = torch.randint(h - ERASED + 1, (len(X), 1, 1, 1), device=X.device)
    left = torch.randint(w - ERASED + 1, (len(X), 1, 1, 1), device=X.device)
    row = torch.arange(h, device=X.device).view(-1, 1)
    column = torch.arange(w, device=X.device)
    inside = (row >= top) & (row < top + ERASED)
    inside = inside & (column >= left) & (column < left + ERASED)
    return X.masked_fill(inside, 0)


def all_but_flip(X):
    """Shift, turn, erase and add noise."""
    return noise(erasing(rotation(shift(X))))


CHANGES = {
    "shift": shift,
    "flip": flip,
    "rotation": rotation,
    "noise": noise,
    "erasing": erasing,
    "all but flip": all_but_flip,
}


class Augmented(nn.Sequential):
    """A network that gets changed images in training, and whole ones afterwards."""

    def __init__(self, net, change=None):
        super().__init__(net)
        self.change = change

    def forward(self, X):
        return super().forward(self.change(X) if self.change and self.training else X)


def minus_none(choose):
    """Function of a table: what one augmentation, chosen by its mean, changes."""

    def gain(table):
        chosen = choose(CHANGES, key=lambda name: table[name, TEST].mean().item())
        return table[chosen, TEST] - table["none", TEST]

    return gain


@claim(
    "Augmentation always helps.",
    level("Test accuracy, worst augmentation minus none", minus_none(min), BETTER),
    true="it is better",
    also=[
        level("Best augmentation minus none", minus_none(max), BETTER),
        ask("flip", "none", "Flip minus none"),
        ask("shift", "none", "Shift minus none"),
        ask("all but flip", "none", "All but flip minus none"),
    ],
    live=None,
    full=(200, 20, 8),
    anew=("training images", "initial weights", "order", "changes"),
)
def augmentation(data, n_train, num_epochs, seed):
    """Few images of 14 x 14 pixels, changed anew in every batch, at the best rate.

    Which augmentation is the worst or the best is told by the test images, after all
    seeds.
    """
    data, results = halved(data), {}
    data = replace(data, val=data.val.take(min(NUM_VAL, len(data.val))))
    generator = torch.Generator().manual_seed(seed)
    images = data.train.at(
        torch.randperm(len(data.train), generator=generator)[:n_train]
    )
    for name, change in {"none": None, **CHANGES}.items():

        def train(lr, change=change):
            net = Augmented(small_net(len(data.classes), seed), change)
            return learn(net, images, lr, num_epochs, seed)

        results[name] = over_grid(train, RATES, data)
    return results
