"""The solutions of chapter 1 agree with torch, not only with themselves."""

import math
import re

import pytest
import torch

from helpers.chapters.linear_algebra_and_gradients import exercises
from helpers.chapters.linear_algebra_and_gradients.exercises import (
    gradient_engine,
    gradients,
    least_squares,
    matrices,
    row_operations,
    shapes,
    slopes,
    steps,
    vectors,
)

SIZES = [1, 2, 5]


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def with_eigenvalues(*values):
    """Return a symmetric matrix that is not diagonal, with these eigenvalues."""
    axes, _ = torch.linalg.qr(normal(len(values), len(values)))
    return axes @ torch.diag(torch.tensor(values, dtype=torch.float64)) @ axes.T


# -- the short ones -----------------------------------------------------------------


@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0, 135.0, 180.0])
def test_angle(degrees):
    turned = math.radians(17 + degrees)
    a = 3 * torch.tensor([math.cos(math.radians(17)), math.sin(math.radians(17))])
    b = 0.2 * torch.tensor([math.cos(turned), math.sin(turned)])
    found = vectors.angle.solution(a.double(), b.double()).item()
    assert found == pytest.approx(degrees, abs=0.05)


def test_angle_needs_the_limits():
    """Without them one of the cases is nan, on this machine as on others."""
    ones = torch.ones(3, dtype=torch.float64)
    cosine = ones @ ones / (ones.norm() * ones.norm())
    assert cosine > 1 and vectors.angle.solution(ones, ones) == 0


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, 10, math.inf])
@pytest.mark.parametrize("d", SIZES)
def test_lp_norm(d, p):
    x = normal(d)
    ours = vectors.lp_norm.solution(x, p)
    torch.testing.assert_close(ours, torch.linalg.vector_norm(x, p))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((1.0, 3.0), "definite"),
        ((0.0, 3.0, 1.0), "semidefinite"),
        ((0.0, 0.0, 1.0, 5.0), "semidefinite"),
        ((-0.1, 3.0, 9.0), "neither"),
        ((-1.0, -2.0), "neither"),
        ((0.0, -2.0), "neither"),
    ],
)
def test_definite_is_the_sign_of_the_quadratic_form(values, kind):
    A = with_eigenvalues(*values)
    assert matrices.definiteness.solution(A) == kind
    X = normal(10_000, len(values))
    lowest = ((X @ A) * X).sum(1).min().item()  # of x'Ax over many x
    assert (lowest < -1e-3) == (kind == "neither")


def test_the_steepest_way_down():
    """Short steps of one length along each row tell which it is."""
    A, x = with_eigenvalues(1.0, 3.0, -2.0), normal(3, seed=1)
    D = torch.stack([normal(3, seed=k) * 3 ** (8 - k) for k in range(2, 8)])

    def f(x):
        return 0.5 * x @ A @ x

    gains = [f(x + 1e-6 * p / p.norm()) - f(x - 1e-6 * p / p.norm()) for p in D]
    lowest = min(range(6), key=gains.__getitem__)
    assert slopes.steepest_way_down.solution(A @ x, D) == lowest
    assert lowest != (D @ A @ x).argmin()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((1.0, 4.0), "minimum"),
        ((-1.0, -4.0, -2.0), "maximum"),
        ((-1.0, -4.0, 2.0, 1.0), "saddle"),
    ],
)
def test_stationary_point(values, kind):
    A, b = with_eigenvalues(*values), normal(len(values), seed=3)
    x, found = gradients.stationary_point.solution(A, b)
    x.requires_grad_()
    (0.5 * x @ A @ x - b @ x).backward()
    assert x.grad.abs().max() < 1e-9 and found == kind


@pytest.mark.parametrize("shape", [(4, 1), (10, 3), (3, 3)], ids=str)
def test_largest_rate(shape):
    """Descent converges just below it, and diverges just above."""
    X, y = normal(*shape), normal(shape[0], seed=4)
    for factor, converges in ((0.98, True), (1.02, False)):
        lr = factor * gradients.largest_rate.solution(X)
        w = torch.zeros(shape[1], dtype=torch.float64, requires_grad=True)
        for _ in range(600):
            (gradient,) = torch.autograd.grad(0.5 * ((X @ w - y) ** 2).mean(), w)
            w = (w - lr * gradient).detach().requires_grad_()
        assert (0.5 * ((X @ w - y) ** 2).mean() < (y**2).mean()).item() == converges


# -- what is asked for as a value ---------------------------------------------------


def test_shapes_are_those_of_torch():
    X, v, c, y = normal(5, 3), normal(3), normal(5, 1), normal(5)
    found = [tuple(t.shape) for t in (X - v, X.sum(1), c * v, c - y)]
    assert found == list(shapes.result_shapes.solution())


def test_slopes_on_a_graph_are_those_of_autograd():
    x, y = (torch.tensor(value, requires_grad=True) for value in (2.0, -1.0))
    q = x * y + y
    grads = torch.autograd.grad(q**2, (q, x, y))
    assert [g.item() for g in grads] == list(slopes.slopes_on_a_graph.solution())


def test_gradients_add_up():
    w, found = torch.tensor(3.0, requires_grad=True), []
    for _ in range(2):
        (w * w).backward()
        found.append(w.grad.item())
    w.grad.zero_()
    (2 * w).backward()
    assert [*found, w.grad.item()] == list(slopes.gradients_add_up.solution())


def test_one_step_is_that_of_sgd():
    x = torch.tensor([2.0, 1.0], requires_grad=True)
    (x[0] ** 2 + 3 * x[1] ** 2).backward()
    torch.optim.SGD([x], lr=0.1).step()
    assert x.tolist() == pytest.approx(steps.one_step.solution())


@pytest.mark.parametrize("wrote", ["(1.6, 0.4)", "[1.6, 2 / 5]", "(2 - 0.1 * 4, 0.4)"])
def test_one_step_may_be_computed(wrote):
    assert exercises.check(one_step=eval(wrote)).state == "solved"


# -- the loop, and a gradient by hand -------------------------------------------------


@pytest.mark.parametrize("shape", [(4, 1), (7, 3)], ids=str)
def test_the_repaired_loop_is_that_of_sgd(shape):
    X, y = normal(*shape).float(), normal(shape[0], seed=4).float()
    w = torch.zeros(shape[1], requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        (0.5 * ((X @ w - y) ** 2).mean()).backward()
        optimizer.step()
    torch.testing.assert_close(steps.train_weights.solution(X, y, 0.1, 5), w.detach())


@pytest.mark.parametrize("shape", [(4, 1), (7, 3), (2, 5)], ids=str)
def test_mean_squared_gradient(shape):
    X, y, w = normal(*shape), normal(shape[0], seed=4), normal(shape[1], seed=5)
    b = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    at = w.clone().requires_grad_()
    (0.5 * ((X @ at + b - y) ** 2).mean()).backward()
    ours = least_squares.mean_squared_gradient.solution(X, y, w, b.detach())
    torch.testing.assert_close(ours, (at.grad, b.grad))


# -- the inverse by row operations --------------------------------------------------


@pytest.mark.parametrize("n", SIZES)
def test_gauss_jordan(n):
    A = normal(n, n)
    torch.testing.assert_close(
        row_operations.gauss_jordan.solution(A), torch.linalg.inv(A)
    )


@pytest.mark.parametrize("case", row_operations.gauss_jordan.cases, ids=str)
def test_gauss_jordan_and_torch_refuse_the_same(case):
    (A,) = case
    try:
        theirs = torch.linalg.inv(A)
    except RuntimeError:
        with pytest.raises(ValueError, match="no inverse"):
            row_operations.gauss_jordan.solution(A)
    else:
        torch.testing.assert_close(row_operations.gauss_jordan.solution(A), theirs)


def with_lists(A):
    """Invert with lists, as one would by hand."""
    n = len(A)
    rows = [
        [*row, *(float(i == k) for k in range(n))] for i, row in enumerate(A.tolist())
    ]
    for k in range(n):
        p = max(range(k, n), key=lambda i: abs(rows[i][k]))
        rows[k], rows[p] = rows[p], rows[k]
        if rows[k][k] == 0:
            raise ValueError
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(n):
            if i != k:
                rows[i] = [
                    x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)
                ]
    return torch.tensor([row[n:] for row in rows])


def without_fractions(A):
    """Divide at the very end, and exchange by an order of the rows."""
    n = len(A)
    M, inverse, order = A.double(), torch.eye(n).double(), []
    for k in range(n):
        free = [i for i in range(n) if i not in order]
        p = max(free, key=lambda i: abs(M[i, k]))
        if M[p, k] == 0:
            raise ValueError("singular")
        order.append(p)
        for i in set(range(n)) - {p}:
            factor = M[i, k] / M[p, k]
            M[i] = M[i] - factor * M[p]
            inverse[i] = inverse[i] - factor * inverse[p]
    return inverse[order] / torch.stack([M[p, k] for k, p in enumerate(order)])[:, None]


@pytest.mark.parametrize("answer", [with_lists, without_fractions])
def test_other_ways_to_invert_pass(answer):
    feedback = exercises.check(gauss_jordan=answer)
    assert feedback.state == "solved", feedback


def raised(words):
    raise ValueError(words)


@pytest.mark.parametrize("give_up", [raised, int], ids=["own words", "Python's words"])
def test_a_mistake_is_known_with_another_message(give_up):
    says = "first pivot that is not 0"
    known = next(m for m in row_operations.gauss_jordan.mistakes if says in m.says)

    def answer(A):
        try:
            return known.wrong(A)
        except ValueError:
            return give_up("no inverse")

    assert exercises.check(gauss_jordan=answer).means == known.says


# -- the engine ---------------------------------------------------------------------


def by_autograd(program):
    """Run a program of the engine's cases with tensors instead."""

    def leaf(data):
        return torch.tensor(data, dtype=torch.float64, requires_grad=True)

    program = program.replace(".backward()", ".backward(retain_graph=True)")
    return [value.item() for value in gradient_engine.run(leaf, program)]


@pytest.mark.parametrize(
    "case", gradient_engine.engine.cases, ids=lambda case: case[0][:60]
)
def test_the_engine_is_autograd(case):
    (program,) = case
    ours = gradient_engine.run(gradient_engine.Scalar, program)
    assert list(ours) == pytest.approx(by_autograd(program), rel=1e-12)


def test_every_program_begins_with_its_numbers():
    for (program,) in gradient_engine.engine.cases:
        *_, result = gradient_engine.run(gradient_engine.Scalar, program)
        assert result != 0, "a gradient of 0 would hide one that is never computed"
        assert re.match(r"a = Scalar\(", program)


def test_gradients_of_two_calls_on_one_result_add_up():
    a = gradient_engine.Scalar(2.0)
    b = a * a
    c = b * a
    for times in (1, 2):
        c.backward()
        assert (a.grad, b.grad, c.grad) == (times * 12.0, times * 2.0, times * 1.0)


class Closures:
    """The other usual design: each node has a function that passes its gradient on."""

    def __init__(self, data, parents=()):
        self.data, self.grad, self._parents = data, 0, set(parents)
        self._pass = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Closures) else type(self)(other)
        out = type(self)(self.data + other.data, (self, other))

        def _pass():
            self.grad += out.grad
            other.grad += out.grad

        out._pass = _pass
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Closures) else type(self)(other)
        out = type(self)(self.data * other.data, (self, other))

        def _pass():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._pass = _pass
        return out

    def __pow__(self, n):
        out = type(self)(self.data**n, (self,))

        def _pass():
            self.grad += n * out.data / self.data * out.grad

        out._pass = _pass
        return out

    def tanh(self):
        e = math.exp(2 * self.data)
        out = type(self)((e - 1) / (e + 1), (self,))

        def _pass():
            self.grad += (1 - out.data**2) * out.grad

        out._pass = _pass
        return out

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def backward(self):
        self.grad, order = 1, []

        def visit(node):
            if node not in order:
                for parent in node._parents:
                    visit(parent)
                order.append(node)

        visit(self)
        self.begin(order[:-1])
        for node in reversed(order):
            node._pass()

    def begin(self, nodes):
        for node in nodes:
            if node._parents:
                node.grad = 0


class NeverBegins(Closures):
    """As it is often written: a second call passes on what the first has left."""

    def begin(self, nodes):
        pass


def test_another_design_passes():
    feedback = exercises.check(Scalar=Closures)
    assert feedback.state == "solved", feedback


def test_a_second_call_must_begin_anew():
    feedback = exercises.check(Scalar=NeverBegins)
    assert feedback.state == "wrong"
    assert "once more. Only the inputs add up" in feedback.text


class WithoutTanh(Closures):
    def tanh(self):
        return ...


class WithoutBackward(Closures):
    def backward(self):
        return ...


@pytest.mark.parametrize(
    ("answer", "says", "program"),
    [
        (WithoutTanh, "It still returns `...` here.", "a.tanh()"),
        (WithoutBackward, "Look at value 2 of 3: it still returns `...`", "a + b"),
    ],
)
def test_a_part_that_is_still_a_stub_is_named(answer, says, program):
    feedback = exercises.check(Scalar=answer)
    assert feedback.state == "wrong"
    assert feedback.text.startswith(says) and program in feedback.case[0][1]


def test_a_determinant_alone_does_not_tell_what_is_definite():
    def definiteness(A):
        return "definite" if torch.det(A) > 0 else "neither"

    feedback = exercises.check(definiteness)
    assert feedback.state == "wrong"
    assert "The determinant is the product of the eigenvalues" in feedback.means
    assert "a 0 among them makes it 0" in feedback.means
