"""Chapter 2: the notebook's own definitions agree with helpers' and with torch's."""

import ast
import json
import math
import statistics
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import helpers
from helpers import Examples
from tests.taught import notebook_path, source_of, taught

own = taught(
    "02",
    "naive_softmax",
    "softmax",
    "log_sum_exp",
    "cross_entropy",
    "focal_loss",
    "accuracy",
    "batches",
    "SoftmaxRegression",
)
SHAPES = [(1, 2), (5, 3), (64, 10), (7, 1)]
# As they come from a fresh network, from a sure one, and beyond what exp can take.
SCALES = [1.0, 30.0, 1e4]


@pytest.fixture(params=SHAPES, ids=str)
def shape(request):
    return request.param


@pytest.fixture(params=SCALES, ids=lambda scale: f"logits of {scale:g}")
def logits(request, shape):
    generator = torch.Generator().manual_seed(4)
    return request.param * torch.randn(shape, generator=generator)


@pytest.fixture
def y(logits):
    generator = torch.Generator().manual_seed(5)
    return torch.randint(logits.shape[1], (len(logits),), generator=generator)


def images(n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    X = torch.rand(n, 1, 4, 5, generator=generator)
    return Examples(X, torch.randint(3, (n,), generator=generator))


# -- what is computed from logits ---------------------------------------------------


def test_softmax(logits):
    torch.testing.assert_close(own.softmax(logits), torch.softmax(logits, -1))
    torch.testing.assert_close(own.softmax(logits[0]), torch.softmax(logits[0], -1))


def test_naive_softmax_is_right_only_below_the_overflow(shape):
    logits = 30 * torch.randn(shape, generator=torch.Generator().manual_seed(4)).tanh()
    torch.testing.assert_close(own.naive_softmax(logits), torch.softmax(logits, -1))
    assert own.naive_softmax(torch.tensor([1000.0, 0.0])).isnan().any()


def test_log_sum_exp(logits):
    torch.testing.assert_close(own.log_sum_exp(logits), torch.logsumexp(logits, -1))


def test_cross_entropy_and_its_gradient(logits, y):
    logits.requires_grad_()
    ours, theirs = own.cross_entropy(logits, y), F.cross_entropy(logits, y)
    torch.testing.assert_close(ours, theirs)
    (ours,) = torch.autograd.grad(ours, logits)
    (theirs,) = torch.autograd.grad(theirs, logits)
    torch.testing.assert_close(ours, theirs)


def test_focal_loss_without_focus_is_cross_entropy(logits, y):
    plain = F.cross_entropy(logits, y, reduction="none")
    torch.testing.assert_close(own.focal_loss(logits, y, gamma=0.0), plain)


@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0])
def test_focal_loss_of_two_classes_is_that_of_torchvision(gamma):
    # Not at the top: torchvision needs what `import helpers` puts in order.
    from torchvision.ops import sigmoid_focal_loss

    z = torch.linspace(-6, 6, 101)
    y = torch.arange(101) % 2
    logits, alpha = torch.stack([0 * z, z], 1), torch.tensor([0.9, 0.1])
    ours = own.focal_loss(logits, y, gamma, alpha)
    theirs = sigmoid_focal_loss(z, y.float(), alpha=0.1, gamma=gamma)
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-4)


def test_accuracy(logits, y):
    assert own.accuracy(logits, y) == helpers.accuracy(logits, y)
    hits = sum(int(row.argmax()) == int(k) for row, k in zip(logits, y, strict=True))
    assert own.accuracy(logits, y) == pytest.approx(hits / len(y))


def test_luck_is_the_standard_error_of_the_mean_over_parts(capsys):
    """Of 40 images of one pixel the net is right where that is 1."""
    X = (torch.rand(40, generator=torch.Generator().manual_seed(3)) < 0.7).float()
    test = Examples(X.view(40, 1, 1, 1), torch.ones(40).long())
    data = SimpleNamespace(test=test)
    space = {
        "torch": torch,
        "data": data,
        "net": lambda X: F.one_hot(X.flatten().long()),
    }
    exec(source_of("02", "test-luck"), space)
    shares = [X[test.parts(20) == k].mean().item() for k in range(20)]
    by_parts, a = statistics.stdev(shares) / math.sqrt(20), X.mean().item()
    expected = f"as if independent {math.sqrt(a * (1 - a) / 40):.3f}, by parts"
    assert capsys.readouterr().out.strip() == f"{expected} {by_parts:.3f}"


# -- batches, model, training -------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 8, 10, 64])
def test_batches(batch_size):
    examples = images(30)
    ours = own.batches(examples, batch_size, torch.Generator().manual_seed(6))
    theirs = helpers.minibatches(examples, batch_size, torch.Generator().manual_seed(6))
    for (X, y), (X_theirs, y_theirs) in zip(ours, theirs, strict=True):
        assert torch.equal(X, X_theirs)
        assert torch.equal(y, y_theirs)


def test_model():
    ours, theirs = own.SoftmaxRegression(20, 3), helpers.SoftmaxRegression(20, 3)
    theirs.load_state_dict(ours.state_dict())
    X = images(9).X
    assert ours(X).shape == (9, 3)
    assert torch.equal(ours(X), theirs(X))
    assert torch.equal(ours(X), X.flatten(1) @ ours.linear.weight.T + ours.linear.bias)


@pytest.mark.parametrize("seed", [0, 7])
def test_train_is_the_loop_of_the_notebook(seed):
    """With validation examples at hand, and in the order that belongs to the seed."""
    examples, val = images(50, seed=1), images(20, seed=2)
    net, plain = (own.SoftmaxRegression(20, 3) for _ in range(2))
    plain.load_state_dict(net.state_dict())
    history = helpers.train(
        net, examples, val, num_epochs=3, lr=0.5, batch_size=16, seed=seed
    )
    order = torch.Generator().manual_seed(seed)
    for _ in range(3):
        for X, y in own.batches(examples, 16, order):
            plain.zero_grad()
            own.cross_entropy(plain(X), y).backward()
            with torch.no_grad():
                for parameter in plain.parameters():
                    parameter -= 0.5 * parameter.grad
    nn_weights = nn.utils.parameters_to_vector
    torch.testing.assert_close(
        nn_weights(net.parameters()), nn_weights(plain.parameters())
    )
    assert history.val_accuracy[-1] == pytest.approx(
        own.accuracy(plain(val.X), val.y), abs=1e-6
    )


# -- names that a later cell needs ----------------------------------------------------

KEPT = ("X_train", "y_train", "X_val", "y_val", "means", "W_small", "b_small")
KEPT += ("W", "b", "twin", "net", "history", "confidence", "guess", "right", "T")


def bound_by(source):
    """The names that a cell binds, outside of its functions and comprehensions."""
    nodes = list(ast.parse(source).body)
    found = set()
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif not isinstance(node, ast.comprehension):
            nodes += ast.iter_child_nodes(node)
    return found


@pytest.mark.parametrize("name", KEPT)
def test_a_name_of_many_cells_is_bound_in_one(name):
    """Whoever goes back to an earlier cell finds what it had the first time."""
    cells = json.loads(notebook_path("02").read_text("utf-8"))["cells"]
    code = {c["id"]: "".join(c["source"]) for c in cells if c["cell_type"] == "code"}
    binding = [key for key, source in code.items() if name in bound_by(source)]
    assert len(binding) == 1, binding
