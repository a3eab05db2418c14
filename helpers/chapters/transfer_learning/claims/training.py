"""What the claims of chapter 9 share: emoji, the choice of a knob, the question."""

from functools import partial

from helpers.claims import SAME, difference
from helpers.claims.fair import accuracy_on, best_rate, right_on
from helpers.data import load_emoji

BETTER = {"it is worse": -0.01, SAME: 0.01, "it is better": None}
EMOJI = {f"emoji_{style}": partial(load_emoji, style) for style in ("noto", "twemoji")}
TEST, VAL = "test accuracy", "validation accuracy"
PENALTIES = (0.001, 0.01, 0.1)  # of a linear probe
NUM_VAL = 1_000  # images of a large set that choose a rate


def ask(first, second, quantity, answers=BETTER):
    """Ask for the difference of two test accuracies, cut at one percentage point."""
    return difference((first, TEST), (second, TEST), answers, quantity)


def over_grid(train, grid, data):
    """Train with each value of a grid, and report the one that is best on val.

    Parameters
    ----------
    train : function of a rate, or of another positive number -> the trained network.
    grid : ascending; it goes on where the best stands at its end.
    data : what val chooses is reported on test.

    Returns
    -------
    row of the table: which test examples are right, and the accuracy on val
    """

    def train_at(values):
        return {value: train(value) for value in values}

    best, nets = best_rate(train_at, grid, lambda net: accuracy_on(net, data.val))
    net = nets[best]
    return {TEST: right_on(net, data.test), VAL: accuracy_on(net, data.val)}
