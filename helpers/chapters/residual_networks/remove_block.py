"""The explorer `remove_block`: a trained network without one of its blocks."""

from functools import cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.chapters.residual_networks.networks import KINDS, images, trained
from helpers.figures import COLORS
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, Pane
from helpers.words import many, number

DEPTH, NUM_BLOCKS = 20, 9
COLUMNS, ROWS, TALL = 3, 3, 1.3  # of the images; each is 1 wide, with its text TALL


def bypassed(block: nn.Module, X: Tensor) -> Tensor:
    """What is handed on in place of ``block(X)`` when the block is taken out.

    In a residual block only the residual is: it is set to 0, and the shortcut remains.
    A plain block has none: its input is handed on, and where the shape changes, every
    second row and column of it, with channels of zeros behind its own.
    """
    if block.skip:
        return F.relu(block.skip * block.shortcut(X))
    stride = block.conv1.stride[0]
    more = block.conv1.out_channels - X.shape[1]
    return F.pad(X[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, more))


@cache
def answers(kind: str) -> np.ndarray:
    """Classes of the test digits, (10, 1000): by the whole network, without block 1...

    Row k is the network without block k, as `bypassed` takes it out.
    """
    net = trained(kind, DEPTH)
    blocks = [block for stage in net.stages for block in stage]
    with torch.no_grad():
        H = net.stem(images().test.X.to(net.head[-1].weight.device))
        rest = []  # what each network computes, up to the block that is next
        for block in blocks:
            rest = [block(A) for A in rest] + [bypassed(block, H)]
            H = block(H)
        rows = [net.head(A).argmax(1).cpu() for A in (H, *rest)]
    return torch.stack(rows).numpy()


@explorer(width=760, height=320)
def remove_block(block=IntSlider(1, NUM_BLOCKS, start=4), network=Choice(*KINDS)):
    """Test accuracy of two trained networks of 20 layers without one of their blocks.

    Taken out, a block of the residual network leaves its shortcut; of the plain
    network, its input, which is subsampled and filled up with channels of zeros where
    the shape changes (blocks 4 and 7). Right, the first digits that the chosen network
    answers right as a whole, and wrong without the chosen block.
    """
    y = images().test.y.cpu().numpy()
    left = Pane(
        "accuracy without the block", (0.4, NUM_BLOCKS + 0.6), (0, 1),
        xticks={k: str(k) for k in range(1, NUM_BLOCKS + 1)}, labels=("block", ""),
    )  # fmt: skip
    left.area([(block - 0.5, 0), (block - 0.5, 1), (block + 0.5, 1), (block + 0.5, 0)],
              color=FAINT, name="chosen")  # fmt: skip
    for k, kind in enumerate(KINDS):
        right = (answers(kind) == y).mean(1)
        at = np.arange(1, NUM_BLOCKS + 1) + (-0.2, 0.2)[k]
        left.bars(at, right[1:], color=COLORS[k], width=0.36, name=kind, label=kind)
        left.line([(0, right[0]), (NUM_BLOCKS + 1, right[0])], color=COLORS[k],
                  width=1.5, dash=((), (6, 3))[k], name=f"whole {kind}",
                  label=f"{kind}, whole")  # fmt: skip
    whole, without = answers(network)[[0, block]]
    lost, gained = (whole == y) & (without != y), (whole != y) & (without == y)
    says = (
        f"Without block {block} the accuracy of the {network} network on {len(y):,} "
        f"test digits goes from {number((whole == y).mean(), 3)} to "
        f"{number((without == y).mean(), 3)}: {many(int(lost.sum()), 'right answer')} "
        f"of the whole network become wrong, {gained.sum()} wrong ones right."
    )
    return says, left, _digits(network, np.flatnonzero(lost), y, without)


def _digits(network: str, lost: np.ndarray, y: np.ndarray, now: np.ndarray) -> Pane:
    """The first images of ``lost``, each with its class and the new answer."""
    pane = Pane(f"{network}: now wrong", (0, COLUMNS), (0, ROWS * TALL), xticks={},
                yticks={}, grid=False, framed=False, equal=True, share=0.6)  # fmt: skip
    for k, i in enumerate(lost[: COLUMNS * ROWS]):
        x, top = k % COLUMNS, TALL * (ROWS - k // COLUMNS)
        dark = 1 - images().test.X[i, 0].cpu().numpy() / 3  # `halved` made them bright
        pane.image(np.dstack([dark] * 3), (x + 0.05, x + 0.95), (top - 0.9, top),
                   name=f"image {k}")  # fmt: skip
        pane.text((x + 0.5, top - 1.1), f"{y[i]} → {now[i]}", align="center")
    if not len(lost):
        pane.text((COLUMNS / 2, TALL), "no digit", align="center")
    return pane
