"""Claims of chapter 5 on where something stands in a picture."""

import math
from dataclasses import replace
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from helpers.chapters.convolution.claims.training import conv_net, put
from helpers.claims import difference, level
from helpers.claims.fair import right_on
from helpers.claims.small_images import halved, train_net
from helpers.models import MLP
from helpers.seeds import seeded
from helpers.widgets.predict import claim

# -- moved images --------------------------------------------------------------------

SIDE, MOVE = 22, 3  # pixels of the empty picture, and of a move
HEADS = {  # behind two blocks of convolution and max pooling; the MLP has none
    "MLP": partial(MLP, (21,)),
    "flatten": partial(conv_net, head="flatten"),
    "global max": partial(conv_net, head="max"),
    "global average": partial(conv_net, head="average"),
    "flatten, trained on moved images": partial(conv_net, head="flatten"),
}
LOSS = {
    "it loses 10 points or more": -0.1,
    "it loses 1 to 10 points": -0.01,
    "it loses less than a point": None,
}


def off_center(X):
    """Whole pixels from the center to an image's center of mass, (n, 2) of -1, 0, 1."""
    h, w = X.shape[-2:]
    ink = X[:, 0] / X.sum((1, 2, 3)).clamp(min=1e-6)[:, None, None]  # sums to 1
    row = (ink.sum(2) * torch.arange(h)).sum(1) - (h - 1) / 2
    column = (ink.sum(1) * torch.arange(w)).sum(1) - (w - 1) / 2
    return torch.stack([row, column], 1).round().clamp(-1, 1).long()


def moved(examples, moves):
    """Shrink images, center them on a picture of SIDE pixels, and move them.

    Parameters
    ----------
    examples : of 28 x 28 pixels.
    moves : (n, 2) int64, pixels down and to the right; at most 3 to each side, which
        cuts off nothing.
    """
    X = halved(examples.X)
    corner = (SIDE - X.shape[-1]) // 2 - off_center(X) + moves
    return replace(examples, X=put(X, *corner.T, SIDE))


def one_way(n, far, seed):
    """Moves of one length, each up, down, left or right at random, (n, 2)."""
    ways = torch.tensor([[-1, 0], [1, 0], [0, -1], [0, 1]])
    way = torch.randint(4, (n,), generator=torch.Generator().manual_seed(seed))
    return far * ways[way]


def anywhere(n, far, seed):
    """Moves of 0 to `far` pixels in both directions, (n, 2)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-far, far + 1, (n, 2), generator=generator)


def when_moved(quantity, name):
    """Ask what a network loses where the images are moved."""
    return difference((name, "moved"), (name, "centered"), LOSS, quantity)


@claim(
    "A convolutional network, trained on images in the center of the picture, "
    "recognizes them wherever they stand.",
    when_moved(
        "Test accuracy behind a flatten layer, moved by 3 of 22 pixels minus centered",
        "flatten",
    ),
    true="it loses less than a point",
    also=[
        when_moved("The same, an MLP with as many parameters", "MLP"),
        when_moved("The same, behind global max pooling", "global max"),
        when_moved("The same, behind global average pooling", "global average"),
        when_moved(
            "The same, behind a flatten layer, trained on moved images",
            "flatten, trained on moved images",
        ),
    ],
    live=(1_000, 3, 3),
    full=(6_000, 4, 6),
    anew=("initial weights", "order", "moves"),
)
def moved_digits(data, n_train, num_epochs, seed):
    """Train on centered images, measure on moved ones; each network at one rate.

    Each network is compared with itself, so one rate for all favors none.
    """
    images, n_test = data.train.take(n_train), len(data.test)
    tests = {
        "centered": moved(data.test, one_way(n_test, 0, seed)),
        "moved": moved(data.test, one_way(n_test, MOVE, seed)),
    }
    centered = moved(images, one_way(n_train, 0, seed))
    scattered = moved(images, anywhere(n_train, MOVE, seed))
    results = {}
    for name, make_net in HEADS.items():
        with seeded(seed):
            net = make_net(num_inputs=SIDE**2, num_outputs=len(data.classes))
        seen = scattered if name.endswith("moved images") else centered
        train_net(net, seen, num_epochs, 0.01, seed)
        results[name] = {m: right_on(net, test) for m, test in tests.items()}
    return results


# -- position ------------------------------------------------------------------------

ROOM, DEPTH = 16, 6  # pixels of the picture; convolutions
LEFT = {
    "it is lost, R² below 0.1": 0.1,
    "less than half of it is left": 0.5,
    "half of it or more is left": None,
}


def somewhere(examples, seed):
    """Shrink images to 7 x 7 pixels and put each at a random place of a picture.

    Returns
    -------
    X (n, 1, ROOM, ROOM) and the row and column of each, (n, 2) float64 with mean 0 and
    standard deviation 1 over all places.
    """
    X = F.avg_pool2d(halved(examples.X), 2)
    most = ROOM - X.shape[-1]
    generator = torch.Generator().manual_seed(seed)
    place = torch.randint(0, most + 1, (len(X), 2), generator=generator)
    sd = math.sqrt(((most + 1) ** 2 - 1) / 12)  # of a uniform number 0, ..., most
    return put(X, *place.T, ROOM), (place.double() - most / 2) / sd


def untrained(depth, padding_mode, seed, channels=16):
    """3x3 convolutions with ReLU that keep the size, with Kaiming's initial weights."""
    layers = []
    with seeded(seed):
        for c_in in (1, *[channels] * (depth - 1)):
            layer = nn.Conv2d(c_in, channels, 3, padding=1, padding_mode=padding_mode)
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
            layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers)


@torch.no_grad()
def maps_of(net, X):
    """Feature maps (n, c, h, w), computed batch by batch."""
    return torch.cat([net(batch) for batch in X.split(500)])


def explained(features, places):
    """How much of the places least squares finds in the features.

    Parameters
    ----------
    features, places : (train, test), of (n, d) and (n, 2) float64 with unit variance.

    Returns
    -------
    (n_test,), the mean of which is R²: 1 where a place is found exactly, 0 on average
    where all are guessed to be in the center.
    """
    mean, sd = features[0].mean(0), features[0].std(0)
    sd = sd.clamp(min=0.01)  # some features are never on, or hardly ever
    A, B = (F.pad((f.double() - mean) / sd, (0, 1), value=1.0) for f in features)
    gram = A.T @ A + 1e-6 * len(A) * torch.eye(A.shape[1], dtype=A.dtype)
    W = torch.linalg.solve(gram, A.T @ places[0])
    return 1 - (places[1] - B @ W).square().mean(1)


READ = {  # what is read off feature maps (n, c, h, w)
    "means of 4x4": lambda maps: F.avg_pool2d(maps, 4).flatten(1),
    "mean": lambda maps: maps.mean((2, 3)),
    "max": lambda maps: maps.amax((2, 3)),
}


def position(quantity, configuration):
    """Ask how much of the position is left."""
    return level(quantity, configuration, LEFT)


@claim(
    "Convolution keeps where an image stands; averaging each feature map over the "
    "whole picture loses it.",
    position(
        "R² of row and column from averaged maps, six convolutions with zero padding",
        f"{DEPTH}, zeros, mean",
    ),
    true="it is lost, R² below 0.1",
    also=[
        position(
            "The same from means over 4 x 4 pixels, one convolution",
            "1, zeros, means of 4x4",
        ),
        position(
            "The same from averaged maps, six with circular padding",
            f"{DEPTH}, circular, mean",
        ),
    ],
    live=(2_000, 1, 3),
    full=(5_000, 1, 10),
    anew=("weights", "positions"),
)
def where_it_is(data, n_train, num_epochs, seed):
    """Read the position off feature maps by least squares; the weights are untrained.

    Nothing passes over the images repeatedly, so `num_epochs` stays unused.
    """
    (X, places), (X_test, places_test) = (
        somewhere(part, 2 * seed + k)
        for k, part in enumerate((data.train.take(n_train), data.test))
    )
    results = {}
    for depth, padding, reads in (
        (1, "zeros", ("means of 4x4", "mean")),
        (DEPTH, "zeros", ("mean", "max")),
        (DEPTH, "circular", ("mean",)),
    ):
        net = untrained(depth, padding, seed)
        maps = maps_of(net, X), maps_of(net, X_test)
        for read in reads:
            features = [READ[read](m) for m in maps]
            results[f"{depth}, {padding}, {read}"] = {
                "R²": explained(features, (places, places_test))
            }
    return results
