"""Systems of chapter 1: each model, layer and method works as its row says."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import seeded
from helpers.chapters.linear_algebra_and_gradients.exercises import (
    gradient_engine,
    gradients,
    matrices,
    row_operations,
    slopes,
    vectors,
)
from tests.taught import taught

LOGITS, CLASS = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([2])


def test_01_linear_regression():
    """Weights (2, -3.4) and bias 4.2 are recovered within .01.

    From 1000 examples with a noise of .01: by the normal equations, and by three
    epochs in batches of 10. Five seeds: off by at most .0011; after two epochs by up
    to .013, and without the bias by more than .08.
    """
    squared_error = taught("01", "squared_error").squared_error
    w, b = torch.tensor([[2.0, -3.4]]), torch.tensor([4.2])
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        X = torch.randn(1000, 2, generator=generator)
        y = X @ w.T + b + 0.01 * torch.randn(1000, 1, generator=generator)
        ones = torch.cat([X, torch.ones(1000, 1)], 1)
        normal = torch.linalg.solve(ones.T @ ones, ones.T @ y)
        assert (normal - torch.cat([w.T, b[None]])).abs().max() < 0.01
        with seeded(seed):
            net = nn.Linear(2, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.03)
        for _ in range(3):
            for index in torch.randperm(1000, generator=generator).split(10):
                optimizer.zero_grad()
                squared_error(net(X[index]), y[index]).backward()
                optimizer.step()
        assert (net.weight - w).abs().max() < 0.01
        assert (net.bias - b).abs().max() < 0.01


def test_49_autograd():
    """The gradient agrees with central differences, and adds up in .grad."""
    own = taught("01", "Value", "numeric_gradient")
    x = torch.linspace(-1, 2, 6, dtype=torch.float64, requires_grad=True)

    def f(x):
        return (x[:3].sin() * x[3:] ** 2).sum().tanh() + x @ x / 7

    f(x).backward()
    numeric = own.numeric_gradient(f, x.detach())
    torch.testing.assert_close(x.grad, numeric, rtol=1e-6, atol=1e-8)

    w = torch.tensor(2.0, requires_grad=True)
    for total in (3.0, 6.0):
        (3 * w).backward()
        assert w.grad == total
    ten = torch.arange(10.0)
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        (0.5 * (w * ten - 1) ** 2).backward()
    w.grad = None
    (0.5 * (w * ten - 1) ** 2).sum().backward()
    assert w.grad == sum((2 * k - 1) * k for k in range(10)) == 525

    p, q = (torch.tensor(v, requires_grad=True) for v in (2.0, -3.0))
    ((p * q + p) * p).backward()
    for number in (own.Value, gradient_engine.Scalar):
        a, b = number(2.0), number(-3.0)
        ((a * b + a) * a).backward()
        assert (a.grad, b.grad) == (p.grad, q.grad)


def test_52_inverse():
    """Of [[2, 1], [1, 2]] it is [[2, -1], [-1, 2]] / 3, in each of three ways."""
    A = torch.tensor([[2.0, 1.0], [1.0, 2.0]])
    right = torch.tensor([[2.0, -1.0], [-1.0, 2.0]]) / 3
    (a, b), (c, d) = A
    adjugate = torch.tensor([[d, -b], [-c, a]])
    for found in (
        adjugate / (a * d - b * c),
        row_operations.gauss_jordan.solution(A),
        torch.linalg.inv(A),
    ):
        torch.testing.assert_close(found, right)
    A = torch.randn(6, 6, generator=torch.Generator().manual_seed(0)).double()
    found = row_operations.gauss_jordan.solution(A)
    torch.testing.assert_close(found, torch.linalg.inv(A), rtol=0, atol=1e-6)
    torch.testing.assert_close(A @ found, torch.eye(6).double())


def test_53_definiteness_eigenvalues_norms():
    """Eigenvalues 1 and 3 make a matrix definite; (3, -4) has norms 7, 5 and 4."""
    kinds = {"definite": [[2, 1], [1, 2]], "semidefinite": [[1, 1], [1, 1]]}
    kinds["neither"] = [[1, 2], [2, 1]]
    eigenvalues = {"definite": [1, 3], "semidefinite": [0, 2], "neither": [-1, 3]}
    for kind, rows in kinds.items():
        A = torch.tensor(rows, dtype=torch.float32)
        found, axes = torch.linalg.eigh(A)
        assert found.tolist() == pytest.approx(eigenvalues[kind], abs=1e-6)
        torch.testing.assert_close(A @ axes, axes * found)
        assert found.sum().item() == pytest.approx(A.trace().item())
        assert found.prod().item() == pytest.approx(A.det().item(), abs=1e-6)
        assert matrices.definiteness.solution(A) == kind
    x = torch.tensor([3.0, -4.0])
    norms = [vectors.lp_norm.solution(x, p).item() for p in (1, 2, math.inf)]
    assert norms == pytest.approx([7, 5, 4])
    A = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert torch.linalg.matrix_norm(A).item() == pytest.approx(math.sqrt(30))
    norm = vectors.lp_norm.solution(A.flatten(), 2)
    assert norm.item() == pytest.approx(math.sqrt(30))


def test_54_gradient_hessian_taylor():
    """Examples by hand; the error of order 1 falls by 4 with each half, of 2 by 8."""
    own = taught("01", "bowl", "cubic", "wave")
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    own.bowl(x).backward()
    assert x.grad.tolist() == [4.0, 5.0]
    ways = torch.tensor([[1.0, -1.0], [-1.0, 0.0], [-1.0, -1.0], [-4.0, -5.0]])
    falls = (ways @ x.grad / ways.norm(dim=1)).tolist()
    assert falls == pytest.approx([-0.70711, -4, -9 / 2**0.5, -math.sqrt(41)], abs=1e-5)
    assert slopes.steepest_way_down.solution(x.grad, ways) == 3

    hessian = torch.autograd.functional.hessian(own.cubic, x.detach())
    assert hessian.tolist() == [[6.0, 8.0], [8.0, 4.0]]
    curvatures = torch.linalg.eigvalsh(hessian).tolist()
    assert curvatures == pytest.approx([5 - 65**0.5, 5 + 65**0.5], abs=1e-4)

    f = own.wave
    at = torch.tensor([0.0, 1.0], dtype=torch.float64)
    d = torch.tensor([0.1, 0.1], dtype=torch.float64)
    gradient = torch.autograd.functional.jacobian(f, at)
    hessian = torch.autograd.functional.hessian(f, at)
    errors = {1: [], 2: []}
    for step in (d, d / 2, d / 4, d / 8):
        line = f(at) + gradient @ step
        errors[1].append((f(at + step) - line).item())
        errors[2].append((f(at + step) - line - 0.5 * step @ hessian @ step).item())
    for order, factor in ((1, 4), (2, 8)):
        falls = [a / b for a, b in zip(errors[order], errors[order][1:], strict=False)]
        assert falls == pytest.approx([factor] * 3, rel=0.1)


def test_55_squared_error():
    """Of 3 where 1 is right: 2, with the gradient 2; and least squares is its best."""
    own = taught("01", "squared_error").squared_error
    y_hat, y = torch.tensor([3.0], requires_grad=True), torch.tensor([1.0])
    loss = own(y_hat, y)
    loss.backward()
    assert loss == 2 and y_hat.grad == 2
    assert 0.5 * F.mse_loss(y_hat, y) == loss
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(20, 3, generator=generator).double()
    y = torch.randn(20, generator=generator).double()
    w = torch.linalg.solve(X.T @ X, X.T @ y).requires_grad_()
    own(X @ w, y).backward()
    assert w.grad.abs().max() < 1e-12


def test_69_gradient_descent():
    """Curvatures 1 and 10: .199 converges, .2 repeats itself, .21 diverges.

    The best rate 2 / (1 + 10) makes each step 9/11 of the one before.
    """
    curvatures = torch.tensor([1.0, 10.0], dtype=torch.float64)
    X = (2 * curvatures).sqrt().diag()  # X.T @ X / 2 has them
    own = taught("01", "descend").descend

    def descend(lr, num_steps):
        x = torch.ones(2, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([x], lr=lr)
        for _ in range(num_steps):
            optimizer.zero_grad()
            (0.5 * curvatures @ x**2).backward()
            optimizer.step()
        ours = own(lambda x: curvatures * x, torch.ones(2).double(), lr, num_steps)
        torch.testing.assert_close(ours, x.detach())
        return x.detach().abs()

    assert gradients.largest_rate.solution(X).item() == pytest.approx(0.2)
    assert descend(0.199, 1000).max() < 1e-4
    assert descend(0.2, 200)[1].item() == pytest.approx(1)
    assert descend(0.21, 200)[1].item() == pytest.approx(1.9e8, rel=0.01)
    best = descend(2 / 11, 50)
    assert best.tolist() == pytest.approx([(9 / 11) ** 50] * 2)
