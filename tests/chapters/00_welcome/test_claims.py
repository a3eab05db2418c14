"""The claim of the welcome notebook: its verdict, and that a fault changes it."""

import pytest
import torch

from helpers.chapters.welcome import claims
from helpers.claims import Size
from helpers.data import load_images
from tests.verdicts import of_chapter, shown, verdict

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


def test_little_of_a_digit_is_cut_off():
    X = load_images("digits").test.X
    aside = claims.moved(X)
    assert aside.shape == X.shape
    assert torch.equal(aside[..., 4:], X[..., :-4])
    assert aside[..., :4].abs().sum() == 0
    assert (aside.sum() / X.sum()).item() == pytest.approx(0.98, abs=0.005)
