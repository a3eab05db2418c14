"""Claims of chapter 8 on whole networks: groups at equal size, ResNet against LeNet."""

from functools import partial

from helpers.chapters.residual_networks.claims.training import (
    ask,
    over_rates,
    shrunk,
    train_net,
)
from helpers.claims.fair import fresh, right_on
from helpers.models import Bottleneck, LeNet, ResNet
from helpers.widgets.predict import claim

# -- groups --------------------------------------------------------------------------

BLOCKS = {  # of c_mid as part of c_out, and groups: Xie et al. 2017, table 2
    "bottleneck": (1 / 4, 1),
    "groups": (3 / 8, 4),
}
RATES = (0.03, 0.1, 0.3)


def of_blocks(name, num_inputs, num_outputs):
    """Two stages of two blocks, with groups or without; within 1 % of one size."""
    part, groups = BLOCKS[name]

    def block(c_in, c_out, stride):
        return Bottleneck(c_in, c_out, stride, c_mid=int(part * c_out), groups=groups)

    return ResNet((2, 2), (32, 64), block=block, num_outputs=num_outputs)


@claim(
    "ResNeXt beats ResNet at equal parameters.",
    ask("groups", "bottleneck", "Test accuracy, four groups minus one"),
    true="it is better",
    live=(160, 6, 3),
    full=(2_000, 6, 6),
)
def resnext(data, n_train, num_epochs, seed):
    """Bottlenecks of one group, and wider ones of four groups with as many parameters.

    Each trains at its best rate.
    """
    data, results = shrunk(data), {}
    images = data.train.take(n_train)
    for name in BLOCKS:
        make = partial(of_blocks, name)
        best, nets = over_rates(make, images, data, num_epochs, seed, RATES)
        results[name] = {"test accuracy": right_on(nets[best], data.test)}
    return results


# -- a ResNet against LeNet ----------------------------------------------------------


def of_whole_images(network, num_inputs, num_outputs):
    """A network for images of 28 x 28 pixels."""
    return network(num_outputs=num_outputs)


@claim(
    "A small residual network is better than LeNet.",
    ask("ResNet-8", "LeNet", "Test accuracy, ResNet-8 minus LeNet"),
    true="it is better",
    live=None,
    full=(12_000, 10, 5),
)
def beats_lenet(data, n_train, num_epochs, seed):
    """Whole images; ResNet-8 and LeNet in the same training at one rate.

    Both begin with torch's weights, and pixels lie between 0 and 1.
    """
    results, images = {}, data.train.take(n_train)
    for name, network in (("ResNet-8", ResNet), ("LeNet", LeNet)):
        net = train_net(
            fresh(partial(of_whole_images, network), data, seed), images, num_epochs,
            0.05, seed, batch_size=128, weight_decay=5e-4
        )  # fmt: skip
        results[name] = {"test accuracy": right_on(net, data.test)}
    return results
