"""The explorer `rates`: the loss after a short run against the learning rate."""

import copy
import math
from functools import lru_cache

import numpy as np

from helpers.chapters.batch_normalization.networks import (
    ACTIVATIONS,
    NORMS,
    NUM_IMAGES,
    STARTS,
    digits,
    network,
)
from helpers.figures import COLORS
from helpers.training import train_side_by_side
from helpers.tuning.ranges import Choice, LogSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, Pane
from helpers.words import many, number

RATES = tuple(10 ** (k / 3 - 3) for k in range(13))  # 0.001 to 10
NUM_EPOCHS, BATCH_SIZE = 10, 64
NUM_STEPS = NUM_EPOCHS * NUM_IMAGES // BATCH_SIZE
GUESSING = math.log(10)  # the loss of equal probabilities for ten classes
TOP = 4.0  # what is higher, or no number, stands at the upper edge


@lru_cache(maxsize=256)  # 8 kB each; without norm it stays where the norm changes
def losses(depth: int, activation: str, weights: str, norm: str, seed: int = 0):
    """Loss of every step at every rate, (13, 80), all from the same initial weights."""
    net = network(depth, activation, weights, norm, seed)
    nets = [copy.deepcopy(net) for _ in RATES]
    found, _ = train_side_by_side(
        nets, digits(), RATES, NUM_EPOCHS, BATCH_SIZE, seed=seed
    )
    return found.double().cpu().numpy()


def ends(found: np.ndarray) -> np.ndarray:
    """Mean loss of the last epoch of each run, (13,); infinite if it is no number."""
    last = found[:, -(NUM_STEPS // NUM_EPOCHS) :].mean(1)
    return np.where(np.isfinite(last), last, np.inf)


@explorer(width=720, height=320)
def rates(
    depth=Choice(2, 5, 10, start=5),
    activation=Choice(*ACTIVATIONS),
    initial_weights=Choice(*STARTS),
    norm=Choice(*NORMS),
    lr=LogSlider(RATES[0], RATES[-1], start=0.1),
):
    """The loss after 80 steps of SGD, without and with normalization, at 13 rates.

    Each point is one run of an MLP with 32 units in each hidden layer on 512 digits of
    14 x 14 pixels, in batches of 64, all from the same initial weights. The right pane
    shows the two runs at the rate that is nearest to the slider's.
    """
    chosen = int(np.abs(np.log(np.array(RATES) / lr)).argmin())
    left = Pane(
        "loss of the last of 10 epochs", (RATES[0] / 1.4, RATES[-1] * 1.4), (0, TOP),
        labels=("learning rate", ""), log="x",
    )  # fmt: skip
    right = Pane(
        f"the runs at {number(RATES[chosen])}", (0, NUM_STEPS), (0, TOP),
        labels=("step", ""), share=0.7,
    )  # fmt: skip
    for pane, far, label in ((left, 100, "guessing"), (right, NUM_STEPS, "")):
        pane.line([(1e-4, GUESSING), (far, GUESSING)], color=FAINT, dash=(4, 3),
                  name="guessing", label=label)  # fmt: skip
    left.line([(lr, 0), (lr, TOP)], color=FAINT, width=1)
    told, keyed = [], set()
    for k, (word, kind) in enumerate((("without", ""), ("with", norm))):
        found = losses(depth, activation, initial_weights, kind)
        last = ends(found)
        told.append((word, last))
        look = {"color": COLORS[k], "name": word}
        inside = np.where(last <= TOP, last, np.nan)
        left.line(np.c_[RATES, inside], width=1.5, dash=((), (6, 3))[k],
                  label=f"{word} norm", **look)  # fmt: skip
        edge = TOP * (0.97 - 0.05 * k)  # so that neither hides the other
        for kept, shape, name in (
            (last <= TOP, "os"[k], ""),
            ((last > TOP) & np.isfinite(last), "^", f"above {TOP:.0f}"),
            (np.isinf(last), "x", "not a number"),
        ):
            label = name if kept.any() and name not in keyed else ""
            keyed.add(label)
            xy = np.c_[RATES, np.where(last <= TOP, last, edge)][kept]
            left.dots(xy, color=COLORS[k], shape=shape, size=4, label=label,
                      name=f"{word} {name or 'inside'}")  # fmt: skip
        curve = np.where(np.isfinite(found[chosen]), found[chosen], np.nan)
        xy = np.c_[np.arange(1, NUM_STEPS + 1), curve]
        right.line(xy, color=COLORS[k], width=1.5, name=f"{look['name']} curve")
    return " ".join(map(_told, told)), left, right


def _told(found: tuple[str, np.ndarray]) -> str:
    """Say which rate was best, how many are good, and how many diverged."""
    word, last = found
    word = f"{word.capitalize()} normalization"
    if not np.isfinite(last).any():
        return f"{word}, the loss is not a number at all 13 rates."
    good, lost = int((last < GUESSING / 2).sum()), int(np.isinf(last).sum())
    best = int(last.argmin())
    says = (
        f"{word}, the lowest loss is {last[best]:.2f}, at {number(RATES[best])}; "
        f"{good} of 13 rates reach less than {GUESSING / 2:.2f}, half of guessing's"
    )
    if lost:
        says += f"; at {many(lost, 'rate')} the loss is not a number (×)"
    return says + "."
