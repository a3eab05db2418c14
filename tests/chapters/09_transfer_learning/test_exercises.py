"""The solutions of chapter 9 agree with torch, and the curves hold the answers."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import seeded
from helpers.chapters.transfer_learning.exercises import (
    curves,
    freezing,
    mixing,
    reusing,
    transforms,
    tuning,
)

KINDS = "forgot to freeze", "other preprocessing", "frozen", "from scratch"


def same_bag(X, Y):
    return torch.equal(X.flatten().sort().values, Y.flatten().sort().values)


def test_the_transforms_keep_the_values_that_are_said():
    with seeded(0):
        X = torch.rand(3, 6, 6)
        noise = 0.1 * torch.randn(3, 6, 6)
    erased = X.clone()
    erased[:, 1:3, 2:4] = 0
    made = {"A": X.flip(2), "B": X.rot90(1, (1, 2)), "C": X.roll(1, 0)}
    made |= {"D": 0.8 * X, "E": X + noise, "F": erased}
    kept = "".join(letter for letter, Y in made.items() if same_bag(X, Y))
    assert kept == transforms.kept.solution()[0]


@pytest.mark.parametrize("case", transforms.erase.cases, ids=lambda c: c[3:])
def test_the_share_of_zeros_is_the_area(case):
    X, top, left, h, w = case
    zeros = (transforms.erase.solution(*case) == 0).float().mean((1, 2, 3))
    share = h * w / (X.shape[2] * X.shape[3])
    torch.testing.assert_close(zeros, torch.full((len(X),), share))


@pytest.mark.parametrize("case", transforms.averaged.cases, ids=lambda c: len(c[2]))
def test_averaged_probabilities_sum_to_1(case):
    net, X, ways = case
    p = transforms.averaged.solution(*case)
    torch.testing.assert_close(p.sum(1), torch.ones(len(X)))
    total = sum(net(way(X)).softmax(1) for way in ways)
    torch.testing.assert_close(p, total / len(ways))


@pytest.mark.parametrize("case", mixing.Mixup.cases[:3], ids=lambda c: c[1])
def test_the_mixed_loss_is_that_of_torch_and_the_mean_of_two(case):
    _, K, X, y, lam, order = case
    mixup = mixing.Mixup.solution(K)
    mixed, Y = mixup.mix(X, y, lam, order)
    torch.testing.assert_close(Y.sum(1), torch.ones(len(y)))
    i = 1
    one = lam[i] * X[i] + (1 - lam[i]) * X[order[i]]
    torch.testing.assert_close(mixed[i], one)
    logits = torch.randn(len(y), K, generator=torch.Generator().manual_seed(0))
    loss = mixup.loss(logits, Y)
    torch.testing.assert_close(loss, F.cross_entropy(logits, Y))
    own, partner = (
        F.cross_entropy(logits, labels, reduction="none") for labels in (y, y[order])
    )
    torch.testing.assert_close(loss, (lam * own + (1 - lam) * partner).mean())


@pytest.mark.parametrize("case", freezing.freeze.cases, ids=lambda c: len(c[1]))
def test_a_frozen_body_stays_in_training(case):
    told = freezing.trained_after(freezing.freeze.solution, *copy.deepcopy(case))
    assert told == {
        "moved": ["classifier.1.weight", "classifier.1.bias"],
        "body looks at the batch": False,
        "classifier in training mode": True,
    }


def test_the_preparation_is_what_is_asked_for():
    told = tuning.prepared(tuning.prepare.solution, *tuning.prepare.cases[1])
    assert told["source"] == "untouched" and told["body"] == "copied"
    assert told["classifier"] == (3, 7) and told["classifier's rate"] == [0.05]
    assert told["rates of the layers"] == [[], [], [], [0.002]]
    assert told["layers in training mode"] == [3]


def test_reused_rows_answer_as_the_source_does():
    old, old_names, new_names = reusing.reuse_rows.cases[1]
    new = reusing.reuse_rows.solution(old, old_names, new_names)
    X = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    for k, name in enumerate(new_names):
        known = name in old_names
        asked = old(X)[:, old_names.index(name)] if known else torch.zeros(5)
        torch.testing.assert_close(new(X)[:, k], asked)


@pytest.mark.parametrize("case", reusing.pseudo_label.cases, ids=lambda c: c[2])
def test_pseudo_labels_are_the_sure_predictions(case):
    net, X, margin = case
    kept, labels = reusing.pseudo_label.solution(*case)
    p = net(X).softmax(1)
    first, second = p.sort(1).values[:, -1], p.sort(1).values[:, -2]
    sure = [k for k in range(len(X)) if first[k] > second[k] + margin]
    assert torch.equal(kept, X[sure])
    assert labels.tolist() == [int(p[k].argmax()) for k in sure]
    assert len(sure) < len(X)


def kind_of(history):
    """Tell what a training is from its curves alone, as a learner is to do."""
    on_train, on_val = history.train_accuracy, history.val_accuracy
    if max(on_train) < 0.4:
        return "forgot to freeze"
    if on_train[-1] > 0.9 and max(on_val) < 0.3:
        return "other preprocessing"
    if on_train[2] > 0.65 and on_val[-1] > 0.6:
        return "frozen"
    return "from scratch" if max(on_train[:4]) < 0.6 < on_train[-1] else "unknown"


@pytest.mark.parametrize("seed", [0, 1])
def test_each_training_has_one_place_in_the_curves(seed):
    found = curves.histories(seed)
    letters = curves.which_transfer.solution()
    assert tuple(kind_of(found[letter]) for letter in letters) == KINDS


def test_the_picture_shows_these_accuracies():
    figure = curves.four_trainings()
    for letter, history in curves.histories().items():
        (ax,) = (ax for ax in figure.axes if ax.get_title("left") == letter)
        shown = {line.get_label(): tuple(line.get_ydata()) for line in ax.get_lines()}
        assert shown["training"] == history.train_accuracy
        assert shown["validation"] == history.val_accuracy
        assert set(shown["chance"]) == {1 / 5}


def test_a_mended_fine_tuning_leaves_the_statistics_of_the_body():
    net, X, y, lr = copy.deepcopy(freezing.tune_gently.cases[0])
    before = net.body[1].running_mean.clone()
    weights = freezing.values(net.classifier)
    new = freezing.tune_gently.solution(net, X, y, lr)
    assert torch.equal(new.body[1].running_mean, before)
    assert not torch.equal(freezing.values(new.classifier), weights)
    assert isinstance(new, nn.Module)
