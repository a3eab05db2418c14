"""What networks cost, and how accurate they are on Fashion-MNIST: d2l's and ours."""

from functools import cache, partial
from typing import NamedTuple

import torch
from IPython.display import Markdown
from torch import nn

from helpers.chapters.classic_cnns.claims import families
from helpers.chapters.classic_cnns.claims.networks import NETWORKS
from helpers.models import VGG, LeNet, layer_table, nin_block
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


def d2l_nin(in_channels: int = 1):
    """NiN with AlexNet's windows, for ten classes."""
    return nn.Sequential(
        nin_block(in_channels, 96, 11, stride=4), nn.MaxPool2d(3, stride=2),
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


# The accuracy, the median of many official builds, all 60,000 training images; the
# network, and the side of its images.
MADE = {
    "LeNet, sigmoid": (0.808, LeNet, 28),
    "AlexNet": (0.881, d2l_alexnet, 224),
    "VGG-11, a quarter": (0.919, d2l_vgg, 224),
    "NiN": (0.844, d2l_nin, 224),
    "GoogLeNet": (0.888, d2l_googlenet, 96),
}


def _network(name: str, accuracy: float, make, side: int, channels: int = 1) -> Network:
    with torch.device("meta"):
        table = layer_table(make(), channels, side, side)
    return Network(name, accuracy, table.parameters, table.multiplications)


@cache
def published_networks() -> tuple[Network, ...]:
    """d2l's networks: the accuracy it publishes, and what they cost.

    Source: the median test accuracy over the official builds of *Dive into Deep
    Learning*, PyTorch, ten passes over all of Fashion-MNIST.
    """
    return tuple(_network(name, *made) for name, made in MADE.items())


def small_networks(data: str = "fashion_mnist") -> tuple[Network, ...]:
    """The course's networks, with the accuracy of the claim `families` on a set."""
    results = families.stored()[data].table
    return tuple(
        _network(name, results[name]["test accuracy"].mean, make, 28)
        for name, (make, _) in NETWORKS.items()
    )


# -- side by side ----------------------------------------------------------------------

FAMOUS = {  # name -> year, idea, network, side and channels of its images
    "LeNet": (1998, "convolutions, then linear layers", LeNet, 28, 1),
    "AlexNet": (2012, "large, ReLU, dropout", "alexnet", 224, 3),
    "VGG": (2014, "blocks of 3 × 3", "vgg16", 224, 3),
    "NiN": (2013, "1 × 1, means for linear layers", partial(d2l_nin, 3), 224, 3),
    "GoogLeNet": (2014, "several windows side by side", "googlenet", 224, 3),
}
NAMES = {"VGG": "VGG, the original VGG-16", "NiN": "NiN, the original for ten classes"}
HEAD = """\
| | year | idea | layers | parameters | multiplications \
| small: parameters | multiplications | digits | clothes |
|---|---|---|---:|---:|---:|---:|---:|---:|---:|
"""


def original(name: str) -> nn.Module:
    """A network of `FAMOUS` as it was published, on the meta device."""
    make = FAMOUS[name][2]
    with torch.device("meta"):
        if callable(make):
            return make()
        from torchvision import models  # after helpers.compat, which mends it

        heads = {"aux_logits": False, "init_weights": False}
        return getattr(models, make)(**heads if make == "googlenet" else {})


def depth(net: nn.Module) -> int:
    """Layers with weights one behind the other; of branches the longest counts."""
    if isinstance(net, nn.Conv2d | nn.Linear):
        return 1
    inner = [depth(layer) for layer in net.children()] or [0]
    return max(inner) if "Inception" in type(net).__name__ else sum(inner)


def side_by_side() -> Markdown:
    """The chapter's networks as a table: the originals, and the course's small ones.

    The accuracies are of the claim `families`, from data/claims.csv: 4,000 images,
    three passes.
    """
    rows = []
    for on_digits, *rest in zip(
        small_networks("digits"), small_networks(), strict=True
    ):
        name = on_digits.name
        year, idea, _, *size = FAMOUS[name]
        net = original(name)
        large = _network(name, 0, lambda net=net: net, *size)
        cells = [NAMES.get(name, name), year, idea, depth(net)]
        for n in (large, on_digits):
            cells += [f"{n.parameters:,}", f"{n.multiplications / 1e6:,.1f} million"]
        cells += [f"{n.accuracy:.3f}" for n in (on_digits, *rest)]
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return Markdown(HEAD + "\n".join(rows))
