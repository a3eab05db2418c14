"""Chapter 7: sentences on modes, invariances and exercises, made anew from the layer.

As in `test_statements`: what decides the direction of a sentence is computed first.
"""

import inspect
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import MLP, BatchNorm, LeNet, evaluate, load_images, seeded, train
from helpers.chapters.batch_normalization.exercises import backward, biases, modes
from helpers.chapters.batch_normalization.exercises.layer import BatchNorm2d
from tests.taught import holding, taught, text_of

holds = holding("07")


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def some():
    return load_images("digits").train.take(2000)


def test_which_network_drifts(some):
    own = taught("07", "received")
    own.received.__globals__["some"] = some
    drift = {}
    for word, norm in (("Without", None), ("With", BatchNorm)):
        middle = own.received(norm).quantile(0.5, dim=1)
        drift[word] = (middle[-1] - middle[0]).abs().item()
    drifting, staying = sorted(drift, key=drift.get, reverse=True)
    assert drift[drifting] > 5 * drift[staying]
    assert re.search(
        rf"{drifting} normalization they .*drift and spread; {staying.lower()} it they "
        "stay",
        text_of("07", "inside-read"),
    )


def test_in_which_mode_neighbors_count():
    bn, differences = BatchNorm(3), {}
    bn(random(50, 3))
    for mode in ("training", "evaluation"):
        bn.train(mode == "training")
        first, second = (
            bn(torch.cat([torch.ones(1, 3), random(7, 3, seed=k)]))[0] for k in (1, 2)
        )
        differences[mode] = (first - second).abs().max().item()
    never, always = sorted(differences, key=differences.get)
    assert differences[never] == 0 and differences[always] > 0.1
    holds(
        "modes-read",
        f"In {always} mode an image's logits depend on its neighbors. In {never} mode "
        "they do not",
    )


def test_one_image_needs_evaluation_mode():
    net, image = LeNet(norm=BatchNorm), torch.rand(1, 1, 28, 28)
    with pytest.raises(ValueError):
        net.train()(image)
    assert net.eval()(image).shape == (1, 10)
    alone = F.batch_norm(torch.tensor([[3.0], [3.0]]), None, None, training=True)
    holds("alone-read", f"every image would become {alone[0].item():.0f}")


def test_what_changes_no_output():
    X, shift = random(9, 3), random(3, seed=1)
    own = taught("07", "batch_norm")
    one, zero = torch.ones(3), torch.zeros(3)
    Y = own.batch_norm(X, one, zero)
    torch.testing.assert_close(
        own.batch_norm(X + shift, one, zero), Y, atol=1e-4, rtol=0
    )
    doubled = X.mean(0) + 2 * (X - X.mean(0))
    torch.testing.assert_close(own.batch_norm(doubled, one, zero), Y, atol=1e-4, rtol=0)
    assert (own.batch_norm(-X, one, zero) - Y).abs().max() > 1
    holds(
        "backward-why",
        "If all inputs of a unit grow by the same number, the output stays as it is, "
        "so there is no slope that way; if all distances from the mean double, the "
        "output stays too.",
    )
    X = X.double().requires_grad_()
    X_hat = (X - X.mean(0)) / X.std(0, correction=0)
    (slope,) = torch.autograd.grad(X_hat, X, random(9, 3, seed=2).double())
    assert slope.sum(0).abs().max() < 1e-9
    assert (slope * X_hat).sum(0).abs().max() < 1e-9 < (slope * slope).sum()
    holds(
        "backward-read",
        "Over the batch the gradients sum to 0, and they stand at a right angle to the "
        "normalized values.",
    )
    holds("scale-read", "The same loss, a tenth of the gradient: large weights brake")


def test_a_sigmoid_is_nearly_straight_within_a_standard_deviation():
    x = torch.linspace(-1, 1, 100)
    line = 0.5 + x * (torch.sigmoid(x[-1]) - 0.5)
    assert (torch.sigmoid(x) - line).abs().max() < 0.01 < line.std()
    holds("formula-more", "a sigmoid, for example, is nearly a straight line there.")


def test_what_group_normalization_is_at_its_ends():
    X, names = random(3, 4, 5, 5), {}
    for groups in (1, 4):
        Y = nn.GroupNorm(groups, 4)(X)
        if torch.allclose(Y, F.layer_norm(X, X.shape[1:]), atol=1e-5):
            names[groups] = "layer"
        if torch.allclose(Y, F.instance_norm(X), atol=1e-5):
            names[groups] = "instance"
    holds(
        "others-more",
        f"With a single group, group normalization is a {names[1]} normalization; with "
        f"as many groups as channels it is {names[4]} normalization.",
    )


def test_where_the_averages_begin():
    bn = nn.BatchNorm1d(1)
    first, second = (int(v.item()) for v in (bn.running_mean, bn.running_var))
    holds("running-more", f"Since the averages begin at {first} and {second},")


def test_only_batch_norm_learns_through_ten_sigmoid_layers(some):
    norms = {"batch": BatchNorm, "layer": lambda c: nn.GroupNorm(1, c), "no": None}
    accuracy = {}
    for name, norm in norms.items():
        with seeded(0):
            net = MLP((64,) * 10, activation=nn.Sigmoid, norm=norm)
        train(net, some, num_epochs=4, lr=0.1, batch_size=64)
        accuracy[name] = evaluate(net, some).accuracy
    best = max(accuracy, key=accuracy.get)
    assert accuracy.pop(best) > 0.3 and max(accuracy.values()) < 0.15
    holds("panel-answers", f"3. Only {best} norm, about")


def test_what_is_known_from_other_chapters():
    assert "chapter 6" in LeNet.__doc__
    holds("needs", "the channels of chapter 5 and LeNet from chapter 6")
    holds("summary", "initial weights and over a wide range of rates")


# -- exercises -----------------------------------------------------------------------


def test_which_variance_goes_where_in_the_module():
    bn, X = BatchNorm2d.solution(1), random(2, 1, 2, 2)
    Y = bn(X)
    normalizes = {
        word: torch.allclose(Y.var(correction=c), torch.tensor(1.0), atol=1e-3)
        for word, c in (("biased", 0), ("unbiased", 1))
    }
    kept = (bn.running_var - 0.9) / 0.1
    moves = {
        word: torch.allclose(kept, X.var(correction=c), atol=1e-4)
        for word, c in (("biased", 0), ("unbiased", 1))
    }
    (inside,) = (word for word, holds_ in normalizes.items() if holds_)
    (outside,) = (word for word, holds_ in moves.items() if holds_)
    holds(
        "ex-batch-norm",
        f"by its own mean and its {inside} variance, and the running statistics move "
        f"by `momentum` toward its mean and its {outside} variance",
    )


def test_std_is_a_root():
    for X_hat, std, _, _ in backward.batch_norm_backward.cases[1:]:
        variance = X_hat.var(0, correction=0)  # 1, but for eps under the root
        torch.testing.assert_close(variance, 1 - 1e-5 / std**2)
    holds(
        "ex-batch-norm-backward",
        r"`std` (d,), the root of variance plus $\epsilon$.",
    )


def test_fold_names_what_its_cases_vary():
    convs = [case[0] for case in biases.fold.cases]
    varied = [
        name
        for name in ("stride", "padding", "groups")
        if len({str(getattr(conv, name)) for conv in convs}) > 1
    ]
    holds("ex-fold", "with the {}, {} and {} of `conv`.".format(*varied))
    assert any(conv.bias is None for conv in convs)
    holds("ex-fold", "`conv` itself may have no bias, and stays as it is.")


def test_the_evaluation_takes_the_batches_that_are_said():
    words = {"2": "two", "4": "four", "8": "eight"}
    (size,) = set(
        re.findall(r"split\((\d)\)", inspect.getsource(modes.evaluate_one.solution))
    )
    holds("ex-evaluate-one", f"over batches of {words[size]} images")


def test_a_bias_gets_no_gradient_so_it_is_left_out():
    conv, bn = nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3)
    (bn(conv(random(6, 1, 5, 5))) * random(6, 3, 3, 3, seed=1)).sum().backward()
    useful = conv.bias.grad.abs().max() > 1e-3 * conv.weight.grad.abs().max()
    holds("bias-read", f"One writes `bias={bool(useful)}` and lets")
