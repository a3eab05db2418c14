"""Claims of chapter 5 on the layers: small kernels, kinds of pooling, stride."""

import math
from functools import partial

import torch
from torch import nn

from helpers.chapters.convolution.claims.training import conv_net, kaiming, put
from helpers.claims import SAME, difference
from helpers.claims.fair import fresh
from helpers.claims.small_images import at_best_rate, small
from helpers.data import Examples, ImageData
from helpers.widgets.predict import claim

# -- two small kernels or a large one ------------------------------------------------

BLOCKS = {  # kernel sizes of the convolutions between the first one and the head
    "one 5x5": (5,),
    "two 3x3": (3, 3),
    "one 3x3": (3,),
}
WIDTH = 16  # channels


def with_block(kernels, num_inputs, num_outputs):
    """A 3x3 convolution and max pooling, the block and max pooling, a linear layer."""
    layers = [nn.Conv2d(1, WIDTH, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    for k in kernels:
        layers += [nn.Conv2d(WIDTH, WIDTH, k, padding=k // 2), nn.ReLU()]
    values = WIDTH * (math.isqrt(num_inputs) // 4) ** 2
    head = [nn.MaxPool2d(2), nn.Flatten(), nn.Linear(values, num_outputs)]
    return nn.Sequential(*layers, *head).apply(kaiming)


@claim(
    "Two 3 × 3 convolutions do what one of 5 × 5 does, with 28 % fewer weights.",
    difference(
        "two 3x3",
        "one 5x5",
        {"two 3 × 3 do worse": -0.01, SAME: 0.01, "two 3 × 3 do better": None},
        "Test accuracy, two 3 × 3 minus one 5 × 5",
    ),
    true=[SAME, "two 3 × 3 do better"],
    also=[
        difference(
            "one 3x3",
            "one 5x5",
            {"one 3 × 3 does worse": -0.01, SAME: 0.01, "one 3 × 3 does better": None},
            "One 3 × 3 minus one 5 × 5",
        ),
    ],
    live=None,  # in 8 s the seeds differ by 4 points: too many to see one
    full=(6_000, 4, 6),
)
def two_small_kernels(data, n_train, num_epochs, seed):
    """Train networks that differ in one block, 16 channels into 16."""
    data = small(data)
    return {
        name: at_best_rate(
            partial(fresh, partial(with_block, kernels), data, seed),
            data, n_train, num_epochs, seed
        )
        for name, kernels in BLOCKS.items()
    }  # fmt: skip


# -- max or mean ---------------------------------------------------------------------

PATTERN = torch.tensor([[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0], [1.0, -1.0, 1.0]])


def two_classes(name, classes, draw):
    """Images of 16 x 16 pixels that a function of (labels, generator) draws."""

    def part(n, seed):
        y = torch.arange(n) % 2
        return Examples(draw(y, torch.Generator().manual_seed(seed)), y)

    return ImageData(name, classes, part(12_000, 0), part(2_000, 1), part(10_000, 2))


def patterns():
    """Noise; in every second image a checkered pattern of 3 x 3 pixels somewhere."""

    def draw(y, generator):
        X = torch.randn(len(y), 1, 16, 16, generator=generator)
        top, left = torch.randint(0, 14, (2, len(y)), generator=generator)
        pattern = 1.5 * PATTERN * y[:, None, None, None]
        return X + put(pattern, top, left, 16)

    return two_classes("patterns", ("noise", "pattern"), draw)


def densities():
    """Dots at random places: on 10 % of the pixels, or on 14 % of them."""

    def draw(y, generator):
        share = torch.where(y == 1, 0.14, 0.10)[:, None, None, None]
        return (torch.rand(len(y), 1, 16, 16, generator=generator) < share).float()

    return two_classes("densities", ("sparse", "dense"), draw)


MAX = {"max is worse": -0.01, SAME: 0.01, "max is better": None}


@claim(
    "Max pooling is better than mean pooling.",
    difference(
        "max, global as well",
        "mean, global as well",
        MAX,
        "Test accuracy, max minus mean, in the blocks and behind them",
    ),
    true="max is better",
    also=[
        difference(
            "max, then flatten",
            "mean, then flatten",
            MAX,
            "The same in the blocks alone, with a flatten layer behind them",
        )
    ],
    live=(1_000, 3, 3),
    full=(4_000, 3, 5),
    sets={"patterns": patterns, "densities": densities},
)
def max_or_mean(data, n_train, num_epochs, seed):
    """Two blocks with either pooling; behind them the same over whole maps, or none."""
    data, results = small(data), {}
    for name, pooling in (("max", "max"), ("mean", "average")):
        for ending, head in (("global as well", pooling), ("then flatten", "flatten")):
            make_net = partial(fresh, conv_net, data, seed, pooling=pooling, head=head)
            results[f"{name}, {ending}"] = at_best_rate(
                make_net, data, n_train, num_epochs, seed
            )
    return results


# -- stride instead of pooling -------------------------------------------------------


def pooled_by_convolution(**shape):
    """A ConvNet with a further convolution of stride 2 in the place of each pooling.

    Source: Springenberg et al. 2015, Striving for simplicity.
    """
    net = conv_net(**shape)
    for k, layer in enumerate(net.features):
        if isinstance(layer, nn.MaxPool2d):
            c = net.features[k - 2].out_channels
            net.features[k] = nn.Sequential(
                nn.Conv2d(c, c, 3, stride=2, padding=1), nn.ReLU()
            )
    return net.apply(kaiming)


SMALLER = {  # what halves height and width
    "max pooling": conv_net,
    "average pooling": partial(conv_net, pooling="average"),
    "stride": partial(conv_net, pooling="stride"),
    "a further convolution": pooled_by_convolution,
}
LOST = {"something is lost": -0.01, SAME: 0.01, "something is gained": None}


@claim(
    "Where the convolutions take steps of two pixels, pooling can be left out, and "
    "nothing is lost.",
    difference(
        "stride", "max pooling", LOST, "Test accuracy, stride 2 minus max pooling"
    ),
    true=[SAME, "something is gained"],
    also=[
        difference(
            "stride",
            "average pooling",
            LOST,
            "Test accuracy, stride 2 minus average pooling",
        ),
        difference(
            "a further convolution",
            "max pooling",
            LOST,
            "A further convolution of stride 2 minus max pooling",
        ),
    ],
    live=(1_500, 2, 3),
    full=(4_000, 4, 6),
)
def stride_for_pooling(data, n_train, num_epochs, seed):
    """Two blocks and a flatten layer; what halves the feature maps differs."""
    data = small(data)
    return {
        name: at_best_rate(
            partial(fresh, net, data, seed), data, n_train, num_epochs, seed
        )
        for name, net in SMALLER.items()
    }
