"""Claims of chapter 7 on batch norm in small networks: batch size, place, noise."""

from functools import partial

import torch
from torch import nn

from helpers.chapters.batch_normalization.claims.training import (
    RATES,
    conv_net,
    group_norm,
    no_norm,
    trained,
)
from helpers.claims import SAME, difference
from helpers.claims.fair import accuracy_on, fresh, right_on
from helpers.claims.small_images import BATCH_SIZE, small
from helpers.data import Examples
from helpers.models import MLP, BatchNorm, kaiming_init
from helpers.seeds import seeded
from helpers.widgets.predict import claim


def rates_for(batch_size):
    """Begin with a grid in proportion to the batch size; it goes on where it must."""
    return tuple(lr * batch_size / BATCH_SIZE for lr in RATES)


def kaiming_net(make, *arguments, **settings):
    """Make a network with Kaiming's first weights, with norm and without alike."""
    return make(*arguments, **settings).apply(kaiming_init)


def mlp(norm, num_inputs, num_outputs, **settings):
    """Two hidden layers of 64 ReLU units."""
    return MLP((64, 64), num_inputs, num_outputs, norm=norm, **settings)


# -- batch size ----------------------------------------------------------------------

SIZES = (2, 4, 8, 32, 128)
NETS = {
    "conv, no norm": partial(conv_net, no_norm),
    "conv, batch norm": partial(conv_net, nn.BatchNorm2d),
    "conv, group norm": partial(conv_net, group_norm),
    "MLP, no norm": partial(mlp, None),
    "MLP, batch norm": partial(mlp, BatchNorm),
    "MLP, group norm": partial(mlp, group_norm),
}


def sizes(net, large, little, quantity):
    """Ask whether one batch size is better than another with batch norm."""
    first, second = f"{net}, batch norm, {large}", f"{net}, batch norm, {little}"
    answers = {
        f"batches of {large} are worse": -0.01,
        SAME: 0.01,
        f"batches of {large} are better": None,
    }
    return difference(first, second, answers, quantity)


def norms(net, first, second, size, quantity):
    """Ask whether one norm is better than another at a batch size."""
    answers = {f"{first} is worse": -0.01, SAME: 0.01, f"{first} is better": None}
    return difference(
        f"{net}, {first}, {size}", f"{net}, {second}, {size}", answers, quantity
    )


BATCH, NONE, GROUP = "batch norm", "no norm", "group norm"


@claim(
    "Batch normalization needs large batches; the larger, the better.",
    sizes("conv", 128, 8, "Test accuracy, batches of 128 minus 8, convolutions"),
    true="batches of 128 are better",
    also=[
        sizes("MLP", 128, 8, "Batches of 128 minus 8, MLP"),
        sizes("MLP", 8, 2, "Batches of 8 minus 2, MLP"),
        norms(
            "conv", BATCH, NONE, 2, "Batch norm minus none, batches of 2, convolutions"
        ),
        norms("MLP", BATCH, NONE, 2, "Batch norm minus none, batches of 2, MLP"),
        norms("MLP", BATCH, NONE, 128, "Batch norm minus none, batches of 128, MLP"),
        norms("MLP", GROUP, BATCH, 2, "Group norm minus batch norm, batches of 2, MLP"),
    ],
    live=None,
    full=(1_000, 4, 5),
)
def small_batches(data, n_train, num_epochs, seed):
    """Two convolutions and an MLP at five batch sizes, each with its best rate.

    All make the same number of passes, and so more steps the smaller the batch is.
    """
    data, results = small(data), {}
    images = data.train.take(n_train)
    for name, make in NETS.items():
        make_net = partial(fresh, partial(kaiming_net, make), data, seed)
        for size in SIZES:
            net = trained(make_net, images, data, num_epochs, seed, rates_for(size),
                          batch_size=size)  # fmt: skip
            results[f"{name}, {size}"] = {"test accuracy": right_on(net, data.test)}
    return results


# -- before or after the activation --------------------------------------------------


def deep_mlp(norm_first, num_inputs, num_outputs):
    """Five hidden layers of 64 ReLU units, the norm before or behind each ReLU."""
    layers, n_in = [nn.Flatten()], num_inputs
    for _ in range(5):
        norm_relu = [BatchNorm(64), nn.ReLU()]
        layers += [nn.Linear(n_in, 64), *(norm_relu if norm_first else norm_relu[::-1])]
        n_in = 64
    return nn.Sequential(*layers, nn.Linear(n_in, num_outputs))


PLACE = {"before is worse": -0.01, SAME: 0.01, "before is better": None}
PLACED = {
    "convolutions, {}": lambda first: partial(
        conv_net, nn.BatchNorm2d, norm_first=first
    ),
    "MLP, {}": lambda first: partial(deep_mlp, first),
}


@claim(
    "Batch normalization belongs before the activation.",
    difference(
        "convolutions, before",
        "convolutions, behind",
        PLACE,
        "Test accuracy, before minus behind the ReLU, convolutions",
    ),
    true="before is better",
    also=[
        difference(
            "MLP, before",
            "MLP, behind",
            PLACE,
            "Before minus behind the ReLU, five hidden layers",
        )
    ],
    live=None,
    full=(2_000, 5, 8),
)
def before_or_after(data, n_train, num_epochs, seed):
    """Two networks, each with the norm before every ReLU or behind it."""
    data, results = small(data), {}
    images = data.train.take(n_train)
    for name, make in PLACED.items():
        for place, first in (("before", True), ("behind", False)):
            make_net = partial(fresh, partial(kaiming_net, make(first)), data, seed)
            net = trained(make_net, images, data, num_epochs, seed)
            results[name.format(place)] = {"test accuracy": right_on(net, data.test)}
    return results


# -- regularization ------------------------------------------------------------------

WRONG = 0.3  # share of wrong labels
MANY = 200  # the large batch
GAIN = {"it loses accuracy": -0.01, SAME: 0.01, "it gains accuracy": None}


def noisy(examples, n_train, seed, num_classes):
    """Draw training images by the seed; a share of WRONG gets another class's label."""
    with seeded(seed):
        own = torch.randperm(len(examples))[:n_train]
        shift = torch.randint(1, num_classes, (n_train,))
        wrong = torch.rand(n_train) < WRONG
    y = examples.y[own]
    return Examples(examples.X[own], torch.where(wrong, (y + shift) % num_classes, y))


def gain(first, size, quantity, measure="test accuracy", answers=GAIN):
    """Ask what a net gains over the one without norm at the same batch size."""
    return difference(
        (f"{first}, {size}", measure), (f"no norm, {size}", measure), answers, quantity
    )


@claim(
    "Batch normalization regularizes.",
    gain(
        "batch norm",
        BATCH_SIZE,
        "Test accuracy with 30 % wrong labels, batch norm minus none, batches of 32",
    ),
    true="it gains accuracy",
    also=[
        gain("batch norm", 8, "The same, batches of 8"),
        gain("batch norm", MANY, f"The same, batches of {MANY}"),
        gain("dropout", BATCH_SIZE, "Dropout minus none, batches of 32"),
        gain(
            "batch norm",
            BATCH_SIZE,
            "Training minus test accuracy, batch norm minus none, batches of 32",
            "gap",
            {"the gap is smaller": -0.01, SAME: 0.01, "the gap is larger": None},
        ),
    ],
    live=None,
    full=(1_000, 20, 8),
    anew=("training images", "wrong labels", "first weights", "order", "dropout"),
)
def regularizes(data, n_train, num_epochs, seed):
    """Few images with wrong labels and many passes; each net shows its last weights."""
    data, results = small(data), {}
    images = noisy(data.train, n_train, seed, len(data.classes))
    for name, norm, dropout, batch_sizes in (
        ("no norm", no_norm, 0.0, (8, BATCH_SIZE, MANY)),
        ("batch norm", nn.BatchNorm2d, 0.0, (8, BATCH_SIZE, MANY)),
        ("dropout", no_norm, 0.5, (BATCH_SIZE,)),
    ):
        make = partial(kaiming_net, partial(conv_net, norm), dropout=dropout)
        make_net = partial(fresh, make, data, seed)
        for batch_size in batch_sizes:
            net = trained(make_net, images, data, num_epochs, seed,
                          rates_for(batch_size), batch_size=batch_size)  # fmt: skip
            right = right_on(net, data.test)
            results[f"{name}, {batch_size}"] = {
                "test accuracy": right,
                "gap": accuracy_on(net, images) - right,
            }
    return results
