"""The explorer `gradient_path`: what each block multiplies the gradient by."""

from functools import lru_cache

import numpy as np
import torch
from torch.nn import functional as F

from helpers.chapters.residual_networks.networks import images
from helpers.figures import COLORS
from helpers.models import BatchNorm, ResNet, kaiming_init
from helpers.seeds import seeded
from helpers.tuning.ranges import Choice, Slider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, Pane
from helpers.words import number

CHANNELS, NUM_IMAGES = 8, 16
LOW, HIGH = 1e-12, 1e9  # of the axis; what is smaller is drawn at its edge
LEAST, MOST = 1e-2, 1e1  # of the factors' axis
VANISHED, GROWN = 1e-2, 1e2  # ratios of the first gradient to the last
STARTS = {"torch's": lambda layer: None, "Kaiming": kaiming_init}
NORMS = {"none": None, "batch": BatchNorm}
BLOCKS = {"ReLU behind the sum": False, "pre-activation": True}


@lru_cache(maxsize=256)
def factors(num_blocks: int, weights: str, norm: str, block: str, skip: float):
    """What each block multiplies the norm of the loss's gradient by, (num_blocks,).

    Factor k is the gradient's norm at the input of block k divided by that at its
    output. The gradient goes back block by block, and is scaled to norm 1 before each,
    so that no product of small numbers leaves the range of float32.
    """
    with seeded(0):
        net = ResNet((num_blocks,), (CHANNELS,), NORMS[norm], BLOCKS[block])
        net.apply(STARTS[weights])
    batch = images().train.take(NUM_IMAGES)
    with torch.enable_grad():
        passed, H = [], net.stem(batch.X)
        for layer in net.stages[0]:
            layer.skip = skip
            X = H.detach().requires_grad_()
            H = layer(X)
            passed.append((X, H))
        (G,) = torch.autograd.grad(F.cross_entropy(net.head(H), batch.y), H)
    found = []
    for X, H in reversed(passed):
        (below,) = torch.autograd.grad(H, X, G / G.norm())
        found.append(below.norm().item())
        G = below
    return np.array(found[::-1])


def path(found: np.ndarray) -> np.ndarray:
    """Norms at the first block's input and each block's output, the last is 1.

    found (n,) are the `factors` of the blocks; the norms are (n + 1,).
    """
    return np.append(np.cumprod(found[::-1])[::-1], 1.0)


@explorer(width=720, height=320)
def gradient_path(
    skip=Slider(0, 1, start=0.5),
    num_blocks=Choice(10, 20, 50, start=20),
    norm=Choice(*NORMS),
    initial_weights=Choice(*STARTS),
    block=Choice(*BLOCKS),
):
    """The gradient at each block's output, and each block's factor, before training.

    All blocks have 8 channels and maps of 14 x 14 pixels; the loss is that of 16 digits
    at the initial weights. The shortcut of every block is multiplied by ``skip``. A
    gradient that is multiplied by less than 0.01 on its way is said to vanish, one by
    more than 100 to grow.
    """
    left = Pane(
        "gradient, relative to the last block's", (-0.5, num_blocks + 0.5), (LOW, HIGH),
        labels=("output of block (at the lower edge: 10⁻¹² or less)", ""), log="y",
    )  # fmt: skip
    right = Pane(
        "factor of each block", (0.5, num_blocks + 0.5), (LEAST, MOST),
        labels=("block", ""), log="y", share=0.8,
    )  # fmt: skip
    right.line([(0, 1), (num_blocks + 1, 1)], color=FAINT, width=1)
    for at, name, look in (
        (0.0, "plain", {"color": COLORS[1], "width": 1.2, "dash": (2, 2)}),
        (1.0, "whole", {"color": COLORS[2], "width": 1.2, "dash": (6, 3)}),
        (skip, "chosen", {"color": COLORS[0]}),
    ):
        found = factors(num_blocks, initial_weights, norm, block, at)
        norms = path(found)
        label = f"skip {number(at)}" if name != "chosen" else "skip of the slider"
        for pane, what, y in (
            (left, "gradient", norms.clip(1.3 * LOW)),
            (right, "factors", found),
        ):
            blocks = np.arange(num_blocks + 1)[-len(y) :]  # factors begin at block 1
            xy = np.c_[blocks, y]
            pane.line(xy, name=f"{what} {name}", **look,
                      label=label if pane is left else "")  # fmt: skip
            if name == "chosen":
                pane.dots(xy, color=COLORS[0], size=2.5)
    return _told(skip, norms[0], found), left, right


def _told(skip: float, whole: float, found: np.ndarray) -> str:
    """Say the whole product and its factors, and whether the gradient survives."""
    verb = "is carried"
    if whole < VANISHED:
        verb = "vanishes"
    elif whole > GROWN:
        verb = "grows"
    return (
        f"With skip {number(skip)} the gradient {verb}: from the last block's output "
        f"to the first block's input it is multiplied by {number(whole)}, the product "
        f"of {len(found)} factors between {number(found.min())} and "
        f"{number(found.max())}; their geometric mean is "
        f"{number(float(np.exp(np.log(found).mean())))}."
    )
