"""Chapter 2: how its last sections follow from each other; what a temperature leaves.

Where a cell says what was found before it, or what comes next, the order of the cells
and what they show must bear it out.
"""

import itertools
import json
import re

import pytest
import torch
from torch.nn import functional as F

from helpers import SoftmaxRegression, load_images, seeded, train
from tests.said import WORDS, shown
from tests.taught import holding, notebook_path, text_of

holds = holding("02")


def in_order(*ids):
    cells = json.loads(notebook_path("02").read_text("utf-8"))["cells"]
    place = {cell["id"]: k for k, cell in enumerate(cells)}
    return all(place[a] < place[b] for a, b in itertools.pairwise(ids))


# -- what a temperature leaves ---------------------------------------------------------


def ranks(logits, y, T):
    """What the first, second and other choices say, and how often each is right."""
    said, order = (logits / T).softmax(1).sort(1, descending=True)
    right = (order == y[:, None]).double()
    return [
        [
            shares[:, k].sum(1).mean().item()
            for k in (slice(1), slice(1, 2), slice(2, 10))
        ]
        for shares in (said, right)
    ]


def test_what_remains_of_the_gap_stands_with_the_second_choice():
    """As it is stored, and for a network from another seed at its own temperature."""
    (accuracy,) = re.findall(r"accuracy ([\d.]+)", shown("02", "reliability-code"))
    (sure,) = re.findall(r"mean confidence ([\d.]+)", shown("02", "scaled"))
    pairs = re.findall(r"says ([\d.]+), right ([\d.]+)", shown("02", "scaled"))
    stored = [float(sure), *(float(a) for a, _ in pairs)]
    stored = stored, [float(accuracy), *(float(b) for _, b in pairs)]

    data = load_images("digits")
    with seeded(1):
        net = SoftmaxRegression()
    train(net, data.train, num_epochs=10, lr=0.1, batch_size=256, seed=1)
    with torch.no_grad():
        logits = net.cpu()(data.val.X)
    grid = torch.linspace(0.3, 2, 35)
    prices = torch.stack([F.cross_entropy(logits / T, data.val.y) for T in grid])
    for said, right in (stored, ranks(logits, data.val.y, grid[prices.argmin()])):
        assert sum(said) == pytest.approx(1, abs=2e-3) == sum(right)
        first, second, others = (r - s for s, r in zip(said, right, strict=True))
        assert 0.015 < first < 0.04, "the first choice lacks what"
        assert -0.04 < second < -0.015, "the second has too much"
        assert abs(others) < 0.01, "the other eight agree"
    points = round(100 * (float(accuracy) - float(sure)))
    holds(
        "scaled-read",
        f"Why do {points} points remain? The loss counts all ten probabilities. What "
        "the first choice lacks, the second has too much. The other eight together are "
        "right as often as they say, and a lower $T$ would take from them, too.",
    )


def test_a_lower_temperature_takes_from_all_but_the_first_two():
    logits = torch.randn(500, 10, generator=torch.Generator().manual_seed(0))
    y = torch.zeros(500, dtype=int)
    others = [ranks(2 * logits, y, T)[0][2] for T in (1.0, 0.85, 0.7, 0.5)]
    assert others == sorted(others, reverse=True) and others[-1] < 0.8 * others[0]


# -- focal loss ------------------------------------------------------------------------


def test_focal_loss_is_explained_before_it_is_judged():
    assert in_order(
        "focal", "focal-explorer-code", "focal-code", "claims", "claim-focal"
    )
    holds("focal", "**class imbalance**", "**focal loss**")


def test_no_digit_is_rare():
    y = load_images("digits").train.y
    assert y.bincount(minlength=10).min() > 0.05 * len(y)
    holds("focal", "All ten of our classes are common.")


# -- the thread ------------------------------------------------------------------------


def test_the_lab_says_what_follows_in_its_order():
    assert in_order("lab", "confusion", "reliability", "interval", "pad")
    holds(
        "lab",
        "What follows asks where this network is wrong, how sure it should be, how "
        "much of its score is luck, and whether it reads your hand.",
    )


def test_all_images_came_from_one_source():
    cells = json.loads(notebook_path("02").read_text("utf-8"))["cells"]
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    assert code.count("load_images(") == 1
    holds("pad", "So far all images came from one source.")


def test_the_baseline_had_one_rate_and_one_size():
    assert '"lr": 0.1, "batch_size": 256' in text_of("02", "baseline")
    holds("panel-questions", "The baseline had one learning rate and batch size.")


def test_the_claims_take_up_what_the_chapter_warned_of():
    asked = ("claim-squared", "claim-twice", "claim-focal", "claim-test-set")
    assert in_order("why-together", "torch-loss", "focal", "claims", *asked, "recall")
    holds("torch-loss-read", "a reason to look for a second softmax")
    holds("parts", "The part `test` chooses nothing")
    holds(
        "claims",
        "This chapter warned of squared error, of a second softmax and of choosing on "
        "`test`, and showed a loss for rare classes. Does all that hold? "
        f"{WORDS[len(asked)].capitalize()} claims, judged as before.",
    )
    assert "y_val" in text_of("02", "scaled")
    holds("claim-test-set", "Our $T$ was chosen on `val`. Why not on `test`?")
