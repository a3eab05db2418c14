"""Claims of chapter 2: their verdicts, and that their experiments can fail."""

import pytest
import torch
from torch.nn import functional as F

from helpers import Examples, load_images
from helpers.chapters.softmax_regression import claims
from helpers.claims import Size
from tests.verdicts import of_chapter, shown, verdict

CLAIMS = of_chapter("02")
# Live, on the embedded data, as nbval finds them again in their notebook.
EXPECTED = {
    "softmax-twice": ("not supported", "it learns, but less"),
    "focal-loss": ("not supported", "less than a percentage point apart"),
    "test-set": ("not supported", "it is too high"),
    "calibration": ("not supported", "surer than it should be"),
}
# Too long for a look: what is stored of the clothes, at full size.
FULL = {"squared-error": ("supported", "cross-entropy ends higher")}
DATA = {"focal-loss": "clouds"}


def broken_twice(logits, y):  # the gradient never reaches the logits
    return F.cross_entropy(F.softmax(logits.detach(), 1), y) + 0 * logits.sum()


def same_images(right, choose_on, test, new, choose=claims.choose):
    return choose(right, choose_on, test, test)


def swapped(logits, y):
    return F.cross_entropy(logits, 1 - y)


def honest(net, examples, sure=claims.sure):
    right = sure(net, examples)["accuracy"]
    return {"accuracy": right, "mean confidence": right}  # no luck of the images


BUGS = {  # attribute, what takes its place, the verdict then
    "squared-error": ("squared_distance", F.cross_entropy, "not supported"),
    "softmax-twice": ("twice", broken_twice, "supported"),
    "focal-loss": (
        "LOSSES",
        claims.LOSSES | {"cross-entropy": swapped},
        "supported",
    ),
    "test-set": ("choose", same_images, "supported"),
    "calibration": ("sure", honest, "supported"),
}


# Where the effect of a bug is large, less than the live size shows it.
SIZES = {
    "squared-error": Size(1_000, 5, 3),
    "focal-loss": Size(12_000, 3, 3),
    "calibration": Size(1_000, 2, 3),
}


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


def test_all_are_here():
    assert {*EXPECTED, *FULL} == set(BUGS) == set(CLAIMS)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_notebook_shows_the_verdict(name):
    assert shown("02", CLAIMS[name]) == EXPECTED[name][1]


@pytest.mark.parametrize("name", FULL)
def test_the_full_size_has_the_verdict(name):
    claim = CLAIMS[name]
    assert claim.live is None
    assert claim.judge(claim.stored()["fashion_mnist"].found) == FULL[name]


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_flips_the_verdict(name, monkeypatch):
    attribute, bug, expected = BUGS[name]
    monkeypatch.setattr(claims, attribute, bug)
    assert (EXPECTED | FULL)[name][0] != expected
    data = DATA.get(name, "digits")
    assert verdict(CLAIMS[name], data, SIZES.get(name))[0] == expected


def test_the_losses_are_those_of_the_book():
    logits = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    y = torch.arange(50) % 2
    assert torch.allclose(
        claims.focal(logits, y, gamma=0.0), F.cross_entropy(logits, y)
    )
    # z = 5, so p = 0.993: the factor (1 - p_t)^2 leaves the wrong one, not the right
    for target, factor in ((1, (1 - 0.993307) ** 2), (0, 0.993307**2)):
        one = torch.tensor([[0.0, 5.0]]), torch.tensor([target])
        ratio = claims.focal(*one) / F.cross_entropy(*one)
        assert ratio.item() == pytest.approx(factor, rel=1e-3)
    weighted = claims.focal(logits, y, 0.0, alpha=(0.25, 0.75))
    by_hand = (
        F.cross_entropy(logits, y, reduction="none") * torch.tensor([0.25, 0.75])[y]
    )
    assert torch.allclose(weighted, by_hand.mean())
    # two classes, target 0, z = 5: half of p^2 twice, once for each class
    z = torch.tensor([[0.0, 5.0]])
    p = torch.sigmoid(torch.tensor(5.0))
    assert claims.squared_distance(z, torch.tensor([0])) == pytest.approx(p**2)


def test_one_in_a_hundred():
    data = load_images("digits")
    rare = claims.one_in_hundred(data.train, rare=3, seed=0)
    assert rare.y.float().mean().item() == pytest.approx(0.01, abs=2e-4)
    other = claims.one_in_hundred(data.train, rare=3, seed=1)
    assert len(other) == len(rare) and not torch.equal(other.X, rare.X)


def test_rare_measures_count_as_if_one_in_a_hundred():
    """Ten of each, one false alarm: it counts for 99/10 of a positive's 1/10."""
    y = torch.arange(20) < 10
    p = torch.where(y, 0.9, 0.1)
    p[0], p[-1] = 0.2, 0.8
    measures = claims.rare_measures(y.long(), p)
    assert measures["recall"].item() == pytest.approx(0.9)
    assert measures["precision"].item() == pytest.approx(0.9 / (0.9 + 9.9))
    assert measures["average precision"] == pytest.approx(0.9 + 0.1 / (1 + 9.9))


def test_confidence_is_the_probability_of_the_answer():
    data = load_images("digits")
    examples = Examples(data.test.X[:5], data.test.y[:5])
    logits = torch.full((5, 10), -1e9)
    logits[:, 3], logits[:, 4] = 0.0, torch.tensor(1 / 3).log()  # 3/4 and 1/4

    class Net(torch.nn.Linear):
        def forward(self, X):
            return logits[: len(X)]

    found = claims.sure(Net(1, 1), examples)
    assert torch.allclose(found["mean confidence"], torch.tensor(0.75).double())
    assert torch.equal(found["accuracy"], (examples.y == 3).double())
