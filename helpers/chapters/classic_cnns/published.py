"""What networks cost, and how accurate they are on Fashion-MNIST: d2l's and ours."""

from functools import cache, partial
from typing import NamedTuple

import torch
from torch import nn

from helpers.chapters.classic_cnns.claims import families
from helpers.models import VGG, AlexNet, GoogLeNet, LeNet, NiN, layer_table, nin_block
from helpers.models.classic import Inception, conv_relu


class Network(NamedTuple):
    """A network's accuracy on test images, 0..1, and its cost for one image."""

    name: str
    accuracy: float
    parameters: int
    multiplications: int


def d2l_alexnet():
    """d2l's AlexNet for gray images of 224 x 224 pixels and ten classes."""
    return nn.Sequential(
        *conv_relu(1, 96, 11, stride=4, padding=1), nn.MaxPool2d(3, stride=2),
        *conv_relu(96, 256, 5, padding=2), nn.MaxPool2d(3, stride=2),
        *conv_relu(256, 384, 3, padding=1), *conv_relu(384, 384, 3, padding=1),
        *conv_relu(384, 256, 3, padding=1), nn.MaxPool2d(3, stride=2),
        nn.Flatten(), nn.Linear(6400, 4096), nn.ReLU(), nn.Linear(4096, 4096),
        nn.ReLU(), nn.Linear(4096, 10),
    )  # fmt: skip


def d2l_vgg():
    """VGG-11 with a quarter of the channels."""
    blocks = ((1, 16), (1, 32), (2, 64), (2, 128), (2, 128))
    return VGG(blocks, (4096, 4096), image_size=224)


def d2l_nin():
    """NiN with the original's widths."""
    return nn.Sequential(
        nin_block(1, 96, 11, stride=4), nn.MaxPool2d(3, stride=2),
        nin_block(96, 256, 5, padding=2), nn.MaxPool2d(3, stride=2),
        nin_block(256, 384, 3, padding=1), nn.MaxPool2d(3, stride=2),
        nin_block(384, 10, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip


def d2l_googlenet():
    """GoogLeNet without auxiliary heads, for gray images of 96 x 96 pixels."""
    pool = partial(nn.MaxPool2d, 3, stride=2, padding=1)
    blocks = [
        (192, 64, (96, 128), (16, 32), 32), (256, 128, (128, 192), (32, 96), 64), None,
        (480, 192, (96, 208), (16, 48), 64), (512, 160, (112, 224), (24, 64), 64),
        (512, 128, (128, 256), (24, 64), 64), (512, 112, (144, 288), (32, 64), 64),
        (528, 256, (160, 320), (32, 128), 128), None,
        (832, 256, (160, 320), (32, 128), 128), (832, 384, (192, 384), (48, 128), 128),
    ]  # fmt: skip
    return nn.Sequential(
        *conv_relu(1, 64, 7, stride=2, padding=3), pool(), *conv_relu(64, 64, 1),
        *conv_relu(64, 192, 3, padding=1), pool(),
        *(Inception(*block) if block else pool() for block in blocks),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 10),
    )  # fmt: skip


ACCURACY = {  # medians of many official builds, all 60,000 training images
    "LeNet, sigmoid": 0.808,
    "AlexNet": 0.881,
    "VGG-11, a quarter": 0.919,
    "NiN": 0.844,
    "GoogLeNet": 0.888,
}
MADE = {  # the network and the side of its images
    "LeNet, sigmoid": (LeNet, 28),
    "AlexNet": (d2l_alexnet, 224),
    "VGG-11, a quarter": (d2l_vgg, 224),
    "NiN": (d2l_nin, 224),
    "GoogLeNet": (d2l_googlenet, 96),
}
SMALL = {
    "LeNet": LeNet,
    "AlexNet": AlexNet,
    "VGG": VGG,
    "NiN": NiN,
    "GoogLeNet": GoogLeNet,
}


def _network(name: str, accuracy: float, make, side: int) -> Network:
    with torch.device("meta"):
        table = layer_table(make(), 1, side, side)
    return Network(name, accuracy, table.parameters, table.multiplications)


@cache
def published_networks() -> tuple[Network, ...]:
    """d2l's networks: the accuracy it publishes, and what they cost.

    Source: the median test accuracy over the official builds of *Dive into Deep
    Learning*, PyTorch, ten passes over all of Fashion-MNIST.
    """
    return tuple(_network(name, ACCURACY[name], *MADE[name]) for name in MADE)


def small_networks() -> tuple[Network, ...]:
    """The course's networks, with the accuracy of the claim `families`."""
    results = families.stored()["fashion_mnist"].table
    return tuple(
        _network(name, results[name]["test accuracy"].mean, make, 28)
        for name, make in SMALL.items()
    )
