"""Intervals against the cuts that part the answers: what a test of a claim shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D

from helpers.figures.style import COLORS, drawn

WIDTH, LEFT, RIGHT = 7.2, 1.65, 0.15  # inches: the figure, its margins
LINE, TITLE, TICKS = 0.18, 0.24, 0.3  # heights of an interval, a title, the numbers
TEXT, LEADER = 0.15, 0.14  # heights of a line of an answer, and from it to its region
UNDER = 0.16  # height of a line below the numbers
INK, FAINT, LOOK = "#333333", "#767676", COLORS[1]
SIZE = 8


@dataclass(frozen=True)
class Interval:
    """The mean of some runs, and the ends of its interval.

    A look is drawn open, because what counts are the others.
    """

    label: str
    mean: float
    low: float
    high: float
    look: bool = False


@dataclass(frozen=True)
class Scale:
    """Quantities that share their cuts and answers, each with its intervals.

    Parameters
    ----------
    answers : from the lowest to the highest, one more than cuts.
    rows : quantity -> intervals.
    axis : what is written under the numbers, in lines.
    """

    cuts: tuple[float, ...]
    answers: tuple[str, ...]
    rows: dict[str, list[Interval]]
    axis: str = ""

    @property
    def limits(self) -> tuple[float, float]:
        """Ends of the axis: all that is finite, and room for the answers outside."""
        ends = [e for row in self.rows.values() for i in row for e in (i.low, i.high)]
        shown = [*self.cuts, *(e for e in ends if np.isfinite(e))]
        low, high = min(shown), max(shown)
        room = 0.15 * ((high - low) or abs(high) or 1)
        return low - room, high + room

    @property
    def height(self) -> float:
        """Of the axes, in inches."""
        return sum(TITLE + LINE * len(row) for row in self.rows.values()) + 0.08

    @property
    def below(self) -> float:
        """What the numbers and the words under them take, in inches."""
        return TICKS + UNDER * len(self.axis.splitlines())


@drawn
def plot_intervals(scales: Sequence[Scale]) -> Figure:
    """Draw scales under each other: answers, their regions, and intervals on them.

    Parameters
    ----------
    scales : each with its own axis, since quantities differ in kind and size.
    """
    texts = [[wrap(answer, 24) for answer in scale.answers] for scale in scales]
    heads = [TEXT * max(map(len, answers)) + LEADER for answers in texts]
    blocks = [h + s.height + s.below for h, s in zip(heads, scales, strict=True)]
    figure = Figure(figsize=(WIDTH, sum(blocks) + 0.1), layout="none")
    FigureCanvasAgg(figure)  # measures texts
    top = sum(blocks)
    for scale, answers, head, block in zip(scales, texts, heads, blocks, strict=True):
        ax = figure.add_axes(
            (
                LEFT / WIDTH,
                (top - head - scale.height) / figure.get_figheight(),
                (WIDTH - LEFT - RIGHT) / WIDTH,
                scale.height / figure.get_figheight(),
            )
        )
        _draw_rows(ax, scale)
        _write_answers(ax, scale, answers)
        top -= block
    return figure


def _draw_rows(ax, scale: Scale) -> None:
    """Shade every other region, and draw the intervals from the top down."""
    low, high = scale.limits
    ax.set(xlim=(low, high), ylim=(scale.height, 0), yticks=[])
    ax.set_xlabel(scale.axis, fontsize=SIZE, color=INK, labelpad=2)
    ax.grid(False)
    ax.spines["left"].set_visible(False)
    edges = (low, *scale.cuts, high)
    for left, right in list(zip(edges, edges[1:], strict=False))[1::2]:
        ax.axvspan(left, right, color="#e3e8ee", linewidth=0, zorder=0)
    margin = ax.get_yaxis_transform()  # x as a share of the axes, y in inches
    y = 0.02
    for quantity, intervals in scale.rows.items():
        ax.text(-LEFT / (WIDTH - LEFT - RIGHT) + 0.01, y + TITLE / 2, quantity,
                transform=margin, fontsize=SIZE + 0.5, color=INK, weight="bold",
                va="center", zorder=4,
                bbox={"facecolor": "white", "linewidth": 0, "pad": 1})  # fmt: skip
        y += TITLE
        # Beside the intervals alone: a dashed line through a title is hard to read.
        for cut in scale.cuts:
            ax.plot([cut, cut], [y, y + LINE * len(intervals)], color=FAINT,
                    linewidth=0.9, linestyle=(0, (3, 2)), zorder=1,
                    gid="cut")  # fmt: skip
        for interval in intervals:
            color = LOOK if interval.look else COLORS[0]
            ends = np.clip((interval.low, interval.high), low, high)
            ax.plot(ends, [y + LINE / 2] * 2, color=color, linewidth=2.4, zorder=2,
                    solid_capstyle="butt",
                    gid=f"{quantity}, {interval.label}")  # fmt: skip
            if low <= interval.mean <= high:
                inside = "white" if interval.look else color
                ax.plot(interval.mean, y + LINE / 2, marker="o", markersize=5.5,
                        color=color, markerfacecolor=inside, zorder=3)  # fmt: skip
            ax.text(-0.015, y + LINE / 2, interval.label, transform=margin, ha="right",
                    va="center", fontsize=SIZE, color=INK)  # fmt: skip
            y += LINE


def _write_answers(ax, scale: Scale, answers: list[list[str]]) -> None:
    """Write each answer over its region; where they would meet, a line leads to it."""
    low, high = scale.limits
    edges = np.clip((low, *scale.cuts, high), low, high)
    inches = (WIDTH - LEFT - RIGHT) / (high - low)
    goals = LEFT + ((edges[:-1] + edges[1:]) / 2 - low) * inches
    drawn = [
        ax.text(0, 0, "\n".join(lines), fontsize=SIZE, color=INK, ha="center",
                va="bottom", linespacing=1.15)
        for lines in answers
    ]  # fmt: skip
    widths = [t.get_window_extent().width / ax.figure.dpi + 0.12 for t in drawn]
    # Inches as shares of the figure: a picture saved tight moves what hangs on that.
    height = ax.figure.get_figheight()
    unit = Affine2D().scale(1 / WIDTH, 1 / height) + ax.figure.transFigure
    bottom = ax.get_window_extent().y1 / ax.figure.dpi
    for text, x, goal in zip(drawn, spread(goals, widths, WIDTH), goals, strict=True):
        text.set_transform(unit)
        text.set_position((x, bottom + LEADER))
        ax.plot([x, goal], [bottom + LEADER - 0.01, bottom], transform=unit,
                color=FAINT, linewidth=0.8, clip_on=False)  # fmt: skip


def spread(goals: Sequence[float], widths: Sequence[float], room: float) -> list[float]:
    """Centers of texts in a line, in order, near their goals, none over another.

    Parameters
    ----------
    goals, widths : of the texts, from left to right.
    room : they lie in 0 to ``room``, if they fit.
    """
    centers, left = [], 0.0
    for goal, width in zip(goals, widths, strict=True):
        centers.append(max(goal, left + width / 2))
        left = centers[-1] + width / 2
    right = room
    for k in reversed(range(len(centers))):
        centers[k] = min(centers[k], right - widths[k] / 2)
        right = centers[k] - widths[k] / 2
    return centers
