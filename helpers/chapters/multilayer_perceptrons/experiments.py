"""The experiments behind the claims of chapter 3, multilayer perceptrons.

Each experiment is one function of the data, the number of training images, the number
of passes over them, and a seed. Everything random comes from the seed, and the
configurations share it. Unless a claim is about the rate, each configuration trains
once with every learning rate of one grid and keeps the network that is best on the
validation images; what is reported is measured on the test images, which chose nothing.
"""

import math
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from helpers.data import minibatches
from helpers.seeds import seeded
from helpers.training import evaluate

RATES = (0.1, 0.3, 1.0)
BATCH_SIZE = 64


def mlp(num_hiddens, num_inputs=784, num_outputs=10, activation=nn.ReLU):
    """Linear layers of the given widths, an activation after each hidden one."""
    widths, layers = (num_inputs, *num_hiddens), [nn.Flatten()]
    for n_in, n_out in zip(widths[:-1], widths[1:], strict=True):
        layers += [nn.Linear(n_in, n_out), activation()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], num_outputs))


def kaiming(weight, draw=nn.init.kaiming_uniform_):
    """Draw weights of variance 2 / fan_in, which fits ReLU."""
    draw(weight, nonlinearity="relu")


def new_net(data, seed, num_hiddens, activation=nn.ReLU, init=kaiming):
    """An MLP for the data whose weights ``init`` draws; the biases start at 0."""
    with seeded(seed):
        shape = data.train.X[0].numel(), len(data.classes)
        net = mlp(num_hiddens, *shape, activation=activation)
        for layer in net:
            if isinstance(layer, nn.Linear):
                init(layer.weight)
                nn.init.zeros_(layer.bias)
    return net


def right_on(net, examples):
    """Share of the examples that the network names correctly."""
    return evaluate(net, examples).accuracy


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


def best_at_some_rate(makers, data, n_train, num_epochs, seed, rates=RATES):
    """Train each network with each rate; keep of each the one that is best on val.

    ``makers`` are functions, configuration -> network, all of one shape. Returns
    configuration -> test accuracy.
    """
    nets = {(name, lr): make() for name, make in makers.items() for lr in rates}
    train_side_by_side(list(nets.values()), [lr for _, lr in nets],
                       data.train.take(n_train), num_epochs, seed)  # fmt: skip
    on_val = {key: right_on(net, data.val) for key, net in nets.items()}
    best = {name: max(rates, key=lambda lr: on_val[name, lr]) for name in makers}
    return {name: right_on(nets[name, lr], data.test) for name, lr in best.items()}


def as_rows(found):
    """The table of an experiment with one measure."""
    return {name: {"test accuracy": right} for name, right in found.items()}


# -- 1: uniform or normal first weights ----------------------------------------------


def tenth(weight):
    """Kaiming's uniform weights, divided by 10."""
    kaiming(weight)
    with torch.no_grad():
        weight /= 10


STARTS = {
    "Kaiming, uniform": kaiming,
    "Kaiming, normal": partial(kaiming, draw=nn.init.kaiming_normal_),
    "Xavier, uniform": nn.init.xavier_uniform_,
    "Xavier, normal": nn.init.xavier_normal_,
    "Kaiming, uniform, a tenth": tenth,
}


def start_experiment(data, n_train, num_epochs, seed):
    """Uniform and normal first weights of two hidden layers of 64 with ReLU."""
    makers = {
        name: partial(new_net, data, seed, (64, 64), init=init)
        for name, init in STARTS.items()
    }
    return as_rows(best_at_some_rate(makers, data, n_train, num_epochs, seed))


# -- 2: which activation -------------------------------------------------------------

# activation, first weights that fit it, rates: sigmoid's small slopes want larger ones
ACTIVATIONS = {
    "sigmoid": (nn.Sigmoid, nn.init.xavier_uniform_, (0.3, 1.0, 3.0)),
    "tanh": (nn.Tanh, nn.init.xavier_uniform_, RATES),
    "ReLU": (nn.ReLU, kaiming, RATES),
}


def activation_experiment(data, n_train, num_epochs, seed):
    """Three hidden layers of 64, each activation with the init that fits it.

    Early and late are two trainings, of a fifth of the epochs and of all of them.
    """
    found = {}
    for name, (activation, init, rates) in ACTIVATIONS.items():
        make = partial(new_net, data, seed, (64, 64, 64), activation, init)
        for when, epochs in (("early", max(1, num_epochs // 5)), ("late", num_epochs)):
            found |= best_at_some_rate(
                {f"{name}, {when}": make}, data, n_train, epochs, seed, rates
            )
    return as_rows(found)


# -- 3 and 4: how wide, how deep -----------------------------------------------------

# The last two have as many parameters as the first: 51,450, 51,370 and 51,437.
WIDTHS = {
    "64, 16: narrower": (64, 16),
    "16, 64: the same turned round": (16, 64),
    "60, 60: equally wide": (60, 60),
    "48, 233: wider": (48, 233),
}

DEPTHS = {
    "no hidden layer": (),
    "64": (64,),
    "64, 16": (64, 16),
    "128": (128,),
    "128, 128": (128, 128),
    "112, 112": (112, 112),  # 101,706 parameters; "128" has 101,770
}


def shape_experiment(data, n_train, num_epochs, seed, shapes):
    """Networks with ReLU of the given widths."""
    found = {}
    for name, num_hiddens in shapes.items():
        makers = {name: partial(new_net, data, seed, num_hiddens)}
        found |= best_at_some_rate(makers, data, n_train, num_epochs, seed)
    return as_rows(found)


# -- 5: learning rates that can be used ----------------------------------------------

SWEEP = [10 ** (k / 2) for k in range(-8, 3)]  # 0.0001 to 10, two in each decade
LARGE_AND_XAVIER = {"normal, sd 1": nn.init.normal_, "Xavier": nn.init.xavier_normal_}


def usable(right):
    """Decades of SWEEP whose rates reach 0.8 of the best accuracy among them."""
    return (right >= 0.8 * right.max()).sum().item() / 2


def window_experiment(data, n_train, num_epochs, seed):
    """Two hidden layers of 64 with ReLU from two starts, each with all rates."""
    results = {}
    for name, init in LARGE_AND_XAVIER.items():
        nets = [new_net(data, seed, (64, 64), init=init) for _ in SWEEP]
        train_side_by_side(nets, SWEEP, data.train.take(n_train), num_epochs, seed)
        right = torch.tensor([right_on(net, data.val) for net in nets])
        best = right.argmax().item()
        results[name] = {
            "decades of usable rates": usable(right),
            "log10 of the best rate": math.log10(SWEEP[best]),
            "test accuracy at it": right_on(nets[best], data.test),
        }
    return results
