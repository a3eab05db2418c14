"""Claims of chapter 7 on batch norm in small networks: batch size, place, noise."""

from functools import partial

from torch import nn

from helpers.chapters.batch_normalization.claims.training import (
    RATES,
    ask,
    at_best_rate,
    conv_net,
    group_norm,
    no_norm,
    trained,
)
from helpers.claims.fair import accuracy_on, mislabeled, right_on
from helpers.claims.small_images import BATCH_SIZE, small
from helpers.models import MLP, BatchNorm, kaiming_init
from helpers.widgets.predict import claim


def rates_for(batch_size):
    """Begin with a grid in proportion to the batch size; it goes on where it must."""
    return tuple(lr * batch_size / BATCH_SIZE for lr in RATES)


def kaiming_net(make, *arguments, **settings):
    """Make a network with Kaiming's initial weights, with norm and without alike."""
    return make(*arguments, **settings).apply(kaiming_init)


# -- batch size ----------------------------------------------------------------------

SIZES = (2, 4, 8, 32, 128)
NETS = {
    "conv, no norm": partial(conv_net, no_norm),
    "conv, batch norm": partial(conv_net, nn.BatchNorm2d),
    "conv, group norm": partial(conv_net, group_norm),
    "MLP, no norm": partial(MLP, (64, 64)),
    "MLP, batch norm": partial(MLP, (64, 64), norm=BatchNorm),
    "MLP, group norm": partial(MLP, (64, 64), norm=group_norm),
}


def sizes(net, large, little, quantity):
    """Ask whether one batch size is better than another with batch norm."""
    first, second = f"{net}, batch norm, {large}", f"{net}, batch norm, {little}"
    names = (f"batches of {large} are {than}" for than in ("worse", "better"))
    return ask(first, second, *names, quantity)


def norms(net, first, second, size, quantity):
    """Ask whether one norm is better than another at a batch size."""
    names = (f"{first} is {than}" for than in ("worse", "better"))
    return ask(f"{net}, {first}, {size}", f"{net}, {second}, {size}", *names, quantity)


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
        for size in SIZES:
            results[f"{name}, {size}"] = at_best_rate(
                partial(kaiming_net, make), images, data, num_epochs, seed,
                rates_for(size), batch_size=size
            )  # fmt: skip
    return results


# -- before or behind the activation -------------------------------------------------


def relu_and_norm():
    """A ReLU with batch norm behind it."""
    return nn.Sequential(nn.ReLU(), BatchNorm(64))


DEEP = (64,) * 5  # units of the MLP's hidden layers
PLACES = {
    "convolutions, before": partial(conv_net, nn.BatchNorm2d),
    "convolutions, behind": partial(conv_net, nn.BatchNorm2d, norm_first=False),
    "MLP, before": partial(MLP, DEEP, norm=BatchNorm),
    "MLP, behind": partial(MLP, DEEP, activation=relu_and_norm),
}


def before_minus_behind(net, quantity):
    """Ask which place is better."""
    names = ("before is worse", "before is better")
    return ask(f"{net}, before", f"{net}, behind", *names, quantity)


@claim(
    "Batch normalization belongs before the activation.",
    before_minus_behind(
        "convolutions", "Test accuracy, before minus behind the ReLU, convolutions"
    ),
    true="before is better",
    also=[
        before_minus_behind("MLP", "Before minus behind the ReLU, five hidden layers")
    ],
    live=None,
    full=(2_000, 5, 8),
)
def before_or_after(data, n_train, num_epochs, seed):
    """Two networks, each with the norm before every ReLU or behind it."""
    data = small(data)
    images = data.train.take(n_train)
    return {
        name: at_best_rate(partial(kaiming_net, make), images, data, num_epochs, seed)
        for name, make in PLACES.items()
    }


# -- regularization ------------------------------------------------------------------

WRONG = 0.3  # share of wrong labels
MANY = 200  # the large batch


def gain(first, size, quantity):
    """Ask what a net gains over the one without norm at the same batch size."""
    names = ("it loses accuracy", "it gains accuracy")
    return ask(f"{first}, {size}", f"no norm, {size}", *names, quantity)


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
        ask(
            ("batch norm, 32", "gap"),
            ("no norm, 32", "gap"),
            "the gap is smaller",
            "the gap is larger",
            "Training minus test accuracy, batch norm minus none, batches of 32",
        ),
    ],
    live=None,
    full=(1_000, 20, 8),
    anew=("training images", "wrong labels", "initial weights", "order", "dropout"),
)
def regularizes(data, n_train, num_epochs, seed):
    """Few images with wrong labels and many passes; each net shows its last weights."""
    data, results = small(data), {}
    images = mislabeled(data.train, n_train, WRONG, seed, len(data.classes))
    for name, norm, dropout, batch_sizes in (
        ("no norm", no_norm, 0.0, (8, BATCH_SIZE, MANY)),
        ("batch norm", nn.BatchNorm2d, 0.0, (8, BATCH_SIZE, MANY)),
        ("dropout", no_norm, 0.5, (BATCH_SIZE,)),
    ):
        make = partial(kaiming_net, partial(conv_net, norm, dropout=dropout))
        for size in batch_sizes:
            net = trained(make, images, data, num_epochs, seed, rates_for(size),
                          batch_size=size)  # fmt: skip
            right = right_on(net, data.test)
            gap = accuracy_on(net, images) - right
            results[f"{name}, {size}"] = {"test accuracy": right, "gap": gap}
    return results
