"""The curves that the diagnosis of chapter 8 shows have the answers in them."""

import pytest

from helpers.chapters.residual_networks.exercises import degradation

KINDS = "degradation", "overfitting", "too large a rate", "healthy"


def kind_of(shallow, deep):
    """Tell what a pair of networks is from its curves alone, as a learner is to do."""
    low, high, asked = (
        1 - max(accuracy[-3:])
        for accuracy in (shallow.train_accuracy, deep.train_accuracy, deep.val_accuracy)
    )
    if low > 0.75:
        return "too large a rate"
    if high - low > 0.2:
        return "degradation"
    if asked - high > 0.4:
        return "overfitting"
    return "healthy" if high < low + 0.03 and asked < 0.5 else "unknown"


def test_each_pair_has_one_place_in_the_curves():
    found = degradation.histories()
    letters = degradation.which_degrades.solution()
    assert tuple(kind_of(*found[letter]) for letter in letters) == KINDS


@pytest.mark.parametrize("kind", ["degradation", "healthy"])
def test_another_seed_shows_the_same(kind):
    how = degradation.PAIRS[degradation.which_degrades.solution()[KINDS.index(kind)]]
    depths = degradation.SHALLOW, degradation.DEEP
    shallow, deep = (degradation.trained(depth, *how, seed=1) for depth in depths)
    assert kind_of(shallow, deep) == kind, deep.train_accuracy


@pytest.mark.parametrize("letter", degradation.PAIRS)
def test_the_picture_shows_these_errors(letter):
    figure = degradation.four_pairs()
    (ax,) = (ax for ax in figure.axes if ax.get_title("left") == letter)
    shallow, deep = degradation.histories()[letter]
    shown = {line.get_label(): list(line.get_ydata()) for line in ax.get_lines()}
    wanted = {
        "8 layers, training": shallow.train_accuracy,
        "20 layers, training": deep.train_accuracy,
        "20 layers, validation": deep.val_accuracy,
    }
    assert shown == {
        label: [1 - share for share in accuracy] for label, accuracy in wanted.items()
    }
