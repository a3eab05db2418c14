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

SIDE = 64  # pixels
STRONGEST, NUM_VARIANTS = 6, 6
COLUMNS, TALL = 3, 1.2  # of the variants: each is 1 wide, and TALL with its text
BINS = 16  # of the histograms
# picture -> its class and that of the picture which mixup takes besides
PICTURES = {
    "flower": ("flower", "temple"),
    "temple": ("temple", "flower"),
    "emoji": ("animal", "food"),
    "digit": ("six", "one"),
}
LABELS = {"animal": 0, "food": 1, "six": 6, "one": 1}  # in their sets
# transform -> what it keeps and what it changes
TOLD = {
    "rotate": "keeps shapes and colors, and changes directions; corners become black",
    "flip": "keeps every value, and exchanges left and right",
    "crop": "keeps colors, and changes sizes, proportions and what is in sight",
    "scale": "keeps colors and proportions, and changes sizes",
    "deform": "keeps colors and what is beside what, and changes shapes",
    "brightness": "keeps shapes, and multiplies all values by one factor, up to 1",
    "color jitter": "keeps shapes, and changes hue and saturation everywhere alike",
    "channel permutation": "keeps shapes and the set of all values, and changes colors",
    "noise": "keeps shapes, and changes each value by itself",
    "blur": "keeps places and large shapes, and takes edges and details away",
    "erasing": "keeps all pixels outside of a random rectangle, and sets those in it "
    "to 0",
    "mixup": "keeps a share of two pictures, and changes the label to the same shares",
}
PERMUTED = ([0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0])


@cache
def pictures(name: str) -> tuple[Tensor, Tensor]:
    """A picture, and another for mixup, each (3, 64, 64) in 0..1."""
    if name in ("flower", "temple"):
        return tuple(load_photograph(which, SIDE) for which in PICTURES[name])
    data = load_emoji() if name == "emoji" else load_images("digits")
    found = []
    for which in PICTURES[name]:
        X = data.train.X[data.train.y == LABELS[which]][:1]
        X = F.interpolate(X, (SIDE, SIDE), mode="bilinear", align_corners=False)
        found.append(X[0].expand(3, -1, -1).clone())
    return tuple(found)


def variants(
    name: str, transform: str, strength: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Six random variants of a picture, (6, 3, 64, 64), and its share in each, (6,).

    ``strength`` is 1 to 6. That of a transform without a size, as flip, says to how
    many of the six it happens. The share is less than 1 for mixup, where the other
    picture has the rest, and for erasing.
    """
    X, other = pictures(name)
    with seeded(seed):
        # Which variants change first: never the same for two seeds in succession.
        order = torch.arange(seed, seed + NUM_VARIANTS) % NUM_VARIANTS
        shares = torch.ones(NUM_VARIANTS)
        if transform == "mixup":
            alpha = torch.tensor(strength / 3)
            shares = torch.distributions.Beta(alpha, alpha).sample((NUM_VARIANTS,))
            mixed = [share * X + (1 - share) * other for share in shares]
            return torch.stack(mixed), shares
        if transform in ("flip", "channel permutation"):
            which = torch.randint(len(PERMUTED), (NUM_VARIANTS,))
            turned = [X.flip(-1)] * NUM_VARIANTS
            if transform != "flip":
                turned = [X[PERMUTED[k]] for k in which]
            kept = (order >= strength)[:, None, None, None]
            return torch.where(kept, X, torch.stack(turned)), shares
        made, whole = _transform(transform, strength), X
        if transform == "erasing":
            whole = torch.cat([X, torch.ones_like(X[:1])])  # it tells what is erased
        drawn = torch.stack([made(whole) for _ in order])
        if transform == "erasing":
            shares = drawn[:, 3].mean((1, 2))
        return drawn[:, :3].clamp(0, 1), shares


def _transform(name: str, strength: int):
    """A transform of torchvision, which draws anew whenever it is called."""
    from torchvision.transforms import InterpolationMode, v2

    smooth = {"interpolation": InterpolationMode.BILINEAR}
    return {
        "rotate": lambda s: v2.RandomRotation(30 * s, **smooth),
        "crop": lambda s: v2.RandomResizedCrop(SIDE, scale=(1 - 0.14 * s, 1)),
        "scale": lambda s: v2.RandomAffine(
            0, scale=(6 / (6 + s), (6 + s) / 6), **smooth
        ),
        "deform": lambda s: v2.ElasticTransform(25.0 * s, 5.0),
        "brightness": lambda s: v2.ColorJitter(brightness=0.15 * s),
        "color jitter": lambda s: v2.ColorJitter(saturation=0.15 * s, hue=s / 12),
        "noise": lambda s: v2.GaussianNoise(sigma=0.05 * s),
        "blur": lambda s: v2.GaussianBlur(19, (0.1, 0.5 * s)),
        "erasing": lambda s: v2.RandomErasing(1, (0.08 * s, 0.08 * s), (0.5, 2)),
    }[name](strength)


def psnr(X: Tensor, Y: Tensor) -> float:
    """Peak signal-to-noise ratio of two pictures in 0..1, in dB; equal: infinite."""
    error = (X - Y).square().mean().item()
    return -10 * math.log10(error) if error else math.inf


def histogram(X: Tensor) -> np.ndarray:
    """Shares of the values of pictures in 16 equal parts of 0..1."""
    counts = torch.histc(X.clamp(0, 1), BINS, 0, 1)
    return (counts / counts.sum()).numpy()


@explorer(width=780, height=330)
def augmentations(
    transform=Choice(*TOLD),
    strength=IntSlider(1, STRONGEST, start=3),
    picture=Choice(*PICTURES, start="emoji"),
    seed=IntSlider(0, 20, start=0),
):
    """Six variants of a picture that a random transform draws, and their values.

    Below each variant stands its PSNR against the original, or with mixup the
    original's share. Right, how often values occur in the three channels together.
    Flip and channel permutation have no size: as many variants are changed as the
    strength says.
    """
    X, shares = variants(picture, transform, strength, seed)
    original, _ = pictures(picture)
    found = [psnr(x, original) for x in X]
    left = Pane("original", (0, 1), (0, 1), xticks={}, yticks={}, grid=False,
                framed=False, equal=True, share=0.5)  # fmt: skip
    left.image(original.permute(1, 2, 0).numpy(), (0, 1), (0, 1), name="original")
    middle = Pane("six variants", (0, COLUMNS), (0, 2 * TALL), xticks={}, yticks={},
                  grid=False, framed=False, equal=True, share=1.15)  # fmt: skip
    for k, (x, share, ratio) in enumerate(zip(X, shares, found, strict=True)):
        at, top = k % COLUMNS, TALL * (2 - k // COLUMNS)
        middle.image(x.permute(1, 2, 0).numpy(), (at + 0.03, at + 0.97),
                     (top - 0.94, top), name=f"variant {k}")  # fmt: skip
        text = "the same" if math.isinf(ratio) else f"{ratio:.1f} dB"
        if transform == "mixup":
            text = f"{share:.0%} {PICTURES[picture][0]}".replace("%", " %")
        middle.text((at + 0.5, top - 1.08), text, align="center", size=11)
    before, after = histogram(original), histogram(X)
    right = Pane("values", (0, 1), (0, 1.1 * max(before.max(), after.max())),
                 labels=("value", "share"), share=0.75)  # fmt: skip
    middles = (np.arange(BINS) + 0.5) / BINS
    right.line(np.c_[middles, before], color=INK, name="before", label="original")
    right.line(np.c_[middles, after], color=COLORS[1], dash=(6, 3), name="after",
               label="variants")  # fmt: skip
    says = (
        f"{transform.capitalize()} {TOLD[transform]}. {_measured(X, original, found)}"
    )
    if transform == "erasing":
        says += f" {100 * (1 - shares.mean()):.0f} % of the pixels are erased."
    elif transform == "mixup":
        first, second = PICTURES[picture]
        least, most = (f"{100 * s:.0f}" for s in (shares.min(), shares.max()))
        says += f" The labels are {least} to {most} % {first}, and the rest {second}."
    return says, left, middle, right


def _measured(X: Tensor, original: Tensor, found: list[float]) -> str:
    """How far the variants are from the original: by place, and as sets of values."""
    changed = [k for k, ratio in enumerate(found) if math.isfinite(ratio)]
    if not changed:
        return "Here nothing changes: the channels of a gray picture are equal."
    part = "" if len(changed) == len(X) else f" of the {len(changed)} changed variants"
    ratios = [number(f([found[k] for k in changed]), 1) for f in (min, max)]
    kept = all(
        torch.equal(X[k].flatten().sort()[0], original.flatten().sort()[0])
        for k in changed
    )
    shared = np.minimum(histogram(X[changed]), histogram(original)).sum()
    values = f"the histograms of values agree to {100 * shared:.0f} %"
    return (
        f"The PSNR{part} is {' to '.join(dict.fromkeys(ratios))} dB, "
        f"and {'the set of values is kept exactly' if kept else values}."
    )
