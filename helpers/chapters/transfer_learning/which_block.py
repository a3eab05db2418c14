"""The explorer `which_block`: linear probes on the features of each single block."""

from functools import cache
from itertools import combinations_with_replacement, product
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from helpers.data import Examples, ImageData, load_emoji
from helpers.figures import COLORS
from helpers.training.features import (
    NUM_STAGES,
    PENALTY,
    featured,
    pick,
)
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, INK, Pane
from helpers.words import many, number

HEAD = NUM_STAGES - 1
LABELS, NUM_SEEDS, NUM_STEPS = (2, 5, 10, 25), 5, 7
COLUMNS, ROWS, TALL = 3, 3, 1.32  # of the pictures; each is 1 wide, with its text TALL


class Probed(NamedTuple):
    """The test part, and answers to it, (blocks, seeds, n), by labels per class."""

    data: ImageData
    answers: dict[int, np.ndarray]


@cache
def probed(style: str) -> Probed:
    """Answers of linear probes on each block, for all numbers of labels."""
    data = load_emoji(style)
    sets = [featured(data, (block,)) for block in range(NUM_STAGES)]
    found = {}
    for labels in LABELS:
        drawn = [
            (pick(d.train, labels, seed), d.test.X)
            for d, seed in product(sets, range(NUM_SEEDS))
        ]
        given = probe_answers(drawn, len(data.classes))
        found[labels] = given.view(NUM_STAGES, NUM_SEEDS, -1).numpy()
    return Probed(data, found)


@torch.no_grad()
def probe_answers(sets: list[tuple[Examples, Tensor]], num_outputs: int) -> Tensor:
    """What `linear_probe` answers for several sets of one size at once, (m, n').

    Parameters
    ----------
    sets : of each of the m probes, training examples (n, d) and what it is asked,
        (n', d); d may differ.
    num_outputs : number of classes K.

    The best weights are combinations of the training examples. So features are turned
    until they are at most n; then Newton's method solves all probes together.
    """
    turned, asked = [], []
    for examples, X in sets:
        U, lengths, V = torch.linalg.svd(examples.X, full_matrices=False)
        missing = (0, len(U) - len(lengths))
        for parts, A in ((turned, U * lengths), (asked, X @ V.T)):
            parts.append(F.pad(F.pad(A, missing), (0, 1), value=1.0))  # 1: for the bias
    X, Y = torch.stack(turned), torch.stack([e.y for e, _ in sets])
    m, n, d = X.shape
    pull = torch.full((d, num_outputs), 2 * PENALTY)
    pull[-1] = 1e-4  # hardly any on biases, of which only differences matter
    W, one_hot = X.new_zeros(m, d, num_outputs), F.one_hot(Y, num_outputs)
    for _ in range(NUM_STEPS):
        P = (X @ W).softmax(2)
        gradient = X.mT @ (P - one_hot) / n + pull * W
        H = torch.diag(pull.T.flatten()).repeat(m, 1, 1)
        H = H.view(m, num_outputs, d, num_outputs, d)
        for k, j in combinations_with_replacement(range(num_outputs), 2):
            curved = P[..., j] * (float(k == j) - P[..., k]) / n
            H[:, j, :, k] += X.mT @ (curved[..., None] * X)  # Cholesky reads no others
        L = torch.linalg.cholesky(H.flatten(3).flatten(1, 2))
        step = torch.cholesky_solve(gradient.mT.flatten(1)[..., None], L)
        W -= step.view(m, num_outputs, d).mT
    return (torch.stack(asked) @ W).argmax(2)


def name_of(block: int) -> str:
    """The block's name in a sentence."""
    return "the head" if block == HEAD else f"block {block}"


@explorer(width=780, height=330)
def which_block(
    block=IntSlider(0, HEAD, start=11),
    labels=Choice(*LABELS, start=10),
    style=Choice("noto", "twemoji"),
):
    """Test accuracy of a linear probe on the features of one block alone.

    The line is the mean over five draws of the labeled training pictures; the band
    reaches from the least to the greatest. Right, nine of the test pictures that the
    probe on the chosen block answers wrong in the first draw, spread over all of them.
    """
    data, answers = probed(style)
    y, found = data.test.y.numpy(), answers[labels]
    accuracy = (found == y).mean(2)  # (blocks, seeds)
    means, blocks = accuracy.mean(1), np.arange(NUM_STAGES)
    left = Pane(
        "accuracy of a probe on one block", (-0.6, HEAD + 0.6), (0, 1),
        xticks={k: "head" if k == HEAD else str(k) for k in range(0, NUM_STAGES, 2)},
        labels=("block", ""),
    )  # fmt: skip
    band = np.r_[np.c_[blocks, accuracy.max(1)], np.c_[blocks, accuracy.min(1)][::-1]]
    left.area(band, color=COLORS[0], name="spread", label="five draws")
    left.line(np.c_[blocks, means], color=COLORS[0], name="mean", label="their mean")
    left.dots(np.c_[blocks, means][:-1], color=COLORS[0])
    left.dots([(HEAD, means[HEAD])], color=COLORS[1], shape="s", size=4, name="head",
              label="head")  # fmt: skip
    chosen = [(block, 0), (block, 1)]
    left.line(chosen, color=FAINT, width=1.5, dash=(4, 3), name="chosen")
    left.dots([(block, means[block])], color=INK, size=5, name="chosen mean")
    best, wrong = int(means.argmax()), np.flatnonzero(found[block, 0] != y)
    says = (
        f"With {labels} labels per class, a probe on {name_of(block)} gets "
        f"{number(means[block], 2)} of the {many(len(y), 'test picture')} right "
        f"({number(accuracy[block].min(), 2)} to {number(accuracy[block].max(), 2)} in "
        f"five draws). The best single block is {name_of(best)} with "
        f"{number(means[best], 2)}; the head gets {number(means[HEAD], 2)}. Of the "
        f"first draw {many(len(wrong), 'picture')} are wrong."
    )
    return says, left, _mistakes(data, block, wrong, found[block, 0])


def _mistakes(data: ImageData, block: int, wrong: np.ndarray, said: np.ndarray) -> Pane:
    """Nine of the pictures ``wrong``, each with its class and the answer."""
    spaced = np.linspace(0, len(wrong) - 1, COLUMNS * ROWS).round().astype(int)
    shown = wrong if len(wrong) < len(spaced) else wrong[spaced]
    pane = Pane(f"wrong at {name_of(block)}", (0, COLUMNS), (0, ROWS * TALL),
                xticks={}, yticks={}, grid=False, framed=False, equal=True,
                share=0.75)  # fmt: skip
    for k, i in enumerate(shown):
        x, top = k % COLUMNS, TALL * (ROWS - k // COLUMNS)
        side = (x + 0.12, x + 0.88), (top - 0.86, top - 0.1)
        pane.image(data.test.X[i].permute(1, 2, 0).numpy(), *side, name=f"image {k}")
        for text, row in ((data.classes[data.test.y[i]], 1.0),
                          (f"→ {data.classes[said[i]]}", 1.2)):  # fmt: skip
            pane.text((x + 0.5, top - row), text, align="center", size=10)
    return pane
