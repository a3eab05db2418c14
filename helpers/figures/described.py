"""A figure in words, for those who do not see it: its alternative text."""

import re

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from helpers.words import many, number

MOST_LINES = 6  # that are read one by one


def described(figure: Figure) -> str:
    """Say what stands in a figure: titles, axes, where each line starts and ends.

    A figure whose drawing says it better has these words as its label.
    """
    if figure.get_label():
        return figure.get_label()
    axes = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    if all(ax.images and not ax.axison for ax in axes):
        titles = [_title(ax) for ax in axes]
        named = f": {'; '.join(titles)}" if any(titles) else ""
        rows = [text.get_text() for text in figure.texts]
        beside = f" Rows, from the top: {'; '.join(rows)}." if rows else ""
        return f"{many(len(axes), 'image')}{named}.{beside}"
    return " ".join(_chart(ax) for ax in axes)


def _title(ax: Axes) -> str:
    titles = (ax.get_title(loc=loc) for loc in ("left", "center", "right"))
    return " ".join(filter(None, titles)).replace("\n", " ")


def _chart(ax: Axes) -> str:
    axes = " against ".join(filter(None, (ax.get_ylabel(), ax.get_xlabel())))
    between = " against " if axes and not ax.get_ylabel() else ", "
    head = between.join(filter(None, (_title(ax), axes))) or "a chart"
    lines = list(filter(None, map(_line, ax.lines)))
    if len(lines) > MOST_LINES:
        lines = [many(len(lines), "line")]
    words = [text.get_text() for text in ax.texts if text.get_text().strip()]
    # The names of lines at their ends are said with the lines.
    drawn = lines + [w for w in words if not any(li.startswith(w) for li in lines)]
    if ax.images or ax.collections:
        spans = (
            f"{number(a)} to {number(b)}" for a, b in (ax.get_xlim(), ax.get_ylim())
        )
        drawn.append(f"drawn over {' and '.join(spans)}")
    said = f"{head[0].upper()}{head[1:]}{': ' if drawn else ''}{'; '.join(drawn)}."
    return re.sub(r"\$|\\[a-z]+(?![a-z])|[{}]", "", said)


def _line(line: Line2D) -> str:
    """Say a line from its left to its right end; "" for a mere guide."""
    label = "" if line.get_label().startswith("_") else line.get_label()
    y = np.asarray(line.get_ydata(), float)
    y = y[np.isfinite(y)]
    if line.get_linestyle() == "None":
        return f"{label or 'points'} ({len(y)})" if len(y) > 1 else ""
    if not len(y) or not label and len(line.get_ydata()) == 2:
        return ""
    return f"{label or 'a line'} from {number(y[0])} to {number(y[-1])}"
