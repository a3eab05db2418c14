"""Claim of chapter 6 on whole networks, from LeNet to GoogLeNet."""

from functools import partial

from helpers.claims import SAME, difference
from helpers.claims.fair import fresh, right_on
from helpers.claims.small_images import one_cycle, train_net
from helpers.models import VGG, AlexNet, GoogLeNet, LeNet, NiN, kaiming_init
from helpers.widgets.predict import claim

# At their default widths, without dropout, which costs a small network in three passes
# more than it brings (`alexnet_steps`). Each has one learning rate: of 0.001, 0.003,
# 0.01, 0.03 the best on the validation images of both sets, with two seeds. A grid for
# each seed would take three times as long.
NETWORKS = {
    "LeNet": (LeNet, 0.01),
    "AlexNet": (partial(AlexNet, dropout=0.0), 0.01),
    "VGG": (VGG, 0.01),
    "NiN": (partial(NiN, last_relu=False), 0.003),
    "GoogLeNet": (GoogLeNet, 0.01),
}
BETTER = {"it is worse": -0.01, SAME: 0.01, "it is better": None}


def at_start(network, num_inputs, num_outputs):
    """A network for images of 28 x 28 pixels with Kaiming's initial weights."""
    return network(num_outputs=num_outputs).apply(kaiming_init)


def against_lenet(name, quantity):
    """Ask whether a network is better than LeNet."""
    return difference(name, "LeNet", BETTER, quantity)


@claim(
    "A network of 2014 is better than LeNet on small images.",
    against_lenet("GoogLeNet", "Test accuracy, GoogLeNet minus LeNet"),
    true="it is better",
    also=[
        against_lenet("VGG", "VGG minus LeNet"),
        against_lenet("NiN", "NiN minus LeNet"),
        against_lenet("AlexNet", "AlexNet, which is of 2012, minus LeNet"),
    ],
    live=None,
    full=(4_000, 3, 5),
)
def families(data, n_train, num_epochs, seed):
    """Train each network in the same number of steps, at a rate of its own."""
    results = {}
    for name, (network, lr) in NETWORKS.items():
        net = fresh(partial(at_start, network), data, seed)
        train_net(net, data.train.take(n_train), num_epochs, lr, seed, one_cycle)
        results[name] = {"test accuracy": right_on(net, data.test)}
    return results
