"""What the claims of chapter 5 share: places on a picture, and a small network."""

import torch
from torch import nn

from helpers.models import ConvNet

CHANNELS = (8, 32)


def put(X, top, left, side):
    """Put images on empty pictures, each where it belongs.

    Parameters
    ----------
    X : (n, 1, h, w)
    top, left : (n,) int64, the place of each image's upper left pixel.
    side : height and width of the pictures.

    Returns
    -------
    (n, 1, side, side)
    """
    n, _, h, w = X.shape
    rows = (top[:, None] + torch.arange(h))[:, :, None]  # (n, h, 1)
    columns = (left[:, None] + torch.arange(w))[:, None, :]  # (n, 1, w)
    pictures = X.new_zeros(n, 1, side, side)
    pictures[torch.arange(n)[:, None, None], 0, rows, columns] = X[:, 0]
    return pictures


def kaiming(layer):
    """Draw a convolution's weights with variance 2 / fan_in; its biases start at 0."""
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)


def conv_net(**shape):
    """A ConvNet of two blocks with Kaiming's initial weights."""
    return ConvNet(CHANNELS, **shape).apply(kaiming)
