"""Chapter 9: the notebook's own definitions compute what the text says."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import Examples, efficientnet_input, load_emoji, load_images, seeded
from helpers.claims import homemade
from helpers.training import features as kept
from tests.taught import taught

own = taught(
    "09",
    *("conv_net", "psnr", "same_values", "halved", "small_images", "shifted"),
    *("Augmented", "mean_of_nine", "twenty_steps", "noisy", "soft_loss"),
)
parts = ("train", "val", "test")


@pytest.fixture(scope="module")
def data():
    return own.small_images("digits")


def test_the_network_from_scratch_takes_color_pictures_of_64_pixels():
    net = own.conv_net()
    assert net(torch.rand(2, 3, 64, 64)).shape == (2, 4)
    convs = [m for m in net if isinstance(m, nn.Conv2d)]
    assert [(c.in_channels, c.out_channels) for c in convs] == [
        (3, 16),
        (16, 32),
        (32, 64),
    ]


def test_psnr_is_ten_decibels_for_a_tenth_of_the_squared_change():
    X = torch.full((3, 4, 4), 0.5)
    assert own.psnr(X, X + 0.1) == pytest.approx(20, abs=1e-4)
    one, ten = own.psnr(X, X + 0.1), own.psnr(X, X + 0.1 * 10**0.5)
    assert one - ten == pytest.approx(10, abs=1e-3)
    assert own.psnr(X, X + 2) == pytest.approx(-10 * torch.log10(torch.tensor(0.25)))


def test_values_are_the_same_wherever_they_stand():
    X = torch.arange(24.0).view(2, 3, 4)
    assert own.same_values(X, X.flip(-1)) and own.same_values(X, X[[1, 0]])
    assert not own.same_values(X, X.clone().fill_(1))
    assert not own.same_values(torch.tensor([1.0, 1, 2]), torch.tensor([1.0, 2, 2]))


def test_images_are_halved_as_helpers_do_it(data):
    same = homemade.halved(load_images("digits"))
    for part in parts:
        assert getattr(data, part).X.equal(getattr(same, part).X)
        assert getattr(data, part).y.equal(getattr(same, part).y)


def test_every_image_is_moved_by_its_own_number_of_pixels():
    X = torch.zeros(200, 1, 9, 9)
    X[:, 0, 4, 4] = 1
    with seeded(0):
        moved = own.shifted(X, most=2)
    assert moved.shape == X.shape and moved.sum((1, 2, 3)).equal(torch.ones(200))
    places = {tuple(p[1:].tolist()) for p in moved[:, 0].nonzero()}
    assert places == {(i, j) for i in range(2, 7) for j in range(2, 7)}
    edge = torch.ones(50, 1, 5, 5)
    with seeded(0):
        assert (own.shifted(edge) == 0).any(), "empty pixels come in"


def test_an_augmented_network_draws_in_training_alone():
    net = own.Augmented(nn.Flatten(), lambda X: X + 1)
    X = torch.zeros(2, 1, 2, 2)
    assert net.train()(X).equal(torch.ones(2, 4))
    assert net.eval()(X).equal(torch.zeros(2, 4))


def test_the_mean_of_nine_is_that_of_probabilities():
    with seeded(0):
        net, X = nn.Sequential(nn.Flatten(), nn.Linear(25, 3)), torch.rand(4, 1, 5, 5)
    mean = own.mean_of_nine(net, X)
    torch.testing.assert_close(mean.sum(1), torch.ones(4))
    each = [
        net(X.roll((i, j), (-2, -1))).softmax(1) for i in (-1, 0, 1) for j in (-1, 0, 1)
    ]
    torch.testing.assert_close(mean, torch.stack(each).mean(0))


def test_noise_has_the_spread_that_is_asked_for_and_a_seed():
    examples = Examples(torch.zeros(500, 1, 4, 4), torch.zeros(500, dtype=torch.int64))
    one, same = own.noisy(examples, 3), own.noisy(examples, 3)
    assert one.X.equal(same.X) and not one.X.equal(own.noisy(examples, 4).X)
    assert one.X.std().item() == pytest.approx(0.3, abs=0.01)
    assert own.noisy(examples, 3, sigma=0.1).X.std().item() == pytest.approx(
        0.1, abs=0.01
    )
    torch.testing.assert_close(one.X, homemade.noisy(examples.X, 0.3, 3))


def test_the_loss_of_mixed_labels_is_torchs():
    with seeded(0):
        y_hat, y = torch.randn(5, 4), torch.rand(5, 4).softmax(1)
    torch.testing.assert_close(own.soft_loss(y_hat, y), F.cross_entropy(y_hat, y))


def test_the_features_of_the_notebook_are_those_of_helpers():
    X = load_emoji().test.X[:5]
    space = taught("09", "features")
    net = kept.pretrained()
    space.features.__globals__["net"] = net
    with torch.no_grad():
        torch.testing.assert_close(space.features(X), kept.features(X))
        twice = space.features(X, lambda Z: efficientnet_input(1 - Z))
    assert not torch.allclose(twice, space.features(X))


def test_twenty_steps_tell_how_far_weights_and_means_moved():
    net = nn.Module()
    net.blocks = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    net.classifier = nn.Linear(3, 2)
    net.forward = lambda X: net.classifier(net.blocks(X))
    module = type(
        "Net", (nn.Module,), {"forward": lambda s, X: s.classifier(s.blocks(X))}
    )()
    module.blocks, module.classifier = net.blocks, net.classifier
    X, y = torch.randn(8, 3), torch.tensor([0, 1] * 4)
    before = copy.deepcopy(module.state_dict())
    moved = own.twenty_steps(module.train(), X, y)
    after = module.state_dict()
    for kind in moved:
        changes = [
            (after[name] - before[name]).abs().max().item()
            for name in after
            if name.startswith("blocks") and name.endswith(kind)
        ]
        assert moved[kind] == max(changes) > 0
