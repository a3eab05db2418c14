"""Chapter 4: sentences between the sections, each computed first where one can.

As in `test_statements`: what a sentence says is looked up; then it must stand there.
"""

import ast
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import MLP
from helpers.chapters.dropout_and_regularization import claims, figures
from helpers.data import load_images, with_label_noise
from tests.said import lines_shown, shown
from tests.taught import holding, source_of, taught, text_of

own = taught("04", "noisy_images", "with_dropout_at")


holds = holding("04")


def test_what_is_learned_by_heart():
    told = shown("04", "memory-code").split("Random labels")
    ends = [[float(x) for x in re.findall(r"to ([\d.]*\d)", part)] for part in told]
    assert ends[0][0] == ends[1][0] == 1 and ends[0][1] > 0.5 > 0.1 >= ends[1][1]
    assert "figures.show_memory(runs, chance=0.1)" in text_of("04", "memory-code")
    holds(
        "memory-read",
        "Both training curves reach the top. On new images the second network is no "
        "better than guessing (the dotted line). A training curve cannot tell understan"
        "ding from memory.",
    )
    holds(
        "memory-more", "The random labels only take longer: what many images share is"
    )
    holds("memory", "Draw a label at random for each of 500 images. There is nothing t")


def test_where_the_wrong_labels_stand():
    images = load_images("digits", n_train=200)
    noisy = with_label_noise(images, 0.4)
    assert noisy.val.y.equal(images.val.y) and noisy.test.y.equal(images.test.y)
    assert (noisy.train.y != images.train.y).sum() == 80
    holds(
        "noisy",
        "give 40 % of them the name of another class. The validation images keep their "
        "right labels. So the validation accuracy may lie above the training accuracy. "
        "Above each image stands its label, and in brackets the true class where it "
        "differs:",
    )
    given, true = (own.noisy_images(2000, share).train.y[:4] for share in (0.4, 0.0))
    titles = [
        f"{a}" if a == b else f"{a} ({b})"
        for a, b in zip(given.tolist(), true.tolist(), strict=True)
    ]
    assert f"4 images: {'; '.join(titles)}." in shown("04", "noisy-code")
    assert "(" in "".join(titles), "at least one label is wrong"


def test_the_gate_stands_below_a_network_without_its_dropout():
    (band,) = re.findall(r"\{.*?\}", source_of("04", "gate-dropout"))
    low, high = ast.literal_eval(band)["digits"]
    on_train = lines_shown("04", "sweep-p-code")["training"]
    assert low < on_train[0.5] < high < on_train[0]
    fitted = re.findall(r"on the training labels ([\d.]+)", shown("04", "best-epoch"))
    assert float(*fitted) == on_train[0], "it is the one above"
    holds(
        "gate-dropout",
        "# without its dropout layer the network would fit these labels, as the one ab",
    )


def test_parts_and_folds():
    holds(
        "parts-read",
        "The cut must be random, since files are often sorted by class (only a series "
        "in time is cut by time).",
        "as in our digits, must lie in one part",
    )
    holds("kfold-more", "After the choice one fits the chosen model to all the points.")
    holds(
        "test-once-read", "need not equal the validation score that chose the network"
    )
    holds(
        "test-once-read", "may even be higher: each is an estimate from a limited num"
    )


def test_what_the_decay_of_the_curves_is():
    code = text_of("04", "decay-curves-code")
    assert "weight_decay=0.01, **settings)" in code
    assert '{"no decay": history, "decay 0.01": with_decay}.items()' in code
    holds("decay-curves", "with decay 0.01. Does its validation accuracy still")
    holds(
        "decay-read",
        "The same 2.65. So the objective has two parts, prediction loss and penalty; to"
        r"rch's `SGD` takes the second as an option, `weight_decay`, which is $\lambda$"
        " here.",
    )


def test_slopes_of_the_penalties():
    w, lam = torch.tensor([3.0, -4.0], requires_grad=True), 0.5
    (l2,) = torch.autograd.grad(lam / 2 * w.square().sum(), w)
    assert l2.tolist() == [lam * 3.0, lam * -4.0]
    holds("l1l2-why", r"which only serves to make the derivative $\lambda w$.")
    holds("penalty", r"and $\lambda \ge 0$ says how much is charged.")
    holds(
        "penalty", "keeps the weights from becoming extreme, and so keeps the model s"
    )
    v, landed = 0.05, set()
    for _ in range(50):  # nothing but the penalty, by the subgradient
        v -= 0.1 * 0.3 * (1 if v > 0 else -1)
        landed.add(v > 0)
    assert landed == {True, False} and v != 0
    holds(
        "zeros-found",
        "Only the threshold makes zeros: all 45, and it keeps the five weights that "
        "matter. Such weights are **sparse**. With the subgradient a weight jumps back "
        "and forth across 0 and never lands on it.",
    )
    zeros = re.findall(r"(\d+) of 50 are zero", shown("04", "zeros-code"))
    assert zeros == ["0", "0", "0", "45"]
    holds("noise-read", "on average it only adds to the squared norm.")


def test_a_crossed_unit_and_its_lines():
    (ax,) = figures.show_dropout([[1, 0, 1, 0]]).axes
    lines = [line for line in ax.lines if line.get_gid() == "line 1"]
    assert len(lines) == 2 * (3 + 2)
    holds(
        "dropout-network-read",
        "A crossed unit sends nothing, so its lines are gone. Each image in each step "
        "trains another, thinner network. All share their weights.",
        "The usual explanation: no unit can rely on a partner that may vanish.",
        "is destroyed again and again; what many units see is kept.",
    )
    holds("dropout-why", "In use the whole network stands for their mean.")


def test_where_dropout_stands():
    hidden = [type(m) for m in MLP((8,), dropout=0.5)]
    assert hidden.index(nn.Dropout) > hidden.index(nn.Linear)
    assert hidden[-1] is nn.Linear
    holds("where", "Usually behind the hidden fully connected layers. Here are")
    holds("where-read", "whole channels are dropped instead, or only the fully connect")
    holds("eval-read", "`train` and `evaluate` from `helpers` set the mode.")
    holds("eval-read", "`nn.Dropout` does that for you.")


def test_what_is_averaged_and_what_is_fitted():
    assert "(torch.stack(m).argmax(2) != noisy.val.y)" in text_of(
        "04", "ensembles-code"
    )
    holds(
        "ensembles", "Average their probabilities, and name the class with the larges"
    )
    (wrong,) = lines_shown("04", "ensembles-code").values()
    told = re.findall(
        r"each network alone ([\d.]+) to (\d.\d+)", shown("04", "ensembles-code")
    )
    best, worst = map(float, *told)
    assert wrong[8] < best < wrong[1] < worst, "the mean of one lies among them"
    code = text_of("04", "descent-code")
    assert "W = torch.randn(784, width, generator=generator) / 28" in code
    assert 'V = torch.linalg.lstsq(H[0], one_hot, driver="gelsd").solution' in code
    holds(
        "descent",
        "Keep the first layer random, and fit only the second, by least squares, to 200"
        " images with right labels. Of all weights that fit, `lstsq` takes the shortest"
        ".",
    )


def test_a_strong_penalty_removes_the_peak():
    """Random ReLU features, 100 noisy examples: the error where as many units fit."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    X, X_new, w = draw(100, 20), draw(500, 20), draw(20, 1)
    y = X @ w + 2 * draw(100, 1)
    errors = {}
    for width in (30, 100, 1000):
        W = draw(20, width)
        H, H_new = F.relu(X @ W), F.relu(X_new @ W)
        for lam in (1e-9, 300.0):
            gram = H.T @ H + lam * torch.eye(width, dtype=torch.float64)
            V = torch.linalg.solve(gram, H.T @ y)
            error = (H_new @ V - X_new @ w).square().mean().item()
            errors[lam, width] = error
    assert errors[1e-9, 100] > 5 * max(errors[1e-9, 30], errors[1e-9, 1000])
    assert errors[300.0, 100] < 1.2 * max(errors[300.0, 30], errors[300.0, 1000])
    holds("descent-read", "no peak, wider is better.")
    holds(
        "descent-more",
        "it is not the number of weights that harms, but what is done with them.",
    )


def test_two_views_of_large_and_regularized():
    table = claims.wide_and_regularized.stored()["digits"].table
    at = {name: row["test accuracy"].mean for name, row in table.items()}
    by_width = at["1024, no dose"] - at["8, no dose"]
    assert by_width > 2 * (at["1024, best dose"] - at["1024, no dose"])
    gains = {w: at[f"{w}, best dose"] - at[f"{w}, no dose"] for w in (8, 64, 256, 1024)}
    assert min(gains[256], gains[1024]) > gains[64] > 2 * gains[8]
    for low, high in ((8, 64), (64, 256)):
        wider = at[f"{high}, no dose"] - at[f"{low}, no dose"]
        assert wider > max(gains[low], gains[high])
    assert abs(at["1024, no dose"] - at["256, no dose"]) < 0.005, "no wider pays"
    holds(
        "widths-found",
        "On the digits, up to 256 units, the width decides more than the dose; on the",
    )
    table = claims.wide_and_regularized.stored()["fashion_mnist"].table
    on_clothes = {name: row["test accuracy"].mean for name, row in table.items()}
    beyond = [v for name, v in on_clothes.items() if int(name.split(",")[0]) >= 64]
    assert max(beyond) - min(beyond) < 0.02, "neither does much beyond 64 units"
    holds(
        "large",
        "Goodfellow, Bengio and Courville say that large and regularized almost alway",
    )


def test_what_smoothing_asks_for():
    loss = F.cross_entropy(torch.eye(10)[:1] * 50, torch.tensor([0]))
    assert loss < 1e-6, "with one-hot labels it can reach 0"
    holds(
        "smoothing-read", "The loss can no longer reach 0.", "Labels made by a teache"
    )
    holds(
        "smoothing-read",
        "Labels made by a teacher network do: they say that this 7 looks a little like "
        "a 1 (**distillation**). Uniform smoothing says nothing about a single image",
    )


def test_no_law_and_no_free_lunch():
    new = lines_shown("04", "sweep-code")["new points"]
    assert new[12] > 100 * new[3]
    descent = lines_shown("04", "descent-picture")["new images"]
    assert descent[3200] < min(descent[w] for w in (10, 25, 50)), "wider is better here"
    holds("sweep-read", "how least squares behaves with few points; it is no law.")
    holds("two-errors", "the mean over infinitely many of them.")
    holds(
        "summary",
        "accept more training error for less generalization error. Choose on validation"
        " data, report on test data.",
    )
    holds(
        "summary-more",
        "L1 makes zeros with a proximal step and not by plain descent; that weight "
        "decay is L2 for plain SGD and not for Adam; and that with dropout a "
        "network depends less on each unit, as with weight decay.",
    )


@pytest.mark.parametrize("data", ["digits", "fashion_mnist"])
def test_how_the_claims_are_read(data):
    found = claims.dropout_symmetry.stored()[data].table
    random = found["random, two layers, dropout"]["test accuracy"].mean
    assert random > found["constant, two layers, dropout"]["test accuracy"].mean
    holds("claim-symmetry-read", "Random initial weights cost nothing.")
    holds("claims", "An answer counts if the whole 95 % interval supports it: that cov")
    holds(
        "panel-answers",
        "More data raises the peak, and it does not replace early stopping.",
        "The differences among the best are smaller than the spread over seeds.",
    )
