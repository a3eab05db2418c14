"""What the claims of chapter 8 share: how its small networks train and are judged."""

import math
from dataclasses import replace

from helpers.claims import SAME, difference
from helpers.claims.fair import accuracy_on, best_rate, fresh, right_on
from helpers.claims.small_images import cosine, halved
from helpers.training import evaluate, train

BATCH_SIZE = 64
NUM_VAL = 1_000  # images that choose a rate
BETTER = {"it is worse": -0.01, SAME: 0.01, "it is better": None}


def ask(first, second, quantity, answers=BETTER):
    """Ask for the difference of two accuracies, cut at one percentage point."""
    return difference(first, second, answers, quantity)


def shrunk(data):
    """Halve images of 28 x 28 pixels; smaller ones are left as they are."""
    if data.train.X.shape[-1] <= 14:
        return data
    own = ((part, getattr(data, part)) for part in ("train", "val", "test"))
    return replace(data, **{part: replace(e, X=halved(e.X)) for part, e in own})


def course_of(images, num_epochs, lr, seed, batch_size=BATCH_SIZE):
    """Settings of SGD with momentum whose rate falls from lr to 0 along a cosine."""
    num_steps = num_epochs * math.ceil(len(images) / batch_size)
    return {
        "num_epochs": num_epochs,
        "lr": lr,
        "seed": seed,
        "batch_size": batch_size,
        "momentum": 0.9,
        "schedule": cosine(lr, num_steps),
        "schedule_every": "step",
    }


def train_net(net, images, num_epochs, lr, seed, batch_size=BATCH_SIZE, **options):
    """Train along `course_of`; `options` are further ones of the optimizer."""
    course = course_of(images, num_epochs, lr, seed, batch_size)
    train(net, images, **course, **options)
    return net


def over_rates(make, images, data, num_epochs, seed, rates, **settings):
    """Train from the same initial weights with several rates.

    Parameters
    ----------
    make : takes num_inputs and num_outputs; its random initial weights are the seed's.
    rates : ascending; more are tried where the best stands at the end.
    settings : of `train_net`.

    Returns
    -------
    The rate that is best on val, and rate -> network.
    """
    val = data.val.take(min(NUM_VAL, len(data.val)))

    def train_at(rates):
        return {
            lr: train_net(
                fresh(make, data, seed), images, num_epochs, lr, seed, **settings
            )
            for lr in rates
        }

    return best_rate(train_at, rates, lambda net: accuracy_on(net, val))


def judged(net, images, data):
    """Test accuracy, and loss and accuracy on the training images, of a trained net."""
    on_train = evaluate(net, images)
    return {
        "test accuracy": right_on(net, data.test),
        "training accuracy": on_train.accuracy,
        "training loss": on_train.loss,
    }
