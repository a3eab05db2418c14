"""What the claims of chapter 9 share: the emoji, how a knob is chosen, what is asked."""

from functools import partial

from helpers.claims import SAME, difference
from helpers.claims.fair import accuracy_on, best_rate, right_on
from helpers.data import load_emoji

BETTER = {"it is worse": -0.01, SAME: 0.01, "it is better": None}
EMOJI = {f"emoji_{style}": partial(load_emoji, style) for style in ("noto", "twemoji")}
TEST = "test accuracy"


def ask(first, second, quantity, answers=BETTER):
    """Ask for the difference of two test accuracies, cut at one percentage point."""
    return difference((first, TEST), (second, TEST), answers, quantity)


def over_grid(train, grid, data, test=None):
    """Train with each value of a grid, and report the one that is best on val.

    Parameters
    ----------
    train : function of a rate, or of another positive number -> the trained network.
    grid : ascending; it goes on where the best stands at its end.
    data : set whose val chooses; test : what is reported, by default that of the set.

    Returns
    -------
    row of the table: the test accuracy, one number for each test example
    """

    def train_at(values):
        return {value: train(value) for value in values}

    best, nets = best_rate(train_at, grid, lambda net: accuracy_on(net, data.val))
    return {TEST: right_on(nets[best], test or data.test)}
