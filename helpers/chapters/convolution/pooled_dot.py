"""The explorer `pooled_dot`: what pooling keeps when something moves."""

import numpy as np

from helpers.chapters.convolution.grids import (
    GRAY,
    NEGATIVE,
    around,
    cells_pane,
    fade,
    rules,
)
from helpers.tuning.ranges import Choice, IntSlider
from helpers.widgets.explorer import explorer
from helpers.widgets.scene import FAINT, Pane
from helpers.words import number

SIDE, TOP = 8, 2  # of the image; the first row of what moves over it
# No two of the values are alike, so that nothing survives a move by chance.
SHAPES = {"dot": np.array([[8.0]]), "stroke": np.array([[4.0, 6], [8, 3], [5, 7]])}
PLACES = SIDE - 1  # columns where the stroke fits
WINDOWS = {"2 × 2": 2, "4 × 4": 4, "all": SIDE}
POOLS = {"max": np.max, "average": np.mean}


def image_of(shape: str, column: int) -> np.ndarray:
    """A black image (8, 8) with the shape in it, its left column counted from 1."""
    image, values = np.zeros((SIDE, SIDE)), SHAPES[shape]
    h, w = values.shape
    image[TOP : TOP + h, column - 1 : column - 1 + w] = values
    return image


def pooled(image: np.ndarray, window: int, pool: str) -> np.ndarray:
    """The "max" or "average" of each window, (8 / window, 8 / window).

    Windows do not overlap, as in torch, where the stride is the window size unless it
    is given.
    """
    n = SIDE // window
    return POOLS[pool](image.reshape(n, window, n, window), (1, 3))


@explorer(width=720, height=225)
def pooled_dot(
    shape=Choice(*SHAPES, start="dot"),
    before=IntSlider(1, PLACES, start=3),
    after=IntSlider(1, PLACES, start=3),
    window=Choice(WINDOWS, start=2),
):
    """A dot or stroke moves to another column: which pooled values change, and how."""
    images = [image_of(shape, column) for column in (before, after)]
    panes = [
        _image_pane(name, image, window)
        for name, image in zip(("before", "after"), images, strict=True)
    ]
    changes = {}
    for pool in POOLS:
        old, new = (pooled(image, window, pool) for image in images)
        changes[pool] = new - old
        panes.append(_pooled_pane(pool, old, new))
    says = _says(shape, (before, after), images[1] - images[0], changes, window)
    return says, *panes


def _image_pane(name: str, image: np.ndarray, window: int) -> Pane:
    pane = cells_pane(name, SIDE, SIDE, name=name, share=0.8)
    fade(pane, 0.7 * image / 8, GRAY, f"{name} image")
    rules(pane, SIDE, SIDE)
    for (i, j), value in np.ndenumerate(image):
        if value:
            look = {"align": "center", "shift": (0, 4), "size": 11}
            pane.text((j, i), number(value), name=f"{name} {i} {j}", **look)
    starts = range(0, SIDE, window)
    for i in starts:
        for j in starts:
            border = around(i, j, window, window)
            pane.line(border, color=FAINT, width=1.6, name=f"{name} window {i} {j}")
    return pane


def _pooled_pane(pool: str, old: np.ndarray, new: np.ndarray) -> Pane:
    """Pooled values after the move; where one changed, what it was stands below it."""
    n = len(new)
    pane = cells_pane(f"{pool}-pooled after", n, n, name=pool, share=1.2)
    fade(pane, 0.7 * new / 8, GRAY, f"{pool} values")
    rules(pane, n, n)
    for (i, j), value in np.ndenumerate(new):
        changed = value != old[i, j]
        look = {"align": "center", "shift": (0, -1 if changed else 4)}
        pane.text((j, i), number(value), name=f"{pool} {i} {j}", **look)
        if changed:
            look = {"align": "center", "size": 10, "shift": (0, 12)}
            was = f"was {number(old[i, j])}"
            pane.text((j, i), was, name=f"{pool} was {i} {j}", **look)
            border = around(i, j, 1, 1)
            name = f"{pool} changed {i} {j}"
            pane.line(border, color=NEGATIVE, width=3, name=name)
    return pane


def _says(shape, columns, pixels, changes, window) -> str:
    before, after = columns
    if before == after:
        return f"The {shape} stays where it is, in column {before}: nothing changes."
    counted = []
    for name, change in {"pixels": pixels, **changes}.items():
        n, of = int((change != 0).sum()), change.size
        noun = name if name == "pixels" else f"{name}-pooled values"
        by = f", by {number(np.abs(change).max())} at most" if n else ""
        counted.append(f"{n} of {of} {noun}{by}")
    width = SHAPES[shape].shape[1]
    old, new = (
        {(column - 1 + k) // window for k in range(width)} for column in columns
    )
    where = (
        "It crosses a border between windows, and the pooled values show it."
        if old != new
        else "It stays within its window, and pooling does not notice."
    )
    return (
        f"Moving the {shape} from column {before} to {after} changes "
        f"{'; '.join(counted)}. {where}"
    )
