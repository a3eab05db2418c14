"""Chapter 9: cells whose slips no shown number betrays, run apart with stand-ins.

Each is given what it asks for; noted is what it trains, on what, and what it judges.
"""

import importlib
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from helpers import (
    efficientnet_input,
    load_emoji,
    load_images,
    seeded,
)
from helpers.claims.homemade import halved
from helpers.training.features import pretrained
from tests.standins import Noted, run_cell, same_weights
from tests.taught import source_of, taught, text_of

models = importlib.import_module("torchvision.models")  # after helpers
functional = importlib.import_module("torchvision.transforms.v2.functional")
own = taught("09", "Augmented", "shifted", "conv_net", "mean_of_nine", "soft_loss")


@pytest.fixture(scope="module")
def data():
    return halved(load_images("digits"))


@pytest.fixture(scope="module")
def emoji():
    return load_emoji()


def rows(X):
    return {x.numpy().tobytes() for x in X}


def among(X, part) -> bool:
    """Whether all these pictures are some of a part."""
    return rows(X) <= rows(part.X)


# -- small networks ------------------------------------------------------------------


def test_from_scratch_the_training_part_is_learned_and_val_looked_at(emoji):
    seen = []
    run_cell(
        "09",
        "scratch-code", conv_net=own.conv_net, emoji=emoji, plot_curves=lambda h: None,
        pairwise=pairwise, train=lambda net, *parts, **s: seen.extend(parts),
    )  # fmt: skip
    assert seen[0] is emoji.train and seen[1] is emoji.val


def test_upright_images_are_turned_as_torchvision_turns_them(data):
    asked = []
    space = run_cell(
        "09",
        "label-code", data=data, source=lambda X: asked.append(X) or torch.eye(10)[
            torch.zeros(len(X), dtype=torch.int64)]
    )  # fmt: skip
    X = data.test.X
    turned = {
        "upright": X,
        "flipped": functional.hflip(X),
        "rotated by 180°": functional.rotate(X, 180),
    }
    assert list(space["turned"]) == list(turned)
    for Z, expected in zip(asked, turned.values(), strict=True):
        torch.testing.assert_close(Z, expected)


def test_what_moving_buys_is_learned_on_training_images(data):
    noted = Noted()
    space = run_cell(
        "09",
        "buys-train", data=data, Augmented=own.Augmented, shifted=own.shifted,
        learn=noted.learn, evaluate=noted.evaluate,
    )  # fmt: skip
    plain, moved = noted.learned
    assert isinstance(moved.net, own.Augmented) and moved.net.transform is own.shifted
    assert not isinstance(plain.net, own.Augmented)
    for run in noted.learned:
        assert among(run.examples.X, data.train)
        assert run.examples.y.bincount().tolist() == [20] * 10
    assert same_weights(plain.start, moved.net.net), "the same initial weights"
    X = data.test.X
    for pixels in range(5):
        right, labels = noted.judged[2 * pixels][1]
        assert right[..., pixels:].equal(X[..., : X.shape[-1] - pixels])
        assert (right[..., :pixels] == 0).all() and labels is data.test.y
    assert [list(by) for by in space["by_shift"].values()] == [[0, 1, 2, 3, 4]] * 2


def test_several_looks_are_taken_in_evaluation_mode(data):
    class Looked(nn.Linear):
        def forward(self, X):
            modes.append(self.training)
            return super().forward(X.flatten(1))

    modes = []
    run_cell(
        "09",
        "tta-code", nets={"a": Looked(196, 10), "b": Looked(196, 10)}, data=data,
        mean_of_nine=own.mean_of_nine,
    )  # fmt: skip
    assert len(modes) == 2 * (1 + 9) and not any(modes)


# -- the borrowed network ------------------------------------------------------------


def test_the_borrowed_network_is_frozen_at_once():
    net = run_cell("09", "load-code", load_efficientnet=lambda: nn.Linear(2, 2))["net"]
    assert not any(p.requires_grad for p in net.parameters())


def test_photographs_are_prepared_before_it_answers():
    asked = []

    def net(X):
        asked.append(X)
        return torch.tensor([[1.0, 3.0, 0.0, 2.0]])

    space = taught("09", "top")
    space.top.__globals__.update(net=net, names=["a", "b", "c", "d"])
    picture = torch.rand(3, 8, 8)
    found = space.top(picture)
    torch.testing.assert_close(asked[0], (255 * picture[None] - 127) / 128)
    assert [name for name, _ in found] == ["b", "d", "a"]
    assert sum(p for _, p in found) < 1 < 3 * found[0][1]


def test_features_are_standardized_by_the_training_part(emoji):
    with seeded(0):
        raw = {
            part: 3 * k + (k + 1) * torch.randn(len(getattr(emoji, part)), 304)
            for k, part in enumerate(("val", "test", "train"))
        }
    seen = []

    def train(net, *parts, **settings):
        seen.extend(parts)
        return SimpleNamespace(val_accuracy=[0.5])

    run_cell(
        "09",
        "probe-code", raw=raw, emoji=emoji, train=train, adam={},
        history=SimpleNamespace(val_accuracy=[0.5]),
    )  # fmt: skip
    on_train, on_val = seen
    assert on_train.y is emoji.train.y and on_val.y is emoji.val.y
    torch.testing.assert_close(on_train.X.mean(0), torch.zeros(304), atol=1e-4, rtol=0)
    torch.testing.assert_close(on_train.X.std(0), torch.ones(304), atol=1e-3, rtol=0)


def test_the_wrong_preparations_are_what_they_are_called(emoji):
    given = {}

    def features(X, prepare):
        given[len(given)] = prepare(X)
        return X.flatten(1)

    space = run_cell(
        "09",
        "prep-code", features=features, emoji=emoji, mean=0, sd=1,
        best=lambda X: torch.zeros(len(X), 4),
    )  # fmt: skip
    X = emoji.test.X[::2]
    preset = models.ResNet18_Weights.IMAGENET1K_V1.transforms()
    expected = {
        "as it was trained": (255 * X - 127) / 128,
        "values in 0..1": X,
        "torchvision's way": functional.normalize(X, preset.mean, preset.std),
        "blue, green, red": (255 * X[:, [2, 1, 0]] - 127) / 128,
        "dark for bright": (255 * (1 - X) - 127) / 128,
        "bytes 0..255": 255 * X,
    }
    assert list(space["wrong"]) == list(expected)
    for k, Z in enumerate(expected.values()):
        torch.testing.assert_close(given[k], Z, msg=list(expected)[k])


def test_twenty_steps_see_pictures_with_their_own_labels(emoji):
    seen = []
    net = nn.Module()
    net.classifier = nn.Linear(1, 1)
    run_cell(
        "09",
        "still-run", emoji=emoji, net=net,
        twenty_steps=lambda net, X, y: seen.append((net.training, X, y)),
    )  # fmt: skip
    assert [training for training, *_ in seen] == [True, False]
    small = efficientnet_input(emoji.train.X[:, :, ::2, ::2])
    places = {x.numpy().tobytes(): i for i, x in enumerate(small)}
    for _, X, y in seen:
        at = [places[x.numpy().tobytes()] for x in X]
        assert y.equal(emoji.train.y[at]) and len(y.unique()) == 4


def test_the_six_steps_are_what_their_remarks_say(emoji):
    few = {
        part: getattr(emoji, part).at(slice(k, None, 30))
        for k, part in enumerate(("train", "val", "test"))
    }
    small, noted, runs = replace(emoji, **few), Noted(), []

    def train(net, train, val, optimizer, **settings):
        runs.append((net, train, val, optimizer))

    space = taught("09", "fine_tuned")
    space.fine_tuned.__globals__.update(
        emoji=small, train=train, evaluate=noted.evaluate
    )
    rest, _, _ = space.fine_tuned(14, small.train, lr_body=0.01, lr_head=0.5)
    ((net, on_train, on_val, optimizer),) = runs
    body, classifier = rest[0], rest[-1]
    assert net is rest and not body.training and classifier.training
    assert not any(part.X.requires_grad for part in (on_train, on_val))
    assert all(p.requires_grad for p in rest.parameters())
    rates = {id(p): g["lr"] for g in optimizer.param_groups for p in g["params"]}
    assert {rates[id(p)] for p in body.parameters()} == {0.01}
    assert {rates[id(p)] for p in classifier.parameters()} == {0.5}
    ((judged, examples),) = noted.judged
    assert judged is rest and examples.y.equal(small.test.y)
    assert on_train.y.equal(small.train.y) and on_val.y.equal(small.val.y)
    whole = pretrained()
    with torch.no_grad():
        H = whole.stem(efficientnet_input(small.test.X))
        for block in whole.blocks[:14]:
            H = block(H)
    torch.testing.assert_close(examples.X, H)


def test_the_ways_are_frozen_from_below():
    drawn = []
    run_cell(
        "09",
        "ways-figure",
        figures=SimpleNamespace(show_ways=lambda *arguments: drawn.extend(arguments)),
    )
    ways, stages = drawn
    order = ["frozen", "trained", "new"]
    for kinds in ways.values():
        ranks = [order.index(kind) for kind in kinds]
        assert ranks == sorted(ranks) and kinds[-1] == "new", "what is new comes last"
    kinds_of = {name: {*kinds[:-1]} for name, kinds in ways.items()}
    assert kinds_of == {
        "feature extraction": {"frozen"},
        "the last blocks": {"frozen", "trained"},
        "fine-tuning all": {"trained"},
        "from scratch": {"new"},
    }
    frozen = dict(zip(stages, ways["the last blocks"], strict=True))
    assert frozen["blocks 0-10"] == "frozen" and frozen["blocks 11-15"] == "trained"
    assert "fine_tuned(11, few)" in source_of("09", "six-run")
    assert len(pretrained().blocks) == 16
    assert "what is orange begins at random" in text_of("09", "ways-read")
