"""The experiments of chapter 4 that train networks on images.

Each is one function of the data, the number of training images, the number of passes
over them, and a seed. It returns what it measured for each configuration. Everything
random in it comes from the seed, and the configurations share the seed, so that they
differ in nothing but what is compared.
"""

from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from helpers.data import Examples
from helpers.seeds import seeded
from helpers.training import accuracy, fit
from helpers.training.history import Epoch

WRONG = 0.3  # share of wrong labels, where there are any
RATES = (0.03, 0.1)  # with momentum 0.9 and batches of 100
CONSTANTS = (0.001, 0.01)  # with 0.1 nothing is learned


def draw(examples, n_train, seed, num_classes, wrong=0.0):
    """Draw training images by the seed; give a share of them another class's label."""
    generator = torch.Generator().manual_seed(seed)
    own = torch.randperm(len(examples), generator=generator)[:n_train]
    y = examples.y[own]
    shift = torch.randint(1, num_classes, y.shape, generator=generator)
    chosen = torch.rand(y.shape, generator=generator) < wrong
    return Examples(examples.X[own], torch.where(chosen, (y + shift) % num_classes, y))


def mlp(data, num_hiddens, dropout, seed, depth=1):
    """Hidden layers with ReLU, and dropout on what each of them gives."""
    with seeded(seed):
        layers, num_inputs = [nn.Flatten()], data.train.X[0].numel()
        for _ in range(depth):
            layers += [nn.Linear(num_inputs, num_hiddens), nn.ReLU()]
            layers += [nn.Dropout(dropout)]
            num_inputs = num_hiddens
        return nn.Sequential(*layers, nn.Linear(num_hiddens, len(data.classes)))


@torch.no_grad()
def logits_of(net, X):
    """Logits (n, K) without dropout, on the device of X."""
    training, device = net.training, next(net.parameters()).device
    net.eval()
    logits = net(X.to(device)).to(X.device)
    net.train(training)
    return logits


def trained(make_net, images, data, seed, num_epochs, loss=F.cross_entropy, more=()):
    """Train with two learning rates, and measure the better one on the test images.

    Rate and number of epochs, one of five, are chosen for each configuration on the
    validation images. With dropout a network learns more slowly, overfits later and
    bears smaller rates only, so that one rate and one number of epochs for all would
    favor a configuration.

    ``more`` names further functions of the chosen network to measure.
    """
    best, chosen, kept, step = -1.0, None, {}, max(1, num_epochs // 5)
    X_val, y_val = data.val.X[:1000], data.val.y[:1000]
    for lr in RATES:
        net = make_net()
        for record in fit(net, images, num_epochs=num_epochs, loss=loss, seed=seed,
                          lr=lr, momentum=0.9, batch_size=100):  # fmt: skip
            if isinstance(record, Epoch) and record.epoch % step == 0:
                right = accuracy(logits_of(net, X_val), y_val)
                if right > best:
                    best, chosen = right, net
                    kept = {k: v.clone() for k, v in net.state_dict().items()}
    chosen.load_state_dict(kept)
    results = {"validation accuracy": best} | measures(chosen, data.test)
    return results | {name: measure(chosen) for name, measure in dict(more).items()}


@torch.no_grad()
def difference_of_units(net):
    """How far the first layer's units lie from their mean, relative to its length.

    0 if the weights of all units are the same.
    """
    W = net[1].weight  # (num_hiddens, d)
    mean = W.mean(0)
    return ((W - mean).norm(dim=1).mean() / mean.norm()).item()


def measures(net, examples):
    """What is measured on some images; confidence is the mean largest probability."""
    logits = logits_of(net, examples.X)
    return {
        "test accuracy": accuracy(logits, examples.y),
        "test loss": F.cross_entropy(logits, examples.y).item(),
        "confidence": F.softmax(logits, 1).amax(1).mean().item(),
    }


# -- 64 units, or 128 of which half are dropped ---------------------------------------

WIDTHS = {
    "64": (64, 0.0),
    "128": (128, 0.0),
    "128, dropout": (128, 0.5),
}


def double_width_experiment(data, n_train, num_epochs, seed):
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
            make_net = partial(mlp, data, num_hiddens, dropout, seed)
            results[name + ending] = trained(make_net, images, data, seed, epochs)
    return results


# -- constant weights and dropout -----------------------------------------------------


@torch.no_grad()
def constant(make_net, value):
    """Make a network whose weights all have one value, and whose biases are 0."""
    net = make_net()
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.constant_(layer.weight, value)
            nn.init.zeros_(layer.bias)
    return net


DIFFERENCE = {"difference of units": difference_of_units}


def dropout_symmetry_experiment(data, n_train, num_epochs, seed):
    """Random and constant first weights, with and without dropout, one and two layers.

    Of two constants the one is reported that is best on the validation images.
    """
    images, results = draw(data.train, n_train, seed, len(data.classes)), {}
    for depth, dropout, name in (
        (1, 0.0, "one layer"),
        (1, 0.5, "one layer, dropout"),
        (2, 0.5, "two layers, dropout"),
    ):
        random = partial(mlp, data, 64, dropout, seed, depth)
        first, *others = (
            trained(make_net, images, data, seed, num_epochs, more=DIFFERENCE)
            for make_net in (random, *(partial(constant, random, c) for c in CONSTANTS))
        )
        results[f"random, {name}"] = first
        results[f"constant, {name}"] = max(
            others, key=lambda found: found["validation accuracy"]
        )
    return results


# -- label smoothing ------------------------------------------------------------------


def label_smoothing_experiment(data, n_train, num_epochs, seed):
    """Train with right and with wrong labels, smoothed by 0.1 or not."""
    results = {}
    for wrong, labels in ((0.0, "right labels"), (WRONG, "wrong labels")):
        images = draw(data.train, n_train, seed, len(data.classes), wrong)
        for smoothing in (0.0, 0.1):
            loss = partial(F.cross_entropy, label_smoothing=smoothing)
            make_net = partial(mlp, data, 128, 0.0, seed)
            results[f"smoothing {smoothing}, {labels}"] = trained(
                make_net, images, data, seed, num_epochs, loss
            )
    return results
