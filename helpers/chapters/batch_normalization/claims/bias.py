"""Claim of chapter 7 on the bias before a normalization."""

import copy
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from helpers.chapters.batch_normalization.claims.training import (
    ask,
    conv_net,
    group_norm,
    train_net,
)
from helpers.claims import SAME, level
from helpers.claims.fair import fresh, right_on
from helpers.claims.small_images import small
from helpers.widgets.predict import claim

RATE = 0.1  # near the best of all four; a bias changes nothing about it
RAISED = 1.0  # what every other bias is raised by after training
GRADIENT, FROZEN = "gradient, power of ten", "gradient in eval mode, power of ten"


def convolutions(net):
    """The convolutions of a network, from the first on."""
    return [layer for layer in net if isinstance(layer, nn.Conv2d)]


def without_bias(net):
    """Take the biases of the convolutions away; the weights stay as they were drawn."""
    for conv in convolutions(net):
        conv.bias = None
    return net


def raised(net):
    """Return a copy on the CPU; every other bias is larger by RAISED.

    Group norm would take out what all channels of a group have in common.
    """
    net = copy.deepcopy(net).cpu()
    with torch.no_grad():
        for conv in convolutions(net):
            conv.bias[::2] += RAISED
    return net


@torch.no_grad()
def with_new_statistics(net, images):
    """Collect the running statistics anew, as those of all the images together.

    Layer after layer, since each one's input depends on the statistics before it.
    """
    for k, layer in enumerate(net):
        if isinstance(layer, nn.BatchNorm2d):
            X = net[:k].eval()(images.X)
            layer.running_mean.copy_(X.mean((0, 2, 3)))
            layer.running_var.copy_(X.var((0, 2, 3)))
    return net


def gradient_of_biases(net, images, training):
    """Length of the biases' gradient over that of the weights', as a power of ten.

    Of all convolutions, in training or in evaluation mode, in double precision; the
    network stays as it is.
    """
    net = copy.deepcopy(net).cpu().double().train(training)
    convs = convolutions(net)
    loss = F.cross_entropy(net(images.X.double()), images.y)
    grads = torch.autograd.grad(loss, [p for c in convs for p in (c.bias, c.weight)])
    of_bias, of_weight = (
        torch.cat([g.flatten() for g in grads[k::2]]).norm() for k in (0, 1)
    )
    return torch.log10(of_bias / of_weight).item()


SIZE = {"below a thousandth": -3, "not so small": None}


def with_minus_without(norm, quantity):
    """Ask whether a network with biases is better."""
    names = ("worse with bias", "better with bias")
    return ask(f"{norm}, bias", f"{norm}, no bias", *names, quantity)


def harm(first, norm, quantity):
    """Ask what raised biases change."""
    names = ("it costs accuracy", "it gains accuracy")
    return ask(first, f"{norm}, bias", *names, quantity)


@claim(
    "The bias before a batch normalization is useless.",
    with_minus_without(
        "batch norm", "Test accuracy, with minus without bias, batch norm"
    ),
    true=SAME,
    also=[
        with_minus_without("group norm", "With minus without bias, group norm"),
        level(
            "Gradient of the biases over the weights', as a power of ten, batch norm",
            ("batch norm, bias", GRADIENT),
            SIZE,
        ),
        harm(
            "batch norm, bias raised",
            "batch norm",
            "Every other bias raised by 1 after training, batch norm, old statistics",
        ),
        harm(
            "batch norm, bias raised, new statistics",
            "batch norm",
            "The same with statistics that were collected anew",
        ),
    ],
    live=(800, 3, 3),
    full=(2_000, 5, 6),
)
def bias_before(data, n_train, num_epochs, seed):
    """Two convolutions before a norm, with biases or without, from the same weights.

    All train at one rate. Then the biases are raised and nothing trains any more.
    """
    data, results = small(data), {}
    images = data.train.take(n_train)
    for name, norm in (("batch norm", nn.BatchNorm2d), ("group norm", group_norm)):
        make_net = partial(fresh, partial(conv_net, norm), data, seed)
        net, bare = (
            train_net(start, images, num_epochs, RATE, seed)
            for start in (make_net(), without_bias(make_net()))
        )
        other = raised(net)
        results |= {
            f"{name}, bias": {
                "test accuracy": right_on(net, data.test),
                GRADIENT: gradient_of_biases(net, images, training=True),
            },
            f"{name}, no bias": {"test accuracy": right_on(bare, data.test)},
            f"{name}, bias raised": {"test accuracy": right_on(other, data.test)},
        }
        if norm is nn.BatchNorm2d:
            results[f"{name}, bias"][FROZEN] = gradient_of_biases(
                net, images, training=False
            )
            right = right_on(with_new_statistics(other, images), data.test)
            results[f"{name}, bias raised, new statistics"] = {"test accuracy": right}
    return results
