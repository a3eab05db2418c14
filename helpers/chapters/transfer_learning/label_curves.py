"""The explorer `label_curves`: accuracy against the number of labels, by five ways."""

import math

import numpy as np

from helpers.claims.table import Estimate
from helpers.figures import COLORS, DASHES
from helpers.tuning.ranges import Choice
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, Pane
from helpers.words import many, number

LABELS = (2, 5, 10, 25)
WAYS = {  # as the claim names them -> as they are called here
    "pixels": "linear on pixels",
    "from scratch": "from scratch",
    "frozen": "frozen body, linear probe",
    "last stages": "last stages fine-tuned",
    "all": "all fine-tuned",
}


def stored(style: str) -> dict[tuple[str, int], Estimate]:
    """Test accuracies by way and labels per class, as `make claims` found them.

    Raises
    ------
    KeyError : the claim has no stored results for this style.
    """
    from helpers.chapters.transfer_learning.claims import fine_tuning

    table = fine_tuning.stored()[f"emoji_{style}"].table
    return {
        (way, labels): table[f"{way}, {labels}"]["test accuracy"]
        for way in WAYS
        for labels in LABELS
    }


@explorer(width=720, height=360)
def label_curves(labels=Choice(*LABELS, start=5), style=Choice("noto", "twemoji")):
    """Test accuracy of five ways against the labels that they had for each class.

    These are results of the full-size run of the claim ``fine_tuning``: means over its
    seeds, with one standard deviation to either side as a band.
    """
    found = stored(style)
    pane = Pane(
        "test accuracy", (1.8, 28), (0, 1), log="x", share=1.3,
        xticks={n: str(n) for n in LABELS},
        labels=("labels per class", ""),
    )  # fmt: skip
    bars = Pane(
        f"with {labels} labels per class", (0, 1), (0.4, len(WAYS) + 0.6),
        yticks={}, labels=("test accuracy", ""),
    )  # fmt: skip
    pane.line([(labels, 0), (labels, 1)], color=FAINT, width=6,
              alpha=0.5, name="chosen")  # fmt: skip
    for k, (way, word) in enumerate(WAYS.items()):
        means, sds = np.array([(e.mean, e.sd) for e in
                               (found[way, n] for n in LABELS)]).T  # fmt: skip
        sides = [np.c_[LABELS, means + sd] for sd in (sds, -sds)]
        color = COLORS[k]
        pane.area(np.r_[sides[0], sides[1][::-1]], color=color, alpha=0.15,
                  name=f"spread {way}")  # fmt: skip
        xy = np.c_[LABELS, means]
        pane.line(xy, color=color, dash=DASHES[k % len(DASHES)], name=way, label=word)
        pane.dots(xy, color=color, size=3)
        row, here = len(WAYS) - k, LABELS.index(labels)
        bars.bars([row], [means[here]], color=color, across=True, digits=2,
                  name=f"bar {way}")  # fmt: skip
    return _told(found, labels), pane, bars


def _told(found: dict[tuple[str, int], Estimate], labels: int) -> str:
    """Say which way is best, and how far the fine-tuned ways are from the probe."""
    here = {way: found[way, labels] for way in WAYS}
    best = max(here, key=lambda way: here[way].mean)
    probe = here["frozen"]
    apart = [
        f"{number(abs(here[way].mean - probe.mean), 2)} "
        f"{'above' if here[way].mean >= probe.mean else 'below'} it with {word}"
        for way, word in (("last stages", "the last stages"), ("all", "all of it"))
    ]
    sd = math.sqrt(np.mean([e.sd**2 for e in here.values()]))
    return (
        f"With {labels} labels per class the best mean is that of "
        f"{WAYS[best]}, {number(here[best].mean, 2)}. The probe on the frozen body "
        f"gets {number(probe.mean, 2)}; fine-tuning ends {' and '.join(apart)}. Over "
        f"{many(probe.n, 'seed')} an accuracy varies with a standard deviation of "
        f"{number(sd, 2)}."
    )
