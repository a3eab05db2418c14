"""The intervals of claims: the luck of seeds, and that of the test set they share."""

import dataclasses
import math

import pytest
import torch

from helpers import Examples, ImageData
from helpers.claims import Estimate, Report, Table, claim, difference, run_seeds
from helpers.claims.table import PARTS

EFFECT = {"no effect": 0.5, "an effect": None}


def normal(*shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def estimated(scores):
    """The estimate of the mean of scores (n_seeds, n_test), by parts of the columns."""
    parts = torch.arange(scores.shape[1]) % PARTS
    table = run_seeds(lambda seed: {"A": scores[seed]}, range(len(scores)), parts)
    return table.estimate(lambda t: t["A"])


# -- parts of a test set ---------------------------------------------------------------


def drawings(num_originals=40, each=5):
    """Several drawings of each original, whose value is all that they hold."""
    origin = torch.arange(num_originals).repeat(each) * 7 + 3
    X = normal(num_originals, seed=0).float().repeat(each)[:, None]
    return Examples(X, origin % 2, origin)


@pytest.mark.parametrize("num_parts", [2, 3, 7])
def test_parts_share_no_original_and_are_the_whole(num_parts):
    examples = drawings()
    part = examples.parts(num_parts)
    assert part.unique().tolist() == list(range(num_parts))  # each example in one
    owners = torch.stack([examples.origin, part], 1).unique(dim=0)
    assert len(owners) == 40, "an original in two parts"
    for k in (0, 1):  # 20 originals of each class, dealt out evenly
        of_class = part[examples.y == k].bincount(minlength=num_parts) // 5
        assert of_class.max() - of_class.min() <= 1
    assert torch.equal(part, examples.parts(num_parts))


def test_without_originals_examples_are_dealt_out():
    targets = torch.arange(12.0)
    examples = Examples(targets[:, None], targets)
    assert examples.parts(4).bincount().tolist() == [3, 3, 3, 3]
    with pytest.raises(ValueError, match="num_parts=13: allowed are 1 to 12"):
        examples.parts(13)


def test_originals_go_along():
    examples = drawings()
    assert torch.equal(examples.take(9).origin, examples.origin[:9])
    some = examples.at(examples.y == 1)
    assert len(some) == 100 and (some.origin % 2 == 1).all()
    with pytest.raises(ValueError, match=r"origin has shape \(2,\): expected \(200,\)"):
        dataclasses.replace(examples, origin=torch.zeros(2))


# -- the test set's share --------------------------------------------------------------


def test_what_all_seeds_share_is_the_test_sets():
    """Additive: seed s on part k scores a_s + b_k, so the share is the b's alone."""
    a, b = normal(4, 1, seed=1), normal(1, PARTS, seed=2)
    found = estimated((a + b).repeat(1, 3))
    assert found.test_error == pytest.approx(b.std().item() / math.sqrt(PARTS))
    assert found.sd == pytest.approx(a.std().item())
    freedom = (found.sd**2 / 4 + found.test_error**2) ** 2 / (
        (found.sd**2 / 4) ** 2 / 3 + found.test_error**4 / (PARTS - 1)
    )
    assert 3 < freedom < 3 + PARTS - 1
    low, high = found.interval
    alone = Estimate(found.mean, found.sd, 4).interval
    assert (low + high) / 2 == pytest.approx(found.mean) and alone[0] != low


def test_the_jackknife_takes_other_functions_than_means():
    """The square of a mean: its error is that of the mean, times twice the mean."""
    a, b = normal(4, 1, seed=1), 10 + normal(1, PARTS, seed=2)
    scores = (a / 100 + b).repeat(1, 3)
    parts = torch.arange(3 * PARTS) % PARTS
    table = run_seeds(lambda seed: {"A": scores[seed]}, range(4), parts)
    squared = table.estimate(lambda t: t["A"] ** 2)
    expected = 2 * b.mean().item() * table.estimate(lambda t: t["A"]).test_error
    assert squared.test_error == pytest.approx(expected, rel=0.01)


def test_numbers_have_no_test_error():
    table = run_seeds(lambda seed: {"A": 0.1 * seed}, range(3), torch.arange(PARTS))
    found = table.estimate(lambda t: t["A"])
    assert found.test_error == 0 and found.interval == Estimate.of(table["A"]).interval
    assert Table((0,), {"A": {"result": (1.0,)}}).estimate(lambda t: t["A"]).n == 1


def test_examples_that_take_no_part_do_not_count():
    scores = torch.tensor([1.0, math.nan, 0.0, 1.0, math.nan] * 20)
    table = run_seeds(lambda seed: {"A": scores}, range(3), torch.arange(100) % PARTS)
    assert table["A"].tolist() == pytest.approx([2 / 3] * 3)


@pytest.mark.parametrize(
    ("of_seeds", "of_parts", "of_both"),
    [(0.01, 0.0, 0.2), (0.01, 0.1, 0.1), (0.0, 0.1, 0.0)],
    ids=["seeds alone", "both", "the test set alone"],
)
def test_intervals_cover_the_truth(of_seeds, of_parts, of_both):
    """Of 2,000 experiments with 5 seeds about 95 % cover the true mean, which is 0."""
    draws, covered, alone = 2_000, 0, 0
    scores = (  # of each seed on each part of the test set
        of_seeds * normal(draws, 5, 1, seed=1)
        + of_parts * normal(draws, 1, PARTS, seed=2)
        + of_both * normal(draws, 5, PARTS, seed=3)
    )
    for score in scores:
        left_out = (score.sum(1, keepdim=True) - score) / (PARTS - 1)
        found = Estimate.of(score.mean(1), left_out.unbind(1))
        without = dataclasses.replace(found, test_error=0.0)
        covered += found.interval[0] <= 0 <= found.interval[1]
        alone += without.interval[0] <= 0 <= without.interval[1]
    assert 0.935 <= covered / draws <= 0.97
    if of_parts:
        assert alone / draws < 0.8, "here the spread over seeds alone is too narrow"


# -- in a claim ------------------------------------------------------------------------


def shown(**more):
    @claim("x", difference("A", "B", EFFECT), true="an effect", live=(1, 1, 4),
           full=(1, 1, 5), **more)  # fmt: skip
    def shown(data, n_train, num_epochs, seed):
        """Score what the examples hold."""
        seen.append(data.test)
        luck = normal(1, seed=seed) / 100
        return {"A": data.test.X.squeeze(1).double() + luck, "B": 0.0}

    seen: list[Examples] = []
    return shown, seen


@pytest.fixture
def data():
    test = drawings(num_originals=80, each=25)
    return ImageData("drawings", ("even", "odd"), test.take(50), test.take(50), test)


def test_drawings_of_one_original_count_once(data):
    """80 originals, 2,000 drawings: the error is that of 80 values, not of 2,000."""
    made, seen = shown()
    found = made.estimates(made.run(data))["a"]
    assert all(test is data.test for test in seen)
    values = data.test.X[:80].squeeze(1)
    expected = values.std().item() / math.sqrt(80)
    assert found.test_error == pytest.approx(expected, rel=0.35)
    text = Report(made, made.run(data), "drawings").seeds
    assert text.endswith("the intervals hold the luck of those as well.")


def test_apart_each_seed_is_judged_on_originals_of_its_own(data):
    made, seen = shown(apart=True)
    found = made.estimates(made.run(data))["a"]
    origins = [set(test.origin.tolist()) for test in seen]
    assert sum(map(len, origins)) == len(set.union(*origins)) == 80
    assert sum(map(len, seen)) == len(data.test)
    assert found.test_error == 0  # the spread over the seeds holds it
    text = Report(made, made.run(data), "drawings").seeds
    assert "a part of the test set of its own" in text
