"""Drawing of chapter 3: where the hidden units of a network crease the plane."""

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from helpers.chapters.multilayer_perceptrons.networks import FAINT, INK
from helpers.data import PointData
from helpers.figures import COLORS, drawn
from helpers.figures.plane import plane_of
from helpers.figures.style import plain

FINE = 241  # places along each axis where the network is asked
ARROW = 0.1  # length, as a share of the picture
PLACES = (0.1, 0.22, 0.4)  # of arrows along their lines, so that few meet
WEAK = 0.1  # of the sharpest bend: a crease that bends the border less is dashed


@drawn
@torch.no_grad()
def show_creases(net: nn.Module, data: PointData, num_points: int = 60) -> Figure:
    """Draw each hidden unit's crease in the plane, and the border they add up to.

    A crease is the line where a unit's sum is 0; an arrow points to the side where it
    is positive. It is dashed where the lead of one class over the other hardly bends.

    Parameters
    ----------
    net : two inputs, one hidden layer of ReLU units, logits of two classes.
    data : points of two classes.
    num_points : how many of the validation points are drawn.
    """
    figure = plain(3.4, 2.8)
    ax = figure.subplots()
    shown = data.val.take(num_points)
    for label, marker in enumerate("os"):
        ax.plot(*shown.X[shown.y == label].T, marker, color=COLORS[label],
                markersize=2.5, label=data.classes[label])  # fmt: skip
    limits = plane_of(data).limits
    x, y = (torch.linspace(*limits[k : k + 2], FINE) for k in (0, 2))
    plane = torch.cartesian_prod(x, y)  # (FINE * FINE, 2)
    net = net.cpu()
    hidden, output = (m for m in net.modules() if isinstance(m, nn.Linear))
    bends = (output.weight[1] - output.weight[0]).abs() * hidden.weight.norm(dim=1)
    weak = bends < WEAK * bends.max()
    for k, (w, b) in enumerate(zip(hidden.weight, hidden.bias, strict=True)):
        _draw_line(ax, w, b, limits, PLACES[k % len(PLACES)], f"unit {k + 1}",
                   linestyle=(0, (4, 3)) if weak[k] else "-")  # fmt: skip
    logits = net(plane)
    lead = (logits[:, 1] - logits[:, 0]).view(FINE, FINE).T
    ax.contour(x, y, lead, [0], colors=INK, linewidths=2)
    ax.set(xlim=limits[:2], ylim=limits[2:], aspect="equal", xlabel="$x_1$",
           ylabel="$x_2$", xticks=(-1, 0, 1), yticks=(-1, 0, 1))  # fmt: skip
    ax.grid(False)
    figure.set_label(
        f"The plane with the creases of {len(hidden.bias)} hidden units, each with an "
        "arrow to where the unit is above 0. The border between the classes is "
        "straight from one crease that it crosses to the next."
    )
    return figure


def _draw_line(
    ax, w: Tensor, b: Tensor, limits: tuple, place: float, name: str, **look
) -> None:
    """Draw the line w x + b = 0 as far as it is in the picture, and its arrow."""
    toward = w / w.norm()
    along = torch.stack([toward[1], -toward[0]])
    reach = limits[1] - limits[0]
    middle = torch.tensor([sum(limits[:2]), sum(limits[2:])]) / 2
    foot = middle - (toward @ middle + b / w.norm()) * toward
    line = foot + torch.linspace(-reach, reach, 2001)[:, None] * along
    low, high = torch.tensor([limits[0::2], limits[1::2]])
    line = line[((line > low) & (line < high)).all(1)]
    if not len(line):
        return
    ax.plot(*line[[0, -1]].T, color=FAINT, linewidth=0.9, label=name, **look)
    start = line[int(place * len(line))]
    ax.annotate("", (start + ARROW * reach * toward).tolist(), start.tolist(),
                gid=f"{name} is above 0",
                arrowprops={"arrowstyle": "-|>", "color": FAINT, "shrinkA": 0,
                            "shrinkB": 0, "mutation_scale": 10})  # fmt: skip
