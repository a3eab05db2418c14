"""The drawings of the welcome notebook: what training does, over and over."""

import math
from collections.abc import Sequence

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.data import Examples
from helpers.figures import COLORS, drawn, show_images

INK = "#333333"
REACH, SHADES = 0.2, 5  # weight of the full color; shades of each color
BOX = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": INK}


@drawn
def show_loop(net: nn.Module, image: Tensor, label: str, classes: Sequence) -> Figure:
    """Draw the loop of training: image, network, scores, loss, and the way back.

    Parameters
    ----------
    net : the network, as it stands before its first step.
    image : (1, h, w), gray values of 0..1.
    label : what the image shows, one of ``classes``.
    classes : names of the classes, in the order of the scores.
    """
    with torch.no_grad():
        scores = net(image[None])[0].numpy()
    loss = F.cross_entropy(torch.from_numpy(scores), torch.tensor(classes.index(label)))
    num_parameters = sum(p.numel() for p in net.parameters())
    figure = Figure(figsize=(6.8, 2.4), layout="none")
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, 6.8), ylim=(0.2, 2.6))
    ax.set_axis_off()
    picture = figure.add_axes((0.02, 0.36, 0.15, 0.43))
    picture.imshow(image[0].numpy(), cmap="gray", vmin=0, vmax=1)
    picture.set(xticks=[], yticks=[])
    picture.set_title(f"image, {' × '.join(map(str, image.shape[1:]))}", fontsize=9)
    boxes = {  # place of the middle: text
        (2.35, 1.6): f"network\n{num_parameters:,} numbers",
        (5.95, 1.6): f"loss {loss:.2f}:\nhow wrong?",
        (5.95, 2.3): f"label: “{label}”",
    }
    for (x, y), text in boxes.items():
        ax.text(x, y, text, ha="center", va="center", fontsize=9, bbox=BOX)
    bars = figure.add_axes((0.56, 0.33, 0.16, 0.47))
    bars.barh(range(len(classes)), scores, color=COLORS[0])
    bars.barh(classes.index(label), scores[classes.index(label)], color=COLORS[1])
    bars.axvline(0, color=INK, linewidth=0.6)
    bars.set_yticks(range(len(classes)), classes, fontsize=6.5)
    bars.tick_params(axis="y", length=0)
    bars.set(xticks=[], ylim=(len(classes) - 0.4, -0.6))
    bars.grid(visible=False)
    bars.set_title(f"{len(classes)} scores", fontsize=9)
    for side in bars.spines.values():
        side.set_visible(False)
    ways = [((1.23, 1.6), (1.6, 1.6)), ((3.05, 1.6), (3.3, 1.6)),
            ((5.0, 1.6), (5.35, 1.6)), ((5.95, 2.12), (5.95, 1.85))]  # fmt: skip
    for start, end in ways:
        ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": INK})
    back = {"arrowstyle": "->", "color": COLORS[1], "linewidth": 2.2,
            "connectionstyle": "arc3,rad=-0.28"}  # fmt: skip
    ax.annotate("", (2.35, 1.3), (5.95, 1.3), arrowprops=back)
    ax.text(4.15, 0.4, "one step: change each number a little, so that the loss falls",
            ha="center", fontsize=9, color=COLORS[1])  # fmt: skip
    figure.set_label(
        f"An image, labeled {label}, goes through the network to {len(classes)} "
        f"scores, from {scores.min():.2f} to {scores.max():.2f}; the loss, {loss:.2f}, "
        "compares them with the label; an arrow leads back from the loss to the "
        f"network's {num_parameters:,} numbers. One step: change each number a little, "
        "so that the loss falls."
    )
    return figure


@drawn
def show_misread(
    net: nn.Module, examples: Examples, classes: Sequence, num: int = 10
) -> Figure:
    """Draw the first images that a network misreads, with what it says of them.

    Parameters
    ----------
    net : from images (n, 1, h, w) to scores (n, K).
    examples : n images and their labels, at least ``num`` of them misread.
    classes : names of the K classes.
    """
    device = next(net.parameters()).device
    with torch.no_grad():
        chances = net(examples.X.to(device)).softmax(1).cpu()
    surest, answers = chances.max(1)
    wrong = (answers != examples.y.cpu()).nonzero().flatten()[:num]
    titles = [
        f"{classes[examples.y[k]]} →\n{classes[answers[k]]}: {surest[k]:.2f}"
        for k in wrong
    ]
    return show_images(examples.X[wrong].cpu(), titles, palette=True)


@drawn
def show_weights(before: Tensor, after: Tensor, num: int = 8) -> Figure:
    """Draw the weights of the hidden units that a training changed most, as images.

    Parameters
    ----------
    before, after : (units, 784), the weights of each unit, one for each pixel.
    num : how many units.
    """
    before, after = before.detach().cpu(), after.detach().cpu()
    most = (after - before).norm(dim=1).argsort(descending=True)[:num]
    weights = torch.cat([before[most], after[most]]).view(-1, 28, 28)
    # Few shades take half of the space.
    levels = (weights / REACH * SHADES).round().clamp(-SHADES, SHADES)
    figure = show_images(REACH / SHADES * levels, num_cols=num, scale=1.1, framed=True,
                         palette=True, rows=("before", "after"))  # fmt: skip
    figure.set_label(
        f"The weights of the {num} units that changed most, one for each pixel: orange "
        "is negative, white 0, blue positive. Above, before the training: noise, at "
        f"most {before[most].abs().max():.2f}. Below, after it: strokes, up to "
        f"{after[most].abs().max():.2f}."
    )
    return figure


@drawn
def show_steps(losses: Sequence[float], num_classes: int) -> Figure:
    """Draw the loss of each batch, step by step, beside the loss of guessing.

    Parameters
    ----------
    losses : of the batch of each step, as in `History.step_loss`.
    num_classes : each of which a guess gives the same probability.
    """
    guessing = math.log(num_classes)
    figure = Figure(figsize=(5.4, 2.5))
    ax = figure.subplots()
    ax.plot(range(1, len(losses) + 1), losses, color=COLORS[0], linewidth=1)
    ax.axhline(guessing, color=INK, linewidth=1, linestyle="--")
    ax.annotate(f"guessing, {guessing:.2f}", (len(losses), guessing), (0, 4),
                textcoords="offset points", ha="right", fontsize=9)  # fmt: skip
    ax.set(xlabel="step", ylabel="loss of the batch", ylim=(0, 1.2 * guessing))
    figure.set_label(
        f"Loss of the batch against the step: {losses[0]:.2f} at the first, "
        f"{losses[len(losses) // 10]:.2f} after a tenth of {len(losses)} steps, about "
        f"{sum(losses[-20:]) / 20:.1f} at the end, up and down all the way. A dashed "
        f"line at {guessing:.2f}: guessing."
    )
    return figure
