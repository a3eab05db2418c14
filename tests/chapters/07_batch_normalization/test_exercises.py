"""The solutions of chapter 7 agree with torch, and other right answers pass."""

import copy
from itertools import permutations

import pytest
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn, tensor
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

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
from helpers.data import Examples
from helpers.training import evaluate


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


# -- the solutions ------------------------------------------------------------------


@pytest.mark.parametrize("case", standardizing.standardize.cases)
def test_standardize_is_that_of_scikit_learn(case):
    train, new = case
    theirs = StandardScaler().fit(train.double()).transform(new.double())
    ours = standardizing.standardize.solution(train, new)
    close = {"rtol": 1e-5, "atol": 1e-5}
    torch.testing.assert_close(ours.double(), torch.from_numpy(theirs), **close)


def test_the_four_numbers_are_those_of_torch():
    x = tensor([1.0, 2.0, 3.0, 4.0]).view(4, 1)
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
    right, *others = shown
    assert all(found != right for found in others)
    assert all(found["running statistics"] == "as they were" for found in right)
    assert [found["mode afterwards"] for found in right] == [
        "training" if net.training else "evaluation" for net, _ in asked.cases
    ]
    in_training_mode = [found["accuracy"] for found in shown[1]]
    assert all(
        a != found["accuracy"] for a, found in zip(in_training_mode, right, strict=True)
    )


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
        {"four_numbers": [-1.683, 0.106, 1.894, 3.683]},
        {"four_numbers": tensor([-1.6833, 0.1056, 1.8944, 3.6833])},
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
