"""Claims of chapter 7: their verdicts, and that their experiments can fail."""

from dataclasses import replace
from functools import partial

import pytest
from torch import nn

from helpers.chapters.batch_normalization.claims import batches, bias, rates, training
from helpers.claims import Size
from helpers.claims.fair import accuracy_on
from helpers.seeds import seeded
from tests.nets import linear
from tests.verdicts import of_chapter, shown

pytestmark = pytest.mark.usefixtures("on_the_cpu")

CLAIMS = of_chapter("07")
# Live, on the embedded data; nbval runs them in their notebook, not once more here.
EXPECTED = {
    "bias-before": ("supported", "less than a percentage point apart"),
    "covariate-shift": ("not supported", "better than without batch norm"),
}
FULL = {  # without a look: as stored at full size
    "larger-rates": ("supported", "larger rates work"),
    "small-batches": ("not supported", "batches of 128 are worse"),
    "before-or-after": (
        "not supported",
        "undecided between “before is worse” and “less than a percentage point apart”",
    ),
    "regularizes": (
        "undecided",
        "undecided between “less than a percentage point apart” and “it gains "
        "accuracy”",
    ),
}


# -- a planted bug changes the verdict -----------------------------------------------


def without_norm_is_blind(norm, num_inputs, num_outputs, **settings):
    return linear(num_inputs, num_outputs, blind=norm is training.no_norm)


def norm_is_forgotten(num_hiddens, num_inputs, num_outputs, norm=None, init=None):
    return linear(num_inputs, num_outputs)


def small_batches_are_blind(make, images, data, num_epochs, seed, rates, batch_size):
    with seeded(seed):
        net = linear(256, 10, blind=batch_size <= 8)
    training.train_net(net, images, 1, 0.1, seed)
    return {"test accuracy": accuracy_on(net, data.test)}


def shift_is_blind(activation, norm, init, num_inputs, num_outputs):
    """A linear network, one layer watched, which hands on nothing behind the shift."""
    first, last = nn.Linear(num_inputs, 16), nn.Linear(16, num_outputs)
    seen = nn.Threshold(1e9, 0.0) if norm is rates.shifting_norm else nn.Identity()
    watched = rates.Watched(nn.Identity())
    return nn.Sequential(nn.Flatten(), first, watched, seen, last)


def bias_carries_all(net):
    return nn.Sequential(nn.Threshold(1e9, 0.0), *net)


BLIND_BEHIND = {
    place: partial(linear, blind=place.endswith("behind")) for place in batches.PLACES
}
TINY, SMALL = Size(32, 1, 3), Size(300, 3, 3)
BUGS = {  # module, attribute, what takes its place, size, the verdict then
    "larger-rates": (rates, "MLP", norm_is_forgotten, TINY, "not supported"),
    "bias-before": (bias, "without_bias", bias_carries_all, SMALL, "not supported"),
    "small-batches": (
        batches,
        "at_best_rate",
        small_batches_are_blind,
        SMALL,
        "supported",
    ),
    "before-or-after": (batches, "PLACES", BLIND_BEHIND, SMALL, "supported"),
    "covariate-shift": (rates, "watched_mlp", shift_is_blind, SMALL, "supported"),
    "regularizes": (batches, "conv_net", without_norm_is_blind, SMALL, "supported"),
}


def test_all_are_here():
    assert {*EXPECTED, *FULL} == set(BUGS) == set(CLAIMS)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_notebook_shows_the_verdict(name):
    assert shown("07", CLAIMS[name]) == EXPECTED[name][1]


@pytest.mark.parametrize("name", FULL)
def test_the_full_size_has_the_verdict(name):
    claim = CLAIMS[name]
    assert claim.live is None
    assert claim.judge(claim.stored()["digits"].found) == FULL[name]


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_flips_the_verdict(name, data, monkeypatch):
    module, attribute, bug, size, expected = BUGS[name]
    assert (EXPECTED | FULL)[name][0] != expected
    monkeypatch.setattr(module, attribute, bug)
    data = replace(data, val=data.val.take(100))
    assert CLAIMS[name].judge(CLAIMS[name].run(data, size)).word == expected
