"""Chapter 1: the notebook's own definitions agree with torch's, and with helpers'."""

import pytest
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn import functional as F

from helpers import make_regression, train
from helpers.chapters.linear_algebra_and_gradients import figures
from tests.taught import taught

own = taught(
    "01",
    "matmul",
    "numeric_gradient",
    "bowl",
    "Value",
    "descend",
    "squared_error",
    "fit_line",
    "noisy",
    "linear_regression",
)
A = torch.tensor([[2.0, 1.0], [1.0, 2.0]])


def random(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


# -- linear algebra and gradients ----------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 4), (5, 1, 2), (3, 7, 1)], ids=str)
def test_matmul(shape):
    m, k, n = shape
    X, Y = random(m, k), random(k, n, seed=1)
    torch.testing.assert_close(own.matmul(X, Y), X @ Y)


@pytest.mark.parametrize("n", [1, 3, 6])
def test_numeric_gradient(n):
    M = random(n, n)

    def f(x):
        return (M @ x).sin().sum() + (x**2).sum().exp()

    x = 0.3 * random(n, seed=1)
    at = x.clone().requires_grad_()
    (exact,) = torch.autograd.grad(f(at), at)
    torch.testing.assert_close(own.numeric_gradient(f, x), exact, rtol=1e-7, atol=1e-8)


def test_the_bowl_is_the_quadratic_of_our_matrix():
    for x in random(20, 2):
        exact = 0.5 * x @ A.double() @ x
        torch.testing.assert_close(own.bowl(x), exact)


PROGRAMS = {
    "sum": lambda a, b: a + b,
    "product": lambda a, b: a * b,
    "of the text": lambda a, b: a * b + a,
    "square": lambda a, b: a * a,
    "reuse": lambda a, b: (a * b + a) * (a * b + b) + b,
    "chain": lambda a, b: ((a * b) * a + b) * b * a,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_value_differentiates_as_torch_does(program):
    for x, y in random(5, 2).tolist():
        a, b = own.Value(x), own.Value(y)
        result = program(a, b)
        result.backward()
        p, q = (
            torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (x, y)
        )
        expected = program(p, q)
        expected.backward()
        assert result.data == pytest.approx(expected.item())
        grads = [0.0 if t.grad is None else t.grad.item() for t in (p, q)]
        assert [a.grad, b.grad] == pytest.approx(grads)


def test_value_accumulates_over_two_calls():
    w = own.Value(2.0)
    for total in (3.0, 6.0):
        (own.Value(3.0) * w).backward()
        assert w.grad == total


# -- descent and regression -----------------------------------------------------------


@pytest.mark.parametrize("lr", [0.05, 0.5, 0.6])
@pytest.mark.parametrize("num_steps", [0, 1, 7])
def test_descend_takes_the_steps_of_sgd(lr, num_steps):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    found = own.descend(lambda x: A @ x, x.detach(), lr, num_steps)
    optimizer = torch.optim.SGD([x], lr=lr)
    for _ in range(num_steps):
        optimizer.zero_grad()
        (0.5 * x @ A @ x).backward()
        optimizer.step()
    torch.testing.assert_close(found, x.detach())


def test_squared_error_is_half_the_mean_squared_error():
    y_hat, y = random(8, 1), random(8, 1, seed=1)
    torch.testing.assert_close(own.squared_error(y_hat, y), 0.5 * F.mse_loss(y_hat, y))


def test_squared_error_refuses_a_table_of_all_pairs():
    with pytest.raises(AssertionError):
        own.squared_error(random(8, 1), random(8))


def test_fit_line_is_least_squares():
    x, y = random(30), random(30, seed=1)
    X = torch.stack([x, torch.ones_like(x)], 1)
    exact = torch.linalg.lstsq(X, y[:, None]).solution.squeeze(1)
    torch.testing.assert_close(own.fit_line(x, y), exact)


def test_the_data_of_the_panel_change_with_noise_and_seed():
    quiet, loud, again = own.noisy(0.0), own.noisy(1.0), own.noisy(1.0, seed=1)
    torch.testing.assert_close(quiet.train.X, loud.train.X)
    assert not torch.equal(loud.train.X, again.train.X)
    rest = loud.train.y - quiet.train.y
    assert rest.std().item() == pytest.approx(1, abs=0.1)


def test_train_is_the_loop_of_the_text():
    """The same batches in the same order: the same weights, but for rounding."""
    data = make_regression(n_train=50)
    nets = own.linear_regression(), own.linear_regression()
    nets[1].load_state_dict(nets[0].state_dict())
    settings = {"num_epochs": 2, "lr": 0.03, "batch_size": 10, "seed": 3}
    train(nets[0], data.train, loss=own.squared_error, device="cpu", **settings)
    optimizer = torch.optim.SGD(nets[1].parameters(), lr=0.03)
    generator = torch.Generator().manual_seed(3)
    for _ in range(2):
        for index in torch.randperm(50, generator=generator).split(10):
            X, y = data.train.X[index], data.train.y[index]
            optimizer.zero_grad()
            own.squared_error(nets[1](X), y).backward()
            optimizer.step()
    for ours, theirs in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


# -- figures --------------------------------------------------------------------------


def arrows(figure: Figure):
    """Where the arrows of the only axes end."""
    texts = figure.axes[0].texts
    return [torch.tensor(t.xy) for t in texts if getattr(t, "arrow_patch", None)]


def test_the_gradient_stands_at_right_angles_to_its_contour():
    x = torch.tensor([1.0, 2.0])
    figure = figures.show_gradient(A, x)
    (end,) = arrows(figure)
    torch.testing.assert_close(5 * (end - x), torch.tensor([4.0, 5.0]))
    along = torch.tensor(figure.axes[0].lines[0].get_xydata())
    assert (along[1] - along[0]) @ (end - x).double() == pytest.approx(0, abs=1e-6)


def test_the_axes_end_on_the_contour_of_height_one():
    figure = figures.show_axes(A)
    ends = arrows(figure)
    lengths = [end.norm().item() for end in ends]
    assert lengths == pytest.approx([2**0.5, (2 / 3) ** 0.5])
    for end in ends:
        assert (0.5 * end @ A @ end).item() == pytest.approx(1)
    assert [t.get_text() for t in figure.axes[0].texts if t.get_text()] == [
        "curvature 1",
        "curvature 3",
    ]


def test_thresholds_stand_where_the_lines_cross_one_half():
    x = torch.linspace(-2, 6, 9)
    lines = {"a": torch.tensor([0.5, 0.0]), "b": torch.tensor([0.25, -0.25])}
    figure = figures.show_thresholds(x, (x > 0).float(), lines)
    marks = [line for line in figure.axes[0].lines if line.get_marker() == "D"]
    assert [mark.get_xdata()[0] for mark in marks] == pytest.approx([1.0, 3.0])
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["a", "b"]


def test_linear_is_the_module_of_the_text():
    net = own.linear_regression()
    assert isinstance(net, nn.Linear)
    shapes = [tuple(p.shape) for p in net.parameters()]
    assert shapes == [(1, 2), (1,)]
