"""Claims of chapter 6 on what networks are built of: AlexNet's additions, Inception."""

from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from helpers.claims import SAME, difference
from helpers.claims.fair import fresh
from helpers.claims.small_images import at_best_rate, one_cycle, small
from helpers.models import GoogLeNet, Inception, LeNet, kaiming_init
from helpers.models.classic import conv_relu
from helpers.widgets.predict import claim

# -- AlexNet's additions -------------------------------------------------------------

STEPS = ("sigmoid", "ReLU", "max pooling", "dropout", "shifts", "normalization")
HELPS = {"it hurts": -0.01, SAME: 0.01, "it helps": None}


class Shifted(nn.Module):
    """In training, moves each image by up to `far` pixels both ways; 0 comes in.

    Input and output (n, c, h, w).
    """

    def __init__(self, far=2):
        super().__init__()
        self.far = far

    def forward(self, X):
        if not self.training:
            return X
        n, _, h, w = X.shape
        padded = F.pad(X, [self.far] * 4)
        top, left = torch.randint(0, 2 * self.far + 1, (2, n, 1), device=X.device)
        rows = (top + torch.arange(h, device=X.device))[:, :, None]  # (n, h, 1)
        columns = (left + torch.arange(w, device=X.device))[:, None]  # (n, 1, w)
        image = torch.arange(n, device=X.device)[:, None, None]
        return padded.permute(0, 2, 3, 1)[image, rows, columns].permute(0, 3, 1, 2)


def with_steps(steps, num_inputs, num_outputs):
    """LeNet with sigmoid and average pooling, and the first of AlexNet's additions.

    Parameters
    ----------
    steps : how many of STEPS, from 1, which is LeNet itself.
    num_inputs : not needed: LeNet takes images of 28 x 28 pixels.
    """
    taken = STEPS[:steps]
    net = LeNet(
        activation=nn.ReLU if "ReLU" in taken else nn.Sigmoid,
        pooling=nn.MaxPool2d if "max pooling" in taken else nn.AvgPool2d,
        dropout=0.5 if "dropout" in taken else 0.0,
        num_outputs=num_outputs,
    )
    if "normalization" in taken:
        for pooling in (5, 2):  # from behind, so that the places hold
            # AlexNet's alpha of 1e-4, five times as large: torch divides it by size.
            net.insert(pooling, nn.LocalResponseNorm(5, alpha=5e-4, k=2.0))
    if "shifts" in taken:
        net.insert(0, Shifted())
    return net


def added(k, quantity):
    """Ask what one more of the steps changes."""
    return difference(STEPS[k], STEPS[k - 1], HELPS, quantity)


@claim(
    "What AlexNet adds beside ReLU helps a small network as well.",
    difference(
        STEPS[-1],
        "ReLU",
        HELPS,
        "Test accuracy, LeNet with all additions minus with ReLU alone",
    ),
    true="it helps",
    also=[
        added(1, "ReLU instead of sigmoid"),
        added(2, "Then max instead of average pooling"),
        added(3, "Then dropout of one half between the linear layers"),
        added(4, "Then training images shifted by up to 2 pixels"),
        added(5, "Then local response normalization before each pooling"),
    ],
    live=None,
    full=(1_000, 10, 5),
    anew=("initial weights", "order", "dropout", "shifts"),
)
def alexnet_steps(data, n_train, num_epochs, seed):
    """LeNet with one addition more each time, from torch's default weights."""
    return {
        name: at_best_rate(
            partial(fresh, partial(with_steps, k), data, seed),
            data, n_train, num_epochs, seed, course=one_cycle
        )
        for k, name in enumerate(STEPS, 1)
    }  # fmt: skip


# -- 1x1 before 3x3 and 5x5 ----------------------------------------------------------


def without_reduction(block):
    """Let the 3x3 and 5x5 convolutions of an Inception block see all its channels."""
    c_in = block.branch1[0].in_channels
    for name, size in (("branch2", 3), ("branch3", 5)):
        c_out = getattr(block, name)[-2].out_channels
        conv = conv_relu(c_in, c_out, size, padding=size // 2)
        setattr(block, name, nn.Sequential(*conv))
    return block


def googlenet(reduced, num_inputs, num_outputs):
    """GoogLeNet with its 1x1 convolutions before the 3x3 and 5x5, or without them."""
    net = GoogLeNet(num_outputs=num_outputs)
    for layer in net:
        if isinstance(layer, Inception) and not reduced:
            without_reduction(layer)
    return net.apply(kaiming_init)


@claim(
    "A 1 × 1 convolution before the 3 × 3 and the 5 × 5 costs no accuracy.",
    difference(
        "with 1x1",
        "without",
        {"1 × 1 first is worse": -0.01, SAME: 0.01, "1 × 1 first is better": None},
        "Test accuracy, with minus without 1 × 1 before the 3 × 3 and 5 × 5",
    ),
    true=[SAME, "1 × 1 first is better"],
    live=None,
    full=(3_000, 4, 5),
)
def bottleneck(data, n_train, num_epochs, seed):
    """Three Inception blocks, whose output widths are the same with and without."""
    data = small(data)
    return {
        name: at_best_rate(
            partial(fresh, partial(googlenet, reduced), data, seed),
            data, n_train, num_epochs, seed, course=one_cycle
        )
        for name, reduced in (("with 1x1", True), ("without", False))
    }  # fmt: skip


# -- several sizes, several levels ---------------------------------------------------


class SideBySide(nn.Module):
    """Layers that get the same input; their outputs are stacked along the channels."""

    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return torch.cat([branch(X) for branch in self.branches], 1)


def convolutions(*widths):
    """Convolutions of 1x1, 3x3, 5x5 side by side, 16 channels to widths; 0 for none."""
    branches = [
        nn.Sequential(*conv_relu(16, c_out, size, padding=size // 2))
        for size, c_out in zip((1, 3, 5), widths, strict=True)
        if c_out
    ]
    return SideBySide(*branches)


MIDDLES = {  # what stands between the first convolution and the linear layer, 16 -> c
    "3x3": lambda: convolutions(0, 16, 0),
    "1x1, 3x3, 5x5": lambda: convolutions(4, 8, 4),
    "uneven": lambda: Inception(16, 8, (8, 16), (8, 4), 4),
    "equal": lambda: Inception(16, 8, (8, 8), (8, 8), 8),
    "3x3 and first maps": lambda: SideBySide(convolutions(0, 16, 0), nn.Identity()),
}


def with_middle(middle, num_inputs, num_outputs):
    """A 3x3 convolution, max pooling, the middle, mean pooling, a linear layer."""
    first = nn.Sequential(*conv_relu(1, 16, 3, padding=1), nn.MaxPool2d(2))
    net = nn.Sequential(first, MIDDLES[middle](), nn.AvgPool2d(2), nn.Flatten())
    with torch.no_grad():
        values = net(torch.zeros(1, 1, 16, 16)).numel()
    return net.append(nn.Linear(values, num_outputs)).apply(kaiming_init)


def better(first, second, quantity, names):
    """Ask whether the first middle is better; names of its answers."""
    worse, gains = names
    return difference(first, second, {worse: -0.01, SAME: 0.01, gains: None}, quantity)


SEVERAL = ("several are worse", "several are better")


@claim(
    "An Inception block of several kernel sizes is better than 3 × 3 alone.",
    better(
        "1x1, 3x3, 5x5",
        "3x3",
        "Test accuracy, 4 + 8 + 4 channels of 1 × 1, 3 × 3, 5 × 5 minus 16 of 3 × 3",
        SEVERAL,
    ),
    true="several are better",
    also=[
        better(
            "uneven",
            "equal",
            "An Inception block of 8 + 16 + 4 + 4 channels minus 8 + 8 + 8 + 8",
            ("uneven is worse", "uneven is better"),
        ),
        better(
            "3x3 and first maps",
            "3x3",
            "The linear layer gets the first maps too, minus the last ones alone",
            ("both are worse", "both are better"),
        ),
    ],
    live=None,
    full=(3_000, 4, 6),
)
def several_sizes(data, n_train, num_epochs, seed):
    """Networks that differ in the middle, between a convolution and a linear layer."""
    data = small(data)
    return {
        name: at_best_rate(
            partial(fresh, partial(with_middle, name), data, seed),
            data, n_train, num_epochs, seed, course=one_cycle
        )
        for name in MIDDLES
    }  # fmt: skip
