"""Claims of chapter 6 on whether training gets going: NiN, an auxiliary head."""

from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from helpers.claims import SAME, difference, level, ratio
from helpers.claims.fair import fresh, right_on
from helpers.claims.small_images import (
    BATCH_SIZE,
    at_best_rate,
    one_cycle,
    small,
    train_net,
)
from helpers.models import NiN, kaiming_init
from helpers.seeds import seeded
from helpers.training import train
from helpers.widgets.predict import claim

# -- NiN from its initial weights ------------------------------------------------------

LEARNED = 0.5  # test accuracy; a start from which it stays lower fails


def xavier_init(layer):
    """Draw a convolution's weights with variance 2 / (fan_in + fan_out), biases 0."""
    if isinstance(layer, nn.Conv2d):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)


def left_alone(layer):
    """Keep torch's initial weights."""


STARTS = {  # what NiN is made with, its initial weights, and how it is trained
    "torch's default": ({}, left_alone, "SGD"),
    "Xavier": ({}, xavier_init, "SGD"),
    "Kaiming, no last ReLU": ({"last_relu": False}, kaiming_init, "SGD"),
    "batch norm": ({"norm": nn.BatchNorm2d}, left_alone, "SGD"),
    "Kaiming, no last ReLU, Adam": ({"last_relu": False}, kaiming_init, "Adam"),
}
FAILS = {
    "fewer than a quarter of the starts fail": 0.25,
    "a quarter to three quarters of them fail": 0.75,
    "more than three quarters of them fail": None,
}


def failing(name, quantity):
    """Ask from which share of the starts a network stays below an accuracy of .5."""
    return level(quantity, (name, "fails"), FAILS)


@claim(
    "NiN learns from every start.",
    failing("torch's default", "Share of failing starts, torch's default weights"),
    true="fewer than a quarter of the starts fail",
    also=[
        failing("Xavier", "Xavier's weights"),
        failing("Kaiming, no last ReLU", "Kaiming's weights, no ReLU behind the last"),
        failing("batch norm", "Default weights, batch norm before each ReLU"),
        failing(
            "Kaiming, no last ReLU, Adam",
            "Kaiming's weights, no last ReLU, Adam with one cycle instead of SGD",
        ),
    ],
    live=None,
    full=(2_000, 10, 8),
)
def nin_starts(data, n_train, num_epochs, seed):
    """Train NiN from each start, by SGD at a rate of 0.1 or as the start says.

    Equal values have an interval without width, which says too much: where a share of
    0.31 fails, one experiment in twenty meets no failing start among eight.
    """
    data, results = small(data), {}
    images = data.train.take(n_train)
    for name, (arguments, init, way) in STARTS.items():
        with seeded(seed):
            net = NiN(num_outputs=len(data.classes), **arguments).apply(init)
        if way == "Adam":
            train_net(net, images, num_epochs, 0.003, seed, one_cycle)
        else:
            train(net, images, num_epochs=num_epochs, lr=0.1, batch_size=BATCH_SIZE,
                  seed=seed)  # fmt: skip
        right = right_on(net, data.test)
        fails = float(right.mean() < LEARNED)
        results[name] = {"fails": fails, "test accuracy": right}
    return results


# -- an auxiliary head ---------------------------------------------------------------

WIDTH, BEFORE, BEHIND = 64, 2, 4  # hidden layers before and behind the auxiliary head
SHARE = 0.3  # of the auxiliary head's loss, as in GoogLeNet


class Deep(nn.Module):
    """An MLP of six hidden layers, with an auxiliary head behind the second or without.

    Input (n, 1, h, w), output (n, K) logits; in training with an auxiliary head
    (n, 2 K), its logits behind the others. Source: Szegedy et al. 2015, Going deeper
    with convolutions.
    """

    def __init__(self, activation, head, num_inputs, num_outputs):
        super().__init__()

        def layers(n, n_in):
            widths = [n_in, *[WIDTH] * (n - 1)]
            return [f(w) for w in widths for f in (linear, lambda _: activation())]

        def linear(n_in):
            return nn.Linear(n_in, WIDTH)

        self.before = nn.Sequential(nn.Flatten(), *layers(BEFORE, num_inputs))
        self.behind = nn.Sequential(
            *layers(BEHIND, WIDTH), nn.Linear(WIDTH, num_outputs)
        )
        # Made last, so that all other initial weights are those of the net without it.
        self.auxiliary = nn.Linear(WIDTH, num_outputs) if head else None

    def forward(self, X):
        H = self.before(X)
        y_hat = self.behind(H)
        if self.training and self.auxiliary is not None:
            return torch.cat([y_hat, self.auxiliary(H)], 1)
        return y_hat


def loss_of_heads(y_hat, y, num_outputs):
    """Cross-entropy of the last head, and SHARE of the auxiliary one's, if any."""
    last, *auxiliary = y_hat.split(num_outputs, 1)
    return sum(
        (SHARE * F.cross_entropy(a, y) for a in auxiliary), F.cross_entropy(last, y)
    )


def first_gradient(net, images, loss):
    """Length of the gradient of the first layer's weights, on all the images."""
    net.train()
    (grad,) = torch.autograd.grad(loss(net(images.X), images.y), [net.before[1].weight])
    return grad.norm().item()


GRADIENT = "gradient in thousandths"  # one without the head is far smaller than 1
HEAD_RATES = (0.001, 0.003, 0.01)
LIFTED = {"less than twice": 2, "2 to 100 times": 100, "more than 100 times": None}
BETTER = {"it is worse with it": -0.01, SAME: 0.01, "it is better with it": None}


@claim(
    "An auxiliary head lifts the first layer's gradient.",
    ratio(
        ("sigmoid, with", GRADIENT),
        ("sigmoid, without", GRADIENT),
        LIFTED,
        "The first layer's gradient, with over without an auxiliary head, sigmoid",
    ),
    true=["2 to 100 times", "more than 100 times"],
    also=[
        ratio(
            ("ReLU, with", GRADIENT),
            ("ReLU, without", GRADIENT),
            LIFTED,
            "The same with ReLU",
        ),
        difference(
            ("sigmoid, with", "test accuracy"),
            ("sigmoid, without", "test accuracy"),
            BETTER,
            "Test accuracy, with minus without an auxiliary head, sigmoid",
        ),
        difference(
            ("ReLU, with", "test accuracy"),
            ("ReLU, without", "test accuracy"),
            BETTER,
            "Test accuracy with minus without, ReLU",
        ),
    ],
    live=(1_000, 3, 3),
    full=(4_000, 6, 6),
)
def auxiliary_head(data, n_train, num_epochs, seed):
    """Six hidden layers, an auxiliary head behind the second, torch's own start."""
    data, results = small(data), {}
    images = data.train.take(n_train)
    loss = partial(loss_of_heads, num_outputs=len(data.classes))
    for activation in (nn.Sigmoid, nn.ReLU):
        for name, head in (("with", True), ("without", False)):
            make_net = partial(fresh, partial(Deep, activation, head), data, seed)
            results[f"{activation.__name__.replace('S', 's')}, {name}"] = {
                GRADIENT: 1_000 * first_gradient(make_net(), images, loss),
                **at_best_rate(make_net, data, n_train, num_epochs, seed, HEAD_RATES,
                               loss=loss, course=one_cycle),
            }  # fmt: skip
    return results
