"""The explorer `augmentations`: six variants of a picture, and what they kept of it."""

import math
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from helpers.data import load_emoji, load_images, load_photograph
from helpers.figures import COLORS
from helpers.seeds import seeded
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import INK, Pane
from helpers.words import number

SIDE = 96  # pixels
MOST, NUM_VARIANTS = 6, 6  # greatest strength; each step of it is seen in a variant
COLUMNS, TALL = 3, 1.2  # of the variants: each is 1 wide, and TALL with its text
BINS = 16  # of the histograms
OTHERS = {"flower": "temple", "temple": "flower", "emoji": "food", "digit": "a one"}
# What each changes; then whether it moves pixels, as against changing their values.
TRANSFORMS = {
    "rotate": "turns by {angle}° at most, to either side",
    "flip": "mirrors left and right in {some} of 6 variants",
    "crop": "cuts out a rectangle of {area} % of the area or more, and enlarges it",
    "scale": "makes it smaller or larger, by a factor of {factor} at most",
    "deform": "moves each place by a smooth random field, as far as {far} pixels",
    "brightness": "multiplies all values by one factor, {less} to {more}",
    "color jitter": "draws a hue and a saturation anew",
    "channel permutation": "exchanges the color channels in {some} of 6 variants",
    "noise": "adds to each value its own Gaussian noise, of deviation {sigma}",
    "blur": "averages over neighbors, with a Gaussian of {width} pixels at most",
    "erasing": "sets a random rectangle to 0",
    "mixup": "mixes the picture with another one, and the labels alike",
}
PERMUTED = ([0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0])


@cache
def picture(name: str, other: bool = False) -> Tensor:
    """A picture (3, 96, 96) in 0..1, or the one that mixup takes for it.

    The emoji are an animal and food, the digits a six and a one.
    """
    if name in ("flower", "temple"):
        return load_photograph(OTHERS[name] if other else name, SIDE)
    train, label = load_emoji().train, int(other)
    if name == "digit":
        train, label = load_images("digits").train, 1 if other else 6
    X = train.X[train.y == label][:1]
    X = F.interpolate(X, (SIDE, SIDE), mode="bilinear", align_corners=False)
    return X[0].expand(3, -1, -1)
