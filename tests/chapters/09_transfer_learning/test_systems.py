"""Systems of chapter 9: each transform and each form of transfer works as it should."""

import copy
import importlib
import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import Examples, evaluate, load_emoji, load_images, load_photograph, seeded
from helpers.claims.homemade import (
    halved,
    learn,
    noisy,
    only,
    small_net,
)
from helpers.training.features import (
    featured,
    linear_probe,
    pick,
    pretrained,
)
from helpers.training.finetuning import (
    Rest,
    fine_tune,
    front,
    fronted,
    groups,
)
from tests.taught import taught

v2 = importlib.import_module("torchvision.transforms.v2")  # after helpers
own = taught("09", "mean_of_nine", "soft_loss", "psnr", "same_values")


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


@pytest.fixture(scope="module")
def photo():
    return load_photograph("flower", 48)


@pytest.fixture(scope="module")
def data():
    return halved(load_images("digits", n_train=4_000, n_val=300, n_test=1_000))


@pytest.fixture(scope="module")
def source(data):
    return learn(small_net(), data.train.take(2_000), num_epochs=5, batch_size=32)


def on_test(net, examples):
    return evaluate(net, examples).accuracy


@pytest.mark.parametrize(
    "transform",
    [
        v2.RandomRotation((20, 20)),
        v2.RandomHorizontalFlip(p=1),
        v2.RandomResizedCrop(48, scale=(0.3, 0.5)),
        v2.ElasticTransform(200.0, 8.0),
        v2.RandomAffine(0, scale=(0.6, 0.6)),
    ],
    ids=lambda t: type(t).__name__,
)
def test_88_geometric_transforms(photo, transform):
    """The shape is kept, the picture is another one."""
    with seeded(0):
        turned = transform(photo)
    assert turned.shape == photo.shape and not torch.equal(turned, photo)


def test_88_a_flip_twice_is_nothing(photo):
    flip = v2.RandomHorizontalFlip(p=1)
    assert flip(flip(photo)).equal(photo) and flip(photo).equal(photo.flip(-1))


def test_89_color_changes(photo):
    """Values stay in 0..1; a permutation of channels keeps all of them."""
    with seeded(0):
        for factor in (0.5, 1.5):
            changed = v2.ColorJitter(brightness=(factor, factor))(photo)
            assert 0 <= changed.min() and changed.max() <= 1
            torch.testing.assert_close(changed, (factor * photo).clamp(0, 1))
        permuted = v2.RandomChannelPermutation()(photo)
    assert own.same_values(photo, permuted)


def test_90_noise_blur_and_erasing(photo):
    """What is stronger has the lower signal-to-noise ratio."""
    with seeded(0):
        noises = [
            own.psnr(photo, photo + s * torch.randn_like(photo)) for s in (0.05, 0.2)
        ]
        blurs = [own.psnr(photo, v2.GaussianBlur(9, s)(photo)) for s in (0.5, 2.0)]
        holes = [
            own.psnr(photo, v2.RandomErasing(1, scale=(s, s))(photo))
            for s in (0.05, 0.3)
        ]
    for weak, strong in (noises, blurs, holes):
        assert weak > strong


def test_91_coarse_dropout(photo):
    """The share of zeroed pixels is the rectangle's area."""
    ones = torch.ones(3, 40, 40)
    for share in (0.1, 0.3):
        with seeded(0):
            erased = v2.RandomErasing(1, scale=(share, share))(ones)
        empty = (erased == 0).float().mean().item()
        assert empty == pytest.approx(share, abs=0.02)
        assert (erased[0] == erased[2]).all(), "all channels alike"


def test_92_several_crops_are_averaged(data, source):
    """The mean of nine moved versions is a distribution, and not much worse."""
    with torch.no_grad():
        mean = own.mean_of_nine(source, data.test.X)
    torch.testing.assert_close(mean.sum(1), torch.ones(len(mean)))
    right = (mean.argmax(1) == data.test.y).float().mean().item()
    assert right > on_test(source, data.test) - 0.05


def test_93_fine_tuning_in_six_steps():
    """The front is frozen to the last bit, the head is new, both parts have rates."""
    emoji = load_emoji()
    before = {k: v.clone() for k, v in pretrained().state_dict().items()}
    net = Rest(4, frozen=14)
    first = copy.deepcopy(net.state_dict())
    few = replace(pick(emoji.train, 4), X=front(pick(emoji.train, 4).X, 14))
    fine_tune(net, few, num_steps=20)
    after = pretrained().state_dict()
    assert all(after[k].equal(v) for k, v in before.items()), "the source is untouched"
    assert net.classifier.weight.shape == (4, 1_280)
    changed = {k for k, v in net.state_dict().items() if not v.equal(first[k])}
    assert not [k for k in changed if "running" in k], "statistics stay"
    assert {k.split(".")[0] for k in changed} == {"body", "classifier"}
    assert evaluate(net, few).accuracy > 0.9
    rates = groups(net, 1e-4, 1e-2).param_groups
    assert [g["lr"] for g in rates] == [1e-2, 1e-4]
    assert sum(len(g["params"]) for g in rates) == len(list(net.parameters()))


def test_93_a_cut_network_answers_as_the_whole():
    """Front and rest, one after the other, are the pretrained network."""
    X = load_emoji().test.X[:4]
    whole = copy.deepcopy(pretrained())
    for frozen in (0, 1, 11, 17):
        rest = Rest(1_000, frozen)
        rest.classifier.load_state_dict(whole.classifier.state_dict())
        with torch.no_grad():
            answers = rest(front(X, frozen, 64))
            torch.testing.assert_close(answers, whole(front(X, 0, 64)))
    assert fronted(load_emoji(), 0).train.X.shape == (200, 3, 64, 64)


def test_94_classifier_rows_are_used_again(data, source):
    """Right with more than nine in ten before any training; fresh rows guess."""
    last = source.classifier[-1]
    known, target = copy.deepcopy(source), only(data.test, range(5, 10))
    known.classifier[-1] = nn.Linear(last.in_features, 5)
    assert on_test(known, target) < 0.5
    known.classifier[-1].weight.data = last.weight.data[5:].clone()
    known.classifier[-1].bias.data = last.bias.data[5:].clone()
    assert on_test(known, target) > 0.9


def test_95_instances_are_added_mixed_and_labeled(data, source):
    """With source images, mixed or not, the target is learned better than alone."""
    few = replace(pick(data.train, 5), X=noisy(pick(data.train, 5).X, 0.3, 0))
    target = replace(data.test, X=noisy(data.test.X, 0.3, 1))
    clean = data.train.at(slice(3_000, 3_500))
    alone = on_test(learn(small_net(), few), target)
    X = torch.cat([few.X.repeat(5, 1, 1, 1), clean.X])
    both = Examples(X, torch.cat([few.y.repeat(5), clean.y]))
    assert on_test(learn(small_net(), both, num_epochs=8), target) > alone + 0.05
    p, guess = source(noisy(data.train.X[2_000:3_000], 0.3, 2)).softmax(1).max(1)
    right = guess == data.train.y[2_000:3_000]
    assert right[p > 0.9].float().mean() > right.float().mean() + 0.1, "the sure ones"


def test_96_features_are_matched(data, source):
    """Mean and standard deviation brought to the source's undo a dimming."""
    X = data.test.X
    dim = 0.4 * X + 0.5
    matched = (dim - dim.mean()) / dim.std() * X.std() + X.mean()
    torch.testing.assert_close(matched, X, atol=1e-4, rtol=1e-4)
    assert on_test(source, replace(data.test, X=dim)) < 0.4
    assert on_test(source, replace(data.test, X=matched)) == pytest.approx(
        on_test(source, data.test), abs=0.005
    )


def test_97_a_penalty_pulls_to_the_source(data, source):
    """The stronger it is, the nearer the weights stay."""
    few = replace(pick(data.train, 5), X=noisy(pick(data.train, 5).X, 0.3, 0))
    center = [p.detach().clone() for p in source.parameters()]

    def distance(net):
        return sum(
            (p - c).square().sum()
            for p, c in zip(net.parameters(), center, strict=True)
        )

    moved = []
    for strength in (0, 1, 10):
        net = copy.deepcopy(source)

        def loss(y_hat, y, net=net, strength=strength):
            return F.cross_entropy(y_hat, y) + strength * distance(net)

        moved.append(distance(learn(net, few, 0.003, loss=loss)).sqrt().item())
    assert moved[0] > 2 * moved[1] > 4 * moved[2] > 0


def test_a_linear_probe_is_the_minimum_of_its_loss():
    """No direction leads further down, and neither rate nor seed matters."""
    with seeded(0):
        X = torch.randn(60, 5)
        y = (X[:, 0] + 0.3 * torch.randn(60) > 0).long()
    layer = linear_probe(Examples(X, y), 2)

    def loss(W, b):
        return F.cross_entropy(X @ W.T + b, y) + 0.01 * W.square().sum()

    W, b = layer.weight.clone().requires_grad_(), layer.bias.clone().requires_grad_()
    gradients = torch.autograd.grad(loss(W, b), (W, b))
    assert max(g.abs().max().item() for g in gradients) < 1e-3
    assert math.isclose(loss(*layer.parameters()).item(), loss(W, b).item())


def test_features_are_standardized_by_the_training_part_and_kept():
    emoji = load_emoji()
    data = featured(emoji, (14,))
    assert data.train.X.shape == (200, 192) and data.classes == emoji.classes
    torch.testing.assert_close(
        data.train.X.mean(0), torch.zeros(192), atol=1e-4, rtol=0
    )
    torch.testing.assert_close(data.train.X.std(0), torch.ones(192), atol=1e-3, rtol=0)
    assert data.test.X.mean(0).abs().max() > 0.1, "by its own mean it would be 0"


def test_the_same_number_of_each_class_is_picked():
    emoji = load_emoji().train
    some = pick(emoji, 7, seed=1)
    assert some.y.bincount().tolist() == [7, 7, 7, 7]
    assert len(some.origin) == 28 and len({x.sum().item() for x in some.X}) == 28
    assert not some.X.equal(pick(emoji, 7, seed=2).X)
    assert pick(emoji, 30).y.bincount().tolist() == [30, 30, 29, 25], "all there are"
