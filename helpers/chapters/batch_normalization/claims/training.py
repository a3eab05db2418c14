"""What the claims of chapter 7 share: a small network, and how it trains."""

import math

from torch import nn

from helpers.claims import SAME, difference
from helpers.claims.fair import best_on_val, fresh, right_on
from helpers.claims.small_images import cosine
from helpers.training import train

BATCH_SIZE = 32
RATES = (0.03, 0.1, 0.3)


def ask(first, second, worse, better, quantity):
    """Ask for the difference of two accuracies, cut at one percentage point."""
    answers = {worse: -0.01, SAME: 0.01, better: None}
    return difference(first, second, answers, quantity)


def no_norm(channels):
    """Stand where a normalization may stand, and hand on what comes in."""
    return nn.Identity()


def group_norm(channels):
    """Normalize four groups of channels, each example by itself (Wu, He 2018)."""
    return nn.GroupNorm(4, channels)


def conv_net(
    norm, num_inputs, num_outputs, widths=(8, 16), norm_first=True, dropout=0.0
):
    """3x3 convolutions, each with a norm, a ReLU and max pooling; a linear layer.

    Parameters
    ----------
    norm : makes a normalization from the channels, such as nn.BatchNorm2d.
    num_inputs : pixels of a square gray image, a multiple of 4 wide.
    norm_first : the norm stands before the ReLU; else behind it.
    dropout : probability, before the linear layer.

    Input (n, 1, h, w), output (n, K) logits.
    """
    layers, c_in = [], 1
    for c in widths:
        norm_relu = [norm(c), nn.ReLU()]
        layers += [
            nn.Conv2d(c_in, c, 3, padding=1),
            *(norm_relu if norm_first else norm_relu[::-1]),
            nn.MaxPool2d(2),
        ]
        c_in = c
    values = c_in * num_inputs // 4 ** len(widths)
    drop = [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers, nn.Flatten(), *drop, nn.Linear(values, num_outputs))


def train_net(net, images, num_epochs, lr, seed, batch_size=BATCH_SIZE):
    """Train by SGD without momentum; the rate falls from lr to 0 along a cosine."""
    num_steps = num_epochs * math.ceil(len(images) / batch_size)
    train(net, images, num_epochs=num_epochs, lr=lr, batch_size=batch_size, seed=seed,
          schedule=cosine(lr, num_steps), schedule_every="step")  # fmt: skip
    return net


def trained(make, images, data, num_epochs, seed, rates=RATES, **settings):
    """Train with several rates; return the network that is most accurate on val.

    `make` takes num_inputs and num_outputs; its random initial weights are the seed's.
    """

    def train_at(rates):
        return {
            lr: train_net(
                fresh(make, data, seed), images, num_epochs, lr, seed, **settings
            )
            for lr in rates
        }

    return best_on_val(train_at, rates, data)


def at_best_rate(make, images, data, num_epochs, seed, *rates, **settings):
    """Test accuracy of the network that `trained` returns, as a row."""
    net = trained(make, images, data, num_epochs, seed, *rates, **settings)
    return {"test accuracy": right_on(net, data.test)}
