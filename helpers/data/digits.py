"""The embedded set: real handwriting, written anew at any size, without a download.

scikit-learn carries 1,797 handwritten digits of 8x8 pixels. Each image here is one of
them, enlarged, with its own slant, size, place, stroke width, brightness and noise.
"""

from __future__ import annotations

import functools
import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .examples import Examples, check_count, remembered

SPLITS = {"train": 1149, "val": 288, "test": 360}  # source digits, never mixed
MAX_IMAGES = 100_000
CHUNK = 2_000  # drawn at a time: small enough for the caches, and n may grow later


@functools.cache
def sources(split: str) -> tuple[Tensor, Tensor, Tensor]:
    """Return the 8x8 digits that `split` is written from.

    Returns
    -------
    rows : (s,) int64, their places in scikit-learn's table
    images : (s, 1, 8, 8) float32 in 0..1
    y : (s,) int64

    Source: Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI.
    """
    from sklearn.datasets import load_digits  # here: the import takes a second

    table = load_digits()
    order = torch.randperm(
        len(table.target), generator=torch.Generator("cpu").manual_seed(8), device="cpu"
    )
    rows = dict(zip(SPLITS, order.split(list(SPLITS.values())), strict=True))[split]
    images = torch.from_numpy(table.images).to(torch.float32) / 16
    return rows, images[rows, None], torch.from_numpy(table.target).long()[rows]


def make_digits(
    n: int,
    split: str = "train",
    size: int = 28,
    seed: int = 0,
    *,
    rotation: float = 20.0,
    scale: tuple[float, float] = (0.8, 1.15),
    shear: float = 0.25,
    shift: float = 0.15,
    noise: float = 0.05,
) -> Examples:
    """Draw n handwritten digits; the same arguments give the same images.

    Parameters
    ----------
    n : 1 to 100,000; the first images do not depend on n.
    split : "train", "val" or "test"; each is written from source digits of its own.
    size : height and width in pixels, 8 to 128.
    seed : 0 to 2**31 - 1.
    rotation : largest turn to either side, degrees.
    scale : smallest and largest size; 1 fills the picture as MNIST's digits do.
    shear : largest slant to either side, in widths per height.
    shift : largest move of the center, in half widths of the picture.
    noise : standard deviation of the Gaussian noise on every pixel, before clamping.

    Returns
    -------
    Examples : X (n, 1, size, size) float32 in 0..1, y (n,) int64 in 0..9, origin (n,)
        int64, the place of the source digit in scikit-learn's table

    Raises
    ------
    TypeError, ValueError : an argument outside its range.

    Taught in chapter 2.
    """
    n = check_count("n", n, MAX_IMAGES)
    size = check_count("size", size, 128, 8)
    seed = check_count("seed", seed, 2**31 - 1, 0)
    if split not in SPLITS:
        raise ValueError(f"split={split!r}: allowed are {', '.join(SPLITS)}")
    if not 0 < scale[0] <= scale[1] < math.inf:
        raise ValueError(f"scale={scale!r}: allowed are two sizes, 0 < small <= large")
    ranges = {"rotation": rotation, "shear": shear, "shift": shift, "noise": noise}
    for name, value in ranges.items():
        if not 0 <= value < math.inf:
            raise ValueError(f"{name}={value!r}: allowed is 0 or more")
    return drawn(n, split, size, seed, rotation, tuple(scale), shear, shift, noise)


@remembered
def drawn(
    n: int,
    split: str,
    size: int,
    seed: int,
    rotation: float,
    scale: tuple[float, float],
    shear: float,
    shift: float,
    noise: float,
) -> Examples:
    """What `make_digits` returns, for settings that were checked; remembered."""
    rows, images, labels = sources(split)
    generator = torch.Generator()
    stream = (seed * len(SPLITS) + list(SPLITS).index(split)) * (MAX_IMAGES + 1)
    generator.manual_seed(stream)
    rounds = -(-n // len(labels))  # every source is used once before one is used again
    order = torch.cat(
        [torch.randperm(len(labels), generator=generator) for _ in range(rounds)]
    )[:n]
    # An empty rim of one pixel, so that strokes end before the picture does.
    side = min(max(40, round(1.4 * size)), 96)
    large = F.interpolate(
        F.pad(images, (1, 1, 1, 1)), size=(side, side), mode="bicubic"
    )
    X = torch.empty(n, 1, size, size, dtype=torch.float32)
    for chunk, index in enumerate(order.split(CHUNK)):
        generator.manual_seed(stream + 1 + chunk)
        # Drawn for a whole chunk even if the last one is cut: so n changes no image.
        u = torch.rand(7, CHUNK, generator=generator, dtype=torch.float32)
        u = u[:, : len(index)]
        angle = _between(-1, 1, u[0]) * math.radians(rotation)
        zoom = 1.12 / _between(*scale, u[1])
        slant = _between(-1, 1, u[2]) * shear
        dx, dy = _between(-1, 1, u[3]) * shift, _between(-1, 1, u[4]) * shift
        edge = _between(0.36, 0.60, u[5])[:, None, None, None]
        bright = _between(0.75, 1.0, u[6])[:, None, None, None]
        # Each output pixel asks where it comes from: the inverse of slant, then turn.
        cos, sin = angle.cos() * zoom, angle.sin() * zoom
        a, b = cos + slant * sin, -sin + slant * cos
        theta = torch.stack(
            [a, b, -(a * dx + b * dy), sin, cos, -(sin * dx + cos * dy)], 1
        ).view(-1, 2, 3)
        grid = F.affine_grid(theta, [len(index), 1, size, size], align_corners=False)
        ink = F.grid_sample(large[index], grid, align_corners=False)
        # Ink is what is above the edge: a low edge gives thick strokes.
        ink = ink.sub_(edge).mul_(12).sigmoid_().mul_(bright)
        ink += noise * torch.randn(ink.shape, generator=generator, dtype=torch.float32)
        X[chunk * CHUNK : chunk * CHUNK + len(index)] = ink.clamp_(0, 1)
    return Examples(X, labels[order], rows[order])


def _between(low: float, high: float, u: Tensor) -> Tensor:
    return low + (high - low) * u
