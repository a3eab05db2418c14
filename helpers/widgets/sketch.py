"""What stands in the square of a `SketchPad`, what a network gets, and its answer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from helpers.data.drawings import Frame, framed, framed_strokes, rendered, resampled
from helpers.figures import COLORS
from helpers.tuning.ranges import Slider
from helpers.widgets.scene import Pane

MOVES = {
    "right": Slider(-0.5, 0.5, start=0.0),
    "down": Slider(-0.5, 0.5, start=0.0),
    "turn": Slider(-180, 180, start=0.0),
    "size": Slider(0.2, 1.8, start=1.0),
}
FINE = 4  # a drawing over a stored image is made of so many times its pixels
MOST_BARS = 10  # of the likeliest classes


@dataclass(frozen=True)
class Sketch:
    """Lines over a stored image, or one of the two; both moved, turned and scaled.

    Parameters
    ----------
    frame, pen : of the training images, see `helpers.data.drawings`; pixels.
    strokes : each (n, 2), x and y from 0 to 1 over the square, as the pen left them.
    stored : (size, size) or None.
    right, down : how far all is moved, in sides of the square.
    turn : degrees, clockwise around the middle of the square.
    size : factor.
    center : whether the network gets it centered and scaled.
    """

    frame: Frame
    pen: float
    strokes: tuple[Tensor, ...] = ()
    stored: Tensor | None = None
    right: float = 0.0
    down: float = 0.0
    turn: float = 0.0
    size: float = 1.0
    center: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in the square."""
        return not self.strokes and self.stored is None

    def lines(self) -> list[Tensor]:
        """The strokes (n, 2) where they stand in the square."""
        angle = math.radians(self.turn)
        cos, sin = self.size * math.cos(angle), self.size * math.sin(angle)
        # rows times this matrix turn clockwise, since y is downward
        turned = torch.tensor([[cos, sin], [-sin, cos]])
        shift = torch.tensor([self.right, self.down]) + 0.5
        return [(stroke - 0.5) @ turned + shift for stroke in self.strokes]

    def drawing(self, pixels: int) -> Tensor:
        """The square as a picture (pixels, pixels), values 0..1."""
        zoom = self.size * pixels / self.frame.size
        picture = rendered(self.lines(), pixels, self.pen * zoom)
        if self.stored is None:
            return picture
        # Moving the image is the last step: it may leave the square.
        half = torch.tensor([len(self.stored) / 2] * 2)
        shift = pixels * torch.tensor([self.down, self.right])
        under = resampled(self.stored, pixels, half, zoom, self.turn, shift)
        return torch.maximum(picture, under)

    def image(self) -> Tensor:
        """What the network gets: (size, size) of the frame, values 0..1."""
        size = self.frame.size
        if not self.center:
            return self.drawing(size)
        if self.stored is None:
            return framed_strokes(self.lines(), self.frame, self.pen)
        return framed(self.drawing(FINE * size), self.frame)


def says_of(p: Tensor, classes: Sequence[str], labeled: str | None) -> str:
    """Probabilities (K,) in words, and what a stored image is labeled."""
    if p.isnan().any():
        return "The network's output is not a number."
    first, second = p.argsort(descending=True)[:2].tolist()
    # Which of the others comes second at 0 % says nothing.
    named = [first, second] if f"{p[second]:.0%}" != "0%" else [first]
    likely = [f"{classes[k]} ({p[k]:.0%})" for k in named]
    says = f"The network says {', then '.join(likely)}."
    if labeled is not None:
        says += f" The stored image is labeled {labeled}."
    return says


def answer_panes(image: Tensor, p: Tensor | None, classes: Sequence[str]) -> list[Pane]:
    """What the network sees, (size, size), and the probability of each class.

    The bar of the likeliest stands out. Of many classes the likeliest have one.
    """
    if p is not None and p.isnan().any():
        p = None
    bars = Pane(
        "probability", (-0.5, 1.35), (MOST_BARS - 0.4, -0.6), xticks={}, yticks={},
        grid=False, framed=False, share=1.3, name="probability",
    )  # fmt: skip
    lengths = torch.zeros(len(classes)) if p is None else p
    shown = sorted(lengths.argsort(descending=True)[:MOST_BARS].tolist())
    top = None if p is None else int(lengths.argmax())
    bars.bars(
        range(len(shown)), lengths[shown], across=True, name="bars",
        color=[COLORS[1 if k == top else 0] for k in shown],
        digits=None if p is None else 2,
    )  # fmt: skip
    for row, k in enumerate(shown):
        bars.text(
            (0, row), classes[k], align="right", shift=(-8, 4), bold=k == top,
            name=f"class {k}",
        )  # fmt: skip
    return [image_pane("what the network sees", image), bars]


def image_pane(title: str, image: Tensor) -> Pane:
    """A picture (h, w), values 0..1: black is 0 and white is 1, in every theme."""
    pane = Pane(title, xticks={}, yticks={}, equal=True, name=title)
    pane.image(image[..., None].expand(-1, -1, 3), (0, 1), (0, 1), name="image")
    return pane
