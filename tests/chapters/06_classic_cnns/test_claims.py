"""Claims of chapter 6: their verdicts, and that their experiments can fail."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import load_images
from helpers.chapters.classic_cnns.claims import blocks, networks, starts
from helpers.claims import Size
from helpers.claims.small_images import one_cycle
from helpers.models import Inception, LeNet, NiN, layer_table
from helpers.seeds import seeded
from tests.nets import kinds
from tests.verdicts import of_chapter, shown

CLAIMS = of_chapter("06")
# Live, on the embedded data; nbval runs them in their notebook, not once more here.
EXPECTED = {
    "auxiliary-head": ("supported", "more than 100 times"),
}
WORSE_OR_SAME = "undecided between “{}” and “less than a percentage point apart”"
FULL = {  # without a look: as stored at full size
    "nin-starts": ("not supported", "more than three quarters of them fail"),
    "alexnet-steps": ("not supported", "it hurts"),
    "bottleneck": ("undecided", WORSE_OR_SAME.format("1 × 1 first is worse")),
    "several-sizes": ("not supported", "less than a percentage point apart"),
    "families": ("not supported", WORSE_OR_SAME.format("it is worse")),
}


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


@pytest.fixture(scope="module")
def data():
    return load_images("digits", n_train=2_000, n_val=500, n_test=1_000)


# -- a planted bug changes the verdict -----------------------------------------------


def quick(is_blind):
    """Return a maker of linear networks, of which some get images without content."""

    def make(name, num_inputs=784, num_outputs=10):
        net = nn.Sequential(nn.Flatten(), nn.Linear(num_inputs, num_outputs))
        return net.insert(0, nn.Threshold(1e9, 0.0)) if is_blind(name) else net

    return make


BUGS = {  # module, attribute, what takes its place, size, the verdict then
    "nin-starts": (starts, "LEARNED", 0.0, Size(64, 1, 3), "supported"),
    "auxiliary-head": (starts, "SHARE", 0.0, Size(200, 1, 3), "not supported"),
    "alexnet-steps": (
        blocks,
        "with_steps",
        quick(lambda steps: steps == 2),
        Size(300, 2, 3),
        "supported",
    ),
    "bottleneck": (
        blocks,
        "googlenet",
        quick(lambda reduced: reduced),
        Size(300, 2, 3),
        "not supported",
    ),
    "several-sizes": (
        blocks,
        "with_middle",
        quick(lambda middle: middle == "3x3"),
        Size(300, 2, 3),
        "supported",
    ),
    "families": (
        networks,
        "at_start",
        quick(lambda network: network is LeNet),
        Size(300, 2, 3),
        "supported",
    ),
}


def test_all_are_here():
    assert {*EXPECTED, *FULL} == set(BUGS) == set(CLAIMS)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_notebook_shows_the_verdict(name):
    assert shown("06", CLAIMS[name]) == EXPECTED[name][1]


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


def test_the_rate_rises_to_the_one_that_is_given_and_falls():
    optimizer = torch.optim.Adam([nn.Parameter(torch.zeros(1))])
    schedule, rates = one_cycle(0.01, 100)(optimizer), []
    for _ in range(100):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    top = rates.index(max(rates))
    assert max(rates) == pytest.approx(0.01) and 25 <= top <= 30
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[0] < 0.0005 and rates[-1] < 1e-5


# -- NiN's starts --------------------------------------------------------------------


def test_a_last_relu_makes_all_logits_at_least_zero():
    X = torch.rand(50, 1, 16, 16)
    with seeded(0):
        pinned, free = NiN(), NiN(last_relu=False)
    assert (pinned(X) >= 0).all()
    assert (free(X) < 0).any()


def test_xaviers_weights_lie_between_both_sides():
    layer = nn.Conv2d(32, 96, 3)
    with seeded(0):
        starts.xavier_init(layer)
    expected = 2 / (9 * (32 + 96))
    assert layer.weight.var().item() == pytest.approx(expected, rel=0.05)
    assert not layer.bias.any()


# -- the auxiliary head ----------------------------------------------------------------


def deep(head, activation=nn.Sigmoid):
    with seeded(0):
        return starts.Deep(activation, head, 256, 10)


def test_an_auxiliary_head_changes_neither_initial_weights_nor_answers():
    X = torch.rand(5, 1, 16, 16)
    with_head, without = deep(True).eval(), deep(False).eval()
    assert with_head(X).shape == (5, 10)
    assert torch.equal(with_head(X), without(X))
    linear = [m for m in without.modules() if isinstance(m, nn.Linear)]
    assert len(linear) == 6 + 1


def test_in_training_both_heads_answer_and_the_loss_weighs_them():
    X, y = torch.rand(5, 1, 16, 16), torch.arange(5)
    net = deep(True)
    y_hat = net(X)
    assert torch.equal(y_hat[:, 10:], net.auxiliary(net.before(X)))
    expected = F.cross_entropy(y_hat[:, :10], y) + 0.3 * F.cross_entropy(
        y_hat[:, 10:], y
    )
    torch.testing.assert_close(starts.loss_of_heads(y_hat, y, 10), expected)
    plain = deep(False)(X)
    assert torch.equal(starts.loss_of_heads(plain, y, 10), F.cross_entropy(plain, y))


def test_the_gradient_is_that_of_the_first_layers_weights(data):
    images = data.train.take(20)
    net = starts.Deep(nn.ReLU, False, 784, 10)
    found = starts.first_gradient(net, images, F.cross_entropy)
    F.cross_entropy(net(images.X), images.y).backward()
    first = next(m for m in net.modules() if isinstance(m, nn.Linear))
    assert found == pytest.approx(first.weight.grad.norm().item(), rel=1e-5)


# -- AlexNet's additions -------------------------------------------------------------


def test_each_step_adds_one_thing_and_no_parameter():
    nets = [blocks.with_steps(k, 784, 10) for k in range(1, 7)]
    counts = {sum(p.numel() for p in net.parameters()) for net in nets}
    assert counts == {61_706}
    assert kinds(nets[1]) == kinds(LeNet())
    assert kinds(nets[0]).count("Sigmoid") == kinds(nets[1]).count("ReLU") == 4
    assert kinds(nets[2]).count("MaxPool2d") == 2
    assert [m.p for m in nets[3] if isinstance(m, nn.Dropout)] == [0.5, 0.5]
    assert kinds(nets[4]) == ["Shifted", *kinds(nets[3])]
    assert kinds(nets[5])[1:9] == [
        *("Conv2d", "ReLU", "LocalResponseNorm", "MaxPool2d"),
        *("Conv2d", "ReLU", "LocalResponseNorm", "MaxPool2d"),
    ]


def test_the_normalization_is_alexnets():
    """b = a / (2 + 1e-4 sum of the squares of five neighboring channels) ** 0.75."""
    norm = next(
        m for m in blocks.with_steps(6, 784, 10) if isinstance(m, nn.LocalResponseNorm)
    )
    a = 100 * torch.rand(1, 7, 1, 1)
    squares = F.pad(a.square(), (0, 0, 0, 0, 2, 2)).unfold(1, 5, 1).sum(-1)
    torch.testing.assert_close(norm(a), a / (2 + 1e-4 * squares) ** 0.75)


def test_shifts_move_each_image_as_a_whole_and_only_in_training():
    X = torch.zeros(400, 2, 9, 9)
    X[:, 0, 4, 4], X[:, 1, 3, 4] = 1.0, 2.0
    layer = blocks.Shifted()
    assert layer.eval()(X) is X
    with seeded(0):
        moved = layer.train()(X)
    moves = {
        tuple(place[-2:].tolist())
        for place in [(image[0] == 1).nonzero()[0] for image in moved]
    }
    assert moves == {(r, c) for r in range(2, 7) for c in range(2, 7)}
    assert torch.equal(moved[:, 1, :-1], 2 * moved[:, 0, 1:])
    full = layer(torch.ones(50, 1, 6, 6))
    assert {*full.unique().tolist()} == {0.0, 1.0}, "0 comes in at the edge"


# -- Inception -----------------------------------------------------------------------


def test_what_the_1x1_convolutions_save():
    """GoogLeNet's first block, 192 x 28 x 28 into 256 x 28 x 28, without biases."""

    def weights(module):
        return sum(p.numel() for p in module.parameters() if p.ndim > 1)

    block = Inception(192, 64, (96, 128), (16, 32), 32)
    assert weights(block) == 163_328
    assert [weights(block.branch2), weights(block.branch3)] == [129_024, 15_872]
    assert layer_table(block, 192, 28, 28).multiplications == 128_049_152
    wide = blocks.without_reduction(block)
    assert weights(wide) == 393_216
    assert [weights(wide.branch2), weights(wide.branch3)] == [221_184, 153_600]
    assert layer_table(wide, 192, 28, 28).multiplications == 308_281_344
    assert wide(torch.zeros(1, 192, 6, 6)).shape == (1, 256, 6, 6)


def test_with_and_without_reduction_all_blocks_differ():
    convs = [
        sum(isinstance(m, nn.Conv2d) for m in blocks.googlenet(r, 256, 10).modules())
        for r in (True, False)
    ]
    assert convs == [1 + 3 * 6, 1 + 3 * 4]


def test_middles_differ_in_what_they_say():
    X = torch.zeros(1, 16, 8, 8)
    widths = {name: make()(X).shape[1] for name, make in blocks.MIDDLES.items()}
    assert widths["3x3"] == widths["1x1, 3x3, 5x5"] == 16
    assert widths["uneven"] == widths["equal"] == widths["3x3 and first maps"] == 32
    sizes = [
        m.kernel_size[0]
        for m in blocks.convolutions(4, 8, 4).modules()
        if isinstance(m, nn.Conv2d)
    ]
    assert sizes == [1, 3, 5]
    for name, expected in (("uneven", [8, 16, 4, 4]), ("equal", [8, 8, 8, 8])):
        block = blocks.MIDDLES[name]()
        branches = (block.branch1, block.branch2, block.branch3, block.branch4)
        assert [branch(X).shape[1] for branch in branches] == expected


def test_the_first_maps_are_handed_on_as_they_are():
    net = blocks.with_middle("3x3 and first maps", 256, 10)
    X = torch.rand(3, 1, 16, 16)
    first = F.avg_pool2d(net[0](X), 2).flatten(1)
    assert torch.equal(net[:-1](X)[:, 256:], first)


# -- whole networks ------------------------------------------------------------------


def test_the_families_are_those_of_the_chapter_with_kaimings_weights():
    costs = {}
    for name, (network, _) in networks.NETWORKS.items():
        net = networks.at_start(network, 784, 10)
        table = layer_table(net, 1, 28, 28)
        costs[name] = table.parameters
        assert not any(p.any() for n, p in net.named_parameters() if "bias" in n)
    assert costs == {
        "LeNet": 61_706,
        "AlexNet": 47_950,
        "VGG": 34_282,
        "NiN": 22_994,
        "GoogLeNet": 23_800,
    }
    X = torch.rand(50, 1, 28, 28)
    network, _ = networks.NETWORKS["NiN"]
    assert (networks.at_start(network, 784, 10)(X) < 0).any()
