"""Answers to chapter 7's exercises in other forms than ours: right and wrong ones."""

import copy
from itertools import permutations

import pytest
import torch
from torch import nn, tensor

from helpers.chapters.batch_normalization import exercises
from helpers.chapters.batch_normalization.exercises import (
    backward,
    biases,
    groups,
    layer,
    modes,
    standardizing,
    training,
)


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


# -- right answers of other kinds ----------------------------------------------------


def standardized_one_by_one(train, new):
    columns = []
    for old, column in zip(train.T, new.T, strict=True):
        std = ((old - old.mean()) ** 2).mean().sqrt().item()
        columns.append((column - old.mean()) / (std or 1))
    return torch.stack(columns, 1)


class BatchNormOfD2l(nn.Module):
    """Four axes everywhere, statistics by formulas, and new tensors as buffers."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        shape = (1, num_features, 1, 1)
        self.gamma, self.beta = map(
            nn.Parameter, (torch.ones(shape), torch.zeros(shape))
        )
        self.register_buffer("running_mean", torch.zeros(shape))
        self.register_buffer("running_var", torch.ones(shape))
        self.register_buffer("num_batches_tracked", tensor(0))
        self.eps, self.momentum = eps, momentum

    def forward(self, X):
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean = X.mean(dim=(0, 2, 3), keepdim=True)
            var = ((X - mean) ** 2).mean(dim=(0, 2, 3), keepdim=True)
            n, m = X.numel() // X.shape[1], self.momentum
            self.running_mean = (1 - m) * self.running_mean + m * mean.detach()
            unbiased = var.detach() * n / (n - 1)
            self.running_var = (1 - m) * self.running_var + m * unbiased
        return self.gamma * (X - mean) * torch.rsqrt(var + self.eps) + self.beta


class BatchNormOfRows(nn.Module):
    """Pixels as examples, as BatchNorm1d has them."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super(BatchNormOfRows, self).__init__()  # noqa: UP008
        self.gamma = nn.Parameter(torch.ones(num_features))
        self.beta = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.eps, self.momentum = eps, momentum

    def forward(self, X):
        rows = X.movedim(1, -1).reshape(-1, X.shape[1])
        if self.training:
            var, mean = torch.var_mean(rows, 0, correction=0)
            self.running_mean.lerp_(mean.data, self.momentum)
            self.running_var.lerp_(rows.detach().var(0), self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        rows = (rows - mean) / (var + self.eps) ** 0.5 * self.gamma + self.beta
        return rows.view(*X.shape[:1], *X.shape[2:], -1).movedim(-1, 1)


def gradient_by_paths(X_hat, std, gamma, dY):
    n, dX_hat = len(X_hat), gamma * dY
    d_var = (dX_hat * X_hat).sum(0) / (-2 * std**2)
    d_mean = -dX_hat.sum(0) / std
    return dX_hat / std + d_var * 2 * X_hat * std / n + d_mean / n


def gradient_by_jacobian(X_hat, std, gamma, dY):
    n, columns = len(X_hat), []
    for x, s, g, dy in zip(X_hat.T, std, gamma, dY.T, strict=True):
        J = torch.eye(n).double() - 1 / n - torch.outer(x, x) / n
        columns.append(g / s * J @ dy)
    return torch.stack(columns, 1)


def evaluated_on_a_copy(net, X, y):
    with torch.inference_mode():
        return (copy.deepcopy(net).eval()(X).argmax(1) == y).double().mean()


def evaluated_with_every_mode_kept(net, X, y):
    modes = [(module, module.training) for module in net.modules()]
    net.eval()
    with torch.no_grad():
        right = sum(
            (net(x[None]).argmax(1) == k).item() for x, k in zip(X, y, strict=True)
        )
    for module, mode in modes:
        module.training = mode
    return right / len(y)


def folded_copy(conv, bn):
    scale = bn.weight * (bn.running_var + bn.eps).rsqrt()
    shift = bn.bias - scale * bn.running_mean
    if conv.bias is not None:
        shift = shift + conv.bias * scale
    new = copy.deepcopy(conv)
    new.weight = nn.Parameter(torch.einsum("o,oihw->oihw", scale, conv.weight))
    new.bias = nn.Parameter(shift)
    return new


def folded_by_trying(conv, bn):
    """Zeros give the bias; of the scale, the layer is asked itself."""
    c = conv.out_channels
    ones, zeros = (bn(torch.full((1, c, 1, 1), v)).flatten() for v in (1.0, 0.0))
    how = {"stride": conv.stride, "padding": conv.padding, "groups": conv.groups}
    new = nn.Conv2d(conv.in_channels, c, conv.kernel_size, **how)
    new.weight.data = (conv.weight.movedim(0, -1) * (ones - zeros)).movedim(-1, 0)
    own = torch.zeros(c) if conv.bias is None else conv.bias
    new.bias.data = bn(own.view(1, c, 1, 1)).flatten()
    return new


def groups_one_after_the_other(X, num_groups, eps):
    parts = []
    for part in X.chunk(num_groups, 1):
        mean = part.mean((1, 2, 3), keepdim=True)
        var = (part**2).mean((1, 2, 3), keepdim=True) - mean**2
        parts.append((part - mean) * (var + eps) ** -0.5)
    return torch.cat(parts, 1)


def groups_with_five_axes(X, num_groups, eps):
    n, c, h, w = X.shape
    X = X.view(n, num_groups, c // num_groups, h, w)
    var, mean = torch.var_mean(X, (2, 3, 4), correction=0, keepdim=True)
    return ((X - mean) / (var + eps).sqrt()).view(n, c, h, w)


RIGHT = [
    (standardizing.standardize, standardized_one_by_one),
    (layer.BatchNorm2d, BatchNormOfD2l),
    (layer.BatchNorm2d, BatchNormOfRows),
    (backward.batch_norm_backward, gradient_by_paths),
    (backward.batch_norm_backward, gradient_by_jacobian),
    (modes.evaluate_one, evaluated_on_a_copy),
    (modes.evaluate_one, evaluated_with_every_mode_kept),
    (biases.fold, folded_copy),
    (biases.fold, folded_by_trying),
    (groups.group_norm, groups_one_after_the_other),
    (groups.group_norm, groups_with_five_axes),
]


@pytest.mark.parametrize(
    ("asked", "answer"), RIGHT, ids=lambda x: getattr(x, "name", "")
)
def test_other_right_answers_pass(asked, answer):
    feedback = asked.check(answer)
    assert feedback.state == "solved", feedback


@pytest.mark.parametrize(
    "given",
    [
        {"four_numbers": [-1.353, 0.216, 1.0, 4.138]},
        {"four_numbers": tensor([-1.3534, 0.2155, 1.0, 4.1379])},
        {"normalized_axes": (16, 32 * 14 * 14, 2 * 16, 2 * 16)},
        {"running_mean": tuple(10 * (1 - 0.9**k) for k in (1, 2, 20))},
        {"running_mean": (1.0, 1.9, 8.784)},
        {"no_bias": [True, False, False, True, False]},
        {"no_bias": (1, 0, 0, 1, 0)},
    ],
    ids=str,
)
def test_values_may_be_given_in_other_forms(given):
    assert exercises.check(**given).state == "solved"


# -- wrong answers, written in another way than ours -----------------------------------


class MomentumTurned(BatchNormOfD2l):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__(num_features, eps, 1 - momentum)


class AlwaysByTheBatch(BatchNormOfD2l):
    def forward(self, X):
        mode, self.training = self.training, True
        Y = super().forward(X)
        self.training = mode
        return Y


def percent(net, X, y):
    return 100 * evaluated_on_a_copy(net, X, y)


def two_layers(conv, bn):
    return nn.Sequential(conv, bn)


@pytest.mark.parametrize(
    ("asked", "answer", "says"),
    [
        (layer.BatchNorm2d, MomentumTurned, "Momentum is turned round."),
        (layer.BatchNorm2d, AlwaysByTheBatch, "In evaluation it does what it does in"),
        (modes.evaluate_one, percent, "This is the accuracy in percent."),
        (biases.fold, two_layers, "an nn.Conv2d is asked for, not a Sequential"),
        (biases.fold, lambda conv, bn: conv.weight, "asked for, not a tensor of shape"),
        (biases.fold, lambda conv, bn: None, "Is the `return` missing?"),
        (groups.group_norm, lambda X, g, eps: X, "The values differ"),
        (layer.BatchNorm2d, nn.BatchNorm2d, "the values differ"),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_wrong_answers_of_other_kinds_are_told(asked, answer, says):
    feedback = asked.check(answer)
    assert feedback.state == "wrong" and says in feedback.text, feedback


RIGHT_LETTERS = training.stuck_curves.solution()


@pytest.mark.parametrize(
    "given",
    [
        list(RIGHT_LETTERS),
        "".join(RIGHT_LETTERS),
        tuple(letter.lower() for letter in RIGHT_LETTERS),
    ],
)
def test_letters_may_be_given_in_any_form(given):
    assert exercises.check(stuck_curves=given).state == "solved"


VALUES = ("four_numbers", "normalized_axes", "running_mean", "no_bias", "stuck_curves")


@pytest.mark.parametrize("given", [None, 3, "A", (), ("A", 2), {}, torch.zeros(4)])
@pytest.mark.parametrize("name", VALUES)
def test_what_is_no_answer_is_wrong(name, given):
    assert exercises.check(**{name: given}).state == "wrong"


def test_every_wrong_assignment_gets_a_sentence():
    for given in permutations(RIGHT_LETTERS):
        if given != RIGHT_LETTERS:
            assert exercises.check(stuck_curves=given).means, given


def test_whoever_is_wrong_about_one_bias_is_told_about_the_first():
    right, found = biases.no_bias.solution(), set()
    for k in range(5):
        given = tuple(not value if i >= k else value for i, value in enumerate(right))
        found.add(exercises.check(no_bias=given).means)
    assert len(found - {""}) == 5
