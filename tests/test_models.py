"""The arguments of the reference networks, and what their docstrings say."""

import re

import pytest
import torch
from torch import nn

from helpers import MLP, BatchNorm, ConvNet, LeNet, models, seeded
from tests.nets import kinds


def test_an_mlp_without_options_is_what_it_was():
    with seeded(0):
        net = MLP((8, 4), 3, 2)
    with seeded(0):
        expected = nn.Sequential(
            nn.Flatten(),
            nn.Linear(3, 8),
            nn.ReLU(),
            nn.Linear(8, 4),
            nn.ReLU(),
            nn.Linear(4, 2),
        )
    assert kinds(net) == kinds(expected)
    assert list(net.state_dict()) == list(expected.state_dict())
    X = torch.rand(5, 3)
    assert net(X).equal(expected(X))
    assert sum(p.numel() for p in MLP().parameters()) == 203_530


def test_the_activation_stands_behind_every_hidden_layer():
    net = MLP((8, 4), 3, 2, activation=nn.Tanh)
    assert kinds(net) == ["Flatten", "Linear", "Tanh", "Linear", "Tanh", "Linear"]
    leaky = MLP((8, 4), 3, 2, activation=lambda: nn.LeakyReLU(0.3))
    assert leaky[2].negative_slope == 0.3 and leaky[2] is not leaky[4]


def test_dropout_stands_behind_the_activation():
    net = MLP((8, 4), 3, 2, dropout=0.4)
    block = ["Linear", "ReLU", "Dropout"]
    assert kinds(net) == ["Flatten", *block, *block, "Linear"]
    assert net[3].p == net[6].p == 0.4
    X = torch.rand(50, 3)
    assert not net(X).equal(net(X))
    net.eval()
    assert net(X).equal(net(X))


def test_the_norm_stands_before_every_hidden_layers_activation():
    net = MLP((8, 4), 3, 2, dropout=0.4, norm=BatchNorm)
    block = ["Linear", "BatchNorm", "ReLU", "Dropout"]
    assert kinds(net) == ["Flatten", *block, *block, "Linear"]
    assert net[2].num_features == 8 and net[6].num_features == 4
    norms = [layer for layer in LeNet(norm=BatchNorm) if isinstance(layer, BatchNorm)]
    assert [norm.num_features for norm in norms] == [6, 16, 120, 84]
    names = kinds(LeNet(norm=BatchNorm))
    before = [names[k + 1] for k, name in enumerate(names) if name == "BatchNorm"]
    assert before == ["ReLU"] * 4


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "reference, shape",
    [
        (nn.BatchNorm1d, (5, 3)),
        (nn.BatchNorm1d, (5, 3, 7)),
        (nn.BatchNorm2d, (5, 3, 4, 6)),
    ],
)
def test_batch_norm_is_torchs_for_every_number_of_axes(reference, shape, training):
    X = 3 * torch.randn(shape, generator=torch.Generator().manual_seed(0)) + 1
    ours, theirs = BatchNorm(3).train(training), reference(3).train(training)
    assert ours(X).equal(theirs(X))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert ours.running_mean.equal(theirs.running_mean)
    assert ours.running_var.equal(theirs.running_var)


def test_batch_norm_says_which_shape_it_needs():
    with pytest.raises(ValueError, match=r"shape \(3,\): expected \(n, c\)"):
        BatchNorm(3)(torch.zeros(3))
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        BatchNorm(3)(torch.zeros(1, 3))


def test_init_is_applied_to_every_layer_after_torchs_own():
    seen = []

    def ones(module):
        seen.append(module)
        if isinstance(module, nn.Linear):
            nn.init.ones_(module.weight)

    net = MLP((8,), 3, 2, init=ones)
    assert seen == [*net, net]
    assert all((m.weight == 1).all() for m in net if isinstance(m, nn.Linear))
    with seeded(0):
        plain = MLP((8,), 3, 2)
    with seeded(0):
        assert MLP((8,), 3, 2, init=lambda m: None)[1].weight.equal(plain[1].weight)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_a_dropout_that_is_no_probability_is_refused(p):
    with pytest.raises(ValueError, match="dropout=.*allowed are 0 to 1"):
        MLP(dropout=p)


# -- ConvNet ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "features"),
    [
        ({}, (16, 7, 7)),
        ({"pooling": "average"}, (16, 7, 7)),
        ({"pooling": "stride"}, (16, 7, 7)),
        ({"pooling": "none"}, (16, 28, 28)),
        ({"channels": (4,), "kernel_size": 5}, (4, 14, 14)),
        ({"kernel_size": 5, "padding": 0}, (16, 4, 4)),
        ({"stride": 2, "pooling": "none"}, (16, 7, 7)),
        ({"stride": 2, "pooling": "stride"}, (16, 2, 2)),
        ({"head": "max"}, (16, 7, 7)),
        ({"head": "average"}, (16, 7, 7)),
        ({"num_inputs": 256, "kernel_size": 4}, (16, 4, 4)),
    ],
    ids=str,
)
def test_a_conv_net_has_the_feature_maps_that_its_settings_say(options, features):
    net, size = ConvNet(**options), options.get("num_inputs", 784) ** 0.5
    X = torch.rand(2, 1, int(size), int(size))
    assert net.features(X).shape[1:] == features
    assert net(X).shape == (2, 10)


def test_a_conv_net_is_made_of_torchs_layers_in_their_order():
    net, block = ConvNet(), ["Conv2d", "ReLU", "MaxPool2d"]
    assert kinds(net.features) == block * 2
    assert kinds(net.classifier) == ["Flatten", "Linear"]
    averaged = ConvNet(pooling="average", head="max")
    assert kinds(averaged.features)[2] == "AvgPool2d"
    assert kinds(averaged.classifier) == ["AdaptiveMaxPool2d", "Flatten", "Linear"]
    assert kinds(ConvNet(head="average").classifier)[0] == "AdaptiveAvgPool2d"
    strided = ConvNet(pooling="stride").features
    assert kinds(strided) == block[:2] * 2 and strided[2].stride == (2, 2)
    # (1 * 9 + 1) * 8 + (8 * 9 + 1) * 16 + (16 * 49 + 1) * 10
    assert sum(p.numel() for p in net.parameters()) == 9_098


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"pooling": "mean"}, "pooling='mean': allowed are 'max'"),
        ({"head": "global"}, "head='global': allowed are 'flatten'"),
        ({"num_inputs": 783}, "num_inputs=783: expected a square"),
        ({"channels": (4,) * 5}, "block 5 gets 1 x 1 pixels"),
        ({"kernel_size": 7, "padding": 0, "stride": 3}, "block 2 gets 4 x 4 pixels"),
    ],
)
def test_a_conv_net_says_what_it_cannot_build(options, says):
    with pytest.raises(ValueError, match=says):
        ConvNet(**options)


LAYERS = (  # no default widths
    models.BatchNorm,
    models.Bottleneck,
    models.CharModel,
    models.GRUCell,
    models.Inception,
    models.LSTMCell,
    models.MBConv,
    models.Recurrent,
    models.Residual,
    models.RNNCell,
)
NETS = [
    net
    for net in vars(models).values()
    if isinstance(net, type) and issubclass(net, nn.Module)
    if net not in LAYERS
]


@pytest.mark.parametrize("make", NETS)
def test_a_docstring_counts_parameters_and_outputs_rightly(make):
    net, said = make(), make.__doc__
    for count in re.findall(r"([\d,]+) parameters", said):
        found = sum(p.numel() for p in net.parameters())
        assert found == int(count.replace(",", ""))
    shapes = r"Input \(n, ([\d, ]+)\), output \(n, (\d+)\)"
    for sizes, outputs in re.findall(shapes, said):
        y_hat = net(torch.rand(3, *map(int, sizes.split(", "))))
        assert y_hat.shape == (3, int(outputs))
    for kind in re.findall(r"(average|max) pooling", said):
        pools = [type(m) for m in net.modules() if "Pool" in type(m).__name__]
        assert set(pools) == {{"average": nn.AvgPool2d, "max": nn.MaxPool2d}[kind]}


SLICED = [make for make in NETS if issubclass(make, nn.Sequential)]


@pytest.mark.parametrize("make", SLICED)
def test_a_slice_of_a_network_is_a_plain_sequential_of_its_layers(make):
    net = make().eval()
    X = torch.rand(2, 1, 28, 28)
    for at in range(1, len(net)):
        first, rest = net[:at], net[at:]
        assert type(first) is type(rest) is nn.Sequential
        assert [*first, *rest] == [*net], "the layers themselves, not copies"
        names = [name for name, _ in net.named_children()]
        assert [n for part in (first, rest) for n, _ in part.named_children()] == names
        assert rest(first(X)).equal(net(X))
    assert net[-1] is list(net)[-1] and type(net[:-1]) is nn.Sequential


def test_every_network_that_is_a_sequential_can_be_sliced():
    assert {make.__name__ for make in SLICED} == {
        "MLP", "LeNet", "AlexNet", "VGG", "NiN", "GoogLeNet", "ResNet",
    }  # fmt: skip
