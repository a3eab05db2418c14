"""Claims of chapter 8 on depth: degradation, and skips without normalization."""

from functools import partial

from torch import nn

from helpers.chapters.residual_networks.claims.training import (
    BETTER,
    ask,
    judged,
    over_rates,
    shrunk,
    train_net,
)
from helpers.claims import SAME, difference
from helpers.claims.fair import fresh
from helpers.models import BatchNorm, Residual, ResNet, kaiming_init
from helpers.widgets.predict import claim

# Of rates between 0.01 and 0.3, about three times as large as the one before, the one
# that is best on the validation images of both sets together, with a seed that is not
# among the reported ones. A grid for each seed would take three times as long.
RATES = {
    ("plain", 8): 0.1,
    ("plain", 20): 0.03,
    ("plain", 44): 0.03,
    ("residual", 8): 0.1,
    ("residual", 20): 0.03,
    ("residual", 44): 0.03,
}


def resnet(depth, num_inputs, num_outputs, norm=BatchNorm, skip=1.0, init=None):
    """A small ResNet of so many layers; with skip=0 the plain network."""
    num_blocks = (depth - 2) // 6
    net = ResNet((num_blocks,) * 3, (8, 16, 32), norm=norm, skip=skip,
                 num_outputs=num_outputs)  # fmt: skip
    return init(net) if init else net


# -- degradation ---------------------------------------------------------------------

FITS = {"it fits them worse": -0.01, SAME: 0.01, "it fits them better": None}


def of_training(kind, quantity):
    """Ask how much better the deepest network fits the training images."""
    deep, shallow = (
        (f"{kind}, {depth} layers", "training accuracy") for depth in (44, 8)
    )
    return difference(deep, shallow, FITS, quantity)


def of_test(kind, quantity):
    """Ask how much better the deepest network is on new images."""
    return ask(f"{kind}, 44 layers", f"{kind}, 8 layers", quantity)


@claim(
    "When a deeper network does worse on new images, it overfits.",
    of_training("plain", "Training accuracy, 44 layers minus 8, plain"),
    true=[SAME, "it fits them better"],
    also=[
        of_training("residual", "Training accuracy, 44 layers minus 8, residual"),
        of_test("plain", "Test accuracy, 44 layers minus 8, plain"),
        of_test("residual", "Test accuracy, 44 layers minus 8, residual"),
        difference(
            "residual, 44 layers",
            "plain, 44 layers",
            BETTER,
            "Test accuracy, 44 layers, residual minus plain",
        ),
    ],
    live=None,
    full=(2_000, 6, 5),
)
def degradation(data, n_train, num_epochs, seed):
    """Plain and residual networks of three depths, with batch norm, at rates of theirs.

    Judged on the training images in evaluation mode, and on the test images.
    """
    data, results = shrunk(data), {}
    images = data.train.take(n_train)
    for (kind, depth), lr in RATES.items():
        skip = 1.0 if kind == "residual" else 0.0
        net = fresh(partial(resnet, depth, skip=skip), data, seed)
        train_net(net, images, num_epochs, lr, seed)
        results[f"{kind}, {depth} layers"] = judged(net, images, data)
    return results


# -- skips without normalization -----------------------------------------------------


def kaiming_from_zero(net):
    """Draw Kaiming's weights; the last convolution of each block begins at 0.

    So a block without norm hands on its input at the start, however many there are.
    Source: Zhang et al. 2019, Fixup initialization, whose scales this leaves out.
    """
    for module in net.apply(kaiming_init).modules():
        if isinstance(module, Residual):
            nn.init.zeros_(module.conv2.weight)
    return net


GRID = (0.03, 0.1, 0.3)  # of the networks without norm
WAYS = {
    "batch norm": {},
    "no norm": {"norm": None},
    "no norm, blocks begin at 0": {"norm": None, "init": kaiming_from_zero},
}


def against_norm(way, depth, quantity):
    """Ask how much better a network without norm is than one with batch norm."""
    return ask(f"{way}, {depth} layers", f"batch norm, {depth} layers", quantity)


@claim(
    "The skips alone are enough: with them a deep network trains without "
    "normalization.",
    against_norm("no norm", 20, "Test accuracy, no norm minus batch norm, 20 layers"),
    true=[SAME, "it is better"],
    also=[
        against_norm("no norm", 8, "No norm minus batch norm, 8 layers"),
        against_norm(
            "no norm, blocks begin at 0",
            20,
            "No norm minus batch norm, blocks begin at 0, 20 layers",
        ),
        ask(
            "no norm, blocks begin at 0, 20 layers",
            "no norm, 20 layers",
            "What it changes that blocks begin at 0, no norm, 20 layers",
        ),
    ],
    live=None,
    full=(2_000, 6, 5),
)
def skips_alone(data, n_train, num_epochs, seed):
    """Residual networks; those without norm are each at the best rate of its grid.

    With batch norm they have the rates of `degradation`. Where training blows up, the
    logits are no numbers, and the accuracy is that of chance.
    """
    data, results = shrunk(data), {}
    images = data.train.take(n_train)
    for depth in (8, 20):
        for way, settings in WAYS.items():
            make = partial(resnet, depth, **settings)
            if settings:
                best, nets = over_rates(make, images, data, num_epochs, seed, GRID)
                net = nets[best]
            else:
                lr = RATES["residual", depth]
                net = train_net(fresh(make, data, seed), images, num_epochs, lr, seed)
            results[f"{way}, {depth} layers"] = judged(net, images, data)
    return results
