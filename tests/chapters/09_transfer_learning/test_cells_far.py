"""Chapter 9: cells of its second half, run apart with stand-ins as in `test_cells`."""

import copy
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from helpers import Choice, Examples, IntSlider, LogSlider, load_images
from helpers.chapters.transfer_learning.panel import AUGMENT, FROZEN, OPTIMIZERS
from helpers.claims.homemade import halved, small_net
from helpers.data import ImageData
from tests.standins import Noted, run_cell, same_weights
from tests.taught import taught, text_of

own = taught("09", "noisy", "soft_loss")


@pytest.fixture(scope="module")
def data():
    return halved(load_images("digits"))


def rows(X):
    return {x.numpy().tobytes() for x in X}


# -- a far task ----------------------------------------------------------------------


def test_the_source_is_copied_and_never_trained(data):
    noted, source = Noted(), small_net(seed=5)
    space = run_cell(
        "09", "far-code", data=data, noisy=own.noisy, source=source,
        learn=noted.learn, evaluate=noted.evaluate,
    )  # fmt: skip
    assert not any(run.net is source for run in noted.learned)
    fresh = [p.detach() for p in small_net().parameters()]
    for known, scratch in zip(noted.learned[::2], noted.learned[1::2], strict=True):
        assert same_weights(known.start, source) and known.lr == scratch.lr
        assert all(a.equal(b) for a, b in zip(scratch.start, fresh, strict=True))
    assert list(space["by_rate"]["from the source"]) == [
        run.lr for run in noted.learned[::2]
    ]
    clean, few = rows(data.train.X), noted.learned[0].examples
    assert not rows(few.X) & clean and few.X.min() < -0.5, "noise on them, too"
    assert few.y.bincount().tolist() == [5] * 10
    noise = space["target"].X - data.test.X
    assert noise.std().item() == pytest.approx(0.3, abs=0.01)
    assert all(examples is space["target"] for _, examples in noted.judged)


def test_the_penalty_is_the_distance_to_the_source(data):
    noted, source = Noted(), small_net(seed=5)
    found = []
    space = run_cell(
        "09", "penalty", source=source, few=data.train.take(3), target=data.test,
        learn=noted.learn, evaluate=noted.evaluate, print=found.append,
    )  # fmt: skip
    assert space["distance"](source) == 0 and space["distance"](small_net(seed=6)) > 1
    moved = copy.deepcopy(source)
    with torch.no_grad():
        moved.classifier[-1].bias += 2.0
    assert space["distance"](moved).item() == pytest.approx(40)
    assert not any(run.net is source for run in noted.learned) and len(found) == 4


def test_copied_rows_have_the_weights_and_the_biases_of_their_classes(data):
    noted, source = Noted(), small_net(seed=5)
    heads = []

    def evaluate(net, examples):
        heads.append(copy.deepcopy(net.classifier[-1]))
        return SimpleNamespace(accuracy=0.95)

    space = run_cell(
        "09", "rows-code", data=data, source=source, learn=noted.learn,
        evaluate=evaluate,
    )  # fmt: skip
    last = source.classifier[-1]
    assert last.out_features == 10, "the source keeps its own"
    fresh, copied = heads[0], heads[2]
    assert copied.weight.equal(last.weight[5:]) and copied.bias.equal(last.bias[5:])
    assert not fresh.weight.equal(last.weight[5:])
    own_five = data.test.y >= 5
    assert space["test"].y.equal(data.test.y[own_five] - 5)


# -- without the weights -------------------------------------------------------------


def numbered(n, start):
    """Images that are all one number, their own."""
    X = torch.arange(start, start + n).float().view(-1, 1, 1, 1).expand(-1, 1, 2, 2)
    return Examples(X.clone(), torch.arange(n) % 10)


class Sure(nn.Module):
    """Is sure to so much: the k-th of ten images in a row has p near k / 10."""

    def forward(self, X):
        p = (X[:, 0, 0, 0] % 10 + 0.5).div(10).clamp(0.2, 0.99)
        others = ((1 - p) / 9)[:, None].expand(-1, 9)
        return torch.cat([p[:, None], others], 1).log()


@pytest.fixture(scope="module")
def instances():
    train = numbered(7000, 0)
    data = ImageData("numbers", tuple("0123456789"), train, train, numbered(50, 90_000))
    known = {"data": data, "source": Sure(), "noisy": lambda examples, seed: examples}
    return run_cell("09", "instances-code", **known) | run_cell(
        "09", "instances-pseudo", **known
    )


def test_pairs_are_mixed_with_their_labels(instances):
    few, clean = instances["few"], instances["clean"]
    share, i, j = (instances[name] for name in ("share", "i", "j"))
    share = share[:, 0]
    assert 0.5 <= share.min() < 0.52 and 0.98 < share.max() <= 1, "at least a half"
    mixed = instances["mixed"]
    expected = share * few.X[i, 0, 0, 0] + (1 - share) * clean.X[j, 0, 0, 0]
    torch.testing.assert_close(mixed.X[:, 0, 0, 0], expected)
    for k in range(40):
        label = torch.zeros(10)
        label[few.y[i[k]]] += share[k]
        label[clean.y[j[k]]] += 1 - share[k]
        torch.testing.assert_close(mixed.y[k], label)
    assert own.soft_loss(torch.zeros(1000, 10), mixed.y).item() == pytest.approx(
        torch.log(torch.tensor(10.0)).item(), rel=1e-4
    )


def test_pseudo_labels_are_of_images_that_nobody_has_learned_from(instances):
    unlabeled = rows(instances["unlabeled"].X)
    learned = rows(numbered(2000, 0).X) | rows(instances["clean"].X)
    assert len(unlabeled) == 2000 and not unlabeled & learned
    X = instances["pseudo"].X[:, 0, 0, 0]
    assert (X % 10 == 9).all() and len(X) == 200, "those above 0.9, and all of them"


def test_added_images_are_the_targets_five_times_and_the_sources_once(instances):
    few, clean, added = (instances[name] for name in ("few", "clean", "added"))
    assert len(added) == 5 * len(few) + len(clean) == 750
    for part, times in ((few, 5), (clean, 1)):
        for x, y in zip(part.X[:3], part.y, strict=False):
            here = (added.X == x).flatten(1).all(1)
            assert here.sum() == times and (added.y[here] == y).all()


def test_pale_images_are_brought_to_the_training_images_of_the_source():
    generator = torch.Generator().manual_seed(0)
    parts = {
        name: Examples(
            low + width * torch.rand(200, 1, 4, 4, generator=generator),
            torch.zeros(200, dtype=torch.int64),
        )
        for name, low, width in (("train", 0.0, 1.0), ("test", 0.4, 0.2))
    }
    noted = Noted()
    space = run_cell(
        "09",
        "match-code",
        source=None,
        data=SimpleNamespace(**parts),
        evaluate=noted.evaluate,
    )
    matched, train = space["matched"], parts["train"]
    assert matched.mean().item() == pytest.approx(train.X.mean().item(), abs=1e-4)
    assert matched.std().item() == pytest.approx(train.X.std().item(), abs=1e-4)
    (_, (own, _)), _, (_, (last, _)) = noted.judged
    assert own is parts["test"].X and last is matched


# -- where it hurts ------------------------------------------------------------------


def test_what_misleads_are_inverted_images(data):
    noted = Noted()
    space = run_cell(
        "09", "hurts-code", data=data, learn=noted.learn, evaluate=noted.evaluate
    )
    inverted, *runs = noted.learned
    X = data.train.X[:2000]
    torch.testing.assert_close(inverted.examples.X, X.max() - X, atol=1e-5, rtol=0)
    assert inverted.examples.y.equal(data.train.y[:2000])
    for scratch, misled in zip(runs[::2], runs[1::2], strict=True):
        assert same_weights(misled.start, inverted.net)
        assert misled.net is not inverted.net
        rates = f"at a rate of {misled.lr}, against from scratch at {scratch.lr}"
        assert rates in text_of("09", "hurts")
        assert scratch.examples is misled.examples
        assert rows(scratch.examples.X) <= rows(data.train.X)
    assert [len(run.examples) for run in runs[::2]] == [50, 100, 200, 400]
    assert all(examples is data.test for _, examples in noted.judged)
    assert [list(by) for by in space["by_labels"].values()] == [[5, 10, 20, 40]] * 2


# -- the axes of the pictures --------------------------------------------------------


@pytest.mark.parametrize(
    "cell, values, along",
    [
        ("buys-figure", "by_shift", "pixels"),
        ("far-figure", "by_rate", "learning rate"),
        ("hurts-figure", "by_labels", "labels per class"),
    ],
)
def test_an_axis_has_the_name_of_what_was_varied(cell, values, along):
    drawn, own_values = [], {"a": {1: 0.5}}
    run_cell(
        "09", cell, **{values: own_values},
        figures=SimpleNamespace(show_lines=lambda *parts, **_: drawn.extend(parts)),
    )  # fmt: skip
    shown, xlabel, ylabel = drawn
    assert shown is own_values and along in xlabel and "accuracy" in ylabel


# -- the lab and the panel -----------------------------------------------------------


@pytest.fixture(scope="module")
def lab():
    """What the lab trains, and what the panel gets."""
    seen, knobs = {}, {}

    def train(net, train, val, **settings):
        seen.update(settings)
        return SimpleNamespace(train_accuracy=[1.0], val_accuracy=[0.5])

    def data_of(**named):
        seen["data"] = named
        return SimpleNamespace(train=None, val=None)

    def net_of(**named):
        seen["net"] = named

    space = run_cell(
        "09", "baseline", train=train, target_data=data_of, target_net=net_of,
        two_rates="two rates",
    )  # fmt: skip
    run_cell(
        "09", "panel", target_net=net_of, target_data=data_of, Choice=Choice,
        IntSlider=IntSlider, LogSlider=LogSlider, history=space["history"],
        AUGMENT=AUGMENT, FROZEN=FROZEN, OPTIMIZERS=OPTIMIZERS,
        TuningPanel=lambda *_, **named: knobs.update(named),
    )  # fmt: skip
    return seen, knobs


def test_the_panel_starts_with_what_the_lab_trains(lab):
    seen, knobs = lab
    for name in ("lr", "lr_body", "batch_size", "num_epochs"):
        assert knobs[name].start == seen[name], name
    assert knobs["frozen"].start == seen["net"]["frozen"] == seen["data"]["frozen"]
    assert knobs["labels_per_class"].start == seen["data"]["labels_per_class"]
    assert knobs["augment"].start == "none"
    words = {10: "Ten labels of each class"}
    assert words[seen["data"]["labels_per_class"]] in text_of("09", "lab")


def test_the_panel_can_do_what_its_questions_ask(lab):
    _, knobs = lab
    rates = knobs["lr_body"]
    assert rates.low <= rates.start < 50 * rates.start <= rates.high
    assert "a body's rate fifty times as large" in text_of("09", "panel-questions")
    assert f"With the body's rate at {50 * rates.start:.2g}" in (
        text_of("09", "panel-answers")
    )
    assert {*knobs["labels_per_class"].options.values()} == {2, 5, 10, 25}
    trained = [17 - n for n in knobs["frozen"].options.values() if isinstance(n, int)]
    assert {0, 3, 6} == {*trained}, "none, three stages or six"
