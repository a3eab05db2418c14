"""Claims of chapter 7 on deep networks: larger rates, internal covariate shift."""

import math
from functools import partial

import torch
from torch import nn

from helpers.chapters.batch_normalization.claims.training import (
    ask,
    at_best_rate,
    train_net,
    trained,
)
from helpers.claims import SAME, difference, ratio
from helpers.claims.fair import accuracy_on, best_rate, fresh, right_on
from helpers.claims.small_images import small
from helpers.models import MLP, BatchNorm, LeNet, kaiming_init
from helpers.widgets.predict import claim

DEEP = (64,) * 10  # units of the hidden layers

# -- learning rates ------------------------------------------------------------------

GRID = tuple(2.0**k for k in range(-8, 4))  # 0.004 to 8
NEAR = 0.05  # a rate works where the accuracy is at most so far below the best
LARGER = {
    "smaller rates work": -1,  # cuts at twice and half the rate
    "rates of the same size work": 1,
    "larger rates work": None,
}
WIDER = {"the window is narrower": -1, "as wide": 1, "it is wider": None}
BEST, LARGEST, WIDTH = (
    "best rate, power of two",
    "largest rate, power of two",
    "width in powers of two",
)


def lenet(num_inputs, num_outputs, norm=None, init=None):
    """LeNet, for images of 28 x 28 pixels; torch's initial weights if init is None."""
    net = LeNet(num_outputs=num_outputs, norm=norm)
    return net.apply(init) if init else net


def window(scores):
    """The lowest and the highest rate of those around the best that work.

    Parameters
    ----------
    scores : rate -> accuracy. A rate works if its accuracy is at most NEAR below the
        best one and the rates between it and the best work too.
    """
    rates = sorted(scores)
    low = high = rates.index(max(rates, key=scores.get))
    least = max(scores.values()) - NEAR
    while low > 0 and scores[rates[low - 1]] >= least:
        low -= 1
    while high + 1 < len(rates) and scores[rates[high + 1]] >= least:
        high += 1
    return rates[low], rates[high]


def over_the_grid(make_net, data, n_train, num_epochs, seed):
    """Train at every rate of the grid; the best net on test, and the window, as a row.

    The validation images choose the best rate and say which rates work.
    """
    images = data.train.take(n_train)

    def train_at(rates):
        return {lr: train_net(make_net(), images, num_epochs, lr, seed) for lr in rates}

    scores = {}

    def score(net):
        return scores.setdefault(net, accuracy_on(net, data.val))

    best, nets = best_rate(train_at, GRID, score)
    low, high = map(math.log2, window({lr: score(net) for lr, net in nets.items()}))
    return {
        "test accuracy": right_on(nets[best], data.test),
        BEST: math.log2(best),
        LARGEST: high,
        WIDTH: high - low,
    }


def with_minus_without(measure, answers, quantity):
    """Compare batch norm from torch's initial weights with Kaiming's without it.

    One question for the MLP and one for LeNet.
    """
    return [
        difference(
            (f"{net}, batch norm", measure), (f"{net}, Kaiming", measure), answers,
            f"{quantity}, {name}",
        )
        for net, name in (("MLP", "deep MLP"), ("LeNet", "LeNet"))
    ]  # fmt: skip


of_mlp, of_lenet = with_minus_without(
    LARGEST, LARGER, "Largest rate that works, in powers of two, with minus without"
)


@claim(
    "With batch normalization larger learning rates work.",
    of_mlp,
    true="larger rates work",
    also=[
        of_lenet,
        *with_minus_without(
            WIDTH, WIDER, "Width of the window of rates that work, in powers of two"
        ),
        *with_minus_without(
            "test accuracy",
            {"it is worse with it": -0.01, SAME: 0.01, "it is better with it": None},
            "Test accuracy at the best rate, with minus without",
        ),
    ],
    live=None,
    full=(1_500, 4, 8),
)
def larger_rates(data, n_train, num_epochs, seed):
    """A deep MLP and LeNet at all rates of a grid; without it from Kaiming's weights.

    The MLP without it trains from torch's own initial weights too, at fewer rates.
    """
    shrunk, make_mlp = small(data), partial(MLP, DEEP)
    images, coarse = shrunk.train.take(n_train), GRID[1::3]
    results = {
        "MLP, torch's default": at_best_rate(
            make_mlp, images, shrunk, num_epochs, seed, coarse
        )
    }
    for name, own, make in (("MLP", shrunk, make_mlp), ("LeNet", data, lenet)):
        for kind, settings in (
            ("Kaiming", {"init": kaiming_init}),
            ("batch norm", {"norm": BatchNorm}),
        ):
            make_net = partial(fresh, make, own, seed, **settings)
            results[f"{name}, {kind}"] = over_the_grid(
                make_net, own, n_train, num_epochs, seed
            )
    return results


# -- internal covariate shift --------------------------------------------------------

SIGMA = 0.5  # standard deviation of the noise of a unit's mean and of its scale


class Shifting(nn.Module):
    """In training, gives each unit another mean and another scale at every step.

    Input and output (n, c): x becomes (1 + a) x + b, with a and b (c,) drawn anew from
    the normal distribution of standard deviation SIGMA. Source: Santurkar et al. 2018,
    How does batch normalization help optimization?
    """

    def forward(self, X):
        if not self.training:
            return X
        a, b = SIGMA * torch.randn(2, X.shape[1], device=X.device)
        return (1 + a) * X + b


def shifting_norm(width):
    """Batch normalization, behind which the shift is put back."""
    return nn.Sequential(BatchNorm(width), Shifting())


def only_shifting(width):
    """The same shift in a network without batch normalization."""
    return Shifting()


class Watched(nn.Module):
    """A non-linearity that keeps mean and spread of what each unit gets in training."""

    def __init__(self, activation):
        super().__init__()
        self.activation = activation
        self.means, self.spreads = [], []  # (c,) of each step

    def forward(self, X):
        if self.training:
            self.means.append(X.detach().mean(0))
            self.spreads.append(X.detach().std(0))
        return self.activation(X)

    def shift(self):
        """How far a unit's mean moves between steps, in its own standard deviations.

        The mean over units, of the second half of the steps.
        """
        half = len(self.means) // 2
        means, spreads = (
            torch.stack(kept[half:]) for kept in (self.means, self.spreads)
        )
        return (means.std(0).mean() / spreads.mean()).item()


def fit_to_sigmoid(net):
    """Give a net of sigmoid layers initial weights from which it can be trained.

    Four times Xavier's, as the slope of a sigmoid is 1/4 at most; biases 0, but behind
    a sigmoid such that units of value 1/2 add nothing.
    """
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]
    for k, layer in enumerate(linear):
        nn.init.xavier_normal_(layer.weight, gain=4)
        with torch.no_grad():
            layer.bias.copy_(-layer.weight.sum(1) / 2 if k else torch.zeros(1))
    return net


def watched_mlp(activation, norm, init, num_inputs, num_outputs):
    """Five hidden layers of 64 units that keep what each unit gets."""
    net = MLP(DEEP[:5], num_inputs, num_outputs, norm=norm,
              activation=lambda: Watched(activation()))  # fmt: skip
    return init(net)


def as_drawn(net):
    """Keep torch's initial weights."""
    return net


FITTING = {
    "sigmoid": (nn.Sigmoid, fit_to_sigmoid),
    "ReLU": (nn.ReLU, lambda net: net.apply(kaiming_init)),
}
SHIFTED_TOO = "none, fitting weights, same shift"
PUT_BACK = "batch norm, shift put back"
VERSUS_NONE = ("worse than without batch norm", "better than without batch norm")


def put_back_minus(other, quantity, names=VERSUS_NONE):
    """Compare batch norm with the shift put back with another net, for both kinds."""
    return [
        ask(f"{kind}, {PUT_BACK}", f"{kind}, {other}", *names, f"{quantity}, {kind}")
        for kind in FITTING
    ]


of_sigmoid, of_relu = put_back_minus(
    "none", "Test accuracy, batch norm with the shift put back minus no batch norm"
)


@claim(
    "Batch normalization works because it removes internal covariate shift.",
    of_sigmoid,
    true=["worse than without batch norm", SAME],
    also=[
        of_relu,
        *put_back_minus(
            "batch norm",
            "What putting the shift back changes",
            ("it costs accuracy", "it gains accuracy"),
        ),
        ratio(
            (f"ReLU, {PUT_BACK}", "shift"),
            ("ReLU, none, fitting weights", "shift"),
            {"less shift": 0.8, "about as much shift": 1.25, "more shift": None},
            "The shift put back over the shift without batch norm, ReLU",
        ),
    ],
    live=(300, 4, 3),
    full=(2_000, 6, 6),
    anew=("initial weights", "order", "shift"),
)
def covariate_shift(data, n_train, num_epochs, seed):
    """Five hidden layers; without batch norm from torch's and from fitting weights.

    The shift is how far the mean of a unit's input moves between the steps of the
    second half, in the unit's standard deviations.
    """
    data, results = small(data), {}
    images = data.train.take(n_train)
    for name, (activation, fitting) in FITTING.items():
        for kind, norm, init in (
            ("none", None, as_drawn),
            ("none, fitting weights", None, fitting),
            (SHIFTED_TOO, only_shifting, fitting),
            ("batch norm", BatchNorm, as_drawn),
            (PUT_BACK, shifting_norm, as_drawn),
        ):
            make = partial(watched_mlp, activation, norm, init)
            net = trained(make, images, data, num_epochs, seed)
            shifts = [layer.shift() for layer in net if isinstance(layer, Watched)]
            results[f"{name}, {kind}"] = {
                "test accuracy": right_on(net, data.test),
                "shift": sum(shifts) / len(shifts),
            }
    return results
