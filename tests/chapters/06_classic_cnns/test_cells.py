"""Chapter 6: cells whose slips no shown number betrays, run or read apart."""

import ast
from types import SimpleNamespace

import torch
from sklearn.svm import SVC
from torch import nn
from torch.nn import functional as F

from helpers import (
    VGG,
    Examples,
    LeNet,
    SoftmaxRegression,
    evaluate,
    kaiming_init,
    layer_table,
    seeded,
)
from tests.taught import source_of, taught


def run_cell(cell_id: str, **names) -> dict:
    """The names of a cell after it has run with these ones."""
    space = {"torch": torch, "nn": nn, "F": F, "layer_table": layer_table, **names}
    exec(source_of("06", cell_id), space)
    return space


def kinds(net: nn.Module) -> list[str]:
    """The layers of a network that hold no others, without those that only reshape."""
    leaves = [m for m in net.modules() if not list(m.children())]
    names = [type(m).__name__ for m in leaves]
    return [n for n in names if n not in ("Flatten", "AdaptiveAvgPool2d")]


def test_alexnet_has_torchvisions_layers_in_their_order():
    import torchvision  # after helpers, which mends it

    alexnet = run_cell("alexnet-code")["alexnet"]
    with torch.device("meta"):
        assert kinds(alexnet) == kinds(torchvision.models.alexnet())


def test_vgg_has_torchvisions_layers_in_their_order():
    import torchvision

    own = taught("06", "vgg_net")
    with torch.device("meta"):
        net = own.vgg_net(((1, 64), (1, 128), (2, 256), (2, 512), (2, 512)))
        assert kinds(net) == kinds(torchvision.models.vgg11())


def test_changes_count_whatever_their_sign():
    X = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    by_hand = taught("06", "by_hand").by_hand
    down, right = by_hand(X)[:, 56:84], by_hand(X)[:, 84:]
    turned = by_hand(X.transpose(2, 3))
    torch.testing.assert_close((turned[:, 56:84], turned[:, 84:]), (right, down))
    torch.testing.assert_close(by_hand(X.flip(2))[:, 57:84], down[:, 1:].flip(1))


def test_every_method_is_tested_on_the_test_images():
    generator = torch.Generator().manual_seed(0)
    X = torch.rand(40, 1, 28, 28, generator=generator)
    train = Examples(X, torch.arange(40) % 5)
    test = Examples(X[:20], torch.arange(20) % 5 + 5)  # classes nobody has seen
    data = SimpleNamespace(train=SimpleNamespace(take=lambda n: train), test=test)
    asked = []

    def noted(net, part):
        asked.append(part)
        return evaluate(net, part)

    names = run_cell(
        "features-code", data=data, SVC=SVC, Examples=Examples, evaluate=noted,
        SoftmaxRegression=SoftmaxRegression, LeNet=LeNet, seeded=seeded,
        kaiming_init=kaiming_init, adam={}, train=lambda *args, **settings: None,
    )  # fmt: skip
    assert names["results"]["SVM on pixels"] == 0
    assert len(asked) == 3 and all(part.y.equal(test.y) for part in asked)


def test_the_kernels_loss_is_that_of_ridge_regression():
    """Mean squared error and a penalty, which makes it strictly convex: one end."""
    own, n = taught("06", "kernel_loss", "rbf"), 12
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(n, n, generator=generator, dtype=torch.float64)
    y = torch.randn(n, generator=generator, dtype=torch.float64)
    own.kernel_loss.__globals__.update(features=features, y=y)
    best = torch.linalg.solve(
        features.T @ features + 0.01 * n * torch.eye(n), features.T @ y
    ).requires_grad_()
    (grad,) = torch.autograd.grad(own.kernel_loss(best), best)
    torch.testing.assert_close(grad, torch.zeros_like(grad), atol=1e-8, rtol=0)
    curvature = torch.autograd.functional.hessian(own.kernel_loss, best.detach())
    assert torch.linalg.eigvalsh(curvature).min() >= 0.02 - 1e-9


def test_the_first_point_of_the_panel_is_that_of_its_first_run():
    call = ast.parse(source_of("06", "panel")).body[-1].value
    keywords = {k.arg: k.value for k in call.keywords}
    (known,) = [k.value for k in keywords["view"].keywords if k.arg == "known"]
    own = taught("06", "small_net", "lenet")
    space = {"net": VGG(), "layer_table": layer_table, "lenet": own.lenet}
    first = own.small_net("VGG", 1.0, 0.0, "Kaiming")
    expected = layer_table(first, 1, 28, 28).multiplications
    assert eval(ast.unparse(known), space) == {"baseline": expected}


def test_the_panels_choice_of_the_start_is_followed():
    small_net = taught("06", "small_net").small_net
    for family in ("LeNet", "AlexNet", "VGG", "NiN", "GoogLeNet"):
        for start, all_zero in (("Kaiming", True), ("torch", False)):
            net = small_net(family, 1.0, 0.0, start)
            biases = [p for n, p in net.named_parameters() if n.endswith("bias")]
            assert all(not p.any() for p in biases) == all_zero
