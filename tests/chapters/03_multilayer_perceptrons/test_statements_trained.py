"""Chapter 3: what its sentences say of networks that are trained here once more."""

import pytest
import torch
from torch.nn import functional as F

from helpers import evaluate, load_images, models, seeded, train
from helpers.data import Examples
from helpers.training import train_side_by_side
from tests.said import said, shown
from tests.taught import holding, taught, text_of

holds = holding("03")
SETTINGS = {"num_epochs": 10, "lr": 0.3, "batch_size": 128}  # of the panel at first


@pytest.fixture(scope="module")
def data():
    return load_images("digits")


@pytest.fixture(scope="module")
def rows(data):
    """The first weights of the baseline, before and after training, and its biases."""
    with seeded(0):
        net = models.MLP((256,))
    start = net[1].weight.detach().clone()
    train(net, data.train, data.val, device="cpu", **SETTINGS)
    return start, net[1].weight.detach(), net[1].bias.detach()


def moved(rows):
    start, weights, _ = rows
    return (weights - start).norm(dim=1) / start.norm(dim=1)


# -- what hidden units see -------------------------------------------------------------


def test_how_many_rows_stay_where_they_started(rows):
    still = int((moved(rows) < 0.1).sum())
    found = said("03", "units-read", r"still noise: (\d+) of the (\d+) rows moved by")
    assert [int(n) for n in found] == [still, len(rows[0])]
    assert f"below 0.1 in {still} of 256" in shown("03", "units")
    holds("units-read", "moved by less than a tenth of their size.")
    holds("units-text", "Sixteen of 256, from the least to the most moved by training:")
    code = text_of("03", "units")
    assert "weights[moved.argsort()[::17]]" in code and len(range(0, 256, 17)) == 16


def test_rows_are_less_like_digits_than_templates(data, rows):
    """Compared with the averages of the classes, which show what a digit looks like."""
    X, y = data.train.X.flatten(1), data.train.y
    means = torch.stack([X[y == k].mean(0) for k in range(10)])
    means = F.normalize(means - means.mean(0))
    with seeded(0):
        softmax = models.MLP(())
    train(softmax, data.train, device="cpu", **SETTINGS)
    templates = softmax[1].weight.detach()
    own = (F.normalize(templates - templates.mean(0)) * means).sum(1)
    most = (F.normalize(rows[1]) @ means.T).abs().amax(1)
    assert most.median() < 0.35 < 0.45 < own.min()
    holds(
        "units-read", "No digits, unlike chapter 2's templates, but strokes a few pix"
    )


def test_strokes_are_a_few_pixels_wide_and_blue_is_near_orange(rows):
    start, weights, _ = rows
    change = (weights - start)[moved(rows) > 0.5].view(-1, 28, 28)

    def alike(distance):
        a, b = change[:, :, : 28 - distance], change[:, :, distance:]
        return ((a * b).sum((1, 2)) / change.square().sum((1, 2))).mean().item()

    assert alike(1) > 0.8 > 0.45 > alike(3) and alike(6) < 0.1
    smooth = F.avg_pool2d(weights[moved(rows) > 0.5].view(-1, 1, 28, 28), 3, 1, 1)
    high, low = smooth.flatten(1).argmax(1), smooth.flatten(1).argmin(1)
    apart = torch.hypot((high // 28 - low // 28) * 1.0, (high % 28 - low % 28) * 1.0)
    assert apart.median() < 6
    holds("units-read", "strokes a few pixels wide, often blue beside orange: pieces")


def test_who_stays_is_above_zero_for_hardly_any_image(data, rows):
    _, weights, bias = rows
    share = (data.train.X.flatten(1) @ weights.T + bias > 0).float().mean(0)
    still = moved(rows) < 0.1
    assert share[still].median() < 1 / 100 and 0.4 < share[~still].median() < 0.5
    holds(
        "units-more",
        "They are above 0 for hardly any image, so hardly any gradient reaches their "
        "weights: the median unit among those 9 is positive on less than one training "
        "image in 100, among the others on nearly every second.",
    )


# -- forward, backward, step -----------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_the_own_backward_finds_weights_for_xor(seed):
    """As in the cell, from other starts as well: none is far from any target."""
    own = taught("03", "forward", "backward")
    X = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]]).double()
    y = torch.tensor([0, 1, 1, 0]).double()
    with seeded(seed):
        layers = [(torch.randn(4, 2).double(), torch.randn(4).double())]
        layers += [(torch.randn(1, 4).double(), torch.randn(1).double())]

    def answers():
        return torch.cat([own.forward(x, layers)[-1] for x in X])

    first = answers()
    for _ in range(500):
        for x, label in zip(X, y, strict=True):
            gradients = own.backward(own.forward(x, layers), label, layers)
            for pair, found in zip(layers, gradients, strict=True):
                for p, gradient in zip(pair, found, strict=True):
                    p -= 2.0 * gradient
    off = (answers() - y).abs().max()
    assert off < 0.08
    if seed == 0:
        assert "([0.33, 0.44, 0.24, 0.28], " in shown("03", "learn-code")
        assert [round(a, 2) for a in first.tolist()] == [0.33, 0.44, 0.24, 0.28]
        assert off < 0.06
        holds(
            "learn-read",
            "At first all four answers lie between 0.24 and 0.44. After 500 passes "
            "over the points none is further than 0.06 from its target.",
            "these were *found*, by the chain rule and descent.",
        )
        assert "range(500)" in text_of("03", "learn-code")


@pytest.fixture(scope="module")
def twenty():
    """The answers of the cell's network from twenty seeds, trained side by side."""
    starts = []
    for seed in range(20):
        with seeded(seed):
            shapes = ((4, 2), 4), ((1, 4), 1)
            starts.append([torch.randn(s).double() for pair in shapes for s in pair])
    parameters = [torch.stack(p).requires_grad_() for p in zip(*starts, strict=True)]
    X = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]]).double()

    def answer(point):
        W1, b1, W2, b2 = parameters
        hidden = torch.sigmoid(W1 @ point + b1)
        return torch.sigmoid((W2 @ hidden.unsqueeze(2)).squeeze(2) + b2)

    for _ in range(500):
        for point, label in zip(X, (0, 1, 1, 0), strict=True):
            loss = 0.5 * ((answer(point) - label) ** 2).sum()
            gradients = torch.autograd.grad(loss, parameters)
            with torch.no_grad():
                for p, gradient in zip(parameters, gradients, strict=True):
                    p -= 2.0 * gradient
    return torch.cat([answer(point).detach() for point in X], dim=1)  # (20, 4)


def test_every_start_finds_weights_for_xor(twenty):
    off = (twenty - torch.tensor([0, 1, 1, 0])).abs().max(1).values
    assert off.shape == (20,) and 0.07 < off.max() < 0.09
    holds(
        "learn-more",
        "From 20 different seeds (0 to 19) all 20 networks arrive: after 500 passes no "
        "answer is further than 0.09 from its target.",
    )


# -- depth on folds --------------------------------------------------------------------


def folded(num_examples, seed):
    """Points of a line, and whether it is above a half after three folds."""
    x = torch.rand(num_examples, 1, generator=torch.Generator().manual_seed(seed))
    height, fold = x, taught("03", "fold", "relu").fold
    for _ in range(3):
        height = fold(height)
    return Examples(4 * x - 2, (height > 0.5).long()[:, 0])


def test_depth_is_not_ahead_where_the_task_is_made_of_folds():
    """Each at the best of the five rates 0.05 to 0.8, as validation points say."""
    points, new = folded(512, 0), folded(2000, 2)
    right = {}
    for widths, lr in (((84,), 0.4), ((16, 16), 0.2), ((12, 12, 12), 0.1)):
        nets = []
        for seed in range(6):
            with seeded(seed):
                nets.append(models.MLP(widths, 1, 2))
        train_side_by_side(nets, points, lr, num_epochs=500, batch_size=64)
        right[widths] = torch.tensor([evaluate(net, new).accuracy for net in nets])
    means = {widths: found.mean().item() for widths, found in right.items()}
    assert max(means.values()) - min(means.values()) < 0.05
    assert min((found.max() - found.min()).item() for found in right.values()) > (
        max(means.values()) - min(means.values())
    ), "the seeds of one network differ by more"
    told = said(
        "03",
        "fair-depth-read",
        r"one layer of 84 units has ([\d.]+) of 2,000 new points right, two of 16 have "
        r"([\d.]+), and three of 12 have ([\d.]+)\. The seeds of one network differ by",
    )
    assert [float(x) for x in told] == pytest.approx(list(means.values()), abs=0.02)


# -- starts ----------------------------------------------------------------------------


def test_the_start_of_nn_linear_is_late_but_comes(data):
    with seeded(0):
        net = models.MLP((64,) * 5)
    history = train(
        net, data.train.take(4000), data.val, num_epochs=40, batch_size=128,
        device="cpu",
    )  # fmt: skip
    assert history.val_accuracy[7] < 0.15 and 0.6 < history.val_accuracy[-1] < 0.9
    holds("starts-read", "It only starts late: after 40 epochs two seeds stand at")
    holds("starts-read", "in these eight epochs, at this one rate, nothing starts.")


# -- the panel -------------------------------------------------------------------------


def accuracies(data, widths, num_epochs=10, **shape):
    with seeded(0):
        net = models.MLP(widths, **shape)
    settings = SETTINGS | {"num_epochs": num_epochs}
    return train(net, data.train, data.val, device="cpu", **settings)


def test_the_gap_of_the_narrow_and_of_the_wide_network(data):
    narrow, wide = accuracies(data, (16,)), accuracies(data, (1024,))
    gaps = [100 * (h.train_accuracy[-1] - h.val_accuracy[-1]) for h in (narrow, wide)]
    told = said("03", "panel-answers", r"the gap widens from (\d) to (\d) points")
    assert gaps == pytest.approx([int(n) for n in told], abs=1.0)
    assert gaps[0] < gaps[1]
    assert wide.train_accuracy[-1] == pytest.approx(0.96, abs=0.01)
    assert wide.val_accuracy[-1] == pytest.approx(0.92, abs=0.015)
    holds("panel-answers", "0.96 and 0.92, against about 0.82 and 0.79.")


def test_relu_alone_cures_four_layers_and_kaiming_speeds_them_up(data):
    kaiming = taught("03", "init_with").init_with(torch.nn.init.kaiming_uniform_)
    deep = (256,) * 4
    sigmoid = accuracies(data, deep, 4, activation=torch.nn.Sigmoid).val_accuracy
    relu = accuracies(data, deep).val_accuracy
    (early,) = accuracies(data, deep, 1, init=kaiming).val_accuracy
    assert max(sigmoid) < 0.2 and 0.2 < relu[0] < 0.4 < 0.5 < early
    assert relu[-1] == pytest.approx(0.9, abs=0.04)
    holds("panel-section", "2. 4 layers with sigmoid? Then ReLU? Then Kaiming as well?")
    holds(
        "panel-answers",
        "2. The sigmoids still guess after ten epochs. ReLU alone cures that: 0.3 "
        "after the first epoch, about 0.9 after the tenth. Kaiming speeds up the "
        "beginning, to 0.5 or more after one epoch; at the end the two are about level",
    )
