"""Chapter 9: sentences, formulas and numbers of the text, each made from what it tells.

What the claims found stands in `test_found`, what the explorers show in `test_saw`.
"""

import importlib
import re

import pytest
import torch
from torch.nn import functional as F

from helpers import load_emoji, load_images, seeded
from helpers.claims.homemade import halved, learn, noisy, small_net
from helpers.training.features import pick
from tests.said import lines_shown, shown
from tests.taught import holding, source_of, taught, text_of

models = importlib.import_module("torchvision.models")  # after helpers
v2 = importlib.import_module("torchvision.transforms.v2")
SEEDS = range(3)
own = taught("09", "psnr", "same_values", "twenty_steps")


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


holds = holding("09")


def in_ten(share: float) -> str:
    return {6: "six", 9: "nine"}[round(10 * share)]


# -- the pictures --------------------------------------------------------------------


def test_what_the_drawings_are():
    emoji = load_emoji()
    called = {"animal": "animals", "vehicle": "vehicles", "clothing": "clothes"}
    *some, last = (called.get(name, name) for name in emoji.classes)
    assert len(emoji.train) == 200
    holds("few", f"Two hundred small drawings, of {', '.join(some)} and {last}.")
    origins = [
        set(getattr(emoji, part).origin.tolist()) for part in ("train", "val", "test")
    ]
    assert sum(map(len, origins)) == len(set.union(*origins))
    holds(
        "scratch-more", "No object is in two of the parts", "both are in the training"
    )


def test_how_many_of_ten_are_right():
    from_scratch, probed = map(float, re.findall(r"0\.\d+", shown("09", "probe-gate")))
    assert f"{from_scratch:.4f}" in shown("09", "scratch-gate")
    holds("scratch-read", f"it names about {in_ten(from_scratch)} in ten.")
    holds(
        "probe-more", f"it is {in_ten(probed)} in ten instead of {in_ten(from_scratch)}"
    )


# -- transforms ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def transforms():
    """The eleven transforms of the notebook, in their order."""
    space = {"load_photograph": lambda *_: torch.rand(3, 36, 36), "seeded": seeded}
    exec("import torch\n" + source_of("09", "more-code"), space)
    return space["transforms"]


def test_the_rows_of_the_figure_are_those_of_the_two_kinds(transforms):
    """On a picture of one color, moving pixels changes none, but for black corners."""
    colors = torch.tensor([0.3, 0.5, 0.4]).view(3, 1, 1)
    picture = colors.expand(3, 36, 36).contiguous()
    kept = []
    for transform in transforms.values():
        with seeded(0):
            new = transform(picture)
        share = new / picture  # less than 1 where black comes in from outside
        alike = torch.allclose(share, share[:1].expand_as(share), atol=1e-4)
        kept.append(alike and share.max().item() < 1 + 1e-4)
    first, second = kept[:5], kept[5:]  # the picture itself comes first of twelve
    assert "num_cols=6" in source_of("09", "more-figure") and len(kept) == 11
    assert all(first) and sum(second) <= 2
    holds("more-read", "The first row moves pixels about, the second mostly changes")
    *some, last = list(transforms)[:5]
    assert {*some, last} == {"flip", "rotate", "crop", "deform", "scale"}
    holds("more-more", "*Geometric* transforms flip, rotate, crop, deform and scale")


def test_transforms_do_what_their_names_say(transforms):
    with seeded(1):
        X = torch.rand(3, 36, 36)
    assert transforms["flip"](X).equal(X.flip(-1))
    assert own.same_values(transforms["channels"](X), X)
    with seeded(0):
        hue, bright = transforms["hue"](X), transforms["brightness"](X)
    for extreme in (torch.amax, torch.amin):  # another hue, as dark and as pale
        torch.testing.assert_close(extreme(hue, 0), extreme(X, 0), atol=1e-4, rtol=0)
    assert (hue - X).abs().mean() > 0.1 and (bright >= X).all()
    rows = torch.linspace(0, 1, 36).expand(3, 36, 36)
    with seeded(0):
        crop = transforms["crop"](rows)
    assert crop.max() - crop.min() < 0.8, "a part, so less of the slope"


def test_ten_decibels_less_are_ten_times_the_change():
    X = torch.full((3, 4, 4), 0.5)
    weak, strong = own.psnr(X, X + 0.1), own.psnr(X, X + 0.1 * 10**0.5)
    assert weak - strong == pytest.approx(10, abs=1e-3)
    holds("more-more", "Every 10 decibels less are ten times that change.")


def test_the_flip_changes_most_in_numbers():
    rows = [
        line.split() for line in shown("09", "kept").splitlines()[1:] if line.strip()
    ]
    ratios = {row[0]: float(row[1]) for row in rows if len(row) == 4}
    assert len(ratios) == 11 and min(ratios, key=ratios.get) == "flip"
    assert [r[0] for r in rows if r[-1] == "True"] == ["flip", "channels"]
    holds(
        "kept-read",
        "A flip and a permutation of channels keep every value.",
        "the flip is the mildest change of all; in numbers it is the largest",
    )


def test_torchvision_draws_once_for_a_batch():
    X = torch.rand(8, 3, 6, 6)
    flips = set()
    for seed in range(12):
        with seeded(seed):
            new = v2.RandomHorizontalFlip()(X)
        flips.add(sum(not a.equal(b) for a, b in zip(new, X, strict=True)))
    assert flips == {0, 8}, "all of a batch, or none"
    holds(
        "buys-more", "draw once for each call. Given a whole batch they turn, crop or"
    )


# -- the label -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def data():
    return halved(load_images("digits"))


@pytest.fixture(scope="module")
def sources(data):
    few = data.train.take(2000)
    return [
        learn(small_net(seed=seed), few, num_epochs=5, batch_size=32, seed=seed).cpu()
        for seed in SEEDS
    ]


def between(measured: float, ends: tuple[str, ...], slack: float = 2) -> bool:
    low, high = map(float, ends)
    return low - slack <= 100 * measured <= high + slack


def test_sixes_become_nines_more_often_than_nines_become_sixes(data, sources):
    X, y = data.test.X, data.test.y
    answers = [net(X.flip(-1, -2)).argmax(1) for net in sources]

    def read(a, b):
        return sum((given[y == a] == b).float().mean().item() for given in answers) / 3

    found = re.search(
        r"(\d+) to (\d+) % of the sixes are read as nines, and (\d+) to (\d+) % of the "
        r"nines as sixes",
        text_of("09", "label-more"),
    ).groups()
    assert between(read(6, 9), found[:2]) and between(read(9, 6), found[2:])
    assert read(6, 9) > read(9, 6) and int(found[0]) > int(found[2])
    holds("label", "## A transform must keep the label")


def test_how_many_pseudo_labels_are_kept_and_right(data, sources):
    unlabeled = data.train.at(slice(4000, 6000))
    X = noisy(unlabeled.X, 0.3, 2)
    kept, right = [], []
    for net in sources:
        p, guess = net(X).softmax(1).max(1)
        kept.append((p > 0.9).float().mean().item())
        right.append((guess == unlabeled.y)[p > 0.9].float().mean().item())
    found = re.search(
        r"keeps (\d+) to (\d+) %, and (\d+) to (\d+) % of the kept labels are right",
        text_of("09", "instances-more"),
    ).groups()
    assert between(sum(kept) / 3, found[:2]) and between(sum(right) / 3, found[2:])
    assert "sure = p > 0.9" in source_of("09", "instances-pseudo")
    holds("instances-more", "kept here above a probability of 0.9.")


# -- what augmentation buys ----------------------------------------------------------


def test_moved_copies_help_on_moved_images():
    plain, moved = lines_shown("09", "buys-figure").values()
    assert plain[0] - plain[3] > moved[0] - moved[3] + 0.1
    holds("buys-read", "the network that has seen it moved loses far less.")
    better, worse = map(
        float,
        re.search(
            r"\((0\.\d+) instead of (0\.\d+)", text_of("09", "buys-more")
        ).groups(),
    )
    assert better > worse and abs(better - moved[0]) < 0.05 > abs(worse - plain[0])
    holds("recall-questions", "Less loss on images that are moved. Not a better result")
    rows = re.findall(r"(0\.\d+)\s+(0\.\d+)", shown("09", "tta-code"))
    assert all(float(nine) > float(one) for one, nine in rows) and len(rows) == 2
    holds("tta-more", "on the digits it brings two to three points")


def test_the_mixed_picture_and_its_label_have_the_same_shares():
    emoji, drawn = load_emoji(), []
    space = {"pick": pick, "emoji": emoji, "F": F, "torch": torch}
    space["show_images"] = lambda X, *_, **options: drawn.append(X)
    exec(source_of("09", "mixup-code"), space)
    one, other, mixed = drawn[0]
    share = ((mixed - other) * (one - other)).sum() / (one - other).square().sum()
    assert share.item() == pytest.approx(space["label"][0].item(), abs=1e-4)
    assert space["label"].sum() == pytest.approx(1)
    first, second = emoji.classes[:2]
    told = [f"{value:.1f} for {name}" for value, name in
            zip(space["label"], (first, second), strict=False)]  # fmt: skip
    holds("mixup-read", "mostly the first one, and so is its label: " + ", ".join(told))
