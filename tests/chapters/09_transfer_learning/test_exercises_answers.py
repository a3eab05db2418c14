"""Answers to chapter 9's exercises in other forms than ours: right and wrong ones."""

import copy
from itertools import combinations, permutations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.chapters.transfer_learning import exercises
from helpers.chapters.transfer_learning.exercises import (
    curves,
    freezing,
    mixing,
    reusing,
    transforms,
    tuning,
)


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def erase_by_a_mask(X, top, left, h, w):
    rows = torch.arange(X.shape[2])[:, None] - top.view(-1, 1, 1, 1)
    columns = torch.arange(X.shape[3]) - left.view(-1, 1, 1, 1)
    inside = (rows >= 0) & (rows < h) & (columns >= 0) & (columns < w)
    return X.masked_fill(inside, 0)


class MixupByLoops:
    def __init__(self, K):
        self.K = K

    def mix(self, X, y, lam, order):
        X, Y, eye = X.clone(), [], torch.eye(self.K)
        whole = X.clone()
        for i, j in enumerate(order.tolist()):
            X[i] = lam[i] * whole[i] + (1 - lam[i]) * whole[j]
            Y.append(lam[i] * eye[y[i]] + (1 - lam[i]) * eye[y[j]])
        return X, torch.stack(Y)

    def loss(self, y_hat, Y):
        return (-Y * y_hat.softmax(1).log()).sum() / len(Y)


def freeze_by_loops(net):
    for p in net.body.parameters():
        p.requires_grad = False
    for module in net.body.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return net


def prepare_by_loops(source, num_outputs, num_frozen, lr_body, lr_head):
    net = copy.deepcopy(source)
    net.classifier = nn.Linear(source.classifier.in_features, num_outputs)
    for k, layer in enumerate(net.body):
        layer.train(k >= num_frozen)
        for p in layer.parameters():
            p.requires_grad = k >= num_frozen
    learning = [p for p in net.body.parameters() if p.requires_grad]
    groups = [{"params": net.classifier.parameters()}]
    if learning:
        groups.append({"params": learning, "lr": lr_body})
    return net, torch.optim.SGD(groups, lr_head, momentum=0.9)


def reuse_by_stacking(old, old_names, new_names):
    rows = torch.cat([old.weight, torch.zeros(1, old.in_features)])
    shifts = torch.cat([old.bias, torch.zeros(1)])
    at = [old_names.index(n) if n in old_names else -1 for n in new_names]
    new = nn.Linear(old.in_features, len(at))
    new.weight, new.bias = nn.Parameter(rows[at]), nn.Parameter(shifts[at])
    return new


def pseudo_by_loops(net, X, margin):
    rows = [(x, net(x).softmax(0).sort(descending=True)) for x in X]
    kept = [(x, y[0]) for x, (p, y) in rows if p[0] - p[1] >= margin]
    if not kept:
        return X[:0], torch.zeros(0, dtype=torch.long)
    return tuple(map(torch.stack, zip(*kept, strict=True)))


RIGHT = [
    (transforms.erase, erase_by_a_mask),
    (mixing.Mixup, MixupByLoops),
    (freezing.freeze, freeze_by_loops),
    (tuning.prepare, prepare_by_loops),
    (reusing.reuse_rows, reuse_by_stacking),
    (reusing.pseudo_label, pseudo_by_loops),
]


@pytest.mark.parametrize(
    ("asked", "answer"), RIGHT, ids=lambda x: getattr(x, "name", "")
)
def test_other_right_answers_pass(asked, answer):
    feedback = asked.check(answer)
    assert feedback.state == "solved", feedback


LETTERS = curves.which_transfer.solution()


@pytest.mark.parametrize(
    "given",
    [
        {"kept": ["cba", "B, A", "c"]},
        {"kept": (("A", "B", "C"), ["B", "A"], "C")},
        {"which_transfer": list(LETTERS)},
        {"which_transfer": "".join(LETTERS).lower()},
    ],
    ids=str,
)
def test_values_may_be_given_in_other_forms(given):
    feedback = exercises.check(**given)
    assert feedback.state == "solved", feedback


def test_every_wrong_assignment_gets_a_sentence():
    for given in permutations(LETTERS):
        if given != LETTERS:
            assert exercises.check(which_transfer=given).means, given


@pytest.mark.parametrize("place", range(3))
def test_every_wrong_set_of_letters_gets_a_sentence(place):
    right = transforms.kept.solution()
    for size in range(3):
        for letters in combinations("ABCDEF", size):
            answer = [*right]
            answer[place] = "".join(letters)
            if answer[place] != right[place]:
                assert exercises.check(kept=tuple(answer)).means, answer


@pytest.mark.parametrize("given", [None, 3, "A", {}, torch.zeros(9), object()])
@pytest.mark.parametrize("name", ["kept", "which_transfer"])
def test_what_is_no_answer_is_wrong(name, given):
    assert exercises.check(**{name: given}).state == "wrong"


class MixupOfTorch(MixupByLoops):
    def loss(self, y_hat, Y):
        return F.cross_entropy(y_hat, Y)


@pytest.mark.parametrize(
    ("asked", "answer", "says"),
    [
        (mixing.Mixup, MixupOfTorch, "do without `cross_entropy`"),
        (freezing.freeze, lambda net: net.eval(), "freezes no parameter"),
        (freezing.freeze, lambda net: 3, "a network is asked for"),
        (tuning.prepare, lambda *a: a[0], "Two things are asked for"),
        (reusing.reuse_rows, lambda *a: a[0], "the old layer itself"),
        (reusing.reuse_rows, lambda *a: 3, "a linear layer is asked for"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_wrong_answers_of_other_kinds_are_told(asked, answer, says):
    feedback = asked.check(answer)
    assert feedback.state == "wrong" and says.lower() in feedback.text.lower(), feedback
