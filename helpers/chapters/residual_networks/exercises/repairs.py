"""The forward pass of some residual blocks, with bugs in it."""

import torch
from torch.nn import functional as F

from helpers.exercises import exercise
from helpers.models import Residual
from helpers.seeds import seeded


def draw(num_blocks, c, n, h, w, seed):
    """A random case: blocks whose normalizations have learned, and images."""
    with seeded(seed):
        blocks = [Residual(c, c) for _ in range(num_blocks)]
        for block in blocks:
            for norm in (block.norm1, block.norm2):
                torch.nn.init.normal_(norm.weight)
                torch.nn.init.normal_(norm.bias)
        return blocks, torch.randn(n, c, h, w)


@exercise(
    "Three bugs between shortcuts",
    name="forward-blocks",
    kind="repair",
    stars=2,
    cases=[
        draw(1, 2, 2, 3, 3, seed=0),
        draw(2, 3, 4, 4, 5, seed=1),
        draw(4, 2, 3, 5, 2, seed=2),
    ],
    hint="Follow one block on paper. What is added, and is it this block's input? "
    "Which values can the residual have at the sum? Whose tensor does `+=` change?",
    then="With a shortcut that adds in place, a training would stop at the first "
    "backward pass: the convolution needs the input that was overwritten.",
    usual=r"""
        * for block in blocks: => shortcut = X\n    for block in blocks:
        `        shortcut = X\n` =>
            Every block adds the input of the first. The shortcut of a block is its own
            input: set it inside the loop.
        * h = block.norm2(block.conv2(h)) => h = F.relu(block.norm2(block.conv2(h)))
            A ReLU stands before the sum, so the residual can only add. The ReLU stands
            behind the sum.
        * X = F.relu(h + shortcut) => shortcut += h\n        X = F.relu(shortcut)
            `shortcut += h` changes a tensor in place, and it is the very tensor that
            the caller has handed over. Make a new one: `shortcut + h`.
        for block in blocks: => shortcut = X.clone()\n    for block in blocks:
        `        shortcut = X\n` =>
        X = F.relu(h + shortcut) => shortcut += h\n        X = F.relu(shortcut)
            The images stay as they are now, but `shortcut` is set once, before the
            loop, and adds up all residuals. The shortcut of a block is its own input:
            set it inside the loop.
        for block in blocks: => shortcut = X.clone()\n    for block in blocks:
        `        shortcut = X\n` =>
        X = F.relu(h + shortcut) => shortcut += F.relu(h)\n        X = F.relu(shortcut)
            The images stay as they are now. Two bugs are left: `shortcut` is set once,
            before the loop, and a ReLU stands before the sum.
        X = F.relu(h + shortcut) => X = h + shortcut
            The ReLU behind the sum is missing.
        X = F.relu(h + shortcut) => X = F.relu(h) + shortcut
            The ReLU stands before the sum, and none behind it.
        h = F.relu(block.norm1(block.conv1(X))) => h = block.norm1(block.conv1(X))
            The ReLU between the convolutions is missing.
        X = F.relu(h + shortcut) => X = F.relu(h)
            Nothing is added any more: the shortcut is missing.
        shortcut = X => shortcut = 0 * X
            Nothing is added any more: the shortcut is missing.
        `    return X` => `        return X`
            It returns after the first block: `return` stands inside the loop.
    """,
)
def forward_blocks(blocks, X):  # a list of Residual(c, c), (n, c, h, w)
    for block in blocks:
        shortcut = X
        h = F.relu(block.norm1(block.conv1(X)))
        h = block.norm2(block.conv2(h))
        X = F.relu(h + shortcut)
    return X
