"""The curves that the diagnosis of chapter 7 shows have the answers in them."""

import math
from statistics import pstdev

import pytest

from helpers.chapters.batch_normalization.exercises import training


def kind_of(history):
    """Tell what a network is from its curves alone, as a learner is to do."""
    losses, learned, asked = (
        history.step_loss,
        history.train_accuracy[-1],
        history.val_accuracy[-1],
    )
    if pstdev(losses[len(losses) // 2 :]) > 0.25:
        return "batches of 2"
    if max(abs(loss - math.log(10)) for loss in losses) < 0.4:
        return "no normalization"
    if learned - asked > 0.3:
        return "statistics never updated"
    return "healthy" if min(learned, asked) > 0.4 else "unknown"


KINDS = "no normalization", "batches of 2", "statistics never updated", "healthy"


def test_each_network_has_one_place_in_the_curves():
    found = training.histories()
    letters = training.stuck_curves.solution()
    assert tuple(kind_of(found[letter]) for letter in letters) == KINDS


@pytest.mark.parametrize("seed", range(1, 5))
def test_other_seeds_show_the_same(seed):
    for letter, kind in zip(training.stuck_curves.solution(), KINDS, strict=True):
        found = training.trained(*training.NETWORKS[letter], seed=seed)
        assert kind_of(found) == kind, (letter, found.step_loss[-5:])


def test_never_updated_and_healthy_differ_in_evaluation_alone():
    """What is said when it is found."""
    *_, stale, healthy = map(training.histories().get, training.stuck_curves.solution())
    assert stale.step_loss == healthy.step_loss
    assert stale.train_accuracy == healthy.train_accuracy
    assert stale.val_accuracy[-1] < 0.2 < 0.4 < healthy.val_accuracy[-1]
