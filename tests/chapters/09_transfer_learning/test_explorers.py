"""Explorers of chapter 9: what they say and draw is what transforms and probes do."""

import re
import sys

import numpy as np
import pytest
import torch

from helpers import Choice, IntSlider, LogSlider, TuningPanel, load_emoji
from helpers.chapters.transfer_learning import explorers
from helpers.chapters.transfer_learning.augmentations import (
    PICTURES,
    TOLD,
    histogram,
    pictures,
    psnr,
    variants,
)
from helpers.chapters.transfer_learning.feature_space import path, places
from helpers.chapters.transfer_learning.label_curves import LABELS, WAYS
from helpers.chapters.transfer_learning.panel import (
    AUGMENT,
    FROZEN,
    OPTIMIZERS,
    target_data,
    target_net,
    two_rates,
)
from helpers.chapters.transfer_learning.which_block import probe_answers, probed
from helpers.claims.table import Estimate
from helpers.data import Examples
from helpers.training.features import featured, linear_probe, pick


def numbers(says):
    """Return all numbers of a sentence."""
    return [float(n.replace(",", "")) for n in re.findall(r"[\d,]*\.?\d+", says)]


# -- augmentations ------------------------------------------------------------------


@pytest.mark.parametrize("transform", TOLD)
@pytest.mark.parametrize("name", PICTURES)
def test_every_step_of_strength_and_the_seed_change_the_variants(name, transform):
    if (name, transform) == ("digit", "channel permutation"):
        X, _ = variants(name, transform, 6, 0)
        assert (X == pictures(name)[0]).all(), "a gray picture has equal channels"
        scene = explorers.augmentations.scene(picture=name, transform=transform)
        assert "nothing changes" in scene.says
        return
    found = [variants(name, transform, strength, 0)[0] for strength in range(1, 7)]
    for low, high in zip(found, found[1:], strict=False):
        assert not torch.equal(low, high)
    assert torch.equal(found[2], variants(name, transform, 3, 0)[0])
    assert not torch.equal(found[2], variants(name, transform, 3, 1)[0])
    for X in found:
        assert X.shape == (6, 3, 64, 64) and 0 <= X.min() and X.max() <= 1


@pytest.mark.parametrize("transform", ["flip", "channel permutation"])
def test_what_only_moves_values_keeps_all_of_them(transform):
    original, _ = pictures("flower")
    for strength in (1, 4):
        X, _ = variants("flower", transform, strength, 3)
        same = [torch.equal(x, original) for x in X]
        assert same.count(False) == strength
        for x in X:
            assert torch.equal(x.flatten().sort()[0], original.flatten().sort()[0])
        says = explorers.augmentations.scene(
            transform=transform, strength=strength, seed=3, picture="flower"
        ).says
        assert "the set of values is kept exactly" in says
        assert f"of the {strength} changed variants" in says
    X, _ = variants("flower", "flip", 6, 0)
    assert torch.equal(X.flip(-1)[5], original)


@pytest.mark.parametrize("strength", [1, 3, 6])
@pytest.mark.parametrize("name", ["flower", "digit"])
def test_as_much_is_erased_as_is_said(name, strength):
    original, _ = pictures(name)
    X, shares = variants(name, "erasing", strength, 2)
    assert 1 - shares == pytest.approx([0.08 * strength] * 6, abs=0.01)
    for x, share in zip(X, shares, strict=True):
        changed = (x != original).any(0)
        assert (x[:, changed] == 0).all()
        rows, columns = (changed.any(a).nonzero() for a in (1, 0))
        area = (rows.max() - rows.min() + 1) * (columns.max() - columns.min() + 1)
        assert area / 64**2 <= 1 - share + 1e-6
    says = explorers.augmentations.scene(
        transform="erasing", picture=name, strength=strength, seed=2
    ).says
    assert numbers(says)[-1] == pytest.approx(8 * strength, abs=1)


def test_mixup_mixes_pictures_and_labels_alike():
    X, shares = variants("emoji", "mixup", 4, 5)
    first, second = pictures("emoji")
    for k, share in enumerate(shares):
        torch.testing.assert_close(X[k], share * first + (1 - share) * second)
    scene = explorers.augmentations.scene(
        transform="mixup", picture="emoji", strength=4, seed=5
    )
    least, most = numbers(scene.says)[-2:]
    assert [least, most] == [
        round(100 * s.item()) for s in (shares.min(), shares.max())
    ]
    texts = [m["text"] for m in scene.panes[1].marks if m["kind"] == "text"]
    assert texts == [f"{100 * s:.0f} % animal" for s in shares]


@pytest.mark.parametrize("transform", ["rotate", "brightness", "noise", "blur"])
def test_numbers_and_marks_are_those_of_the_variants(transform):
    scene = explorers.augmentations.scene(
        transform=transform, strength=5, seed=4, picture="flower"
    )
    X, _ = variants("flower", transform, 5, 4)
    original, _ = pictures("flower")
    ratios = [psnr(x, original) for x in X]
    expected = -10 * np.log10(((X - original) ** 2).mean((1, 2, 3)).numpy())
    assert ratios == pytest.approx(expected, rel=1e-4)
    before, after = histogram(original), histogram(X)
    assert before.sum() == pytest.approx(1, abs=1e-5)
    said = numbers(scene.says.partition("The PSNR")[2])
    assert said[:2] == pytest.approx([min(ratios), max(ratios)], abs=0.051)
    assert said[2] == pytest.approx(100 * np.minimum(before, after).sum(), abs=0.51)
    assert scene["before"]["xy"][:, 1] == pytest.approx(before)
    assert scene["after"]["xy"][:, 1] == pytest.approx(after)
    for k in range(6):
        assert scene[f"variant {k}"]["values"] == pytest.approx(
            X[k].permute(1, 2, 0).numpy()
        )


# -- which_block --------------------------------------------------------------------


def test_probes_solved_together_are_linear_probes():
    generator = torch.Generator().manual_seed(0)
    sets = []
    for d in (5, 30, 60):  # fewer features than examples, and more
        X = torch.randn(80, d, generator=generator)
        y = (X[:, :3] + torch.randn(80, 3, generator=generator)).argmax(1)
        sets.append((Examples(X[:20], y[:20]), X[20:]))
    expected = [linear_probe(e, 3)(X).argmax(1) for e, X in sets]
    found = probe_answers(sets, 3)
    assert (found == torch.stack(expected)).float().mean() > 0.98


@pytest.mark.parametrize("block, labels", [(0, 5), (11, 10), (16, 25)])
def test_the_line_is_the_accuracy_of_linear_probes(block, labels):
    data = featured(load_emoji(), (block,))
    y = data.test.y.numpy()
    answers = probed("noto").answers[labels]
    for seed in (0, 3):
        probe = linear_probe(pick(data.train, labels, seed), 4)
        expected = probe(data.test.X).argmax(1).numpy()
        assert (answers[block, seed] != expected).sum() <= 2
    scene = explorers.which_block.scene(block=block, labels=labels)
    accuracy = (answers == y).mean(2)
    assert scene["mean"]["xy"][:, 1] == pytest.approx(accuracy.mean(1))
    assert scene["head"]["xy"][0] == pytest.approx([16, accuracy[16].mean()])
    assert scene["chosen mean"]["xy"][0] == pytest.approx(
        [block, accuracy[block].mean()]
    )
    band = scene["spread"]["xy"]
    assert band[:17, 1] == pytest.approx(accuracy.max(1))
    assert band[17:, 1] == pytest.approx(accuracy.min(1)[::-1])
    assert numbers(scene.says)[0] == labels
    assert int(numbers(scene.says)[-1]) == (answers[block, 0] != y).sum()


def test_the_pictures_are_wrong_ones():
    scene = explorers.which_block.scene(block=16, labels=2)
    data, answers = probed("noto")
    wrong = np.flatnonzero(answers[2][16, 0] != data.test.y.numpy())
    texts = [m["text"] for m in scene.panes[1].marks if m["kind"] == "text"]
    for k in range(9):
        shown = scene[f"image {k}"]["values"]
        (i,) = [
            i for i in wrong
            if np.array_equal(shown, data.test.X[i].permute(1, 2, 0).numpy())
        ]  # fmt: skip
        said = [data.classes[data.test.y[i]], f"→ {data.classes[answers[2][16, 0, i]]}"]
        assert texts[2 * k : 2 * k + 2] == said


# -- label_curves -------------------------------------------------------------------


def table(way, labels):
    """A made-up result: all differ, and the frozen body is best at 5 labels alone."""
    places = {way: k for k, way in enumerate(WAYS)}
    mean = 0.2 + 0.1 * places[way] + 0.002 * labels
    mean += 0.3 * (way == "frozen" and labels == 5)
    return Estimate(mean, 0.01 * (1 + places[way]), 5)


def test_label_curves_draw_and_say_what_is_stored(monkeypatch):
    found = {(way, labels): table(way, labels) for way in WAYS for labels in LABELS}
    room = sys.modules[explorers.label_curves.function.__module__]
    monkeypatch.setattr(room, "stored", lambda style: found)
    scene = explorers.label_curves.scene(labels=5)
    for way in WAYS:
        expected = [[n, found[way, n].mean] for n in (2, 5, 10, 25)]
        assert scene[way]["xy"] == pytest.approx(np.array(expected))
        assert scene[f"bar {way}"]["lengths"] == pytest.approx([found[way, 5].mean])
        band, sd = scene[f"spread {way}"]["xy"][:, 1], found[way, 2].sd
        assert [band[0], band[-1]] == pytest.approx(
            [found[way, 2].mean + sd, found[way, 2].mean - sd]
        )
    says = scene.says
    assert "is that of frozen body, linear probe, 0.71" in says
    assert "0.20 below it with the last stages and 0.10 below it with all" in says
    assert "Over 5 seeds" in says and says.endswith("deviation of 0.03.")
    says = explorers.label_curves.scene(labels=25).says
    assert "is that of all fine-tuned, 0.65" in says
    assert "0.10 above it with the last stages and 0.20 above it with all" in says


# -- feature_space ------------------------------------------------------------------


def test_a_body_whose_rate_is_zero_gives_the_same_points():
    found = path(0.0)
    for features in found.features.values():
        assert (features == features[0]).all()
    assert (found.answers[0] != found.answers[-1]).any(), "the classifier learns"


def test_points_stand_where_the_features_are_and_move_in_one_plane():
    found, xy = path(0.0002), places(0.0002)
    y = found.y["train"]
    assert np.bincount(y).tolist() == [10] * 4 and len(found.answers) == 11
    train = found.features["train"]
    means = [
        train[end][y == label].mean(0) - train[end].mean(0)
        for end in (0, 10)
        for label in range(4)
    ]
    _, vectors = np.linalg.eigh(np.float64(means).T @ np.float64(means))
    for part, H in found.features.items():
        for k in range(2):  # the greatest eigenvalue comes last
            along = (H - train.mean(1, keepdims=True)) @ vectors[:, -1 - k]
            shown = xy[part][..., k]
            sign = np.sign((along * shown).sum())
            np.testing.assert_allclose(sign * along, shown, atol=0.02)
    for shown in (0, 4, 10):
        scene = explorers.feature_space.scene(snapshot=shown)
        ends = [pane.ends for pane in scene.panes]
        assert np.allclose(ends[0], ends[1])
        for label, word in enumerate(found.classes):
            own = xy["test"][shown][found.y["test"] == label]
            assert scene[f"test {word}"]["xy"] == pytest.approx(own)
        right = (found.answers[shown] == found.y["test"]).mean()
        assert numbers(scene.says)[:2] == pytest.approx([4 * shown, right], abs=0.0051)


def test_a_large_rate_loses_the_features():
    for rate, least, most in ((0.0002, 0.55, 0.8), (0.002, 0.1, 0.45)):
        found = path(rate)
        assert least < (found.answers[-1] == found.y["test"]).mean() < most


# -- the panel ----------------------------------------------------------------------


def panel():
    return TuningPanel(
        target_net,
        target_data,
        datasets=("emoji_noto", "emoji_twemoji"),
        frozen=Choice(FROZEN),
        labels_per_class=Choice(5, 2, 10, 25),
        augment=Choice(*AUGMENT),
        optimizer=Choice(OPTIMIZERS),
        lr=LogSlider(0.0001, 0.1, start=0.005),
        lr_body=LogSlider(0.00001, 0.01, start=0.0002),
        batch_size=Choice(16, 8, 32),
        num_epochs=IntSlider(1, 60, start=20),
    )


@pytest.mark.parametrize("frozen", FROZEN.values())
def test_the_panel_trains_every_choice(frozen):
    shown = panel()
    shown.run(frozen=frozen, num_epochs=1, labels_per_class=2)
    assert shown.session.state == "finished", shown.session.message


def test_copies_are_of_the_pictures_that_are_drawn():
    plain = target_data(0, 5, "none", seed=3).train
    more = target_data(0, 5, "flip", seed=3).train
    assert len(plain) == 20 and torch.equal(more.y, plain.y.repeat(4))
    originals, *copies = more.X.split(20)
    torch.testing.assert_close(originals, plain.X)
    flipped = []
    for copy in copies:
        for x, original in zip(copy, plain.X, strict=True):
            flipped.append(not torch.equal(x, original))
            assert torch.equal(x, original.flip(-1) if flipped[-1] else original)
    assert 15 < sum(flipped) < 45


def test_body_and_classifier_have_their_own_rates():
    net = target_net(14)
    optimizer = two_rates(net.parameters(), lr=0.1, lr_body=0.001)
    head, body = optimizer.param_groups
    assert head["lr"] == 0.1 and body["lr"] == 0.001
    assert {id(p) for p in head["params"]} == {
        id(p) for p in net.classifier.parameters()
    }
    assert {id(p) for p in body["params"]} == {id(p) for p in net.body.parameters()}
    assert len(two_rates(target_net(17).parameters()).param_groups) == 1
