"""Photographs that come with packages of the course: nothing is fetched."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .examples import check_count

# name -> the package's folder, the file in it, and the square that is cut out: its left
# and upper end and its side, in pixels. data/README.md names authors and licences.
PHOTOGRAPHS = {
    "temple": ("scikit-learn", "china.jpg", (0, 0, 426)),
    "flower": ("scikit-learn", "flower.jpg", (170, 0, 426)),
    "portrait": ("matplotlib", "grace_hopper.jpg", (20, 0, 480)),
}
FOLDERS = {
    "scikit-learn": ("sklearn", "datasets", "images"),
    "matplotlib": ("matplotlib", "mpl-data", "sample_data"),
}
LARGEST = 426


def load_photograph(name: str = "temple", size: int = 128) -> Tensor:
    """Return a square crop of a photograph, (3, size, size) float32 in 0..1, RGB.

    Parameters
    ----------
    name : "temple", "flower" or "portrait".
    size : height and width in pixels, 8 to 426.

    Raises
    ------
    TypeError, ValueError : no such photograph, or a size outside its range.

    First used in chapter 5.
    """
    if name not in PHOTOGRAPHS:
        allowed = ", ".join(map(repr, PHOTOGRAPHS))
        raise ValueError(f"name={name!r}: allowed are {allowed}")
    check_count("size", size, LARGEST, 8)
    from PIL import Image  # here: few chapters need it

    package, file, (left, top, side) = PHOTOGRAPHS[name]
    with Image.open(_folder(package) / file) as photograph:
        box = (left, top, left + side, top + side)
        # averaging over all pixels that become one: no line disappears or flickers
        small = photograph.convert("RGB").resize(
            (size, size), Image.Resampling.BOX, box
        )
    return torch.from_numpy(np.array(small)).permute(2, 0, 1).contiguous() / 255


def _folder(package: str) -> Path:
    """Where a package keeps its photographs; it need not be imported for that."""
    name, *parts = FOLDERS[package]
    (root,) = find_spec(name).submodule_search_locations
    return Path(root, *parts)
