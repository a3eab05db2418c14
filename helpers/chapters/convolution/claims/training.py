"""What the claims of chapter 5 share: small images, and how networks are trained."""

import math
from dataclasses import replace
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import CosineAnnealingLR

from helpers.claims.fair import best_on_val, right_on
from helpers.models import ConvNet
from helpers.training import train

RATES = (0.003, 0.01, 0.03)
BATCH_SIZE = 32
CHANNELS = (8, 32)


def halved(X):
    """Images of half the height and width, three times as bright.

    So the mean of their squares is near 1, which Kaiming's first weights keep; empty
    pixels stay 0, as zero padding is.
    """
    return 3 * F.avg_pool2d(X, 2)


def small(data):
    """Halve images of 28 x 28 pixels and set them in a frame of one empty pixel.

    With the frame, 16 x 16 pixels can be halved again and again. Smaller images are
    left as they are.
    """
    if data.train.X.shape[-1] <= 16:
        return data

    def framed(examples):
        return replace(examples, X=F.pad(halved(examples.X), (1, 1, 1, 1)))

    parts = {part: framed(getattr(data, part)) for part in ("train", "val", "test")}
    return replace(data, **parts)


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
    """A ConvNet of two blocks with Kaiming's first weights."""
    return ConvNet(CHANNELS, **shape).apply(kaiming)


def train_net(net, images, num_epochs, lr, seed):
    """Train by Adam, which brings networks with global pooling forward fastest.

    The rate falls to 0 along a cosine, so that the last step's noise decides nothing.
    """
    num_steps = num_epochs * math.ceil(len(images) / BATCH_SIZE)
    train(net, images, num_epochs=num_epochs, lr=lr, batch_size=BATCH_SIZE, seed=seed,
          optimizer=torch.optim.Adam, fused=True, schedule_every="step",
          schedule=partial(CosineAnnealingLR, T_max=num_steps))  # fmt: skip
    return net


def at_best_rate(make_net, data, n_train, num_epochs, seed, rates=RATES):
    """Test accuracy of the network whose rate is best on val, as a row.

    At most as many validation images as training images are used: more would take
    longer than the training where that is short.
    """
    images = data.train.take(n_train)
    data = replace(data, val=data.val.take(min(n_train, len(data.val))))

    def train_at(rates):
        return {lr: train_net(make_net(), images, num_epochs, lr, seed) for lr in rates}

    return {"test accuracy": right_on(best_on_val(train_at, rates, data), data.test)}
