"""The weights before and after training, and the steps of a network of one number."""

import re

import pytest
import torch

from helpers import MLP, load_images, seeded, train
from helpers.chapters.welcome.figures import (
    REACH,
    SHADES,
    show_misread,
    show_weights,
)
from tests.said import WORDS, said, shown
from tests.taught import holding, source_of

holds = holding("00")
OF_THEM = (
    r"makes (\d+) weighted sums of the pixels\. Here are the weights of (\w+) of them, "
    "those that the training changed most,"
)
MIDDLE = (slice(6, 22), slice(6, 22))


@pytest.fixture(scope="module")
def net():
    """The network of the pad, trained."""
    with seeded(0):
        net = MLP()
    train(net, load_images("digits").train, num_epochs=5, lr=0.3, batch_size=128)
    return net


@pytest.fixture(scope="module")
def weights(net):
    """Its weights, (256, 784), at its start and at its end."""
    with seeded(0):
        start = MLP()
    return start[1].weight.detach(), net[1].weight.detach()


def images_of(figure):
    return [torch.as_tensor(ax.images[0].get_array()) for ax in figure.axes]


def test_eight_units_are_those_that_changed_most(weights):
    before, after = weights
    moved = (after - before).norm(dim=1)
    shown = images_of(show_weights(*weights))
    of, number = said("00", "weights", OF_THEM)
    assert number == "eight" and len(shown) == 2 * 8 and len(moved) == int(of)
    step = REACH / SHADES
    for k, unit in enumerate(moved.argsort(descending=True)[:8]):
        for row, rows in enumerate(weights):
            drawn = shown[8 * row + k].flatten()
            exact = rows[unit].clamp(-REACH, REACH)
            assert (drawn - exact).abs().max() <= step / 2 + 1e-6


def test_noise_becomes_strokes_where_the_ink_lies(weights):
    before, after = weights
    most = (after - before).norm(dim=1).argsort(descending=True)[:8]
    change = (after - before)[most].view(-1, 28, 28).abs()
    border = torch.ones(28, 28, dtype=torch.bool)
    border[3:-3, 3:-3] = False
    assert change[:, border].mean() < 0.2 * change[(slice(None), *MIDDLE)].mean()
    ink = load_images("digits").train.X[:2000, 0].mean(0)
    assert ink[border].mean() < 0.15 * ink[MIDDLE].mean()

    def alike(rows):  # neighbors: 0 in noise, near 1 in a stroke
        w = rows[most].view(-1, 28, 28)[(slice(None), *MIDDLE)]
        pair = torch.stack([w[..., :-1].flatten(), w[..., 1:].flatten()])
        return torch.corrcoef(pair)[0, 1]

    assert abs(alike(before)) < 0.1 and alike(after) > 0.7
    for image in after[most].view(-1, 28, 28):
        assert image.max() > 0.08 and image.min() < -0.08, "blue and orange"
    holds(
        "weights-read",
        "Training has made strokes out of noise, often blue beside orange: ink on the "
        "blue and none on the orange makes the sum large. Near the border, where "
        "hardly any ink lies, they are still noise.",
    )


def test_blue_is_positive(weights):
    """As the words of the picture say, and those above it."""
    figure = show_weights(*weights)
    image = figure.axes[8].images[0]
    least, most = image.cmap(image.norm([-REACH, REACH]))
    assert most[2] > most[0] and least[0] > least[2], "blue, orange"
    assert "orange is negative, white 0, blue positive" in figure.get_label()
    holds("weights", "Blue ones are positive, orange ones negative:")


@pytest.mark.parametrize("lr", [0.1, 0.125, 0.24, 0.25, 0.3])
def test_which_rate_arrives_at_once_and_from_which_on_none_does(lr):
    code = source_of("00", "training-path-code")
    (line,) = re.findall(r"w = (w - lr .*)", code)
    at_once, never = map(
        float, said("00", "training-path-read", r"With ([\d.]+) the factor is 0\. From "
                    r"([\d.]+) on its magnitude is 1 or more"),
    )  # fmt: skip
    path = [1.0]
    for _ in range(200):
        path.append(eval(line, {"w": path[-1], "lr": lr, "x": 2.0, "y": 6.0}))
    assert (path[1] == 3) == (lr == at_once)
    assert (abs(path[-1] - 3) < 0.1) == (lr < never)
    if lr == never:
        assert path[:4] == [1, 5, 1, 5]
        holds("training-path-read", "at 0.25 itself $w$ jumps between 1 and 5.")


def test_the_misread_images_are_the_first_that_it_misreads(net):
    """And half of them are ones taken for an 8, as their stored titles say."""
    data = load_images("digits")
    number, what = said("00", "misread", r"the first (\w+) test images that it (\w+):")
    figure = show_misread(net, data.test, data.classes)
    assert number == "ten" == WORDS[len(figure.axes)] and what == "misreads"
    with torch.no_grad():
        answers = net(data.test.X).argmax(1)
    first = (answers != data.test.y).nonzero().flatten()[:10]
    for ax, k in zip(figure.axes, first, strict=True):
        label, answer = data.classes[data.test.y[k]], data.classes[answers[k]]
        assert ax.get_title().replace("\n", " ").startswith(f"{label} → {answer}: ")
        assert torch.equal(torch.as_tensor(ax.images[0].get_array()), data.test.X[k, 0])
    titles = shown("00", "misread-code")
    stored = re.findall(r"(\d) → (\d): (0\.\d\d)", titles)
    taken = [float(p) for label, answer, p in stored if (label, answer) == ("1", "8")]
    assert len(stored) == 2 * len(taken) == 10 and max(taken) < 0.6
    holds(
        "misread-read",
        "Five of the stored ten are ones that it takes for an 8, each with a "
        "probability below 0.6.",
    )
