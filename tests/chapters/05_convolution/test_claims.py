"""Claims of chapter 5: their verdicts, and that their experiments can fail."""

import re
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import load_images
from helpers.chapters.convolution import claims
from helpers.chapters.convolution.claims import layers, places, training
from helpers.claims import SAME, Size, small_images
from helpers.data import Examples
from helpers.models import ConvNet
from tests.verdicts import of_chapter, shown

CLAIMS = of_chapter("05")
# Live, on the embedded data; nbval runs them in their notebook, not once more here.
EXPECTED = {
    "moved-digits": ("not supported", "it loses 10 points or more"),
    "max-or-mean": ("supported", "max is better"),
    "stride-for-pooling": ("not supported", "something is lost"),
    "where-it-is": ("not supported", "half of it or more is left"),
}
FULL = {  # without a look: as stored at full size
    "two-small-kernels": ("supported", "less than a percentage point apart"),
}


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


@pytest.fixture(scope="module")
def data():
    return load_images("digits", n_train=2_000, n_val=500, n_test=1_000)


# -- a planted bug changes the verdict -----------------------------------------------


def left_alone(n, far, seed):
    return torch.zeros(n, 2).long()


def forgotten(kernels, num_inputs, num_outputs, with_block=layers.with_block):
    if kernels == (3, 3):
        return nn.Sequential(nn.Flatten(), nn.Linear(num_inputs, num_outputs))
    return with_block(kernels, num_inputs, num_outputs)


def max_always(pooling, head, **shape):
    return training.conv_net(**shape)


def circular_always(depth, padding_mode, seed, untrained=places.untrained):
    return untrained(depth, "circular", seed)


BUGS = {  # module, attribute, what takes its place, size, the verdict then
    "moved-digits": (places, "one_way", left_alone, Size(200, 1, 3), "supported"),
    "two-small-kernels": (
        layers,
        "with_block",
        forgotten,
        Size(1_500, 3, 3),
        "not supported",
    ),
    "max-or-mean": (layers, "conv_net", max_always, Size(200, 1, 3), "not supported"),
    "stride-for-pooling": (
        layers,
        "SMALLER",
        layers.SMALLER | {"stride": layers.SMALLER["max pooling"]},
        Size(200, 1, 3),
        "supported",
    ),
    "where-it-is": (
        places,
        "untrained",
        circular_always,
        Size(1_000, 1, 3),
        "supported",
    ),
}


def test_all_are_here():
    assert {*EXPECTED, *FULL} == set(BUGS) == set(CLAIMS)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_notebook_shows_the_verdict(name):
    assert shown("05", CLAIMS[name]) == EXPECTED[name][1]


@pytest.mark.parametrize("name", FULL)
def test_the_full_size_has_the_verdict(name):
    claim = CLAIMS[name]
    assert claim.live is None
    assert claim.judge(claim.stored()["digits"].found) == FULL[name]


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_flips_the_verdict(name, data, monkeypatch):
    module, attribute, bug, size, expected = BUGS[name]
    assert (EXPECTED | FULL)[name][0] != expected
    monkeypatch.setattr(module, attribute, bug)
    assert CLAIMS[name].judge(CLAIMS[name].run(data, size)).word == expected


def test_the_better_pooling_depends_on_the_task():
    """Stored at full size: max wins where a pattern counts, mean where a share does."""
    stored = CLAIMS["max-or-mean"].stored()
    answers = {
        name: CLAIMS["max-or-mean"].judge(run.found).answer
        for name, run in stored.items()
    }
    assert answers["patterns"] == "max is better"
    assert answers["densities"] == "max is worse"


# -- what the experiments are made of ------------------------------------------------


def test_images_are_put_where_they_belong():
    X = torch.arange(1.0, 13).view(2, 1, 2, 3)
    pictures = training.put(X, torch.tensor([0, 3]), torch.tensor([1, 2]), 5)
    expected = torch.zeros(2, 1, 5, 5)
    expected[0, 0, 0:2, 1:4], expected[1, 0, 3:5, 2:5] = X[0, 0], X[1, 0]
    assert torch.equal(pictures, expected)


def test_moves_have_one_length_and_four_ways():
    moves = places.one_way(400, 3, seed=0)
    assert {tuple(m) for m in moves.tolist()} == {(3, 0), (-3, 0), (0, 3), (0, -3)}
    scattered = places.anywhere(4_000, 3, seed=0)
    assert len({tuple(m) for m in scattered.tolist()}) == 7 * 7


def test_moved_images_are_the_centered_ones_somewhere_else(data):
    """Nothing is cut off at the greatest move, and without one all are centered."""
    centered = places.moved(data.test, torch.zeros(1_000, 2).long())
    moves = places.one_way(1_000, places.MOVE, seed=0)
    moved = places.moved(data.test, moves)
    for before, after, (down, right) in zip(
        centered.X, moved.X, moves.tolist(), strict=True
    ):
        assert torch.equal(before.roll((down, right), (1, 2)), after)
    ink = small_images.halved(data.test.X).sum((1, 2, 3))
    torch.testing.assert_close(moved.X.sum((1, 2, 3)), ink)
    assert places.off_center(centered.X).abs().float().mean() < 0.02


def test_off_center_is_one_pixel_at_most_and_has_its_sign():
    dot = torch.zeros(3, 1, 5, 7)
    dot[0, 0, 2, 3] = dot[1, 0, 1, 4] = dot[2, 0, 4, 0] = 0.5
    assert places.off_center(dot).tolist() == [[0, 0], [-1, 1], [1, -1]]


def test_the_mlp_has_as_many_parameters_as_the_flatten_head():
    shape = {"num_inputs": places.SIDE**2, "num_outputs": 10}
    mlp, conv = (
        sum(p.numel() for p in places.HEADS[name](**shape).parameters())
        for name in ("MLP", "flatten")
    )
    assert (mlp, conv) == (10_405, 10_426)


def test_the_blocks_see_as_far_and_have_28_percent_fewer_weights():
    nets = {
        name: layers.with_block(kernels, 256, 10)
        for name, kernels in layers.BLOCKS.items()
    }
    weights, seen = {}, {}
    for name, net in nets.items():
        block = [m for m in net if isinstance(m, nn.Conv2d)][1:]
        weights[name] = sum(m.weight.numel() for m in block)
        X = torch.zeros(1, layers.WIDTH, 15, 15, requires_grad=True)
        H = X
        for m in block:
            H = m(H)
        H[0, :, 7, 7].sum().backward()
        rows = X.grad.abs().sum((0, 1, 3)).nonzero().flatten()
        seen[name] = int(rows.max() - rows.min()) + 1
        assert net(torch.zeros(2, 1, 16, 16)).shape == (2, 10)
    assert seen == {"one 5x5": 5, "two 3x3": 5, "one 3x3": 3}
    assert 1 - weights["two 3x3"] / weights["one 5x5"] == pytest.approx(0.28)


def test_what_halves_the_maps_leaves_as_many_values_to_the_linear_layer():
    shapes = {
        make(num_inputs=256, num_outputs=10).features(torch.zeros(1, 1, 16, 16)).shape
        for make in layers.SMALLER.values()
    }
    assert shapes == {(1, 32, 4, 4)}
    further = layers.pooled_by_convolution(num_inputs=256, num_outputs=10)
    strides = [m.stride for m in further.modules() if isinstance(m, nn.Conv2d)]
    assert strides == [(1, 1), (2, 2), (1, 1), (2, 2)]
    assert not any(isinstance(m, nn.MaxPool2d) for m in further.modules())


def test_small_images_keep_their_ink(data):
    small = small_images.small(data)
    assert small.test.X.shape == (1_000, 1, 16, 16)
    assert torch.equal(small.test.X[..., 1:-1, 1:-1], 3 * F.avg_pool2d(data.test.X, 2))
    frame = small.test.X.clone()
    frame[..., 1:-1, 1:-1] = 0
    assert not frame.any()
    assert torch.equal(small.test.origin, data.test.origin)
    made = claims.densities()
    assert small_images.small(made) is made


def test_convolutions_start_with_kaimings_weights():
    net = training.conv_net(num_inputs=256)
    assert isinstance(net, ConvNet)
    second = net.features[3]
    assert second.weight.var().item() == pytest.approx(2 / (9 * 8), rel=0.1)
    assert not second.bias.any()


def test_the_rate_is_chosen_on_val_and_reported_on_test():
    """Right on val is wrong on test here."""
    made = layers.two_classes(
        "gray",
        ("dark", "bright"),
        lambda y, generator: (
            2.0 * y.view(-1, 1, 1, 1)
            - 1.0
            + torch.randn(len(y), 1, 16, 16, generator=generator)
        ),
    )
    wrong = Examples(made.test.X, 1 - made.test.y)
    swapped = type(made)(made.name, made.classes, made.train, made.val, wrong)
    row = small_images.at_best_rate(
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(256, 2)),
        swapped, 500, 2, 0, (1e-6, 0.01, 10.0)
    )  # fmt: skip
    assert row["test accuracy"].mean() < 0.3


def test_patterns_differ_from_noise_by_the_pattern_alone():
    made = claims.patterns()
    X, y = made.train.X, made.train.y
    found = F.conv2d(X, layers.PATTERN[None, None]).amax((1, 2, 3))
    assert ((found > 10) == (y == 1)).double().mean() > 0.85
    assert abs(X[y == 1].mean() - 1.5 / 256) < 0.01  # five pixels are up, four down
    assert y.double().mean() == 0.5


def test_densities_are_those_that_are_said():
    made = claims.densities()
    share = made.test.X.mean((1, 2, 3))
    assert share[made.test.y == 0].mean().item() == pytest.approx(0.10, abs=0.002)
    assert share[made.test.y == 1].mean().item() == pytest.approx(0.14, abs=0.002)


def test_places_are_known_and_standardized(data):
    X, where = places.somewhere(data.train, seed=0)
    assert X.shape == (2_000, 1, places.ROOM, places.ROOM)
    torch.testing.assert_close(
        where.mean(0), torch.zeros(2).double(), atol=0.06, rtol=0
    )
    assert (where.std(0) - 1).abs().max() < 0.05
    rows = torch.arange(16.0)
    center = (X.sum((1, 3)) * rows).sum(1) / X.sum((1, 2, 3))
    assert torch.corrcoef(torch.stack([center, where[:, 0].float()]))[0, 1] > 0.97


def test_circular_padding_makes_the_mean_blind_to_the_place():
    dot = torch.zeros(2, 1, 16, 16)
    dot[0, 0, 8, 8] = dot[1, 0, 0, 15] = 1.0
    for padding, blind in (("circular", True), ("zeros", False)):
        maps = places.maps_of(places.untrained(6, padding, seed=0), dot)
        a, b = places.READ["mean"](maps)
        assert torch.allclose(a, b, rtol=1e-4) == blind


def test_r_squared_of_what_is_known_and_of_what_is_not():
    generator = torch.Generator().manual_seed(0)
    where = torch.randn(3_000, 2, generator=generator, dtype=torch.float64)
    known = torch.cat([where @ torch.tensor([[1.0, 2.0], [0.0, 1.0]]).double(),
                       torch.ones(3_000, 1)], 1)  # fmt: skip
    noise = torch.randn(3_000, 2, generator=generator)
    for features, expected in ((known, 1.0), (noise, 0.0)):
        cut = [(f[:2_000], f[2_000:]) for f in (features, where)]
        assert places.explained(*cut).mean().item() == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("name", [n for n in CLAIMS if n != "where-it-is"])
def test_accuracies_differ_from_one_point_on(name):
    """As the module says; "no difference" has the same cut on both sides."""
    for question in CLAIMS[name].questions.values():
        assert max(cut for cut in question.cuts if cut < 0) == -0.01
        if SAME in question.answers:
            assert question.cuts == (-0.01, 0.01)


def test_the_statement_says_how_many_weights_are_fewer():
    (said,) = re.findall(
        r"(\d+) % fewer weights", CLAIMS["two-small-kernels"].statement
    )
    assert int(said) == round(100 * (1 - 2 * 3**2 / 5**2))


def test_a_pattern_is_as_strong_as_was_settled():
    """What its own kernel finds, less what the noise adds: nine pixels of 1.5."""
    made = claims.patterns()
    X = F.conv2d(made.train.X, layers.PATTERN[None, None]).flatten(1)
    best = X.amax(1)[made.train.y == 1]
    assert best.mean().item() == pytest.approx(9 * 1.5, abs=0.6)


def test_a_further_convolution_has_its_relu():
    further = layers.pooled_by_convolution(num_inputs=256, num_outputs=10)
    kinds = [type(m) for m in further.features.modules() if not list(m.children())]
    assert kinds == [nn.Conv2d, nn.ReLU] * 4


@pytest.mark.parametrize(
    "made",
    [*(partial(layers.with_block, k) for k in layers.BLOCKS.values())]
    + [
        *layers.SMALLER.values(),
        *(places.HEADS[n] for n in places.HEADS if n != "MLP"),
    ],
)
def test_every_convolution_that_is_compared_has_its_relu(made):
    """A network without one is weaker for a reason that the claim does not name."""
    kinds = [
        type(m)
        for m in made(num_inputs=256, num_outputs=10).modules()
        if isinstance(m, nn.Conv2d | nn.ReLU)
    ]
    assert kinds == [nn.Conv2d, nn.ReLU] * (len(kinds) // 2)


def test_no_position_is_tested_where_it_was_learned(data, monkeypatch):
    """Two parts in each run, and other positions in every run."""
    drawn, somewhere = [], places.somewhere

    def seen(examples, seed):
        drawn.append(somewhere(examples, seed)[1][:50])
        return somewhere(examples, seed)

    monkeypatch.setattr(places, "somewhere", seen)
    CLAIMS["where-it-is"].run(data, Size(100, 1, 3))
    assert len({tuple(d.flatten().tolist()) for d in drawn}) == 2 * 3


def test_digits_are_moved_by_what_the_question_says(data, monkeypatch):
    """Tests: none, or so many pixels in one of four ways. Training: up to so many."""
    (far,) = re.findall(
        r"moved by (\d) of", CLAIMS["moved-digits"].questions["a"].quantity
    )
    used, moved = [], places.moved

    def seen(examples, moves):
        used.append((len(examples), moves))
        return moved(examples, moves)

    monkeypatch.setattr(places, "moved", seen)
    CLAIMS["moved-digits"].run(data, Size(200, 1, 3))
    tests = [moves.abs().sum(1) for n, moves in used if n == len(data.test)]
    assert [{*t.tolist()} for t in tests] == [{0}, {int(far)}] * 3
    trained = [moves.abs() for n, moves in used if n == 200]
    assert [t.max().item() for t in trained] == [0, int(far)] * 3
