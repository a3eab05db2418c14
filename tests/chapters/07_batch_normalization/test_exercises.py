"""The solutions of chapter 7 agree with torch."""

import copy

import pytest
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn, tensor
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from helpers.chapters.batch_normalization.exercises import (
    backward,
    biases,
    groups,
    layer,
    modes,
    standardizing,
)
from helpers.data import Examples
from helpers.training import evaluate


@pytest.mark.parametrize("case", standardizing.standardize.cases)
def test_standardize_is_that_of_scikit_learn(case):
    train, new = case
    theirs = StandardScaler().fit(train.double()).transform(new.double())
    ours = standardizing.standardize.solution(train, new)
    close = {"rtol": 1e-5, "atol": 1e-5}
    torch.testing.assert_close(ours.double(), torch.from_numpy(theirs), **close)


def test_the_four_numbers_are_those_of_torch():
    x = tensor([0.0, 2.0, 3.0, 7.0]).view(4, 1)
    y = F.batch_norm(x, None, None, tensor([2.0]), tensor([1.0]), training=True)
    right = standardizing.four_numbers.solution()
    assert tuple(round(value, 2) for value in y.flatten().tolist()) == right
    assert y.mean().item() == pytest.approx(1)
    assert y.std(correction=0).item() == pytest.approx(2, rel=1e-4)


def test_the_axes_are_those_of_torch():
    n, c, h, w = 32, 16, 14, 14
    bn = nn.BatchNorm2d(c, momentum=1.0)
    X = torch.randn(n, c, h, w)
    bn(X)
    torch.testing.assert_close(bn.running_mean, X.mean((0, 2, 3)))
    means, values, learned, kept = standardizing.normalized_axes.solution()
    assert means == bn.running_mean.numel() and means * values == X.numel()
    assert learned == sum(p.numel() for p in bn.parameters())
    assert kept == bn.running_mean.numel() + bn.running_var.numel()


@pytest.mark.parametrize("settings", [{}, {"eps": 0.3, "momentum": 0.4}])
def test_batch_norm_is_that_of_torch(settings):
    c, generator = 5, torch.Generator().manual_seed(0)
    ours = layer.BatchNorm2d.solution(c, **settings)
    theirs = nn.BatchNorm2d(c, **settings)
    for a, b in ((ours.gamma, theirs.weight), (ours.beta, theirs.bias)):
        with torch.no_grad():
            b.copy_(a.copy_(torch.randn(c, generator=generator)))
    for n, h, w in ((3, 4, 2), (2, 1, 7)):
        X = 3 * torch.randn(n, c, h, w, generator=generator) + 2
        Xs = [X.clone().requires_grad_() for _ in range(2)]
        Ys = [bn(x) for bn, x in zip((ours, theirs), Xs, strict=True)]
        torch.testing.assert_close(*Ys)
        for Y in Ys:
            (Y**3).sum().backward()
        torch.testing.assert_close(Xs[0].grad, Xs[1].grad, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(ours.gamma.grad, theirs.weight.grad)
    torch.testing.assert_close(ours.beta.grad, theirs.bias.grad)
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_var, theirs.running_var)
    torch.testing.assert_close(ours.eval()(X), theirs.eval()(X))


@pytest.mark.parametrize("case", backward.batch_norm_backward.cases[1:])
def test_the_gradient_is_that_of_autograd(case):
    X_hat, std, gamma, dY = case
    eps = 1e-5  # so X has the variance std**2 - eps
    X = (X_hat * std).requires_grad_()
    Y = F.batch_norm(X, None, None, gamma, training=True, eps=eps)
    torch.testing.assert_close(Y, gamma * X_hat)
    Y.backward(dY)
    ours = backward.batch_norm_backward.solution(*case)
    torch.testing.assert_close(ours, X.grad, rtol=1e-12, atol=1e-12)
    assert ours.sum(0).abs().max() < 1e-12  # what is said when it is found
    assert (ours * X_hat).sum(0).abs().max() < 2e-3 < ours.abs().max()


def test_the_running_mean_is_that_of_torch():
    bn, found = nn.BatchNorm1d(1), []
    for _ in range(20):
        bn(tensor([[9.0], [11.0]]))
        found.append(round(bn.running_mean.item(), 2))
    assert (found[0], found[1], found[19]) == modes.running_mean.solution()


@pytest.mark.parametrize("case", modes.evaluate_one.cases)
def test_the_repaired_evaluation_is_that_of_the_house(case):
    net, X = case
    y = torch.randint(3, (len(X),), generator=torch.Generator().manual_seed(0))
    theirs = evaluate(net, Examples(X, y)).accuracy
    assert modes.evaluate_one.solution(net, X, y) == pytest.approx(theirs)


def test_no_bug_of_the_stub_raises_and_each_is_seen_by_itself():
    asked = modes.evaluate_one
    alone = [m.wrong for m in asked.mistakes if m.left == "Bugs left: 1 of 3."]
    assert len(alone) == 3
    shown = []
    for wrong in (asked.solution, asked.broken, *alone):
        cases = copy.deepcopy(asked.cases)  # a wrong evaluation changes the network
        shown.append([modes.evaluated(wrong, *case) for case in cases])
    right, broken, *others = shown
    assert {found["running statistics"] for found in broken} == {"changed"}
    assert all(found != right for found in others)
    assert all(found["running statistics"] == "as they were" for found in right)
    assert [found["mode afterwards"] for found in right] == [
        "training" if net.training else "evaluation" for net, _ in asked.cases
    ]
    # Its accuracy differs in each case: the labels tell the two modes apart.
    for ours, theirs in zip(right, broken, strict=True):
        assert ours["accuracy"] != theirs["accuracy"]


def with_another_bias(net):
    """How far the output moves, in training mode, when the one bias gets numbers."""
    X = torch.randn(6, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    before = net(X)
    (biased,) = (m for m in net if isinstance(m, nn.Conv2d | nn.Linear))
    nn.init.normal_(biased.bias, std=3.0)
    return (net(X) - before).abs().max().item()


def test_a_bias_has_an_effect_where_it_is_said():
    torch.manual_seed(0)
    conv, flat = (lambda: nn.Conv2d(4, 8, 3)), nn.Flatten()
    nets = (
        nn.Sequential(conv(), nn.BatchNorm2d(8)),
        nn.Sequential(flat, nn.Linear(100, 8), nn.ReLU(), nn.BatchNorm1d(8)),
        nn.Sequential(conv(), nn.GroupNorm(2, 8)),
        nn.Sequential(conv(), nn.GroupNorm(8, 8)),
        nn.Sequential(flat, nn.BatchNorm1d(100), nn.ReLU(), nn.Linear(100, 8)),
    )
    moved = [with_another_bias(net) for net in nets]
    assert tuple(far < 1e-4 for far in moved) == biases.no_bias.solution()
    assert all(far < 1e-4 or far > 0.1 for far in moved)


@pytest.mark.parametrize("case", biases.fold.cases)
def test_the_folded_layer_is_both_and_that_of_torch(case):
    conv, bn, X = case
    folded = biases.fold.solution(conv, bn)
    torch.testing.assert_close(folded(X), bn(conv(X)), rtol=1e-4, atol=1e-4)
    theirs = fuse_conv_bn_eval(conv.eval(), bn)
    torch.testing.assert_close(folded.weight, theirs.weight)
    torch.testing.assert_close(folded.bias, theirs.bias)


@pytest.mark.parametrize("case", groups.group_norm.cases)
def test_group_norm_is_that_of_torch(case):
    X, num_groups, eps = case
    ours = groups.group_norm.solution(*case)
    torch.testing.assert_close(ours, F.group_norm(X, num_groups, eps=eps))
    if num_groups == 1:
        theirs = F.layer_norm(X, X.shape[1:], eps=eps)
        torch.testing.assert_close(ours, theirs)
    if num_groups == X.shape[1]:
        torch.testing.assert_close(ours, F.instance_norm(X, eps=eps))
