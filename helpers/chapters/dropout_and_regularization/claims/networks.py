"""Claims of chapter 4 whose experiments train networks on images.

Each configuration trains with the rates of a grid and shows its best, chosen together
with the number of epochs on the validation images: with dropout a network learns more
slowly, overfits later and bears smaller rates only, so that one rate and one number of
epochs for all would favor a configuration.
"""

from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from helpers.claims import SAME, difference, level
from helpers.claims.fair import accuracy_on, best_rate, fresh, logits_of
from helpers.data import Examples
from helpers.models import MLP
from helpers.training import fit
from helpers.training.history import Epoch
from helpers.widgets.predict import claim

WRONG = 0.3  # share of wrong labels, where there are any
RATES = (0.03, 0.1)  # with momentum 0.9 and batches of 100
CONSTANTS = (0.001, 0.01)  # with 0.1 nothing is learned
ANEW = ("training images", "initial weights", "order")
GAIN = {"it loses": -0.01, SAME: 0.01, "it gains": None}


def draw(examples, n_train, seed, num_classes, wrong=0.0):
    """Draw training images by the seed; give a share of them another class's label."""
    generator = torch.Generator().manual_seed(seed)
    own = torch.randperm(len(examples), generator=generator)[:n_train]
    y = examples.y[own]
    shift = torch.randint(1, num_classes, y.shape, generator=generator)
    chosen = torch.rand(y.shape, generator=generator) < wrong
    return Examples(examples.X[own], torch.where(chosen, (y + shift) % num_classes, y))


def trained(make_net, images, data, seed, num_epochs, **options):
    """Train with several rates; keep the weights of the best rate and epoch, of five.

    ``options`` of `fit`, such as another loss or weight decay.

    Returns
    -------
    The network, and its accuracy on the validation images that chose it.
    """
    val, step = data.val.take(1000), max(1, num_epochs // 5)

    def train_at(rates):
        return {lr: best_epoch(lr) for lr in rates}

    def best_epoch(lr):
        net, best, kept = make_net(), -1.0, {}
        for record in fit(net, images, num_epochs=num_epochs, seed=seed, lr=lr,
                          momentum=0.9, batch_size=100, **options):  # fmt: skip
            if isinstance(record, Epoch) and record.epoch % step == 0:
                right = accuracy_on(net, val)
                if right > best:
                    best = right
                    kept = {k: v.clone() for k, v in net.state_dict().items()}
        net.load_state_dict(kept)
        return net, best

    lr, found = best_rate(train_at, RATES, lambda pair: pair[1])
    return found[lr]


def measures(net, examples):
    """What is measured on each of n images; confidence is the largest probability."""
    logits = logits_of(net, examples.X)
    return {
        "test accuracy": (logits.argmax(1) == examples.y).double(),
        "test loss": F.cross_entropy(logits, examples.y, reduction="none"),
        "confidence": F.softmax(logits, 1).amax(1),
    }


# -- 64 units, or 128 of which half are dropped ---------------------------------------

WIDTHS = {"64": (64, 0.0), "128": (128, 0.0), "128, dropout": (128, 0.5)}


@claim(
    "128 hidden units with dropout 0.5 are more accurate than 64 without.",
    difference("128, dropout", "64", GAIN, "Test accuracy, 128 with dropout minus 64"),
    true="it gains",
    also=[
        difference(
            "128, dropout, wrong labels",
            "64, wrong labels",
            GAIN,
            "The same with 30 % wrong labels",
        ),
        difference(
            "128, dropout, a fifth of the images", "64, a fifth of the images", GAIN
        ),
        difference("128", "64", GAIN, "Test accuracy, 128 without dropout minus 64"),
    ],
    live=(300, 15, 3),
    full=(2_000, 40, 6),
    anew=ANEW,
)
def double_width(data, n_train, num_epochs, seed):
    """Three networks on few and many images, with right and with wrong labels."""
    results = {}
    for n, wrong, ending in (
        (n_train, 0.0, ""),
        (n_train, WRONG, ", wrong labels"),
        (n_train // 5, 0.0, ", a fifth of the images"),
    ):
        images = draw(data.train, n, seed, len(data.classes), wrong)
        for name, (num_hiddens, dropout) in WIDTHS.items():
            if name == "128" and ending:  # what the width alone does is asked once
                continue
            # as many updates on few images as on many
            epochs = num_epochs * n_train // n
            make_net = partial(fresh, MLP, data, seed, num_hiddens=(num_hiddens,),
                               dropout=dropout)  # fmt: skip
            net, _ = trained(make_net, images, data, seed, epochs)
            results[name + ending] = measures(net, data.test)
    return results


# -- a small network, or a large one that is regularized -----------------------------

MANY_WRONG = 0.4
UNITS = {"8": 8, "64": 64, "256": 256, "1024": 1024}
DOSES = {  # dropout, weight decay
    "none": (0.0, 0.0),
    "decay 0.003": (0.0, 0.003),
    "decay 0.01": (0.0, 0.01),
    "dropout 0.5": (0.5, 0.0),
}


@claim(
    "On wrong labels a wide network is more accurate than a narrow one, each with its "
    "own best dose of regularization.",
    difference(
        "1024, best dose", "64, best dose", GAIN, "Test accuracy, 1,024 units minus 64"
    ),
    true="it gains",
    also=[
        difference("64, best dose", "8, best dose", GAIN, "The same, 64 minus 8"),
        difference("256, best dose", "64, best dose", GAIN, "The same, 256 minus 64"),
        difference(
            "1024, best dose",
            "1024, no dose",
            GAIN,
            "1,024 units, best dose minus early stopping alone",
        ),
        difference(
            "1024, no dose", "8, best dose", GAIN, "1,024 without a dose minus 8 with"
        ),
    ],
    live=None,  # 16 networks of up to 1,024 units, each with two rates or more
    full=(2_000, 30, 5),
    anew=ANEW,
)
def wide_and_regularized(data, n_train, num_epochs, seed):
    """Four widths, 40 % wrong labels: without a dose, and with the best one on val.

    Every network keeps its best epoch, so that none at all is early stopping alone.
    """
    images = draw(data.train, n_train, seed, len(data.classes), MANY_WRONG)
    results = {}
    for width, num_hiddens in UNITS.items():
        found = {}
        for name, (dropout, decay) in DOSES.items():
            make_net = partial(fresh, MLP, data, seed, num_hiddens=(num_hiddens,),
                               dropout=dropout)  # fmt: skip
            found[name] = trained(make_net, images, data, seed, num_epochs,
                                  weight_decay=decay)  # fmt: skip
        best = max(found, key=lambda name: found[name][1])
        for name, dose in (("no dose", "none"), ("best dose", best)):
            results[f"{width}, {name}"] = measures(found[dose][0], data.test)
    return results


# -- constant weights and dropout -----------------------------------------------------

AS_GOOD = {
    "constant weights end lower": -0.01,
    SAME: 0.01,
    "constant weights end higher": None,
}
PARTED = {"all units are the same": 0.01, "the units have parted": None}


@torch.no_grad()
def constant(make_net, value):
    """Make a network whose weights all have one value, and whose biases are 0."""
    net = make_net()
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.constant_(layer.weight, value)
            nn.init.zeros_(layer.bias)
    return net


@torch.no_grad()
def difference_of_units(net):
    """How far the first layer's units lie from their mean, relative to its length.

    0 if the weights of all units are the same.
    """
    W = net[1].weight  # (num_hiddens, d)
    mean = W.mean(0)
    return ((W - mean).norm(dim=1).mean() / mean.norm()).item()


@claim(
    "With dropout, a network of two hidden layers whose weights all start equal learns "
    "as well as one with random initial weights.",
    difference(
        "constant, two layers, dropout",
        "random, two layers, dropout",
        AS_GOOD,
        "Test accuracy, constant minus random initial weights, two layers, dropout",
    ),
    true=[SAME, "constant weights end higher"],
    also=[
        difference(
            "constant, one layer, dropout", "random, one layer, dropout", AS_GOOD
        ),
        difference("constant, one layer", "random, one layer", AS_GOOD),
        level(
            "How far units differ, constant initial weights, one layer, dropout",
            ("constant, one layer, dropout", "difference of units"),
            PARTED,
        ),
        level(
            "The same without dropout",
            ("constant, one layer", "difference of units"),
            PARTED,
        ),
    ],
    live=(400, 10, 3),
    full=(1_000, 50, 6),
    anew=ANEW,
)
def dropout_symmetry(data, n_train, num_epochs, seed):
    """Random and constant initial weights; one and two layers; without, with dropout.

    Of two constants the one is reported that is best on the validation images.
    """
    images, results = draw(data.train, n_train, seed, len(data.classes)), {}
    for num_hiddens, dropout, name in (
        ((64,), 0.0, "one layer"),
        ((64,), 0.5, "one layer, dropout"),
        ((64, 64), 0.5, "two layers, dropout"),
    ):
        random = partial(fresh, MLP, data, seed, num_hiddens=num_hiddens,
                         dropout=dropout)  # fmt: skip
        first, *others = (
            trained(make_net, images, data, seed, num_epochs)
            for make_net in (random, *(partial(constant, random, c) for c in CONSTANTS))
        )
        best = max(others, key=lambda found: found[1])
        for start, (net, _) in (("random", first), ("constant", best)):
            results[f"{start}, {name}"] = measures(net, data.test) | {
                "difference of units": difference_of_units(net)
            }
    return results


# -- label smoothing ------------------------------------------------------------------


def overconfidence(quantity, configuration):
    """Ask whether a network is surer of its answers than they are right."""
    return difference(
        (configuration, "confidence"),
        (configuration, "test accuracy"),
        {
            "less sure than right": -0.01,
            "as sure as right": 0.01,
            "surer than right": None,
        },
        quantity,
    )


@claim(
    "Label smoothing of 0.1 makes a network more accurate on new images.",
    difference(
        "smoothing 0.1, right labels",
        "smoothing 0.0, right labels",
        GAIN,
        "Test accuracy, smoothing 0.1 minus none",
    ),
    true="it gains",
    also=[
        difference(
            "smoothing 0.1, wrong labels",
            "smoothing 0.0, wrong labels",
            GAIN,
            "The same with 30 % wrong labels",
        ),
        overconfidence(
            "Mean largest probability minus accuracy, no smoothing",
            "smoothing 0.0, right labels",
        ),
        overconfidence("The same, smoothing 0.1", "smoothing 0.1, right labels"),
    ],
    live=(500, 8, 4),
    full=(2_000, 40, 8),
    anew=ANEW,
)
def label_smoothing(data, n_train, num_epochs, seed):
    """Train with right and with wrong labels, smoothed by 0.1 or not."""
    make_net, results = partial(fresh, MLP, data, seed, num_hiddens=(128,)), {}
    for wrong, labels in ((0.0, "right labels"), (WRONG, "wrong labels")):
        images = draw(data.train, n_train, seed, len(data.classes), wrong)
        for smoothing in (0.0, 0.1):
            loss = partial(F.cross_entropy, label_smoothing=smoothing)
            net, _ = trained(make_net, images, data, seed, num_epochs, loss=loss)
            results[f"smoothing {smoothing}, {labels}"] = measures(net, data.test)
    return results
