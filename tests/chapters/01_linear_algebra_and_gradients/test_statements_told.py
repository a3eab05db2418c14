"""Chapter 1: what exercises, explorers, claims and the gate tell, against what is so.

Hints and sentences of mistakes are read as they are written; each number or word in
them that can be computed is.
"""

import math
import re

import numpy as np
import pytest
import torch
from torch import tensor

from helpers import make_regression, seeded, train
from helpers.chapters.linear_algebra_and_gradients import (
    claims,
    exercises,
    explorers,
    figures,
)
from helpers.chapters.linear_algebra_and_gradients.claims import classifiers, descent
from helpers.chapters.linear_algebra_and_gradients.exercises import (
    gradients,
    runs,
    slopes,
)
from helpers.claims import SAME, Estimate
from tests.said import WORDS, shown
from tests.taught import holding, source_of, taught, text_of

own = taught("01", "squared_error", "linear_regression", "noisy")
holds = holding("01")


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def told(answer) -> str:
    return words(exercises.check(answer).text)


# -- exercises -----------------------------------------------------------------------


def test_the_code_in_the_hint_of_the_steepest_way_gives_a_number_for_each_row():
    D, gradient = torch.arange(1.0, 7).view(2, 3), torch.ones(3)
    codes = re.findall(r"`(.*?)`", slopes.steepest_way_down.hint)
    products, lengths = (eval(code, {"D": D, "gradient": gradient}) for code in codes)
    assert torch.equal(products, D.sum(1))
    torch.testing.assert_close(lengths, torch.stack([row.norm() for row in D]))


def test_the_values_in_the_hint_of_the_graph_are_those_of_the_exercise():
    x, y = 2.0, -1.0
    p = x * y
    q = p + y
    found = re.findall(r"(\w) = (-?\d+)", slopes.slopes_on_a_graph.hint)
    assert {name: float(value) for name, value in found} == {"p": p, "q": q, "z": q**2}
    holds("ex-slopes-on-a-graph", "$p=xy$, $q=p+y$ and $z=q^2$, with $x=2$ and $y=-1$.")


def test_which_gradients_are_in_a_step_of_the_run_that_forgets_none():
    """A gradient that is never set back is the sum of all earlier ones."""
    w, parts = tensor(3.0, requires_grad=True), []
    for _ in range(3):
        parts.append(2 * w.item())
        (w**2).backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
    assert w.grad.item() == pytest.approx(sum(parts))
    hint = words(runs.run_without_zero_grad.hint)
    assert hint.startswith("If all earlier gradients are still in a step,")
    rate, forgets = runs.RUNS[runs.run_without_zero_grad.solution()]
    assert not forgets and (rate, True) in runs.RUNS.values()
    assert "Its rate is that of the healthy run." in runs.run_without_zero_grad.then


def test_what_large_features_do_to_the_limit():
    X = torch.arange(1.0, 7).view(3, 2)
    limits = [gradients.largest_rate.solution(k * X).item() for k in (1, 10)]
    (size,) = re.search(r"make this limit (\w+):", gradients.largest_rate.then).groups()
    assert size == ("small" if limits[1] < limits[0] else "large")


def test_how_many_radians_and_degrees_make_the_turn_that_is_named():
    def angle(a, b):
        return ((a @ b) / (a.norm() * b.norm())).clamp(-1, 1).acos()

    said = re.search(r"a (\w+) turn is π of them, and (\d+) degrees", told(angle))
    assert int(said[2]) == pytest.approx(math.degrees(math.pi))
    assert said[1] == {180: "half", 360: "full"}[int(said[2])]


def test_what_is_subtracted_from_what_in_the_error():
    def mean_squared_gradient(X, y, w, b):
        error = y - X @ w - b
        return X.T @ error / len(y), error.mean()

    X, w, y = torch.eye(2), tensor([1.0, 2.0]), torch.zeros(2)
    w.requires_grad_()
    own.squared_error(X @ w, y).backward()
    parts = {"prediction": (X @ w).detach(), "target": y}
    said = re.search(r"the error is (\w+) minus (\w+)\.", told(mean_squared_gradient))
    torch.testing.assert_close((parts[said[1]] - parts[said[2]]) / 2, w.grad)


# -- figures and explorers -----------------------------------------------------------


def test_the_error_is_drawn_over_the_weight():
    figure = figures.show_fits([(1.0, 2.0)], {"a": 0.5}, lambda w: w**2)
    curve = figure.axes[1]
    assert (curve.get_xlabel(), curve.get_ylabel()) == ("w", "mean error")
    holds("fits-read", "Right, the error of every $w$:")


@pytest.mark.parametrize("p", [0.5, 0.9, 1.0, 2.0, 10.0])
def test_the_ball_is_called_convex_if_no_segment_leaves_it(p):
    inside = explorers.p_norm(0.5, 0.5, p) <= 1 + 1e-9  # between (1, 0) and (0, 1)
    explorer = explorers.norm_balls()
    explorer.set(p=p)
    said = explorer.sentence
    assert ("The ball is convex" in said) == inside
    assert ("The ball is not convex" in said) != inside
    assert ("is a norm" in said) == inside and ("is no norm" in said) != inside
    if not inside:
        far = explorers.p_norm(1.0, 1.0, p)
        assert f"their sum {far:.3f}, which is more than 2." in said and far > 2


def test_the_sliders_of_a_line_reach_beyond_the_limit():
    limit = 2 / np.linalg.eigvalsh(explorers.HESSIAN).max()
    rate = explorers.regression.ranges["learning_rate"]
    assert rate.low < rate.start < limit < rate.high
    rate, most = explorers.descent.ranges.values()
    assert rate.high > 1 and rate.low < 0.05 and most.high >= 10, "what is asked of it"


# -- the lab -------------------------------------------------------------------------


def trained(seed, net=own.linear_regression, rate=0.005):
    data = own.noisy(0.5)
    with seeded(seed):
        net = net()
    losses = {"loss": own.squared_error, "num_epochs": 10, "batch_size": 10}
    return train(net, data.train, data.val, lr=rate, **losses).val_loss[-1]


def without_bias():
    return torch.nn.Linear(2, 1, bias=False)


def gate():
    """What the gate's cell says: its two comments, and its band."""
    source = words(source_of("01", "gate-regression")).replace("# ", "")
    found = re.search(
        r"without a bias the loss is ([\d.]+), with a tenth of the rate ([\d.]+), "
        r"without the ½ ([\d.]+) .*\(([\d.]+), ([\d.]+)\)",
        source,
    )
    return [float(number) for number in found.groups()]


def test_the_band_is_as_wide_as_the_seeds_spread():
    losses = tensor([trained(seed) for seed in range(5)])
    *_, low, high = gate()
    reach = max(4 * losses.std().item(), 0.01)
    assert low < losses.min() and losses.max() < high
    assert high - low < 2.5 * reach, "mean ± reach, rounded"


def test_what_mistakes_do_to_the_loss_of_the_gate():
    no_bias, slow, no_half, low, high = gate()
    right = trained(0)
    for said, loss in (
        (no_bias, trained(0, net=without_bias)),
        (slow, trained(0, rate=0.0005)),
        (no_half, 2 * right),
    ):
        assert said == pytest.approx(loss, rel=0.03)
        assert not low <= said <= high, "the gate notices"


def test_the_lab_is_judged_by_examples_that_it_did_not_learn_from():
    """The cell as it stands, with a training that only notes what it is given."""
    given = []

    def noted(net, *sets, **settings):
        given.extend(sets)

    space = {"make_regression": make_regression, "nn": torch.nn, "seeded": seeded}
    space |= {"train": noted, "plot_curves": lambda history: None}
    space |= {"squared_error": own.squared_error}
    exec(source_of("01", "baseline"), space)
    learned, judged = ({tuple(x) for x in part.X.tolist()} for part in given)
    assert learned and judged and not learned & judged
    holds("baseline-read", "that on **validation** examples, not used in training.")


# -- claims --------------------------------------------------------------------------


def test_the_cuts_are_those_that_their_words_say():
    """A percentage point, a thousandth of the way, a factor of 1.26, a quarter."""
    text = words(claims.__doc__)
    assert "from one percentage point on" in text
    assert claims.far_positives.questions["a"].cuts == (-0.01, 0.01)
    assert claims.far_positives.questions["b"].cuts == (-0.01, 0.01)
    assert "a distance from a thousandth of the way" in text
    for letter in "abc":  # in percent
        assert claims.noise_floor.questions[letter].cuts == (100 / 1000,)
    last = claims.noise_floor.questions["d"]
    assert last.cuts == (1 / 4,) and last.answers[0] == "less than a quarter is left"
    (factor,) = re.search(r"from a factor of ([\d.]+) on", text).groups()
    for question in claims.standardizing.questions.values():
        assert [f"{10 ** abs(cut):.2f}" for cut in question.cuts] == [factor] * 2
        assert f"(within a factor of {factor})" in question.answers[1]


def test_a_good_classifier_is_one_that_is_not_worse():
    claim = claims.far_positives
    for mean, word in (
        (0.0, "supported"),
        (0.05, "supported"),
        (-0.05, "not supported"),
    ):
        around = Estimate.of([mean - 1e-3, mean, mean + 1e-3])
        assert claim.judge(dict.fromkeys("ab", around))[0] == word
    assert SAME in claim.true


def test_each_kind_of_input_gets_about_its_best_rate():
    """None of a finer grid of rates needs fewer than four fifths of the steps."""
    examples = classifiers.drawn(claims.units().train, 300, seed=3)
    X, y = classifiers.features(examples.X), descent.targets(examples)
    finer = tuple(np.linspace(0.02, 0.995, 40))
    for inputs in (X, descent.standardized(X), descent.centred(X)):
        found = descent.steps_needed(inputs, y, 0.001, 1_000_000)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(descent, "SHARES", finer)
            best = descent.steps_needed(inputs, y, 0.001, 1_000_000)
        assert found <= max(best / 0.8, best + 1)


def test_how_bright_a_far_image_is():
    image = classifiers.Examples(torch.full((1, 1, 2, 2), 0.5), tensor([1]))
    times = (classifiers.far(image).X / image.X).unique()
    (said,) = re.search(
        r"\"far\" means (\w+) times as bright", text_of("01", "claim-far")
    ).groups()
    assert times.tolist() == [WORDS.index(said)]


@pytest.mark.parametrize("claim", ["far", "floor", "standardizing"])
def test_a_stored_look_lies_in_the_middle_of_its_interval(claim):
    """And the interval is at least as wide as the spread over seeds makes it."""
    students = {3: 4.303, 5: 2.776}  # 97.5 % of Student's t, one degree less than seeds
    report = shown("01", f"claim-{claim}-test").replace("−", "-")
    number = r"(-?\d+\.\d+)"
    found = re.findall(
        rf"{number} ± {number} over (\d) seeds, 95 % interval {number} to {number}: ",
        report,
    )
    questions = {"far": 2, "floor": 4, "standardizing": 3}
    assert len(found) == questions[claim]
    for mean, spread, seeds, low, high in (map(float, row) for row in found):
        assert mean == pytest.approx((low + high) / 2, abs=1.1e-3)
        reach = students[seeds] * spread / math.sqrt(seeds)
        assert (high - low) / 2 > 0.95 * reach - 2e-3
