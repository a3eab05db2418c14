"""Chapter 4: what stands on axes and beside lines, and what mistakes are told.

The numbers of figures and scenes are held elsewhere; here it is their names, and the
sentences of mistakes, each against what the mistake computes.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from helpers.chapters.dropout_and_regularization import (
    claims,
    exercises,
    explorers,
    figures,
    masks,
)
from helpers.chapters.dropout_and_regularization.exercises import (
    builds,
    penalties,
    runs,
)
from tests.taught import source_of


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


# -- axes ------------------------------------------------------------------------------

HISTORY = SimpleNamespace(train_accuracy=[0.5, 1.0], val_accuracy=[0.2, 0.1])
PAIRS = {0.5: (3.0, 5.0), 8.0: (2.0, 7.0)}
TWO = torch.tensor([3.0, 1.0])
STORED = claims.wide_and_regularized.stored()
NAMES = {  # title, label below, label at the left, of each of the axes
    "memory": (
        lambda: figures.show_memory({"true": HISTORY, "random": HISTORY}, 0.1),
        [("true", "epoch", "accuracy"), ("random", "epoch", "")],
    ),
    "fits": (
        lambda: figures.show_fits(TWO - 2, TWO, {"line": TWO}),
        [("line", "x", "y")],
    ),
    "errors": (
        lambda: figures.show_errors([1, 2], {"a": TWO}),
        [("", "degree", "mean squared error")],
    ),
    "bundles": (
        lambda: figures.show_bundles(TWO - 2, TWO, {1: torch.rand(3, 2), 2: TWO[None]}),
        [("degree 1", "x", "y"), ("degree 2", "x", "")],
    ),
    "bias": (
        lambda: figures.show_bias_variance([1, 2], TWO, TWO, 0.04),
        [("", "degree", "mean squared error")],
    ),
    "sizes": (
        lambda: figures.show_sizes(PAIRS),
        [("", "training images", "loss")],
    ),
    "rates": (
        lambda: figures.show_rates(PAIRS),
        [("", "dropout p", "accuracy")],
    ),
    "rates and early stopping": (
        lambda: figures.show_rates(PAIRS, stopped=4.0),
        [("", "dropout p", "accuracy")],
    ),
    "remedies": (
        lambda: figures.show_remedies({"none": [(0.5, 0.4), (0.6, 0.5)]}, right=0.6),
        [("", "accuracy", "")],
    ),
    "ensembles": (
        lambda: figures.show_ensembles([0.5, 0.4], alone=[0.45, 0.55]),
        [("", "networks averaged", "share wrong")],
    ),
    "widths": (
        lambda: figures.show_widths(STORED),
        [
            ("digits", "hidden units", "test accuracy"),
            ("Fashion-MNIST", "hidden units", ""),
        ],
    ),
    "double descent": (
        lambda: figures.show_double_descent((10, 50), torch.rand(2, 3, 2), n=10),
        [("", "hidden units", "share wrong")],
    ),
    "runs": (
        runs.four_trainings,
        [("A", "epoch", "accuracy")] + [(k, "epoch", "") for k in "BCD"],
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_axes_are_named_after_what_they_show(name):
    draw, expected = NAMES[name]
    found = [
        (ax.get_title(loc="left") or ax.get_title(), ax.get_xlabel(), ax.get_ylabel())
        for ax in draw().axes
    ]
    assert found == expected


def test_the_key_of_the_widths_names_the_dose():
    figure = figures.show_widths(STORED)
    for ax, found in zip(figure.axes, STORED.values(), strict=True):
        by_label = {c.get_label(): c[0].get_ydata()[-1] for c in ax.containers}
        table = found.table
        assert by_label == {
            "its best dose": table["1024, best dose"]["test accuracy"].mean,
            "early stopping alone": table["1024, no dose"]["test accuracy"].mean,
        }
        for bars in ax.containers:
            dose = {"its best dose": "best", "early stopping alone": "no"}
            rows = [table[f"{w}, {dose[bars.get_label()]} dose"]["test accuracy"]
                    for w in (8, 64, 256, 1024)]  # fmt: skip
            (sticks,) = bars[2]
            half = [(b - a) / 2 for (_, a), (_, b) in sticks.get_segments()]
            assert half == pytest.approx([row.sd for row in rows])
    says = "The bars are standard deviations over the seeds."
    assert says in words(source_of("04", "large-read"))


def test_the_dotted_line_stands_at_the_number_of_images_not_at_the_last_width():
    figure = figures.show_double_descent((10, 50, 800), torch.rand(3, 3, 2), n=50)
    dotted = [x for x in figure.axes[0].lines if x.get_linestyle() == ":"]
    assert [list(line.get_xdata()) for line in dotted] == [[50, 50]]


def test_steps_of_dropout_are_counted_from_one():
    (ax,) = figures.show_dropout([[1, 0, 1, 0], [0, 1, 1, 0]]).axes
    titles = sorted(ax.texts, key=lambda text: text.get_position()[0])
    assert [t.get_text() for t in titles] == ["in use", "step 1", "step 2"]
    crosses = [x.get_xdata()[0] for x in ax.lines if x.get_gid() == "cross 1"]
    assert {titles[1].get_position()[0]} == set(crosses), "above its own crosses"


def test_the_dotted_curve_of_the_fits_is_the_source():
    (ax,) = figures.show_fits(TWO - 2, TWO, {"line": TWO}).axes
    (truth,) = (line for line in ax.lines if line.get_label() == "sin 3x")
    assert truth.get_ydata() == pytest.approx(np.sin(3 * truth.get_xdata()))
    assert "torch.sin(3 * x) + 0.2 * noise" in source_of("04", "source-code")


# -- explorers -------------------------------------------------------------------------


def test_panes_of_the_penalties_name_what_is_added():
    scene = explorers.penalties.scene(strength=0.5)
    assert [pane.title for pane in scene.panes] == [
        "L1: loss + λ (|w₁| + |w₂|)",
        "L2: loss + (λ / 2) (w₁² + w₂²)",
    ]
    diamond, disk = (scene[f"{name} ball"]["xy"] for name in ("L1", "L2"))
    assert len(diamond) == 5 and len(disk) > 50


def test_beside_each_unit_stands_this_mask_and_then_the_mean():
    _, scaled = masks.dropped(0.35, 7)
    pane = explorers.dropout_masks.scene(dropout=0.35, mask=7).panes[1]
    told = [mark["text"] for mark in pane.marks if mark["kind"] == "text"]
    both = zip(scaled[-1], scaled.mean(0), strict=True)
    assert told == [f"{now:.2f}, mean {mean:.2f}" for now, mean in both]


def test_lines_of_the_polynomials_have_their_own_names():
    scene = explorers.polynomial.scene(degree=12, points=20)
    assert all(
        scene[name]["label"] == name for name in ("new points", "training points")
    )
    on_training, on_new = (
        scene[f"{k} points"]["xy"][-1, 1] for k in ("training", "new")
    )
    assert on_training < on_new
    assert scene["target"]["label"] == "sin 3x" and scene["fit"]["label"] == "fit"


# -- sentences of mistakes -------------------------------------------------------------


@pytest.mark.parametrize("exercise", exercises.EXERCISES, ids=lambda e: e.name)
def test_a_hint_asks(exercise):
    assert exercise.hint.rstrip().endswith("?")


HINTS = {
    "early-stopping": "how long ago the best was?",
    "soft-threshold": "What happens to the magnitude of a weight, and what to its sign",
    "ridge": "What is the gradient of both terms, and for which w is it zero?",
    "three-bugs": "Which of the three parts may the weights see",
    "weight-decay-step": "Which entries does the penalty contain",
    "dropped-values": "Which values can the mask take, and what is a kept one multipli",
    "smooth-labels": "To which number does each row have to sum",
    "k-fold": "And which index picks all examples but those of one fold?",
    "dropout": "And what becomes of 1 / (1 - p) at p = 1?",
    "run-stopped-too-early": "In which panel would ten more epochs change what you see",
    "run-with-too-strong-penalty": "Which run cannot even fit what it is shown",
}


def test_each_exercise_has_its_own_hint():
    assert {e.name for e in exercises.EXERCISES} == set(HINTS)
    for exercise in exercises.EXERCISES:
        assert HINTS[exercise.name] in words(exercise.hint)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            (0.0, 2.0, 2.0),
            "What is kept is divided by 1 - p, so that the mean stays 2.",
        ),
        ((0.0, 2 / 0.2, 2.0), "You divided by p, the share that is dropped. Divide by"),
        ((0.0, 2 / 0.8, 2 * 0.8), "In use nothing is scaled: training has done that"),
        ((0.0, 2 / 0.8, 2 / 0.8), "The factor belongs to training."),
        ((0.0, 2 * 0.8, 2.0), "Kept values become larger, not smaller"),
    ],
)
def test_a_wrong_value_of_a_unit_gets_its_sentence(answer, says):
    assert says in words(exercises.check(values_of_a_unit=answer).text)
    mean = 0.2 * 0 + 0.8 * penalties.values_of_a_unit.solution()[1]
    assert mean == 2
    assert "0.2 times 0 plus 0.8 times 2.5, again 2." in (
        penalties.values_of_a_unit.then
    )


@pytest.mark.parametrize(
    ("mask", "factor", "says"),
    [
        ("<", "1 - self.p", "so what is kept are the random numbers above p."),
        (
            ">",
            "self.p",
            "Divide by the share that is kept, 1 - p, not by that which is",
        ),
        (">", "1.0", "Otherwise the next layer gets smaller inputs in training than"),
    ],
)
def test_a_wrong_dropout_gets_the_sentence_of_its_mistake(mask, factor, says):
    class Dropout(nn.Module):
        def __init__(self, p=0.5):
            super().__init__()
            if not 0 <= p <= 1:
                raise ValueError("p must lie between 0 and 1")
            self.p = p

        def forward(self, X):
            if not self.training:
                return X
            if self.p == 1:
                return torch.zeros_like(X)
            drawn = torch.rand_like(X)
            keep = drawn > self.p if mask == ">" else drawn < self.p
            return keep * X / eval(factor)

    assert says in words(exercises.check(Dropout).text)


def test_dividing_is_told_as_the_work_of_l2():
    def soft_threshold(w, lam):
        return w / (1 + lam)

    says = words(exercises.check(soft_threshold).text)
    assert "This is what L2 does: it shrinks by a factor. L1 subtracts." in says


def test_a_penalty_of_the_wrong_sign_lets_weights_grow():
    w, still = torch.tensor([2.0, 0.0]), torch.zeros(2)

    def weight_decay_step(w, grad, lr, weight_decay):
        decayed = w.clone()
        decayed[-1] = 0
        return w - lr * (grad - weight_decay * decayed)

    assert weight_decay_step(w, still, 0.1, 0.5)[0] > 2
    says = words(exercises.check(weight_decay_step).text)
    assert "With this sign the weights grow: the penalty's gradient is added." in says


def test_the_smallest_strength_always_wins_on_what_was_fitted():
    X, y, strengths = builds.choose_strength.cases[0]
    losses = []
    for lam in sorted(strengths):
        w = penalties.ridge.solution(X, y, lam)
        losses.append((X @ w - y).square().mean().item())
    assert losses == sorted(losses)
    says = "The strength is chosen by the training error: the smallest lam always wins"
    told = [words(m.says) for m in builds.choose_strength.mistakes]
    assert any(text.startswith(says) for text in told)


def test_lam_on_every_entry_is_told():
    def ridge(X, y, lam):
        return torch.linalg.solve(X.T @ X + lam, X.T @ y)

    says = words(exercises.check(ridge).text)
    assert "You added lam to every entry of the matrix. It belongs on the diag" in says


def test_the_share_of_right_labels_is_what_is_left_of_forty_percent():
    says = words(exercises.check(run_stopped_too_early="B").text)
    assert "passes 0.6, the share of right labels" in says
    assert "600 digits, 40 % of them with a wrong" in source_of("04", "four-trainings")
    assert max(runs.histories()["B"].train_accuracy) > 0.6


def test_the_slow_run_has_all_its_epochs_and_still_rises():
    found = runs.histories()
    assert {len(h.train_accuracy) for h in found.values()} == {30}
    for part in ("train_accuracy", "val_accuracy"):
        slow = getattr(found["C"], part)
        blocks = [max(slow[k : k + 5]) for k in range(0, 30, 5)]
        assert (np.diff(blocks) > 0).all() and slow[-1] == max(slow)
    told = words(source_of("04", "four-trainings"))
    assert "one needs more than 30 epochs" in told
    assert "held back too much by a *penalty* on its weights" in told
    assert max(found["A"].train_accuracy) < min(0.5, found["D"].train_accuracy[-1])
