"""How far the vertical axis of losses goes, and how its lines' names are set apart.

The live chart of the tuning panel and the figures follow the same rule.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from helpers.words import many, number

TOO_HIGH = 2.5  # times the highest value of the run that rises least: it leaves
WIDE = 100  # highest to lowest value from which an axis may be logarithmic
HUGE = 40  # a loss of classes from which it may


@dataclass(frozen=True)
class LossScale:
    """The vertical axis from ``low`` to ``high``, and which runs go beyond it.

    Attributes
    ----------
    leaving : the names of runs that rise above ``high``.
    says : a sentence of them and of how high they go; "" if there are none.
    """

    low: float = 0.0
    high: float = 2.5
    log: bool = False
    leaving: tuple[str, ...] = ()
    says: str = ""


def span_of(values: Iterable[float | None]) -> tuple[float, float] | None:
    """Lowest and highest of the values that are finite; None if there are none."""
    finite = [v for v in values if v is not None and math.isfinite(v)]
    return (min(finite), max(finite)) if finite else None


def loss_scale(
    spans: Mapping[str, tuple[float, float] | None], regression: bool = False
) -> LossScale:
    """Choose the axis for runs, given each one's lowest and highest loss.

    The run that rises least is shown whole, and so is every other that rises to no
    more than TOO_HIGH times that. A higher one, such as a run that diverges, would
    flatten them all: it leaves the picture. The losses of a regression fall by powers
    of ten: their axis is logarithmic, on which WIDE times is not yet too high.
    """
    known = {name: span for name, span in spans.items() if span is not None}
    if not known:
        return LossScale()
    lowest = min(low for low, _ in known.values())
    least = min(high for _, high in known.values())
    log = 0 < WIDE * lowest < least and (regression or least > HUGE)
    bottom, most = (0.0, WIDE) if log else (min(0.0, lowest), TOO_HIGH)
    limit = bottom + most * (least - bottom)
    if limit == bottom:  # a run that does not leave the bottom says nothing of the rest
        limit = math.inf
    stay = max(high for _, high in known.values() if high <= limit)
    # above the curves there is room to say what leaves
    end = stay * 1.3 if log else bottom + 1.25 * (stay - bottom)
    leaving = tuple(name for name, (_, high) in known.items() if high > end)
    if not leaving and not log:
        top = max(high for _, high in known.values())
        end = bottom + 1.05 * (top - bottom)
    ends = (lowest / 1.3 if log else bottom, end)
    if ends[0] == ends[1]:
        ends = ends[0], ends[0] + 1.0
    says = ""
    if leaving:
        who = leaving[0] if len(leaving) == 1 else many(len(leaving), "run")
        leave = "leaves" if len(leaving) == 1 else "leave"
        peak = max(known[name][1] for name in leaving)
        says = f"{who} {leave} the picture, up to {number(peak)}"
    return LossScale(*ends, log, leaving, says)


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move places apart until they are ``gap`` from each other, as little as possible.

    They stay in their order and between ``low`` and ``high``; where these are too
    close for all, the gap is smaller. Returned in the order in which they were given.
    """
    order = sorted(range(len(places)), key=places.__getitem__)
    gap = min(gap, (high - low) / max(1, len(places) - 1))
    # With k gaps taken from the k-th, places may be equal and must not fall. Neighbors
    # that do fall share their mean, which is nearest to all of them.
    groups: list[list[float]] = []
    for k, i in enumerate(order):
        groups.append([places[i] - k * gap])
        while len(groups) > 1 and np.mean(groups[-2]) >= np.mean(groups[-1]):
            last = groups.pop()
            groups[-1] += last
    top = high - (len(places) - 1) * gap
    shared = [
        min(max(float(np.mean(group)), low), top) for group in groups for _ in group
    ]
    moved = [0.0] * len(places)
    for k, i in enumerate(order):
        moved[i] = shared[k] + k * gap
    return moved
