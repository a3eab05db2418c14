"""Chapter 8: what makes a claim's comparison fair, and the words on what it found."""

import copy
from itertools import pairwise

import pytest
import torch

from helpers import load_images
from helpers.chapters.residual_networks import claims
from helpers.chapters.residual_networks.claims import blocks, depth, networks
from helpers.claims.fair import mislabeled
from helpers.data import Examples
from helpers.training import Epoch
from tests.taught import holding
from tests.verdicts import of_chapter

CLAIMS = of_chapter("08")


@pytest.fixture(scope="module")
def data():
    return load_images("digits", n_train=200, n_val=100, n_test=100)


# -- experiments ---------------------------------------------------------------------


def test_of_every_class_a_fifth_gets_the_label_of_another():
    y = torch.arange(20_000) % 10
    examples = Examples(torch.zeros(len(y), 1, 1, 1), y)
    numbered = Examples(y.view(-1, 1, 1, 1).float(), y)
    images = mislabeled(numbered, len(y), blocks.WRONG, 0, 10)
    own = images.X.flatten().long()  # the class that an image had
    wrong = images.y != own
    for c in range(10):
        assert wrong[own == c].double().mean().item() == pytest.approx(0.2, abs=0.025)
    assert wrong.double().mean().item() == pytest.approx(blocks.WRONG, abs=0.01)
    counts = torch.bincount((images.y - own)[wrong] % 10, minlength=10)
    assert counts[0] == 0 and counts[1:].min() > 0.8 * counts[1:].max()
    assert len(examples) == len(images)


def test_resnet_and_lenet_are_trained_alike(data, monkeypatch):
    calls = []

    def noting(net, *course, **options):
        calls.append((course, options))
        return net

    monkeypatch.setattr(networks, "train_net", noting)
    CLAIMS["beats-lenet"].experiment(data, 50, 2, 3)
    first, second = calls
    assert first[1] == second[1] and len(first[0]) == len(second[0])
    for a, b in zip(first[0], second[0], strict=True):
        assert a is b or a == b, "the same images, passes, rate and seed"


def test_half_time_is_half_of_the_passes(data, monkeypatch):
    """Networks are kept at the start, at half of the passes, and at the end."""
    kept = []

    def fit(net, images, num_epochs, **course):
        for epoch in range(1, num_epochs + 1):
            with torch.no_grad():
                net[2][2].bias.fill_(epoch)
            yield Epoch(**{f: epoch for f in Epoch.__dataclass_fields__})

    def timed(nets, images):
        kept.append([net[2][2].bias[0].item() for net in nets])
        return [{blocks.DONE: 0.0} for _ in range(blocks.NUM_BLOCKS)]

    monkeypatch.setattr(blocks, "fit", fit)
    monkeypatch.setattr(blocks, "timed", timed)
    CLAIMS["taylor"].experiment(data, 50, 8, 0)
    assert all(biases[1:] == [4, 8] for biases in kept) and len(kept) == 2
    assert all(abs(biases[0]) < 1 for biases in kept)


def test_rates_chosen_beforehand_stand_inside_of_their_grid():
    """The text of the module: between 0.01 and 0.3, the best at none of its ends."""
    assert all(0.01 < rate < 0.3 for rate in depth.RATES.values())
    for grid in (depth.GRID, networks.RATES):
        assert [*grid] == sorted(grid)
        for a, b in pairwise(grid):
            assert 2.5 < b / a < 3.5


def test_cuts_are_those_that_are_told():
    """Fixed before any run: one percentage point, a tenth, a quarter."""
    told = " ".join(claims.__doc__.split())
    assert "accuracies differ from one percentage point on" in told
    assert "ahead of another from a tenth" in told
    assert "sizes differ from a quarter on" in told

    def cuts(answers):
        return [cut for cut in answers.values() if cut is not None]

    for answers in (depth.FITS, blocks.FALLS, depth.BETTER):
        assert cuts(answers) == [-0.01, 0.01]
    assert cuts(blocks.AHEAD) == [-0.1, 0.1]
    assert cuts(blocks.LESS) == [pytest.approx(1 / 1.25), 1.25]


# -- words on what was found ---------------------------------------------------------


holds = holding("08")


def test_skips_alone_in_words():
    runs = CLAIMS["skips-alone"].stored()
    if not runs:
        pytest.skip("nothing is stored yet")

    def of_both(way, layers):
        return [
            f"{runs[data].table[f'{way}, {layers} layers']['test accuracy'].mean:.2f}"
            for data in ("digits", "fashion_mnist")
        ]

    bare, normed = of_both("no norm", 20), of_both("batch norm", 20)
    holds(
        "claim-skips-alone-read",
        f"{bare[0]} of the new digits are right and {bare[1]} of the clothes, against "
        f"{normed[0]} and {normed[1]} with batch normalization",
    )
    eight, zero = of_both("no norm", 8), of_both("no norm, blocks begin at 0", 20)
    holds(
        "claim-skips-alone-read",
        f"Eight layers are hardly better off: {eight[0]} and {eight[1]}.",
        f"twenty layers reach {zero[0]} and {zero[1]}.",
    )


def test_more_blocks_overfit():
    for found in claims.new_block.stored().values():
        table = copy.copy(found.table)
        many, none = table["batch norm, 16"], table["batch norm, 0"]
        assert many["training accuracy"].mean > none["training accuracy"].mean
        assert many["test accuracy"].mean < none["test accuracy"].mean
    holds("claim-new-block-read", "wrong labels and all, better than none does")
    holds("claim-new-block-read", "of the digits): it is overfitting.")


def test_no_block_waits_for_another():
    for found in claims.taylor.stored().values():
        assert found.found["a"].mean < 0.1, "not ahead by a tenth"
    holds(
        "claim-taylor-read",
        "No block waits for another.",
        "So a residual network can be read as a sum with terms of falling size. They "
        "are learned all at once.",
    )
