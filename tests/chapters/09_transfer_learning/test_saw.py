"""Chapter 9: what one should have seen, and words on pictures, are what is shown."""

import importlib
import re

import numpy as np
import pytest
import torch
from matplotlib.colors import rgb_to_hsv, to_rgb
from torch import nn

from helpers import load_emoji, seeded
from helpers.chapters.transfer_learning import augmentations as room
from helpers.chapters.transfer_learning import explorers, figures
from helpers.chapters.transfer_learning.augmentations import histogram, variants
from helpers.chapters.transfer_learning.feature_space import (
    RATES,
    nearest_mean,
    path,
    places,
)
from helpers.chapters.transfer_learning.label_curves import LABELS, WAYS, stored
from helpers.chapters.transfer_learning.which_block import HEAD, probed
from helpers.figures.described import described
from tests.said import said
from tests.taught import holding, text_of

v2 = importlib.import_module("torchvision.transforms.v2")  # after helpers


holds = holding("09")


# -- augmentations -------------------------------------------------------------------


def test_the_strongest_rotation_is_half_a_circle_and_erasing_takes_half(monkeypatch):
    turned = []
    monkeypatch.setattr(
        v2, "RandomRotation", lambda by, **_: turned.append(by) or nn.Identity()
    )
    variants("flower", "rotate", room.STRONGEST, 0)
    assert turned == [180], "to either side"
    holds("augment-saw", "Turned by half a circle, the six is a nine.")
    _, shares = variants("flower", "erasing", room.STRONGEST, 0)
    assert 1 - shares.mean() == pytest.approx(0.5, abs=0.05)
    holds("augment-saw", "Erasing takes up to half of the pixels and leaves the rest")


def test_a_rotation_has_about_as_many_decibels_as_strong_noise():
    original, _ = room.pictures("flower")
    ratios = [
        np.mean([room.psnr(x, original) for x in variants("flower", name, 6, 0)[0]])
        for name in ("rotate", "noise")
    ]
    assert abs(ratios[0] - ratios[1]) < 3
    holds("augment-saw", "a rotation has about as many as strong noise.")


def test_what_scaling_keeps_is_what_is_told(monkeypatch):
    """Of a square of one color: other sides, as long as one another, of this color."""
    color, X = torch.tensor([0.9, 0.5, 0.2]).view(3, 1, 1), torch.zeros(3, 64, 64)
    X[:, 20:44, 20:44] = color
    monkeypatch.setattr(room, "pictures", lambda name: (X, X))
    new, _ = variants("", "scale", room.STRONGEST, 0)
    sides = []
    for x in new:
        inside = (x - color).abs().amax(0) < 0.02
        rows, columns = inside.any(1).sum().item(), inside.any(0).sum().item()
        assert abs(rows - columns) <= 1
        sides.append(rows)
    assert max(sides) > 24 > min(sides) > 0
    kept, _, changed = room.TOLD["scale"].partition(", and changes ")
    assert (kept, changed) == ("keeps colors and proportions", "sizes")


def test_mixup_mixes_more_evenly_the_stronger_it_is():
    apart = [
        np.mean(
            [(variants("emoji", "mixup", s, seed)[1] - 0.5).abs() for seed in range(20)]
        )
        for s in (1, 3, 6)
    ]
    assert apart == sorted(apart, reverse=True) and apart[0] > apart[2] + 0.1


def test_what_the_labels_of_mixup_are_said_to_be():
    scene = explorers.augmentations.scene(transform="mixup", picture="flower", seed=3)
    X, shares = variants("flower", "mixup", 3, 3)
    least, most = (round(100 * s.item()) for s in (shares.min(), shares.max()))
    assert f"are {least} to {most} % flower, and the rest temple." in scene.says


def test_the_key_of_the_values_names_its_lines():
    scene = explorers.augmentations.scene(picture="flower", transform="noise")
    original, _ = room.pictures("flower")
    X, _ = variants("flower", "noise", 3, 0)
    pane = scene.panes[2]
    lines = {m["label"]: m["xy"] for m in pane.marks if m.get("label")}
    assert lines["original"][:, 1] == pytest.approx(histogram(original))
    assert lines["variants"][:, 1] == pytest.approx(histogram(X))
    for k, label in enumerate(("value", "share")):
        assert pane.labels[k] == label
        total = lines["original"][:, k].sum()
        assert (total == pytest.approx(1, abs=1e-4)) == (label == "share")


# -- label_curves --------------------------------------------------------------------


def test_each_curve_is_called_by_what_was_trained():
    words = {"all": "all", "last stages": "last", "from scratch": "scratch"}
    words |= {"pixels": "pixels", "frozen": "frozen"}
    found = stored("noto")
    scene = explorers.label_curves.scene(labels=10)
    for way, word in words.items():
        assert word in WAYS[way], way
        assert scene[way]["label"] == WAYS[way]
        assert scene[way]["xy"][:, 1] == pytest.approx(
            [found[way, n].mean for n in LABELS]
        )
    curves, bars = scene.panes
    assert curves.labels[0] == "labels per class" and curves.title == "test accuracy"
    assert curves.log == "x", "twice as many labels are as far everywhere"
    assert bars.title == "with 10 labels per class"


# -- which_block ---------------------------------------------------------------------


def test_the_best_block_stands_before_the_last_three():
    heads, best = [], []
    for style in ("noto", "twemoji"):
        data, answers = probed(style)
        for labels in (2, 5, 10, 25):
            means = (answers[labels] == data.test.y.numpy()).mean((1, 2))
            assert means.argmax() in (12, 13), (style, labels)
            assert max(means[14:]) < means[:14].max() and means[0] == means.min()
            if labels == 10:
                heads.append(means[HEAD])
                best.append(means.max())
    holds(
        "layer-saw",
        "block 12 or 13, in both styles and for every number of labels.",
        "in the last three stages it falls again",
    )
    told = said(
        "09",
        "layer-saw",
        r"With ten labels the head is at (0\.\d+) and (0\.\d+), the best block at "
        r"(0\.\d+) and (0\.\d+)\.",
    )
    assert [*map(float, told)] == pytest.approx(heads + best, abs=0.011)


def test_low_is_general_and_high_is_special():
    low, high = re.findall(
        r"(Low|High) layers see (.*?)\*(\w+)\*", text_of("09", "layer-why")
    )
    assert (low[0], low[2]) == ("Low", "general") and (high[0], high[2]) == (
        "High",
        "special",
    )
    data, answers = probed("noto")
    means = (answers[10] == data.test.y.numpy()).mean((1, 2))
    assert means[HEAD] < means[12], "the head belongs to the source's classes"
    holds("recall-questions", "The last ones belong to the classes of the source and")


def test_the_words_on_blocks_name_what_is_drawn():
    scene = explorers.which_block.scene(block=16, labels=10)
    curves, pictures = scene.panes
    assert pictures.title == "wrong at the head"
    assert explorers.which_block.scene(block=5).panes[1].title == "wrong at block 5"
    ticks = dict(curves.ticks[0])
    assert ticks[HEAD] == "head"
    assert all(text == str(int(at)) for at, text in ticks.items() if at != HEAD)
    _, answers = probed("noto")
    words = {2: "two", 4: "four", 5: "five", 8: "eight"}
    draws = words[answers[10].shape[1]] + " draws"
    assert scene["spread"]["label"] == draws and draws in scene.says
    assert scene["mean"]["label"] == "their mean"


# -- feature_space -------------------------------------------------------------------


def test_a_rate_is_what_its_name_says():
    assert all(float(name) == pytest.approx(rate) for name, rate in RATES.items())
    assert RATES["0.002"] == pytest.approx(10 * RATES["0.0002"])
    holds("space-saw", "With ten times the rate, 0.002, the groups are torn apart")


def test_the_nearest_mean_is_that_of_training_pictures():
    for rate in (0.0002, 0.002):
        found = path(rate)
        for shown in (0, 5, 10):
            H, y = torch.tensor(found.features["train"][shown]), found.y["train"]
            means = torch.stack([H[y == label].mean(0) for label in range(4)])
            asked = torch.tensor(found.features["test"][shown])
            right = torch.cdist(asked, means).argmin(1).numpy() == found.y["test"]
            assert nearest_mean(rate, shown) == pytest.approx(right.mean(), abs=0.011)
    start, end = nearest_mean(0.0002, 0), nearest_mean(0.0002, 10)
    assert abs(start - end) < 0.1
    (told,) = said(
        "09", "space-saw", r"is right for (0\.\d+) of the test pictures before"
    )
    assert float(told) == pytest.approx(start, abs=0.011)


def test_large_marks_are_the_means_of_training_pictures_in_both_panes():
    scene, xy = explorers.feature_space.scene(snapshot=6), places(0.0002)
    found = path(0.0002)
    for part in ("train", "test"):
        for label, word in enumerate(found.classes):
            mean = xy["train"][6][found.y["train"] == label].mean(0)
            assert scene[f"{part} mean {word}"]["xy"][0] == pytest.approx(mean)
    assert [pane.title for pane in scene.panes] == [
        f"{part}, after step {4 * 6}" for part in ("train", "test")
    ]


def test_what_a_large_rate_leaves_is_near_guessing():
    found = path(0.002)
    right = (found.answers[-1] == found.y["test"]).mean()
    guessing = np.bincount(found.y["test"]).max() / len(found.y["test"])
    (told,) = said("09", "space-saw", r"in the end the classifier is at (0\.\d+)")
    assert abs(float(told) - right) < 0.2 and float(told) < 0.25 < guessing
    holds("space-saw", "worse than guessing.")


# -- drawings ------------------------------------------------------------------------


def test_the_colors_of_the_ways_are_those_that_the_text_names():
    hues = {kind: rgb_to_hsv(to_rgb(color)) for kind, color in figures.KINDS.items()}
    assert hues["frozen"][1] < 0.05, "gray"
    orange = [
        k for k, (hue, full, _) in hues.items() if 0.04 < hue < 0.13 and full > 0.3
    ]
    assert orange == ["new"]
    holds("ways-read", "what is orange begins at random.")


def test_a_box_holds_the_word_of_its_color():
    ways = {"first": ("frozen", "trained", "new"), "second": ("new", "new", "frozen")}
    (ax,) = figures.show_ways(ways, ("stem", "blocks", "classifier")).axes
    words = {(t.get_position()): t.get_text() for t in ax.texts}
    for row, (title, kinds) in enumerate(ways.items()):
        assert words[(-0.15, -row)] == title
        for k, kind in enumerate(kinds):
            assert words[(k + 0.46, -row)] == kind


def test_drawings_are_described_as_they_are():
    lines = figures.show_lines({"a": {1: 0.5, 2: 0.7}}, "labels", "accuracy")
    assert described(lines).startswith("accuracy against labels. ")
    legend = lines.axes[0].get_legend()
    assert legend.get_visible() and legend.get_texts()[0].get_text() == "a"
    rows = figures.show_rows(
        {"one": torch.rand(3, 1, 4, 4), "two": torch.rand(3, 1, 4, 4)}
    )
    grid = rows.axes[0].get_gridspec()
    assert described(rows).startswith(f"{grid.nrows} rows of {grid.ncols} images: one")


def test_classes_of_the_explorer_are_those_of_the_set():
    emoji = load_emoji()
    first, second = room.PICTURES["emoji"]
    with seeded(0):
        for name in (first, second):
            assert emoji.classes[room.LABELS[name]] == name
