"""Chapter 4: what a usual mistake is told, against what its code does.

Each sentence is found by words that do not say which way it goes; the words that do
are read out of it, and compared with what the wrong answer computes.
"""

import re

import pytest
import torch
from torch import tensor
from torch.nn import functional as F

from helpers.chapters.dropout_and_regularization.exercises import (
    builds,
    fitting,
    penalties,
    runs,
)


def told(exercise, pattern):
    """The first mistake whose sentence has the pattern: its code, and the groups.

    Where others are told the same, they are the same mistake in another spelling.
    """
    found = [
        (mistake, re.search(pattern, " ".join(mistake.says.split())))
        for mistake in exercise.mistakes
    ]
    matching = [(mistake, match) for mistake, match in found if match]
    assert len({match[0] for _, match in matching}) == 1, pattern
    mistake, match = matching[0]
    return mistake.wrong, match.groups()


def then(exercise, pattern):
    """The groups of a pattern in what a right answer is told."""
    return re.search(pattern, " ".join(exercise.then.split())).groups()


# -- when to stop ----------------------------------------------------------------------


def test_who_waits_for_more_than_the_patience_is_an_epoch_late():
    wrong, (verb, when) = told(
        fitting.early_stopping, r"You (\w+) (?:for )?one epoch too (\w+):"
    )
    losses = [3.0, 1.0, 2.0, 2.0, 0.5]
    assert fitting.early_stopping.solution(losses, 2) == 1, "it stops at the fourth"
    assert wrong(losses, 2) == 4, "it saw one more"
    assert (verb, when) == ("wait", "many")


def test_what_is_kept_where_nothing_stops_early():
    wrong, (kept, other) = told(
        fitting.early_stopping, r"keep the (\w+) of all, which need not be the (\w+)\."
    )
    losses = [3.0, 2.0, 2.5]
    best, last = losses.index(min(losses)), len(losses) - 1
    where = {"best": best, "last": last}
    assert fitting.early_stopping.solution(losses, 2) == where[kept]
    assert wrong(losses, 2) == where[other] != where[kept]


def test_a_loss_that_recovers_is_compared_with_the_lowest():
    wrong, _ = told(fitting.early_stopping, "Compare it with the lowest so far")
    losses = [9.0, 5.0, 8.0, 6.0, 7.0, 6.5]
    assert wrong(losses, 3) != fitting.early_stopping.solution(losses, 3) == 1


# -- four runs -------------------------------------------------------------------------


def test_what_is_told_of_the_runs_is_what_they_show():
    found = runs.histories()
    what, fitted = then(
        runs.run_stopped_too_early, r"Both curves (.*?), and (\w+) is fitted that is"
    )
    for part in ("train_accuracy", "val_accuracy"):
        last = getattr(found["C"], part)[-10:]
        assert max(last[5:]) > max(last[:5]), "they rise to the end"
    gap = found["C"].train_accuracy[-1] - found["C"].val_accuracy[-1]
    assert gap < 0.05, "nothing is known by heart"
    assert (what, fitted) == ("still rise", "nothing")
    slow, others = then(
        runs.run_stopped_too_early,
        r"learning rate is ([\d.]+), that of the others (.*)\.",
    )
    assert runs.RUNS["C"][1]["lr"] == float(slow) and float(others) == 0.04
    assert all("lr" not in options for _, options in
               (runs.RUNS[k] for k in "ABD"))  # fmt: skip
    (decay,) = then(runs.run_with_too_strong_penalty, r"a decay of ([\d.]+) pulls")
    assert runs.RUNS["A"][1]["weight_decay"] == float(decay)
    (reached,) = told(
        runs.run_with_too_strong_penalty,
        r"a small penalty hold it back, and it still reaches about ([\d.]+)\.",
    )[1]
    for part in ("train_accuracy", "val_accuracy"):
        mean = sum(getattr(found["D"], part)[-5:]) / 5
        assert mean == pytest.approx(float(reached), abs=0.05)
    dropout, options = runs.RUNS["D"]
    assert dropout == 0.5 and options["weight_decay"] < 0.1 * float(decay)


# -- thresholds, ridge and its strength ------------------------------------------------


def test_thresholds_hard_and_soft():
    wrong, (kind, large) = told(
        penalties.soft_threshold,
        r"This is the (\w+) threshold: large weights (\w+) the",
    )
    w = tensor([3.0, -0.2])
    assert wrong(w, 1.0).tolist() == [3.0, 0.0] and (kind, large) == ("hard", "keep")
    assert penalties.soft_threshold.solution(w, 1.0).tolist() == [2.0, 0.0]
    zeros, not_zeros = then(
        penalties.soft_threshold, r"Exact zeros come from (\w+), not from (.*?)\."
    )
    assert (zeros, not_zeros) == ("here", "the gradient of the absolute value")
    v = tensor([0.25])
    for _ in range(9):
        v = v - 0.1 * v.sign()
    assert v != 0, "by the gradient of the absolute value"


def test_when_shrinking_by_a_factor_is_ridge():
    wrong, (what,) = told(penalties.ridge, r"is right only if X\^T X is (.*?)\.")
    y, shape = tensor([1.0, -2.0, 3.0]), (3, 2)
    orthonormal, _ = torch.linalg.qr(torch.arange(1.0, 7.0).view(shape) ** 1.5)
    cases = {"the identity": orthonormal, "invertible": 2 * orthonormal}
    right = {
        name: torch.allclose(wrong(X, y, 0.5), penalties.ridge.solution(X, y, 0.5))
        for name, X in cases.items()
    }
    assert right == {"the identity": True, "invertible": False} and right[what]


def test_a_penalty_makes_the_matrix_invertible():
    when, how = then(
        penalties.ridge, r"With lam > 0 the matrix is (\w+) invertible(.*?)\."
    )
    for n in (1, 2, 5):
        X = torch.randn(n, 5, generator=torch.Generator().manual_seed(n))
        matrix = X.T @ X + 0.1 * torch.eye(5)
        assert torch.linalg.matrix_rank(matrix) == 5
    assert (when, how) == ("always", ", however few the examples")


def test_what_the_weights_or_the_choice_have_seen_that_they_must_not():
    """Examples are marked by their part: what is fitted to, compared and reported."""
    exercise = builds.choose_strength
    X, y, strengths = exercise.cases[0]
    a, b = len(X) * 3 // 5, len(X) * 4 // 5
    parts = {"training": slice(a), "validation": slice(a, b), "test": slice(b, None)}

    def changed(choose, part):
        """Whether the strength, or the report, depends on a part's targets."""
        other = y.clone()
        other[parts[part]] += torch.linspace(3, -9, len(y[parts[part]]))
        return any(
            float(u) != float(v)
            for u, v in zip(
                choose(X, y, strengths[:1]),
                choose(X, other, strengths[:1]),
                strict=True,
            )
        )

    seen = {k: changed(exercise.solution, k) for k in parts}
    assert seen == {"training": True, "validation": False, "test": True}
    told_of = [
        m for m in exercise.mistakes if m.says.startswith("The weights have see")
    ]
    (says,) = {" ".join(m.says.split()) for m in told_of}
    assert any(changed(m.wrong, "validation") for m in told_of)
    seen_by_weights, chosen_on = re.search(
        r"have seen the (\w+) examples, so the choice among them is made on (\w+) ex",
        says,
    ).groups()
    assert (seen_by_weights, chosen_on) == ("validation", "training")


# -- a step with decay -----------------------------------------------------------------


def test_which_parameters_torch_lets_decay():
    decays, stays = then(
        penalties.weight_decay_step,
        r"the (\w+) with weight_decay, the (\w+) without\.",
    )
    w = penalties.weight_decay_step.solution(
        tensor([2.0, 2.0]), torch.zeros(2), 0.1, 0.5
    )
    changed = {"weights": w[0] != 2, "biases": w[-1] != 2}
    assert changed[decays] and not changed[stays]


def test_the_gradient_of_the_penalty_of_the_step():
    _, (factor, has) = told(
        penalties.weight_decay_step,
        r"The penalty is (1/2 )?weight_decay times the sum of squares; its gradient "
        r"has (\w+) factor 2\.",
    )
    w = tensor([3.0], requires_grad=True)
    (slope,) = torch.autograd.grad((0.5 if factor else 1.0) * 0.1 * w.square().sum(), w)
    assert (has == "no") == (slope.item() == pytest.approx(0.1 * 3.0))
    after = penalties.weight_decay_step.solution(
        tensor([3.0, 0.0]), torch.zeros(2), 1.0, 0.1
    )
    assert 3.0 - after[0].item() == pytest.approx(slope.item()), "that of the exercise"


# -- smoothed labels -------------------------------------------------------------------


def test_among_which_classes_epsilon_was_shared():
    wrong, (classes,) = told(
        penalties.smooth_labels, r"You shared epsilon among the (\w+) classes only"
    )
    row = wrong(tensor([0]), 4, 0.2)[0]
    assert row[0].item() == pytest.approx(1 - 0.2) and row[1:].sum() == pytest.approx(
        0.2
    )
    assert classes == "wrong"
    (smoothing,) = then(penalties.smooth_labels, r"label_smoothing=(.*?)\) uses these")
    logits, y = torch.arange(4.0)[None], tensor([0])
    labels = penalties.smooth_labels.solution(y, 4, 0.2)
    by_torch = F.cross_entropy(
        logits, y, label_smoothing=eval(smoothing, {"epsilon": 0.2})
    )
    assert F.cross_entropy(logits, labels).item() == pytest.approx(by_torch.item())


# -- folds and dropout -----------------------------------------------------------------


def test_what_split_and_tensor_split_are_given():
    parts = {
        "split": torch.arange(10).split(4),
        "tensor_split": torch.arange(10).tensor_split(4),
    }
    given = {
        name: "number" if len(found) == 4 else "size"
        for name, found in parts.items()
        if len(found) == 4 or len(found[0]) == 4
    }
    _, (of_split, of_other) = told(
        builds.cross_validate,
        r"`split` takes the (\w+) of a?\s?parts?, .*`tensor_split` takes their (\w+)\.",
    )
    assert given == {"split": of_split, "tensor_split": of_other}


def test_who_turned_fitting_and_measuring_round():
    seen = {}

    def fit(X, y):
        seen["fitted"] = len(X)
        return lambda X: X[:, 0]

    def loss(predicted, y):
        seen["measured"] = len(y)
        return tensor(0.0)

    X, y = torch.arange(9.0)[:, None], torch.arange(9.0)
    wrong, (fitted, measured) = told(
        builds.cross_validate, r"You fitted to the (.*?) and measured on the (.*?);"
    )
    wrong(X, y, 3, fit, loss)
    assert seen == {"fitted": 3, "measured": 6}
    assert (fitted, measured) == ("one fold", "others")


def test_where_the_older_form_of_dropout_scales():
    wrong, (older, here) = told(
        builds.Dropout,
        r"This is the older form, which scales (.*?)\. Here the scaling is to happen "
        r"(.*?), and evaluation changes nothing",
    )
    layer, ones = wrong(0.5), torch.ones(100)
    assert set(layer(ones).tolist()) == {0.0, 1.0}, "not in training"
    assert set(layer.eval()(ones).tolist()) == {0.5}
    assert (older, here) == ("when the network is used", "in training")
