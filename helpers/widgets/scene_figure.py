"""The still picture of a scene: what draw.js draws, drawn by matplotlib."""

from itertools import count

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from helpers.figures import drawn
from helpers.widgets.scene import FAINT, INK, PAPER, ROW, Scene
from helpers.words import number

THEME = {INK: "#333333", FAINT: "#8a8a8a", PAPER: "#ffffff"}
EDGE, GRID = "#bbbbbb", "#e2e2e2"
POINT = 0.72  # points in a pixel, at 100 pixels per inch
TIP = 15  # pixels from the tip of an arrow to the middle of its text


@drawn
def figure_of(*scenes: Scene) -> Figure:
    """Draw scenes below each other; the axes count pixels, from the top left corner."""
    width = max(scene.width for scene in scenes)
    height = sum(scene.height for scene in scenes)
    figure = Figure(figsize=(width / 100, height / 100), layout="none")
    draw_scenes(figure.add_axes((0, 0, 1, 1)), *scenes)
    return figure


def draw_scenes(ax: Axes, *scenes: Scene) -> None:
    """Draw scenes below each other on axes, which then count pixels."""
    ax.set_axis_off()
    top = 0
    for scene in scenes:
        for pane in scene.sent()["panes"]:
            _PaneDrawing(ax, pane, top).draw()
        top += scene.height
    width = max(scene.width for scene in scenes)
    ax.set(xlim=(0, width), ylim=(top, 0), aspect="equal")


def _paint(color: str) -> str:
    return THEME.get(color, color)


class _PaneDrawing:
    def __init__(self, ax: Axes, pane: dict, above: int):
        left, top, w, h = pane["box"]
        self.ax, self.pane, self.above = ax, pane, above
        self.box = left, top + above, w, h
        self.clip, self.order = None, count(1)

    def draw(self) -> None:
        left, top, w, h = self.box
        self.frame()
        edge = EDGE if self.pane["framed"] else "none"
        self.clip = Rectangle((left, top), w, h, facecolor="none", edgecolor=edge)
        self.ax.add_patch(self.clip)
        for mark in self.pane["marks"]:
            getattr(self, mark["kind"])(mark)

    def place(self, xy) -> np.ndarray:
        """Pixels (n, 2) of points, NaN where a line breaks."""
        left, top, w, h = self.box
        (x0, x1), (y0, y1) = self.pane["x"], self.pane["y"]
        xy = np.array([(np.nan, np.nan) if p is None else p for p in xy], float)
        x, y = xy.reshape(-1, 2).T
        return np.stack(
            [left + (x - x0) / (x1 - x0) * w, top + (y1 - y) / (y1 - y0) * h], 1
        )

    def frame(self) -> None:
        left, top, w, h = self.box
        pane, (xlabel, ylabel) = self.pane, self.pane["labels"]
        self.write(left, self.above + 14, pane["title"], color=pane["color"], size=13)
        small = {"size": 11, "align": "center"}
        for value, text in pane["ticks"][0]:
            ((x, _),) = self.place([(value, pane["y"][0])])
            if pane["grid"]:
                self.stroke([x, x], [top, top + h], GRID, 1)
            self.write(x, top + h + 14, text, **small)
        for value, text in pane["ticks"][1]:
            ((_, y),) = self.place([(pane["x"][0], value)])
            if pane["grid"]:
                self.stroke([left, left + w], [y, y], GRID, 1)
            self.write(left - 6, y + 4, text, size=11, align="right")
        below = 30 if pane["ticks"][0] else 15
        self.write(left + w / 2, top + h + below, xlabel, size=12, align="center")
        aside = left - (38 if pane["ticks"][1] else 8)
        self.write(aside, top + h / 2, ylabel, size=12, align="center", rotation=90)
        for entry in pane["key"]:
            mark = pane["marks"][entry["mark"]]
            x, y = left + entry["x"], top - 7 - ROW * entry["row"]
            self.sample(mark, x, y - 4)
            self.write(x + 24, y, mark["label"], size=11)

    def sample(self, mark: dict, x: float, y: float) -> None:
        """A small piece of a mark, for the key."""
        if mark["kind"] == "line":
            self.stroke([x, x + 19], [y, y], **_look(mark))
        elif mark["kind"] == "dots":
            self.shapes([x + 10], [y], mark | {"size": min(mark["size"], 5.5)})
        else:
            color = mark["color"] if mark["kind"] == "area" else mark["color"][0]
            alpha = mark.get("alpha", 1.0)
            self.fill(
                [x, x + 19, x + 19, x], [y - 4, y - 4, y + 4, y + 4], color, alpha
            )

    # -- what everything is drawn with ----------------------------------------------

    def put(self, artist) -> None:
        artist.set_zorder(next(self.order))
        if self.clip is not None:
            artist.set_clip_path(self.clip)

    def stroke(self, x, y, color, width, dash=(), alpha=1.0) -> None:
        style = (0, [v / max(width, 1) for v in dash]) if dash else "-"
        (line,) = self.ax.plot(
            x, y, color=_paint(color), linewidth=POINT * width, alpha=alpha,
            linestyle=style, dash_capstyle="butt",
        )  # fmt: skip
        self.put(line)

    def fill(self, x, y, color, alpha=1.0) -> None:
        (area,) = self.ax.fill(x, y, color=_paint(color), alpha=alpha, linewidth=0)
        self.put(area)

    def shapes(self, x, y, mark: dict) -> None:
        size = mark["size"] * (1 if mark["shape"] in "x|" else 0.9)
        thin = mark["shape"] in "x|"
        (dots,) = self.ax.plot(
            x, y, mark["shape"], color=_paint(mark["color"]), alpha=mark["alpha"],
            markersize=2 * POINT * size,
            markeredgecolor=_paint(mark["edge"] or mark["color"]),
            markeredgewidth=POINT * (1.8 if thin else 1.2 if mark["edge"] else 0),
        )  # fmt: skip
        self.put(dots)

    def write(
        self, x, y, text, *, color=INK, size=12, bold=False, halo=False, align="left",
        rotation=0,
    ) -> None:  # fmt: skip
        if not text:
            return
        words = self.ax.text(
            x, y, text, color=_paint(color), fontsize=POINT * size, ha=align,
            va="baseline", weight="bold" if bold else "normal", rotation=rotation,
            rotation_mode="anchor",
            path_effects=[withStroke(linewidth=3, foreground="white")] * halo,
        )  # fmt: skip
        self.put(words)

    # -- the marks ------------------------------------------------------------------

    def line(self, mark: dict) -> None:
        self.stroke(*self.place(mark["xy"]).T, **_look(mark))

    def area(self, mark: dict) -> None:
        x, y = self.place(mark["xy"]).T
        self.fill(x, y, mark["color"], mark["alpha"])
        if mark["width"]:
            self.stroke([*x, x[0]], [*y, y[0]], mark["color"], mark["width"])

    def dots(self, mark: dict) -> None:
        self.shapes(*self.place(mark["xy"]).T, mark)

    def bars(self, mark: dict) -> None:
        half = mark["width"] / 2
        rows = zip(mark["at"], mark["lengths"], mark["color"], strict=True)
        for at, length, color in rows:
            corners = np.array([(at - half, 0), (at + half, length)])
            end = np.array([(at, length)])
            if mark["across"]:
                corners, end = corners[:, ::-1], end[:, ::-1]
            (x0, y0), (x1, y1) = self.place(corners)
            self.fill([x0, x1, x1, x0], [y0, y0, y1, y1], color)
            if mark["digits"] is not None:
                ((x, y),) = self.place(end)
                text = number(length, mark["digits"])
                if mark["across"]:
                    x, y = x + 6, y + 4
                else:
                    y += -5 if length >= 0 else 14
                align = "left" if mark["across"] else "center"
                self.write(x, y, text, size=11, align=align)

    def image(self, mark: dict) -> None:
        values = (
            np.frombuffer(mark["values"], np.uint8).reshape(*mark["side"], -1) / 255
        )
        if mark["color"]:
            rgb = np.broadcast_to(to_rgb(mark["color"]), (*mark["side"], 3))
            values = np.concatenate([rgb, values * mark["alpha"]], 2)
        else:
            alpha = np.full((*mark["side"], 1), mark["alpha"])
            values = np.concatenate([values, alpha], 2)
        ends = np.array([mark["x"], mark["y"]]).T
        (x0, y0), (x1, y1) = self.place(ends)
        image = self.ax.imshow(
            values, extent=(x0, x1, y0, y1), aspect="auto",
            interpolation="bilinear" if mark["smooth"] else "nearest",
        )  # fmt: skip
        self.put(image)

    def arrow(self, mark: dict) -> None:
        start, tip = self.place(mark["xy"])
        length = np.hypot(*(tip - start))
        along = (tip - start) / (length or 1)
        head = min(11, length)
        back = tip - head * along
        side = 0.45 * head * np.array([-along[1], along[0]])
        self.stroke(*np.array([start, back]).T, mark["color"], mark["width"])
        self.fill(*np.array([tip, back + side, back - side]).T, mark["color"])
        left, top, w, h = self.box
        x, y = tip + TIP * along
        x, y = (
            min(max(x, left + 14), left + w - 14),
            min(max(y, top + 14), top + h - 14),
        )
        look = {"color": mark["color"], "size": 14, "bold": True, "align": "center"}
        self.write(x, y + 5, mark["text"], **look)

    def text(self, mark: dict) -> None:
        ((x, y),) = self.place(mark["xy"]) + mark["shift"]
        look = {k: mark[k] for k in ("color", "size", "bold", "halo", "align")}
        self.write(x, y, mark["text"], **look)

    def handle(self, mark: dict) -> None:
        """Nothing to drag in a picture."""


def _look(mark: dict) -> dict:
    return {key: mark[key] for key in ("color", "width", "dash", "alpha")}
