"""A scene: panes with axes and marks in them, as plain numbers that anybody can draw.

An explorer returns one. draw.js draws it in the browser in the colors of the theme,
`helpers.widgets.scene_figure.figure_of` draws the same with matplotlib for the still
picture, and a test reads its numbers.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from helpers.words import SUPERSCRIPTS, number

# Colors that follow the theme; all others are written as "#0072B2".
INK, FAINT, PAPER = "ink", "faint", "paper"

FAR = 20  # widths of a pane: what is farther away would only confuse a browser
LETTER = 5.9  # pixels that a letter of the key is wide, about
ROW = 17  # pixels between two rows of the key


class Pane:
    """One pair of axes, and what is drawn on it.

    Marks are drawn in the order in which they are added, and cut off at the axes. A
    mark with a ``label`` stands in the key above the axes; one with a ``name`` is found
    by it, as ``scene["path"]["xy"]``.

    Parameters
    ----------
    title : stands above the axes.
    x, y : the ends of both axes; the greater one comes first where an axis runs back.
    labels : of both axes.
    log : "x", "y" or "xy" for logarithmic axes; all numbers stay what they are.
    xticks, yticks : value -> text; by default round numbers. {} leaves them out.
    grid : whether lines run through the pane at its ticks.
    framed : whether the pane has a frame.
    equal : whether a unit is as long on both axes.
    share : of the width that all panes divide among them.
    color : of the title.
    name : by which the pane is found.
    """

    def __init__(
        self,
        title: str = "",
        x: tuple[float, float] = (0, 1),
        y: tuple[float, float] = (0, 1),
        *,
        labels: tuple[str, str] = ("", ""),
        log: str = "",
        xticks: Mapping[float, str] | None = None,
        yticks: Mapping[float, str] | None = None,
        grid: bool = True,
        framed: bool = True,
        equal: bool = False,
        share: float = 1.0,
        color: str = INK,
        name: str = "",
    ):
        self.title, self.labels, self.log = title, labels, log
        self.ends = [
            _logs(ends, a in log) for a, ends in zip("xy", (x, y), strict=True)
        ]
        self.ticks = [
            _ticks(*ends, a in log)
            if given is None
            else [(float(_logs(v, a in log)), text) for v, text in given.items()]
            for a, ends, given in zip("xy", self.ends, (xticks, yticks), strict=True)
        ]
        self.grid, self.framed, self.equal = grid, framed, equal
        self.share, self.color, self.name = share, color, name
        self.marks: list[dict] = []

    def line(self, xy, *, color=INK, width=2.0, dash=(), alpha=1.0, name="", label=""):
        """A line through points (n, 2); it breaks where one is not a number."""
        look = {"color": color, "width": width, "dash": dash, "alpha": alpha}
        self._add("line", name, label, xy=xy, **look)

    def area(self, xy, *, color=INK, width=0.0, alpha=0.2, name="", label=""):
        """A filled polygon (n, 2), with an edge of this width."""
        self._add("area", name, label, xy=xy, color=color, width=width, alpha=alpha)

    def dots(
        self, xy, *, color=INK, size=3.0, shape="o", edge="", alpha=1.0, name="",
        label="",
    ):  # fmt: skip
        """Points (n, 2) as shapes "o", "s", "^", "x" or "|" of this half width."""
        look = {"color": color, "size": size, "shape": shape, "edge": edge}
        self._add("dots", name, label, xy=xy, alpha=alpha, **look)

    def bars(
        self, at, lengths, *, color=INK, width=0.6, across=False, digits=None, name="",
        label="",
    ):  # fmt: skip
        """Bars from 0 upward, or across to the right, of one color or one each.

        With ``digits`` each has its number at its end.
        """
        color = [color] * len(at) if isinstance(color, str) else list(color)
        look = {"color": color, "width": width, "across": across, "digits": digits}
        self._add("bars", name, label, at=at, lengths=lengths, **look)

    def image(self, values, x, y, *, color="", alpha=1.0, smooth=False, name=""):
        """Cells between the ends x and y, row by row from the top.

        ``values`` (h, w) from 0 to 1 say how strong ``color`` is in each cell; (h, w,
        3) are red, green and blue.
        """
        look = {"color": color, "alpha": alpha, "smooth": smooth}
        self._add("image", name, values=values, x=x, y=y, **look)

    def arrow(self, start, end, *, color=INK, width=2.5, text="", name=""):
        """An arrow, with a text beyond its tip."""
        look = {"color": color, "width": width, "text": text}
        self._add("arrow", name, xy=[start, end], **look)

    def text(
        self, at, text, *, color=INK, align="left", size=12, bold=False, halo=False,
        shift=(0, 0), name="",
    ):  # fmt: skip
        """A text at a point, moved by ``shift`` pixels to the right and down."""
        look = {"color": color, "align": align, "size": size, "bold": bold}
        self._add("text", name, xy=[at], text=text, halo=halo, shift=shift, **look)

    def handle(self, at, x: str = "", y: str = "", *, name=""):
        """A place to drag, or to move by arrow keys: it sets the controls x and y."""
        self._add("handle", name, xy=[at], x=x, y=y)

    def _add(self, kind: str, name: str, label: str = "", **look) -> None:
        for key in {"xy", "values", "at", "lengths"} & set(look):
            look[key] = np.asarray(look[key], float)
        if "xy" in look and look["xy"].size and look["xy"].shape[-1:] != (2,):
            raise ValueError(f"points are (n, 2), got {look['xy'].shape} for a {kind}")
        self.marks.append({"kind": kind, "name": name, "label": label} | look)

    def sent(self, box: Sequence[int]) -> dict:
        """The pane as JSON, with places on both axes instead of numbers, and bytes."""
        return {
            "name": self.name,
            "title": self.title,
            "color": self.color,
            "box": list(box),
            "x": list(self.ends[0]),
            "y": list(self.ends[1]),
            "labels": list(self.labels),
            "ticks": self.ticks,
            "grid": self.grid,
            "framed": self.framed,
            "key": self.key(box[2]),
            "marks": [self._sent(mark) for mark in self.marks],
        }

    def key(self, width: float) -> list[dict]:
        """Where each label stands: pixels from the left, and the row from below."""
        entries, x, row = [], 0.0, 0
        for k, mark in enumerate(self.marks):
            if text := mark["label"]:
                wide = 24 + LETTER * len(text) + 12
                if x and x + wide > width + 12:
                    x, row = 0.0, row + 1
                entries.append({"mark": k, "x": round(x), "row": row})
                x += wide
        return [entry | {"row": row - entry["row"]} for entry in entries]

    def _sent(self, mark: dict) -> dict:
        sent = dict(mark)
        if "xy" in mark:
            sent["xy"] = self._places(mark["xy"])
        for key in ("at", "lengths"):
            if key in mark:
                sent[key] = mark[key].tolist()
        if mark["kind"] == "image":
            values = mark["values"]
            sent["side"] = list(values.shape[:2])
            sent["values"] = np.uint8(np.round(255 * values.clip(0, 1))).tobytes()
            for axis in "xy":
                sent[axis] = _logs(mark[axis], axis in self.log).tolist()
        return sent

    def _places(self, xy: np.ndarray) -> list:
        """Points as pairs of numbers on linear axes; None where one is no number."""
        xy = xy.reshape(-1, 2)
        gaps = ~np.isfinite(xy).all(1)
        columns = []
        for axis, column, (low, high) in zip("xy", xy.T, self.ends, strict=True):
            span = abs(high - low)
            place = _logs(column, axis in self.log)
            middle = (low + high) / 2
            place = np.clip(place, middle - FAR * span, middle + FAR * span)
            columns.append(np.round(place, 4 - math.floor(math.log10(span))))
        pairs = np.stack(columns, 1)
        gaps |= np.isnan(pairs).any(1)  # as the logarithm of a negative number
        return [None if g else p for p, g in zip(pairs.tolist(), gaps, strict=True)]


class Scene:
    """What an explorer shows at some values of its controls.

    Parameters
    ----------
    says : the sentence that reads the picture.
    panes : side by side.
    width, height : pixels of the whole picture.

    ``scene[name]`` is the mark, or else the pane, of that name.
    """

    def __init__(self, says: str, panes: Sequence[Pane], width: int, height: int):
        self.says, self.panes = says, tuple(panes)
        self.width, self.height = width, height

    def __getitem__(self, name: str):
        marks = [mark for pane in self.panes for mark in pane.marks]
        named = {mark["name"]: mark for mark in marks}
        found = {pane.name: pane for pane in self.panes} | named
        if name and name in found:
            return found[name]
        names = ", ".join(filter(None, found))
        raise KeyError(f"no mark or pane is named {name!r}; there are {names}")

    def sent(self) -> dict:
        """The scene as JSON, and bytes of images: what draw.js draws."""
        panes = [p.sent(b) for p, b in zip(self.panes, self._boxes(), strict=True)]
        return {"width": self.width, "height": self.height, "panes": panes}

    def _boxes(self) -> list[list[int]]:
        """Left, top, width and height of each pane's axes, in pixels."""
        lefts = [
            12 + 26 * bool(pane.ticks[1]) + 16 * bool(pane.labels[1])
            for pane in self.panes
        ]
        free = self.width - sum(lefts) - 14 * len(self.panes)
        shares = sum(pane.share for pane in self.panes)
        widths = [free * pane.share / shares for pane in self.panes]
        titled = 24 if any(pane.title for pane in self.panes) else 8
        keys = [pane.key(w) for pane, w in zip(self.panes, widths, strict=True)]
        rows = max((entry["row"] + 1 for key in keys for entry in key), default=0)
        top = titled + ROW * rows
        below = 18 * any(pane.ticks[0] for pane in self.panes)
        below += 17 * any(pane.labels[0] for pane in self.panes)
        boxes, x = [], 0
        for pane, left, w in zip(self.panes, lefts, widths, strict=True):
            h = self.height - top - below - 6
            (x0, x1), (y0, y1) = pane.ends
            unit = min(w / abs(x1 - x0), h / abs(y1 - y0))
            equal = unit * abs(x1 - x0), unit * abs(y1 - y0)
            size = equal if pane.equal else (w, h)
            boxes.append([round(x + left), top, *map(round, size)])
            x += left + w + 14
        return boxes


def segments(starts, ends) -> np.ndarray:
    """One line, broken into a piece from each start (n, 2) to its end (n, 2)."""
    starts, ends = np.broadcast_arrays(np.asarray(starts, float), ends)
    gaps = np.full_like(starts, np.nan)
    return np.stack([starts, ends, gaps], 1).reshape(-1, 2)


def ring(center=(0, 0), radii=(1, 1), turned: float = 0.0, num: int = 72) -> np.ndarray:
    """Points (num + 1, 2) around an ellipse, its axes turned by degrees."""
    t = np.linspace(0, 2 * math.pi, num + 1)
    a, b = radii[0] * np.cos(t), radii[1] * np.sin(t)
    cos, sin = math.cos(math.radians(turned)), math.sin(math.radians(turned))
    return np.stack([center[0] + cos * a - sin * b, center[1] + sin * a + cos * b], 1)


def joined(lines: Sequence) -> np.ndarray:
    """Several lines (n, 2) as one with gaps between them."""
    gap = np.full((1, 2), np.nan)
    return np.concatenate([part for line in lines for part in (line, gap)][:-1])


def _logs(values, log: bool):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(values) if log else np.asarray(values, float)


def _ticks(low: float, high: float, log: bool) -> list[tuple[float, str]]:
    locator = MaxNLocator(7, steps=[1, 2, 5, 10], integer=log)
    low, high = sorted((low, high))
    inside = [v for v in locator.tick_values(low, high) if low <= v <= high]
    if log:
        powers = [str(int(v)).translate(SUPERSCRIPTS) for v in inside]
        return [
            (v, f"10{p}" if v else "1") for v, p in zip(inside, powers, strict=True)
        ]
    return [(v, number(round(v, 9))) for v in inside]
