"""Tables over seeds, and the rule that judges them: how often it is wrong."""

import dataclasses
import math

import pytest
import torch

from helpers.claims import SAME as NO_DIFFERENCE
from helpers.claims import (
    Estimate,
    Question,
    Table,
    difference,
    level,
    ratio,
    run_seeds,
)

WORSE, SAME, BETTER = "worse", "the same", "better"
QUESTION = Question(
    "A minus B",
    lambda table: table["A"] - table["B"],
    {WORSE: -0.01, SAME: 0.01, BETTER: None},
)
REPEATS = 3000
# four standard deviations of a share of 5 % counted in so many experiments
SLACK = 4 * math.sqrt(0.05 * 0.95 / REPEATS)


def estimates(n, mean, draw=torch.randn, sd=0.02, seed=0):
    """Many experiments of n seeds each, whose true mean is known."""
    torch.manual_seed(seed)
    values = mean + sd * draw(REPEATS, n).double()
    return [Estimate.of(row) for row in values]


def missed(found, mean):
    return sum(not e.interval[0] <= mean <= e.interval[1] for e in found) / REPEATS


# -- the rule ------------------------------------------------------------------------


@pytest.mark.parametrize("n", [3, 5, 10])
def test_the_interval_misses_the_true_mean_in_five_percent(n):
    assert abs(missed(estimates(n, 0.3), 0.3) - 0.05) < SLACK


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("cut, wrong", [(0.01, BETTER), (-0.01, WORSE)])
def test_false_positive_rate(n, cut, wrong):
    """Where no difference that matters is as large as it can be: 2.5 % at most."""
    answers = [QUESTION.possible(e) for e in estimates(n, cut)]
    assert sum(a == (wrong,) for a in answers) / REPEATS < 0.025 + SLACK
    # the same on the other side of the cut: a difference taken for none
    assert sum(a == (SAME,) for a in answers) / REPEATS < 0.025 + SLACK


def test_without_any_difference_an_effect_is_hardly_ever_seen():
    answers = [QUESTION.possible(e) for e in estimates(5, 0.0)]
    assert sum(a in ((WORSE,), (BETTER,)) for a in answers) / REPEATS < 0.025


def test_values_far_from_normal_double_the_error_of_three_seeds():
    """What the docstring of Estimate says of three seeds, on a skewed distribution."""

    def skewed(*shape):
        return torch.empty(shape).exponential_() - 1

    assert 0.05 < missed(estimates(3, 0.0, skewed), 0.0) < 0.13


def test_a_small_but_consistent_effect_is_noticed():
    """The rule "mean above two standard deviations" would overlook both."""
    for values in (
        [0.02, 0.03, 0.03, 0.04, 0.05],
        [0.02 + 0.004 * k for k in range(10)],
    ):
        estimate = Estimate.of(values)
        assert QUESTION.possible(estimate) == (BETTER,)
    assert estimate.mean < 3.2 * estimate.sd
    found = estimates(10, 0.025, sd=0.02)  # 1.25 standard deviations above 0
    noticed = sum(e.interval[0] > 0 for e in found) / REPEATS
    two_sd = sum(e.mean > 2 * e.sd for e in found) / REPEATS
    assert noticed > 0.9
    assert two_sd < 0.15


@pytest.mark.parametrize(
    "values, expected",
    [
        ([0.05, 0.05, 0.05], (BETTER,)),  # no spread at all
        ([0.0, 0.0, 0.0], (SAME,)),
        ([-0.05, -0.052, -0.049], (WORSE,)),
        ([0.0, 0.1, 0.2], (WORSE, SAME, BETTER)),
        ([0.009, 0.011, 0.010], (SAME, BETTER)),
        ([0.0, math.nan, 0.0], (WORSE, SAME, BETTER)),  # a run that diverged
        ([0.5], (WORSE, SAME, BETTER)),  # one seed shows no spread
    ],
)
def test_answers(values, expected):
    assert QUESTION.possible(Estimate.of(values)) == expected


def test_a_value_on_a_cut_belongs_above_it():
    assert QUESTION.possible(Estimate(0.01, 0.0, 3)) == (BETTER,)
    assert QUESTION.possible(Estimate(-0.01, 0.0, 3)) == (SAME,)


def test_the_interval_by_hand():
    """Mean 2, standard deviation 1, t of two degrees of freedom 4.3027."""
    estimate = Estimate.of([1.0, 2.0, 3.0])
    assert (estimate.mean, estimate.sd, estimate.n) == (2.0, 1.0, 3)
    reach = 4.30265 / math.sqrt(3)
    assert estimate.interval == pytest.approx((2 - reach, 2 + reach), abs=1e-4)


def test_sentences():
    assert QUESTION.sentence(Estimate.of([0.05, 0.05, 0.06])) == (
        "A minus B: 0.053 ± 0.006 over 3 seeds, 95 % interval 0.039 to 0.068: better."
    )
    assert QUESTION.sentence(Estimate.of([0.0, -0.2, 0.2])).endswith(
        "interval −0.497 to 0.497: undecided between “worse” and “better”."
    )


@pytest.mark.parametrize(
    "cuts", [(0.1, None, None), (0.1, -0.1, None), (0.1, 0.1, None), (-0.1, 0.1, 0.2)]
)
def test_cuts_part_the_answers(cuts):
    with pytest.raises(ValueError, match="expected ascending cuts and None"):
        Question(
            "x", lambda t: t["A"], dict(zip((WORSE, SAME, BETTER), cuts, strict=True))
        )


# -- the three kinds -----------------------------------------------------------------


def test_a_difference_is_named_after_what_it_compares(table):
    question = difference("A", ("B, <plain>", "accuracy"))
    assert question.quantity == "A minus B, <plain>, accuracy"
    assert question.answers == ("A is lower", NO_DIFFERENCE, "A is higher")
    assert question.cuts == (-0.01, 0.01)
    assert question.measure(table).tolist() == pytest.approx([0.1] * 3)
    own = difference("A", "B, <plain>", {"small": 0.2, "large": None}, "The gap")
    assert (own.quantity, own.answers, own.cuts) == (
        "The gap",
        ("small", "large"),
        (0.2,),
    )


def test_a_ratio_and_a_level(table):
    answers = {"less": 1.0, "more": None}
    question = ratio("A", "B, <plain>", answers)
    assert question.quantity == "A over B, <plain>"
    assert question.measure(table).tolist() == pytest.approx(
        [0.9 / 0.8, 0.91 / 0.81, 0.92 / 0.82]
    )
    by_key = level("loss of A", ("A", "loss"), answers)
    assert by_key.measure(table).tolist() == [1.0] * 3
    by_function = level("twice A", lambda t: 2 * t["A"], answers)
    assert by_function.measure(table).tolist() == pytest.approx([1.8, 1.82, 1.84])


# -- tables --------------------------------------------------------------------------


@pytest.fixture
def table():
    return run_seeds(
        lambda seed: {
            "A": {"accuracy": 0.9 + seed / 100, "loss": 1.0},
            "B, <plain>": {"accuracy": 0.8 + seed / 100},
        },
        seeds=(0, 1, 2),
    )


def test_text_is_stable_and_aligned(table):
    assert repr(table) == (
        "            accuracy       loss\n"
        "3 seeds\n"
        "A           0.910 ± 0.010  1.000 ± 0.000\n"
        "B, <plain>  0.810 ± 0.010"
    )


def test_html_has_headings_and_escapes(table):
    html = table._repr_html_()
    assert html.count('scope="row"') == 2
    assert html.count('scope="col"') == 2
    assert "B, &lt;plain&gt;" in html
    assert html.count("<tr>") == html.count("</tr>") == 4


def test_differences_are_paired(table):
    difference = table["A"] - table["B, <plain>", "accuracy"]
    assert difference.tolist() == pytest.approx([0.1] * 3)
    assert Estimate.of(difference).sd < 1e-12 < Estimate.of(table["A"]).sd


def test_what_a_table_does_not_have(table):
    with pytest.raises(KeyError, match="no 'loss' of 'B, <plain>'; there are"):
        table["B, <plain>", "loss"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        table.seeds = ()


def test_every_seed_runs_once():
    calls = []

    def experiment(seed):
        calls.append(seed)
        return {"low": seed, "high": 2 * seed}

    table = run_seeds(experiment, range(3))
    assert calls == [0, 1, 2] and table.seeds == (0, 1, 2)
    assert table["high"].tolist() == [0, 2, 4]
    assert isinstance(table, Table) and table.measures == ("result",)


@pytest.mark.parametrize("seeds", [(), (1, 2, 1)])
def test_seeds_are_there_and_different(seeds):
    with pytest.raises(ValueError, match="all different"):
        run_seeds(lambda seed: {"A": seed}, seeds)
