"""Feature maps of one image, layer by layer, as small pictures side by side."""

import math
from collections.abc import Mapping, Sequence

import ipywidgets
import torch
from torch import Tensor

from helpers.widgets.scene import Pane, Scene
from helpers.words import many, number

WIDTH, HEIGHT = 772, 215  # of all layers together
MOST_MAPS = 32  # of a layer
GAP = 0.04  # between two maps, as a share of one


def checked(name: str, maps: Tensor) -> Tensor:
    """Return feature maps (c, h, w) of a result (1, c, h, w) for one image.

    Raises
    ------
    ValueError : another shape.
    """
    shape = tuple(getattr(maps, "shape", ()))
    if len(shape) != 4 or shape[0] != 1 or 0 in shape:
        raise ValueError(
            f"the result of {name!r} for one image has shape {shape}: expected "
            "(1, c, h, w), feature maps"
        )
    return maps[0].float().cpu()


def maps_layout() -> ipywidgets.Layout:
    """The size of the view; it shrinks where there is less room."""
    return ipywidgets.Layout(width=f"{WIDTH}px", max_width="100%")


def maps_scene(maps: Mapping[str, Tensor]) -> Scene:
    """Draw the maps (c, h, w) of each layer, and say how many there are.

    In each layer black is 0, or its lowest value if that is below 0, and white its
    highest: maps of a layer can be compared. Of many maps the first are drawn.
    """
    says = "; ".join(
        f"{name}, {many(len(m), 'map')} of {m.shape[1]} × {m.shape[2]}"
        for name, m in maps.items()
    )
    size = WIDTH / len(maps), HEIGHT
    panes = [
        maps_pane(name, layer, *size, range(min(len(layer), MOST_MAPS)))
        for name, layer in maps.items()
    ]
    return Scene(f"Feature maps: {says}.", panes, WIDTH, HEIGHT)


def maps_pane(
    name: str, maps: Tensor, width: float, height: float, channels: Sequence[int]
) -> Pane:
    """Draw some of the maps (c, h, w) of a layer side by side.

    Parameters
    ----------
    width, height : pixels that there are for them.
    channels : which are drawn; black and white are the ends of all of them.
    """
    maps = maps.nan_to_num()
    low, high = min(0.0, maps.min().item()), maps.max().item()
    count, (h, w) = len(channels), maps.shape[1:]
    columns = _columns(count, width / w, (height - 30) / h)
    rows = math.ceil(count / columns)
    of = f"{count} of {len(maps)}" if count < len(maps) else f"{count}"
    pane = Pane(
        f"{name}: {of} × {h} × {w}, {number(low)} to {number(high)}",
        (0, columns * w), (rows * h, 0), xticks={}, yticks={}, grid=False,
        framed=False, equal=True, name=name,
    )  # fmt: skip
    for k, channel in enumerate(channels):
        one = maps[channel]
        gray = (one - low) / (high - low) if high > low else torch.zeros_like(one)
        x, y = k % columns * w, k // columns * h
        ends = (x + GAP * w, x + w - GAP * w), (y + h - GAP * h, y + GAP * h)
        pane.image(gray[..., None].expand(-1, -1, 3), *ends, name=f"{name} {channel}")
    return pane


def _columns(count: int, width: float, height: float) -> int:
    """Into how many columns to put maps so that they are as large as they can be."""

    def size(columns: int) -> float:
        return min(width / columns, height / math.ceil(count / columns))

    return max(range(1, count + 1), key=size)
