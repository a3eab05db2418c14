"""Small images, and how the claims about convolutional networks train on them."""

import math
from dataclasses import replace
from functools import partial

import torch
from torch.nn import functional as F
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR

from helpers.claims.fair import best_on_val, right_on
from helpers.training import train

RATES = (0.003, 0.01, 0.03)
BATCH_SIZE = 32


def halved(X):
    """Images of half the height and width, three times as bright.

    So the mean of their squares is near 1, which Kaiming's initial weights keep; empty
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


def cosine(lr, num_steps):
    """Let the rate fall to 0 along a cosine, so that the last steps' noise is small."""
    return partial(CosineAnnealingLR, T_max=num_steps)


def one_cycle(lr, num_steps):
    """Let the rate rise to lr in the first 30 % of the steps, then fall to 0."""
    return partial(OneCycleLR, max_lr=lr, total_steps=num_steps)


def train_net(net, images, num_epochs, lr, seed, course=cosine, **settings):
    """Train by Adam, which brings networks with global pooling forward fastest.

    `course` is the way of the rate, `cosine` or `one_cycle`; further settings are those
    of `helpers.training.train`, such as the loss.
    """
    num_steps = num_epochs * math.ceil(len(images) / BATCH_SIZE)
    train(net, images, num_epochs=num_epochs, lr=lr, batch_size=BATCH_SIZE, seed=seed,
          optimizer=torch.optim.Adam, fused=True, schedule_every="step",
          schedule=course(lr, num_steps), **settings)  # fmt: skip
    return net


def at_best_rate(make_net, data, n_train, num_epochs, seed, rates=RATES, **settings):
    """Test accuracy of the network whose rate is best on val, as a row.

    At most as many validation images as training images are used: more would take
    longer than the training where that is short.
    """
    images = data.train.take(n_train)
    data = replace(data, val=data.val.take(min(n_train, len(data.val))))

    def train_at(rates):
        return {
            lr: train_net(make_net(), images, num_epochs, lr, seed, **settings)
            for lr in rates
        }

    return {"test accuracy": right_on(best_on_val(train_at, rates, data), data.test)}
