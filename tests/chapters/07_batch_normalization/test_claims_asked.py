"""Chapter 7's claims: where an answer begins, and that the compared train alike."""

import math

import pytest
import torch

from helpers import load_images
from helpers.chapters.batch_normalization import claims
from helpers.chapters.batch_normalization.claims import bias
from helpers.claims import SAME
from helpers.claims.small_images import small
from tests.taught import text_of

ALL = [getattr(claims, name) for name in claims.__all__]
# the first words of a quantity -> cuts between its answers; all others are accuracies
CUTS = {
    "Largest rate": (math.log2(1 / 2), math.log2(2)),
    "Width of the window": (math.log2(1 / 2), math.log2(2)),
    "Gradient of the biases": (math.log10(1 / 1000),),
    "The shift put back": (0.8, 1 / 0.8),
}


@pytest.mark.parametrize("claim", ALL, ids=lambda claim: claim.name)
def test_an_answer_begins_where_it_is_said(claim):
    """At a percentage point, or at the factor that the answer names."""
    for question in claim.questions.values():
        found = [v for words, v in CUTS.items() if question.quantity.startswith(words)]
        assert question.cuts == pytest.approx(found[0] if found else (-0.01, 0.01))
        if not found:
            assert question.answers[1] == SAME
            worse, _, better = question.answers
            assert any(w in worse for w in ("worse", "loses", "costs", "smaller"))
            assert any(w in better for w in ("better", "gain", "larger"))
    if claim is claims.larger_rates:
        holds = text_of("07", "claim-larger-rates-read")
        assert "whether that is more than twice is undecided" in holds


@pytest.mark.parametrize("claim", ALL, ids=lambda claim: claim.name)
def test_a_claim_is_true_if_the_promised_answer_is_found(claim):
    worst, *_, best = claim.question.answers
    if claim is claims.covariate_shift:  # removing it would be the reason
        assert claim.true == (worst, SAME)
    elif claim is claims.bias_before:
        assert claim.true == (SAME,)
    else:
        assert claim.true == (best,)


def test_networks_with_and_without_biases_train_from_the_same_weights(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    begun, train_net = [], bias.train_net

    def noting(net, images, num_epochs, lr, seed, **more):
        weights = [conv.weight.detach().clone() for conv in bias.convolutions(net)]
        begun.append((weights, net[-1].bias.detach().clone(), lr, seed, more))
        return train_net(net, images, num_epochs, lr, seed, **more)

    monkeypatch.setattr(bias, "train_net", noting)
    shrunk = small(load_images("digits", n_train=100, n_val=50, n_test=50))
    claims.bias_before.experiment(shrunk, 40, 1, 3)
    assert len(begun) == 4
    for first, second in (begun[:2], begun[2:]):
        for mine, other in zip(first[0], second[0], strict=True):
            assert torch.equal(mine, other)
        assert torch.equal(first[1], second[1]) and first[2:] == second[2:]
        assert first[3] == 3
