"""Drawings: lines and pictures of any size, brought to the form of the training images.

A network knows only what its training images are like. Those of the embedded digits are
20 pixels high, in the middle of 28 x 28, drawn with a pen of 3.4 pixels. A drawing that
is smaller, or stands in a corner, is something that the network has never seen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

FINE = 4  # samples of a pixel along each side
INK = 0.25  # of the brightest pixel: what is darker is background, or its noise
PEN = 3.4  # pixels: the median stroke of the embedded digits
SMALLEST = 0.04  # of the square: smaller drawings are dots, and are not enlarged


@dataclass(frozen=True)
class Frame:
    """How large things are in a set of images, and what stands in the middle of them.

    Parameters
    ----------
    size : height and width of an image, pixels.
    side : the longer side of the box around the ink, pixels.
    by_mass : whether the center of mass stands in the middle, as in MNIST, or the
        middle of the box around the ink, as in the embedded digits.
    """

    size: int = 28
    side: float = 20.0
    by_mass: bool = False


def frame_of(images: Tensor) -> Frame:
    """Measure the frame of training images (n, 1, size, size), values 0..1.

    The longer side is the median of all; the middle is what varies least.
    """
    images = images[:, 0]
    boxes, masses = zip(*(_places(image) for image in images), strict=True)
    low, high = torch.stack(boxes).unbind(1)
    spread = [
        torch.as_tensor(middles).var(0, correction=0).sum()
        for middles in ((low + high) / 2, torch.stack(masses))
    ]
    side = (high - low).amax(1).median().item()
    return Frame(images.shape[-1], side, bool(spread[1] < spread[0]))


def framed(image: Tensor, frame: Frame) -> Tensor:
    """Bring a picture (h, w) into a frame: its ink is scaled, then centered.

    The aspect is kept. A picture without ink stays empty.

    Returns
    -------
    (size, size), values 0..1
    """
    if not image.max() > 0:
        return torch.zeros(frame.size, frame.size)
    (low, high), mass = _places(image)
    middle = mass if frame.by_mass else (low + high) / 2
    zoom = frame.side / (high - low).max().item()
    return resampled(image, frame.size, middle, zoom)


def resampled(
    image: Tensor,
    size: int,
    middle: Tensor,
    zoom: float,
    turn: float = 0.0,
    shift: Tensor | None = None,
) -> Tensor:
    """A picture (h, w) enlarged and turned around a point, which becomes the middle.

    Parameters
    ----------
    size : height and width of the result, pixels.
    middle : (2,), row and column in pixels from the upper left corner of the picture.
    zoom : pixels of the result for one of the picture.
    turn : degrees, clockwise.
    shift : (2,), how far down and right of the middle that point comes instead, pixels
        of the result.

    Returns
    -------
    (size, size), each pixel the mean of 16 places in the picture; 0 outside of it
    """
    if zoom < 1 / FINE:  # samples would miss pixels: take means of blocks first
        block = math.ceil(1 / (FINE * zoom))
        image = F.avg_pool2d(image[None, None], block, ceil_mode=True,
                             count_include_pad=False)[0, 0]  # fmt: skip
        middle, zoom = middle / block, zoom * block
    h, w = image.shape
    cos = math.cos(math.radians(turn)) / zoom
    sin = math.sin(math.radians(turn)) / zoom
    row, column = middle.tolist()
    down, right = (0.0, 0.0) if shift is None else shift.tolist()
    # Each place of the result asks where it comes from. Places run from -1 to 1 over
    # each picture: of the result at the right side, of the source at the left.
    x, y = column - cos * right - sin * down, row + sin * right - cos * down
    theta = torch.tensor(
        [
            [cos * size / w, sin * size / w, 2 * x / w - 1],
            [-sin * size / h, cos * size / h, 2 * y / h - 1],
        ]
    )
    fine = [1, 1, size * FINE, size * FINE]
    grid = F.affine_grid(theta[None], fine, align_corners=False)
    samples = F.grid_sample(image[None, None], grid, align_corners=False)
    return F.avg_pool2d(samples, FINE)[0, 0]


def rendered(strokes: Sequence[Tensor], size: int, pen: float) -> Tensor:
    """Lines as a picture, with smooth edges and round ends.

    Parameters
    ----------
    strokes : each (n, 2), x to the right and y downward, from 0 to 1 over the square;
        a single point is a dot.
    size : height and width of the picture, pixels.
    pen : width of the lines, pixels.

    Returns
    -------
    (size, size), values 0..1
    """
    parts = [torch.stack([s[:-1], s[1:]], 1) if len(s) > 1 else s.expand(1, 2, 2)
             for s in strokes if len(s)]  # fmt: skip
    if not parts:
        return torch.zeros(size, size)
    start, end = (size * torch.cat(parts).float()).unbind(1)  # (m, 2)
    along = end - start
    y, x = torch.meshgrid(*[torch.arange(size) + 0.5] * 2, indexing="ij")
    away = torch.stack([x, y], -1).view(-1, 1, 2) - start  # (size², m, 2)
    length = (along**2).sum(-1).clamp(min=1e-12)
    share = ((away * along).sum(-1) / length).clamp(0, 1)  # of the way to the end
    far = (away - share[..., None] * along).norm(dim=-1).amin(1)
    return (pen / 2 + 0.5 - far).clamp(0, 1).view(size, size)


def framed_strokes(strokes: Sequence[Tensor], frame: Frame, pen: float) -> Tensor:
    """Bring lines into a frame and draw them there, small or large, with the same pen.

    Like `framed`, but a small drawing does not get thick lines by being enlarged.

    Returns
    -------
    (size, size), values 0..1
    """
    points = torch.cat([s.float() for s in strokes]) if strokes else torch.empty(0, 2)
    if not len(points):
        return torch.zeros(frame.size, frame.size)
    low, high = points.amin(0), points.amax(0)
    span = (high - low).max().clamp(min=SMALLEST)
    zoom = (frame.side - pen) / frame.size / span
    strokes = [(s - (low + high) / 2) * zoom + 0.5 for s in strokes]
    if frame.by_mass:
        _, mass = _places(rendered(strokes, frame.size, pen))
        strokes = [s + 0.5 - mass.flip(0) / frame.size for s in strokes]
    return rendered(strokes, frame.size, pen)


def _places(image: Tensor) -> tuple[Tensor, Tensor]:
    """Corners (2, 2) of the box around the ink, and its center of mass (2,), pixels."""
    ink = image * (image > INK * image.max())
    box, mass = [], []
    for sums in (ink.sum(1), ink.sum(0)):
        inside = sums.nonzero()
        if not len(inside):
            inside = torch.tensor([0, len(sums) - 1])
        box.append(torch.stack([inside.min(), inside.max() + 1]).float())
        places = torch.arange(len(sums)) + 0.5
        mass.append((sums * places).sum() / sums.sum())
    return torch.stack(box, 1), torch.stack(mass)
