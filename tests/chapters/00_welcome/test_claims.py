"""The claim of the welcome notebook: its verdict, and that a fault changes it."""

import dataclasses

import pytest
import torch

from helpers.chapters.welcome import claims
from helpers.claims import Size
from helpers.data import load_images
from helpers.data.drawings import INK
from tests.taught import holding
from tests.verdicts import of_chapter, shown, verdict

holds = holding("00")
(CLAIM,) = of_chapter("00").values()
SMALL = Size(2_000, 5, 3)
EXPECTED = {"anywhere": ("not supported", "3 or more of 10 are lost")}


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


def test_moved_digits_are_read_worse():
    assert shown("00", CLAIM) == EXPECTED[CLAIM.name][1]
    assert verdict(CLAIM, size=SMALL) == EXPECTED[CLAIM.name]


def test_no_interval_comes_near_a_cut():
    """The answers were cut after a first measurement, so they must not matter."""
    (question,) = CLAIM.questions.values()
    for run in CLAIM.stored().values():
        (estimate,) = run.found.values()
        far = [abs(end - cut) for end in estimate.interval for cut in question.cuts]
        assert min(far) > 0.05


def test_images_that_are_not_moved_are_read_as_well(monkeypatch):
    monkeypatch.setattr(claims, "moved", lambda X: X)
    assert verdict(CLAIM, size=SMALL)[0] == "supported"


def test_both_rows_are_of_the_same_test_images(monkeypatch):
    """Nothing else is looked at: there is one validation image here."""
    monkeypatch.setattr(claims, "moved", lambda X: X)
    data = load_images("digits")
    data = dataclasses.replace(data, val=data.val.take(1))
    still, moved = (
        row["test accuracy"] for row in CLAIM.experiment(data, 256, 1, 0).values()
    )
    assert len(still) == len(data.test) and torch.equal(still, moved)


def test_little_of_a_digit_is_cut_off():
    X = load_images("digits").test.X
    aside = claims.moved(X)
    assert aside.shape == X.shape
    assert torch.equal(aside[..., 4:], X[..., :-4])
    assert aside[..., :4].abs().sum() == 0
    ink, left = (images * (images > INK) for images in (X, aside))
    assert 0.998 < (left.sum() / ink.sum()).item() < 1
    holds("claim-anywhere", "hardly any ink leaves the picture")


def test_most_digits_of_training_stand_near_the_middle():
    X = load_images("digits").train.X[:, 0]
    across, up = (near(X, side).double().mean().item() for side in (1, 2))
    assert 0.86 < across < 0.9
    holds("claim-anywhere", "nearly nine in ten digits stood within two pixels of the")
    assert up > 0.86
    both = (near(X, 1) & near(X, 2)).double().mean().item()
    assert 0.8 < both < 0.95
    holds(
        "draw-read",
        "put in the middle of 28 × 28, where the digits that it was trained on stand, "
        "most of them within two pixels.",
    )


def near(X, side):
    """Which digits' boxes of ink have their middle within two pixels of the image's."""
    inked = (X > INK).any(side).double()
    width = inked.shape[1]
    first, last = inked.argmax(1), width - 1 - inked.flip(1).argmax(1)
    return ((first + last) / 2 - (width - 1) / 2).abs() <= 2
