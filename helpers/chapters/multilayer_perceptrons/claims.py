"""Claims of chapter 3, multilayer perceptrons: each an experiment and its question.

An experiment is a function of the data, the number of training images, the number of
passes over them, and a seed, which the configurations share: it draws initial
weights and order, while the training images stay the same. Unless a claim is about
the rate, each configuration trains with the rates of a grid and shows the network that
is best on the validation images, measured on the test images. Cuts were fixed before
any run: a difference counts from one percentage point on, among learning rates from
half a decade on.
"""

import math
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from helpers.claims import SAME, difference, level
from helpers.claims.fair import accuracy_on, best_on_val, fresh, right_on
from helpers.data import minibatches
from helpers.models import MLP
from helpers.widgets.predict import claim

RATES = (0.1, 0.3, 1.0)
BATCH_SIZE = 64
IN_ACCURACY = "difference in test accuracy"


def kaiming(weight, draw=nn.init.kaiming_uniform_):
    """Draw weights of variance 2 / fan_in, which fits ReLU."""
    draw(weight, nonlinearity="relu")


def new_net(data, seed, num_hiddens, activation=nn.ReLU, init=kaiming):
    """An MLP for the data whose weights ``init`` draws; the biases start at 0."""

    def begin(layer):
        if isinstance(layer, nn.Linear):
            init(layer.weight)
            nn.init.zeros_(layer.bias)

    return fresh(MLP, data, seed, num_hiddens=num_hiddens, activation=activation,
                 init=begin)  # fmt: skip


def train_side_by_side(nets, rates, images, num_epochs, seed):
    """Train MLPs of one shape on the same batches, each with a rate of its own.

    The same as to train them one after the other by SGD with a rate that falls to 0
    along a cosine, so that the last step's noise does not decide. Stacked into one
    tensor for each layer, networks of this size take about half the time (measured: 3
    or 15 networks of 64 and 64 units); no gradient of one reaches another.
    """
    layers = zip(*([m for m in net if isinstance(m, nn.Linear)] for net in nets),
                 strict=True)  # fmt: skip
    stacks = [  # W (R, d, h) and b (R, 1, h) of each layer
        [torch.stack([m.weight.detach().T for m in same]).requires_grad_(),
         torch.stack([m.bias.detach()[None] for m in same]).requires_grad_()]
        for same in layers
    ]  # fmt: skip
    parameters = [p for stack in stacks for p in stack]
    activation = nets[0][2] if len(stacks) > 1 else None
    lr = torch.tensor(rates)[:, None, None]
    order = torch.Generator().manual_seed(seed)
    total, step = num_epochs * math.ceil(len(images) / BATCH_SIZE), 0
    for _ in range(num_epochs):
        for X, y in minibatches(images, BATCH_SIZE, order):
            H = X.flatten(1)
            for k, (W, b) in enumerate(stacks):
                H = (H if k == 0 else activation(H)) @ W + b  # (R, n, h)
            # the mean for each network, the sum over networks
            loss = F.cross_entropy(H.flatten(0, 1), y.repeat(len(nets))) * len(nets)
            factor = (1 + math.cos(math.pi * step / total)) / 2
            with torch.no_grad():
                for p, g in zip(parameters, torch.autograd.grad(loss, parameters),
                                strict=True):  # fmt: skip
                    p -= factor * lr * g
            step += 1
    with torch.no_grad():
        for r, net in enumerate(nets):
            linear = [m for m in net if isinstance(m, nn.Linear)]
            for m, (W, b) in zip(linear, stacks, strict=True):
                m.weight.copy_(W[r].T)
                m.bias.copy_(b[r, 0])


def at_best_rate(make_net, data, n_train, num_epochs, seed, rates=RATES):
    """Test accuracy of the network whose rate is best on val, as a row."""

    def train_at(rates):
        nets = {lr: make_net() for lr in rates}
        images = data.train.take(n_train)
        train_side_by_side(list(nets.values()), list(nets), images, num_epochs, seed)
        return nets

    best = best_on_val(train_at, rates, data)
    return {"test accuracy": right_on(best, data.test)}


# -- which activation ----------------------------------------------------------------

# activation, its initial weights, rates: sigmoid's small slopes want larger ones
ACTIVATIONS = {
    "sigmoid": (nn.Sigmoid, nn.init.xavier_uniform_, (0.3, 1.0, 3.0)),
    "tanh": (nn.Tanh, nn.init.xavier_uniform_, RATES),
    "ReLU": (nn.ReLU, kaiming, RATES),
}
RELU = {"ReLU is behind": -0.01, SAME: 0.01, "ReLU is ahead": None}


def lead_of_relu(when):
    """How far ReLU is ahead of the better of the two others, seed by seed."""
    return lambda table: (
        table[f"ReLU, {when}"]
        - table[f"tanh, {when}"].maximum(table[f"sigmoid, {when}"])
    )


@claim(
    "Of sigmoid, tanh and ReLU in a network with three hidden layers, ReLU ends with "
    "the highest accuracy.",
    level(
        "Test accuracy, ReLU minus the better of tanh and sigmoid, all epochs",
        lead_of_relu("late"),
        RELU,
    ),
    true="ReLU is ahead",
    also=[
        level("The same after a fifth of the epochs", lead_of_relu("early"), RELU),
        difference(
            "tanh, late",
            "sigmoid, late",
            {"tanh is behind": -0.01, SAME: 0.01, "tanh is ahead": None},
            "Tanh minus sigmoid, all epochs",
        ),
    ],
    live=None,  # five epochs on few images say the opposite of the full size
    full=(12_000, 15, 6),
)
def relu_best(data, n_train, num_epochs, seed):
    """Three hidden layers of 64, each activation with the init that fits it.

    Early and late are two trainings, of a fifth of the epochs and of all of them.
    """
    results = {}
    for name, (activation, init, rates) in ACTIVATIONS.items():
        make_net = partial(new_net, data, seed, (64, 64, 64), activation, init)
        for when, epochs in (("early", max(1, num_epochs // 5)), ("late", num_epochs)):
            results[f"{name}, {when}"] = at_best_rate(
                make_net, data, n_train, epochs, seed, rates
            )
    return results


# -- how wide, how deep --------------------------------------------------------------


def tiny(weight):
    """Draw weights of standard deviation 0.01, whatever the width of the layer."""
    nn.init.normal_(weight, std=0.01)


DEPTHS = {  # hidden layers and the initial weights
    "none": ((), kaiming),
    "64": ((64,), kaiming),
    "4 of 64": ((64,) * 4, kaiming),
    "64, tiny start": ((64,), tiny),
    "4 of 64, tiny start": ((64,) * 4, tiny),
    "128": ((128,), kaiming),
    "112, 112": ((112, 112), kaiming),  # 101,706 parameters; "128" has 101,770
}


def compared(what):
    """The three answers to whether deeper networks are better than flat ones."""
    return {f"{what} are worse": -0.01, SAME: 0.01, f"{what} are better": None}


@claim(
    "More depth helps: four hidden layers of 64 units are more accurate than one.",
    difference(
        "4 of 64",
        "64",
        compared("four layers"),
        "Test accuracy, four hidden layers of 64 minus one, from Kaiming's start",
        axis=IN_ACCURACY,
    ),
    true="four layers are better",
    also=[
        difference(
            "4 of 64, tiny start",
            "64, tiny start",
            compared("four layers"),
            "The same from weights of standard deviation 0.01",
            axis=f"{IN_ACCURACY}, on a much coarser scale",
        ),
        difference(
            "112, 112",
            "128",
            compared("two layers"),
            "Two layers of 112 minus one of 128, which has as many parameters",
            axis=IN_ACCURACY,
        ),
        difference(
            "64",
            "none",
            {
                "the hidden layer hurts": -0.01,
                SAME: 0.01,
                "the hidden layer helps": None,
            },
            "One hidden layer of 64 minus none",
            axis=f"{IN_ACCURACY}, on a coarser scale",
        ),
    ],
    live=None,  # on few images even one hidden layer is no better than none
    full=(12_000, 10, 6),
)
def more_depth(data, n_train, num_epochs, seed):
    """No hidden layer, one, two, and four with ReLU, from a good and a tiny start."""
    return {
        name: at_best_rate(
            partial(new_net, data, seed, num_hiddens, init=init),
            data, n_train, num_epochs, seed
        )
        for name, (num_hiddens, init) in DEPTHS.items()
    }  # fmt: skip


# -- learning rates that can be used -------------------------------------------------

SWEEP = [10 ** (k / 2) for k in range(-8, 3)]  # 0.0001 to 10, two in each decade
LARGE_AND_XAVIER = {"normal, sd 1": nn.init.normal_, "Xavier": nn.init.xavier_normal_}
HALF_A_DECADE = "less than half a decade apart"


def from_start(quantity, measure, answers):
    """Compare the start from weights of standard deviation 1 with Xavier's."""
    return difference(("normal, sd 1", measure), ("Xavier", measure), answers, quantity)


def usable(right):
    """Decades of SWEEP whose rates reach 0.8 of the best accuracy among them."""
    return (right >= 0.8 * right.max()).sum().item() / 2


@claim(
    "Where initial weights are so large that gradients explode, a smaller learning "
    "rate makes up for it.",
    from_start(
        "Test accuracy, weights of standard deviation 1 minus Xavier, best rates",
        "test accuracy at it",
        {"it ends less accurate": -0.01, SAME: 0.01, "it ends more accurate": None},
    ),
    true=[SAME, "it ends more accurate"],
    also=[
        from_start(
            "Logarithm to base 10 of the best rate, the same two",
            "log10 of the best rate",
            {
                "the best rate is smaller": -0.5,
                HALF_A_DECADE: 0.5,
                "the best rate is larger": None,
            },
        ),
        from_start(
            "Decades of usable rates, the same two",
            "decades of usable rates",
            {
                "narrower by half a decade or more": -0.5,
                HALF_A_DECADE: 0.5,
                "wider by half a decade or more": None,
            },
        ),
    ],
    live=(1_000, 5, 3),
    full=(12_000, 5, 8),
)
def explosion_window(data, n_train, num_epochs, seed):
    """Two hidden layers of 64 with ReLU from two starts, each with all rates."""
    results = {}
    for name, init in LARGE_AND_XAVIER.items():
        nets = [new_net(data, seed, (64, 64), init=init) for _ in SWEEP]
        train_side_by_side(nets, SWEEP, data.train.take(n_train), num_epochs, seed)
        on_val, on_test = (
            torch.tensor([accuracy_on(net, part) for net in nets])
            for part in (data.val, data.test)
        )
        best = on_val.argmax().item()
        results[name] = {
            "decades of usable rates": usable(on_test),
            "log10 of the best rate": math.log10(SWEEP[best]),
            "test accuracy at it": right_on(nets[best], data.test),
        }
    return results
