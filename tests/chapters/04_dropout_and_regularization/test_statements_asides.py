"""Chapter 4: what its folds, its answers and its last cells say, each computed first.

As in `test_statements`: what a sentence says is computed, and then it must stand there.
"""

import re
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import load_images, seeded, train
from helpers.chapters.dropout_and_regularization.exercises import penalties as tasks
from tests.said import shown
from tests.taught import holding, source_of, taught, text_of

own = taught("04", "dropout", "fit_with_penalty", "mlp", "noisy_images")
SETTINGS = {"lr": 0.04, "momentum": 0.9, "batch_size": 64, "num_epochs": 30}
holds = holding("04")


# -- penalties and noise ---------------------------------------------------------------


def test_whether_the_constant_is_charged():
    """A penalty that spared it would let it follow a shift of all targets."""
    x = torch.linspace(-1, 1, 20, dtype=torch.float64)
    low, high = (own.fit_with_penalty(x, x + shift, 1, 1.0) for shift in (0.0, 10.0))
    charged = bool(high[0] - low[0] < 9)
    assert high[0] - low[0] == pytest.approx(10 / 2), "n / (n + n λ) of it"
    (aside,) = re.findall(r"\((The constant is .*?)\)", text_of("04", "penalty"))
    assert ("not charged" not in aside) == charged
    assert re.search(
        r"charged here, too, (\w+) in the usual practice", aside
    ).groups() == ("unlike",)


def test_the_ridge_that_is_printed_beside_noisy_inputs(capsys):
    """The whole cell once more: noise in X makes the weights of its ridge."""
    exec(source_of("04", "noise-code"), {"torch": torch})
    printed = capsys.readouterr().out
    row = r"σ +([\d.]+): noise in y ([\d.]+); in X ([\d.]+), by ridge ([\d.]+)"
    here, stored = (
        re.findall(row, text) for text in (printed, shown("04", "noise-code"))
    )
    assert len(here) == len(stored) == 4
    for now, then in zip(here, stored, strict=True):
        assert [*map(float, now)] == pytest.approx([*map(float, then)], abs=0.02)
        assert float(now[2]) == pytest.approx(float(now[3]), abs=0.02), "in X, by ridge"
    holds("noise-found", "input noise shortens them, as ridge does")


# -- dropout ---------------------------------------------------------------------------


def test_which_images_the_columns_of_the_thinned_are_measured_on(capsys):
    """Four on new images, and two on the wrong labels, as the header says."""
    code = source_of("04", "thinned-code")
    table = code[code.index("rows = {") :]
    asked = []

    def thinned(net, off, part):
        asked.append((part, off))
        return 0.0

    space = {"nets": {0.0: "net"}, "decayed": "net", "thinned": thinned}
    space |= {"noisy": SimpleNamespace(val="new", train="training")}
    exec(table, space | {"by_heart": "wrong labels", "true_names": "true names"})
    header = capsys.readouterr().out.splitlines()[0]
    offs = [int(share) / 100 for share in re.findall(r"(\d+)%", header)]
    (last_two,) = re.findall(r"\(last two: (.*?)\)", header)
    expected = [("new", off) for off in offs[:-2]]
    expected += [(last_two, off) for off in offs[-2:]]
    assert asked == 2 * expected


@pytest.fixture(scope="module")
def by_heart():
    """A network that has learned wrong labels: its last layer, and what it remembers.

    Returns
    -------
    last layer; hidden units (n, units) of the remembered images; their labels (n,).
    """
    noisy, right = (own.noisy_images(2000, share) for share in (0.4, 0.0))
    net = own.mlp()
    train(net, noisy.train, **SETTINGS)
    *hidden, last = net.cpu().eval()
    with torch.no_grad():
        h = nn.Sequential(*hidden)(noisy.train.X)
        known = last(h).argmax(1) == noisy.train.y
    kept = known & (noisy.train.y != right.train.y)
    return last, h[kept], noisy.train.y[kept]


@torch.no_grad()
def test_an_image_is_remembered_by_many_units_together(by_heart):
    """Without any single unit most are still known; without half of them, half."""
    last, h, y = by_heart
    forgotten = torch.zeros(len(y))
    for unit in range(h.shape[1]):
        without = h.clone()
        without[:, unit] = 0
        forgotten += last(without).argmax(1) != y
    assert len(y) > 600
    assert (forgotten > 0).float().mean() < 0.5  # 0.32, of some 90 units above 0
    half = (last(own.dropout(h, 0.5)).argmax(1) != y).float().mean().item()
    assert half == pytest.approx(0.5, abs=0.15)
    holds(
        "thinned-read",
        "Yet most of these survive the loss of any single unit: many units together "
        "remember an image.",
    )


def test_the_whole_network_stands_for_the_mean_of_the_thinned():
    """Three trainings: each 0.57 0.55 0.56, mean 0.67 0.66 0.66, all 0.68 0.67 0.66."""
    noisy = own.noisy_images(2000, 0.4)
    net = own.mlp(dropout=0.5)
    train(net, noisy.train, **SETTINGS)
    net.cpu()

    @torch.no_grad()
    def probabilities():
        return net(noisy.val.X).softmax(1)

    net.train()
    with seeded(1):
        drawn = torch.stack([probabilities() for _ in range(50)])
    net.eval()
    answers = [p.argmax(1) for p in (*drawn, drawn.mean(0), probabilities())]
    right = [(guess == noisy.val.y).float().mean().item() for guess in answers]
    *singles, mean, whole = right
    assert sum(singles) / 50 == pytest.approx(0.57, abs=0.02)
    assert (mean, whole) == pytest.approx((0.67, 0.68), abs=0.02)
    alike = (answers[-1] == answers[-2]).float().mean().item()
    assert alike == pytest.approx(0.95, abs=0.02)
    holds(
        "dropout-why",
        "Fifty of its thinned networks, drawn at random, name on average 57 % of the "
        "validation images correctly. The mean of their fifty probabilities names "
        "67 %, and the whole network 68 %, with the same answer for 95 of 100 images.",
    )


def test_what_the_older_form_of_dropout_is_told():
    p, value = 0.2, 2.0
    (mistake,) = (
        m
        for m in tasks.values_of_a_unit.mistakes
        if "older form" in " ".join(m.says.split())
    )
    assert mistake.wrong() == pytest.approx((0.0, value, value * (1 - p)))
    kept = own.dropout(torch.full((100,), value), p).max().item()
    by, what = re.search(
        r"what is kept is divided by (.*?) in training, and (\w+) is scaled in use",
        " ".join(mistake.says.split()),
    ).groups()
    divisors = {"1 - p": 1 - p, "p": p}
    assert value / divisors[by] == pytest.approx(kept) and what == "nothing"


# -- many units ------------------------------------------------------------------------


def test_the_third_line_is_the_ridge_on_new_images():
    space = {"torch": torch, "F": F, "data": load_images("digits"), "kept": []}
    end = "    ends = "
    told = "    kept.append((H, V, ridge, parts))\n"
    exec(source_of("04", "descent-code").replace(end, told + end), space)
    *wrong, norm = space["wrong_answers"](200, 0)
    H, V, ridge, parts = space["kept"].pop()
    (_, y), (_, y_new) = parts
    assert len(y) == 200 < len(y_new)
    expected = ((H[0], V, y), (H[1], V, y_new), (H[1], ridge, y_new))
    for share, (h, weights, labels) in zip(wrong, expected, strict=True):
        assert share == ((h @ weights).argmax(1) != labels).float().mean()
    assert norm == V.norm()
    assert "(widths, 4, seeds): wrong three times, norm" in text_of(
        "04", "descent-picture"
    )


# -- answers and the recipe ------------------------------------------------------------


def parts_shown():
    """Part of the error -> degree -> mean over x, from the words of the picture."""
    found = {}
    for part in shown("04", "bias-code").split(". ", 1)[1].split("; "):
        pairs = re.findall(r"(\d+): ([\d.]*\d)", part)
        name = re.match(r"[a-z ]+[a-z]", part)[0]
        found[name] = {int(degree): float(value) for degree, value in pairs}
    return found


def test_which_part_of_the_error_richer_models_have_less_of():
    parts = parts_shown()
    first, second = parts["bias squared"], parts["variance"]
    words = {True: "more", False: "less"}
    of_first, of_second = (words[part[5] > part[1]] for part in (first, second))
    assert (of_first, of_second) == ("less", "more")
    said = re.findall(
        r"Bias squared, variance, and the variance of the noise\. As a rule richer "
        r"models have (\w+) of the first and (\w+) of the second",
        text_of("04", "recall-questions"),
    )
    assert said == [(of_first, of_second)]


def test_the_recipe_is_what_was_measured():
    errors = dict(
        re.findall(r"degree +(\d+): ([\d.]+) on these", shown("04", "three-errors"))
    )
    assert float(errors["3"]) < float(errors["1"]) / 3, "richer, if it underfits"
    epochs = [line.split() for line in shown("04", "by-heart").strip().splitlines()[1:]]
    on_right = [float(row[1]) for row in epochs]
    assert on_right == sorted(on_right), "longer training lowers the training error"
    recipe = text_of("04", "summary-more")
    (if_high,) = re.findall(
        r"If the training error is high, train (\w+ or .*?)\.", recipe
    )
    assert if_high == "longer or take a larger network"
    first = re.findall(r"first look for (.*?), which helped most", recipe)
    means = {}
    for row in shown("04", "remedies-code").split(". ")[1:]:
        name, told = row.rstrip(".").split(": ", 1)
        *single, _ = map(float, re.findall(r"\d\.\d+", told.split("; ")[1]))
        means[name] = sum(single) / len(single)
    assert max(means, key=means.get) == "twice the images"
    assert first == ["more examples"]
    holds("summary-more", "Change one dose at a time, judge it on the validation set,")
    holds("summary-more", "and look at the test set once.")


def test_what_early_memory_is_made_of():
    """What the table by epochs says in words: three in five, and nine in ten."""
    rows = {
        int(row[0]): [float(share) for share in row[1:]]
        for row in (
            line.split() for line in shown("04", "by-heart").strip().splitlines()[1:]
        )
    }
    _, wrong, true_names, new = range(4)
    tenths = {round(10 * rows[6][true_names]): "three in five"}
    assert tenths == {6: "three in five"} and round(10 * rows[30][wrong]) == 9
    best = max(rows, key=lambda n: rows[n][new])
    assert best not in (3, 30) and rows[30][true_names] < 0.1
    holds(
        "best-epoch-why",
        "After six epochs the network gives three in five of the wrongly labeled "
        "images their *true* name; at the end it has learned nine in ten of the wrong",
    )
