"""Chapter 1, from the plane to learning rates: its sentences, each computed first.

As in `test_statements`: what a sentence says is computed, and then it must stand there.
"""

import math
import re

import numpy as np
import pytest
import torch
from torch import tensor

from helpers import make_regression, seeded, train
from helpers.chapters.linear_algebra_and_gradients import explorers, figures
from helpers.chapters.linear_algebra_and_gradients.plane_figures import form
from helpers.figures import DASHES
from tests.said import shown
from tests.taught import holding, taught, text_of

own = taught("01", "descend", "bowl")
A = tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64)


holds = holding("01")


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


# -- matrices that move the plane ------------------------------------------------------


def test_what_the_matrix_of_the_bowl_keeps():
    diagonal, other = tensor([1.0, 1.0]).double(), tensor([1.0, -1.0]).double()
    assert (A @ diagonal).tolist() == [3, 3] and torch.equal(A @ other, other)
    turn = tensor([[0.0, -1.0], [1.0, 0.0]]).double()
    assert (turn @ tensor([1.0, 0.0]).double()).tolist() == [0, 1]
    assert torch.linalg.eigvals(turn).imag.abs().min() > 0.5
    lengths = {
        k: (A @ tensor([math.cos(math.radians(k)), math.sin(math.radians(k))]).double())
        .norm()
        .item()
        for k in range(360)
    }
    assert {k for k in lengths if lengths[k] > 3 - 1e-6} == {45, 225}
    assert {k for k in lengths if lengths[k] < 1 + 1e-6} == {135, 315}
    holds("moved-read", "$(1, 0)$ goes to the first column, $(0, 1)$ to the second.")
    holds("eigen-read", r"$(1, -1)/\sqrt2$, belongs to 1: it does not move at all.")
    holds("eigen-read", r"The second, $(1, 1)/\sqrt2$, belongs to 3.")
    holds(
        "plane-map-read",
        "At 45° and 225° the vector keeps its direction and is longest, 3; at 135° and "
        "315° it stays as it is. The second matrix turns everything by 90° and keeps "
        "no line.",
    )
    holds("eigen-by-hand", "and eigenvectors that can be chosen at right angles;")
    assert torch.equal(A @ -diagonal, 3 * -diagonal)
    V = torch.linalg.eigh(A).eigenvectors
    assert ((V * V[0].sign())[0] > 0).all()
    assert text_of("01", "eigen-code").startswith("eigenvalues, V = ")
    assert "V * V[0].sign()" in text_of("01", "eigen-code")
    holds(
        "eigen-by-hand",
        r"if $\mathbf v$ stays on its line, so does $-\mathbf v$. The cell above turns "
        "both columns so that they begin with a positive number.",
    )
    holds("eigen-by-hand", "the sum of the diagonal, $1 + 3 = 2 + 2$, and multiply to ")


def test_why_the_path_bent_is_told_where_it_is_asked():
    """Each part of the start, divided into what one step of the path left of it."""
    holds("plane", "Why did the path of descent bend? The answer lies in the bowl")
    start, rate = tensor([1.0, 2.0]).double(), 0.3
    assert "start = torch.tensor([1.0, 2.0])" in text_of("01", "descent-code")
    assert "descend(lambda x: A @ x, start, 0.3, k)" in text_of("01", "descent-code")
    along = {"one": tensor([1.0, -1.0]).double(), "other": tensor([1.0, 1.0]).double()}
    shares = {k: (v @ start / (v @ v)).item() for k, v in along.items()}
    assert shares == {"one": -0.5, "other": 1.5}
    moved = own.descend(lambda x: A @ x, start, rate, 1)
    left = {k: (v @ moved / (v @ start)).item() for k, v in along.items()}
    assert left == pytest.approx({"one": 0.7, "other": 0.1})
    holds(
        "eigen-read",
        "Its start $(1,2)$ has a part along each: $-0.5\\,(1,-1)+1.5\\,(1,1)$. A step, "
        r"$\mathbf x-0.3\,\mathbf{Ax}$, leaves $1-0.3\cdot1=0.7$ of the first part, "
        r"but only $1-0.3\cdot3=0.1$ of the second. So the path bent.",
    )
    path = figures.show_path(own.bowl, torch.stack([start, moved]), A).axes[0]
    dashed = [line.get_xydata()[-1] for line in path.lines if line.is_dashed()]
    slopes = sorted(float(y / x) for x, y in dashed)
    assert slopes == pytest.approx([-1, 1])
    holds("eigen-read", "These are the path's dashed lines.")


def test_the_adjugate_is_the_transposed_matrix_of_cofactors():
    M = draw(3, 3)
    rest = [[i for i in range(3) if i != k] for k in range(3)]
    cofactors = torch.stack(
        [
            torch.stack(
                [(-1) ** (i + j) * M[rest[i]][:, rest[j]].det() for j in range(3)]
            )
            for i in range(3)
        ]
    )
    torch.testing.assert_close(cofactors.T / M.det(), torch.linalg.inv(M))
    assert not torch.allclose(cofactors / M.det(), torch.linalg.inv(M), atol=1e-2)
    torch.testing.assert_close((M[1] * cofactors[1]).sum(), M.det())
    holds(
        "adjugate-read",
        r"$\mathbf A^{-1} = \mathrm{adj}(\mathbf A) / \det \mathbf A$ holds in every s",
        "multiply it by $(-1)^{i+j}$: that is the **cofactor** $C_{ij}$. The adjugate "
        "has $C_{ij}$ in row $j$ and column $i$: it is the *transposed* matrix of cofa",
        r"$\det\mathbf A = \sum_j A_{ij} C_{ij}$, along any row $i$.",
        "the work grows like $n!$; row operations need about $n^3$ steps.",
    )
    holds(
        "inverse",
        r"\begin{pmatrix} a & b\\ c & d\end{pmatrix}^{-1} = \frac{1}{ad - bc}"
        r"\begin{pmatrix} d & -b\\ -c & a\end{pmatrix}.",
        r"If it is 0, $\mathbf A$ is **singular**: it has no inverse.",
    )
    (a, b), (c, d) = M[:2, :2]
    other = torch.stack([torch.stack([d, -b]), torch.stack([-c, a])]) / (a * d - b * c)
    torch.testing.assert_close(other, torch.linalg.inv(M[:2, :2]))


def test_signs_of_eigenvalues_decide():
    for matrix, signs in (
        (A, (1, 1)),
        (torch.ones(2, 2), (0, 1)),
        (tensor([[1.0, 2.0], [2.0, 1.0]]), (-1, 1)),
    ):
        values = torch.linalg.eigvalsh(matrix).round(decimals=5)
        assert tuple(values.sign().tolist()) == signs
    holds(
        "definite-read",
        "Blue is uphill, red downhill, the saddle's gray lines level; the signs of the "
        "eigenvalues decide. The bowl (1, 3) is positive definite, the trough (0, 2) "
        "only semidefinite, the saddle (−1, 3) **indefinite**.",
    )
    saddle = tensor([[1.0, 2.0], [2.0, 1.0]])
    drawn = figures.show_forms({"bowl": A.float(), "saddle": saddle}).axes[1]
    filled = drawn.collections[0]
    low, high = (
        filled.cmap(filled.norm(end))
        for end in (min(filled.levels), max(filled.levels))
    )
    assert high[2] > high[0] and low[0] > low[2], "blue above 0, red below"
    gray = [line for line in drawn.collections if line is not filled]
    points = torch.tensor(np.concatenate([p.vertices for p in gray[0].get_paths()]))
    assert len(gray) == 1 and len(points) > 100
    assert form(saddle.double(), points).abs().max() < 0.02, "level, as at the origin"
    red, green, blue, _ = gray[0].get_edgecolor()[0]
    assert red == green == blue
    holds(
        "definite",
        r"$\frac12\mathbf x^\top\mathbf{Ax}$ is flat at $\mathbf 0$: a minimum, if the "
        r"**quadratic form** $\mathbf x^\top\mathbf{Ax}$ is positive everywhere else.",
        "and **positive semidefinite** if the form is never negative.",
    )
    holds("definite", "## Positive definite means uphill from 0 in every direction")
    holds(
        "ex-definite",
        '`"definite"` if it is *positive* definite, `"semidefinite"` if i',
    )
    holds("ex-definite", '`"neither"` otherwise (also if negative definite).')
    holds("definite-why", r"for our matrix they are 2 and 3.")
    holds("definite-why", r"$\begin{pmatrix} 0 & 0\\ 0 & -1\end{pmatrix}$ has 0 and 0.")
    assert A[0, 0] == 2 and A.det().item() == pytest.approx(3)
    holds(
        "classify-read",
        "Two positive eigenvalues: a minimum. Two negative ones: a maximum. One of each"
        ": a **saddle point**.",
    )
    holds("recall-questions", "All positive: a minimum. All negative: a maximum. Both ")
    holds(
        "classify-table", r"$(x^2 - 1)^2$ has $f'' = 8 > 0$ at both $-1$ and $1$, two"
    )
    holds("stationary", "inside the domain of a differentiable $f$ must be one;")
    holds("stationary", "This is **necessary**, but not **sufficient**: $x^3$ is flat")


def test_the_hessian_of_the_cubic():
    def cubic(x):
        return x[0] ** 3 + 2 * x[0] * x[1] ** 2

    x, y = tensor([1.3, -0.4]).double()
    gradient = torch.func.grad(cubic)(torch.stack([x, y]))
    H = torch.func.hessian(cubic)(torch.stack([x, y]))
    torch.testing.assert_close(gradient, torch.stack([3 * x**2 + 2 * y**2, 4 * x * y]))
    expected = torch.stack([torch.stack([6 * x, 4 * y]), torch.stack([4 * y, 4 * x])])
    torch.testing.assert_close(H, expected)
    holds("hessian", r"For $f=x^3+2xy^2$, with $x,y$ for $x_1,x_2$, the gradient is $(")
    holds("hessian", r"the gradient is $(3x^2+2y^2,\ 4xy)$")
    holds("hessian", r"\mathbf H=\begin{pmatrix}6x&4y\\ 4y&4x\end{pmatrix},\quad")
    bowl = torch.func.hessian(own.bowl)(tensor([1.3, -0.4]).double())
    torch.testing.assert_close(bowl, A)
    holds("hessian", r"The bowl had $\mathbf{A}$. What takes its place for any other")
    holds("hessian-read", r"Its eigenvalues here, $5 \pm \sqrt{65}$, have both signs: ")
    found = torch.linalg.eigvalsh(tensor([[6.0, 8.0], [8.0, 4.0]]).double())
    assert found.tolist() == pytest.approx([5 - math.sqrt(65), 5 + math.sqrt(65)])


def test_curvatures_and_contours_of_the_bowl():
    for v, curvature in (((1.0, 1.0), 3), ((1.0, -1.0), 1)):
        unit = tensor(v).double() / math.sqrt(2)
        assert (unit @ A @ unit).item() == pytest.approx(curvature)
        t = math.sqrt(2 * 0.7 / curvature)
        assert own.bowl(t * unit).item() == pytest.approx(0.7)
    holds("axes-read", "Along $(1, 1)$ the curvature is 3, and the contours lie close ")
    holds("axes-read", "along $(1, -1)$ it is 1. Both arrows end on the same contour.")
    holds(
        "axes-more", r"is met at $t = \sqrt{2c/\lambda}$: half-axes in proportion to "
    )
    holds("axes-more", r"to $1/\sqrt\lambda$, here $\sqrt3$ to 1.")


def test_why_the_form_of_the_hessian_is_a_curvature():
    """The gradient of a function that is no quadratic, a short way along v."""

    def cubic(x):
        return x[0] ** 3 + 2 * x[0] * x[1] ** 2

    x, v, t = tensor([1.0, 2.0]).double(), tensor([0.6, 0.8]).double(), 1e-5
    gradient, H = torch.func.grad(cubic), torch.func.hessian(cubic)(x)
    changed = gradient(x + t * v) - gradient(x)
    torch.testing.assert_close(changed, t * H @ v, rtol=1e-4, atol=0)
    torch.testing.assert_close(v @ changed, t * (v @ H @ v), rtol=1e-4, atol=0)
    along = [(cubic(x + s * v + 1e-6 * v) - cubic(x + s * v)) / 1e-6 for s in (0, t)]
    torch.testing.assert_close(along[0], gradient(x) @ v, rtol=1e-5, atol=0)
    holds(
        "axes-more",
        r"So after a step $t$ along $\mathbf v$ the gradient has changed by about "
        r"$t\,\mathbf{Hv}$. The slope along $\mathbf v$ is the gradient's inner "
        r"product with $\mathbf v$; it has changed by about "
        r"$t\,\mathbf v^\top\mathbf{Hv}$.",
    )
    holds("curvature", r"$\mathbf v^\top\mathbf{Hv}$ is the **curvature** in this dir")
    for value, u in zip(*torch.linalg.eigh(H), strict=True):
        torch.testing.assert_close(u @ (value * u), value)
        torch.testing.assert_close(u @ H @ u, value)
    holds(
        "curvature",
        r"Along an eigenvector it is the eigenvalue: "
        r"$\mathbf{v}^\top\lambda\mathbf{v}=\lambda$.",
    )


def test_orders_of_taylor_and_their_lines():
    (ax,) = figures.show_taylor(torch.exp, 0.0, 1.6).axes
    looks = {line.get_label(): line._unscaled_dash_pattern[1] for line in ax.lines}
    assert looks["f"] is None
    assert looks["first order"] == DASHES[1] and looks["second order"] == DASHES[2]
    assert DASHES[1][0] > 4 > DASHES[2][0], "dashes, then dots"
    x = np.linspace(-1.6, 1.6, 9)
    off = [np.abs(np.exp(x) - y) for y in (1 + x, 1 + x + x**2 / 2)]
    assert (off[1] <= off[0]).all()
    holds(
        "taylor-figure-read",
        "The dashed line has the slope of $e^x$ at 0, the dotted parabola also its cur",
        "the parabola stays with the curve for longer.",
    )
    holds(
        "taylor-formula", r"\tfrac12\,\mathbf d^\top\mathbf H(\mathbf x)\,\mathbf d}_"
    )
    holds(
        "taylor-read",
        "With each halving the first-order error falls to about a quarter, the second-",
    )
    holds("taylor-read", "the second-order error to about an eighth.")
    holds("taylor-more", "The first order leaves out terms that begin with the square ")
    holds("taylor-explore-read", "Near 4 and near 8 for small distances")


def test_the_half_of_the_expansion_is_that_of_an_average():
    x, v, t = tensor([1.0, 2.0]).double(), tensor([0.6, 0.8]).double(), 0.7
    g, c = v @ A @ x, v @ A @ v
    along = [v @ A @ (x + s * v) for s in torch.linspace(0, t, 1001).double()]
    torch.testing.assert_close(along[-1], g + c * t)
    average = torch.stack(along).mean()
    torch.testing.assert_close(average, g + c * t / 2)
    change = own.bowl(x + t * v) - own.bowl(x)
    torch.testing.assert_close(average * t, change)
    torch.testing.assert_close(g * t + c * t**2 / 2, change)
    torch.testing.assert_close((A @ x) @ (t * v), g * t)
    torch.testing.assert_close((t * v) @ A @ (t * v), c * t**2)
    holds(
        "taylor-more",
        r"the slope grows from $g$ to $g+ct$, on average $g+\frac12ct$. Times $t$, "
        r"that is the change of the value: $gt+\frac12ct^2$. In the formula "
        r"$\nabla f^\top\mathbf d$ is $gt$, and $\mathbf d^\top\mathbf{Hd}$ is $ct^2$.",
    )


def test_the_expansion_says_how_long_a_step_may_be():
    x = tensor([1.0, 2.0]).double()
    g = A @ x
    falls, rises = g @ g, g @ A @ g
    assert (own.bowl(x), falls, rises) == (7, 41, 122)
    for lr in (0.3, 0.7):
        exact = own.bowl(x - lr * g)
        assert exact == pytest.approx((7 - lr * falls + lr**2 * rises / 2).item())
        down, up = f"{lr * falls:.3g}", f"{lr**2 * rises / 2:.2f}"
        holds("taylor-more", f"$7-{down}+{up}={exact:.2f}$")
    assert (2 * falls / rises).item() == pytest.approx(0.672, abs=5e-4)
    for k in range(20):
        d = draw(2, seed=k)
        assert 2 * (d @ d) / (d @ A @ d) >= 2 / 3 - 1e-9
    holds(
        "taylor-more",
        r"$f$ changes by about $-\alpha\lVert\mathbf g\rVert^2 + \frac12\alpha^2",
        r"for a small $\alpha$ the slope wins and $f$ falls; for a large one the curv",
        r"The two terms cancel at $\alpha = 2 \cdot 41/122 = 0.672$. In no direction",
    )


def test_where_the_first_order_is_as_good_as_the_second():
    for x, y, degrees in ((0.0, 0.8, 30), (-0.5, 1.3, 110)):
        curvature = explorers.expansion(x, y, degrees)[2]
        turned = y + 2 * math.radians(degrees)
        assert curvature == pytest.approx(math.exp(x) * math.sin(turned))
    holds(
        "taylor-explore-read", r"is $e^x\sin(y+2\theta)$: at $y = 0.8$ it is 0 at 67°"
    )
    holds(
        "taylor-explore-read", "it is 0 at 67° and 157°, and there the dashed and the d"
    )
    for degrees in (67, 157):
        assert abs(explorers.expansion(0.0, 0.8, degrees)[2]) < 0.005
    far, half = (explorers.errors(0.0, 0.8, 60, t)[0] for t in (0.7, 0.35))
    assert half > far
    holds(
        "taylor-explore-read", "the way from 0.7 to 0.35 does not shrink the first-orde"
    )


# -- learning rates ------------------------------------------------------------------


def test_the_largest_curvature_limits_the_rate():
    def left(lr, curvatures):
        start = torch.ones(2, dtype=torch.float64)
        gradient = tensor(curvatures).double()
        return own.descend(lambda x: gradient * x, start, lr, 200).norm().item()

    assert left(0.19, (1.0, 10.0)) < 1e-3 < 1e3 < left(0.21, (1.0, 10.0))
    assert left(0.66, (1.0, 3.0)) < 1 < left(0.68, (1.0, 3.0))
    holds("stable", r"0<\alpha<\frac2{\lambda_{\max}}.")
    holds("stable", r"A step multiplies $x_1$ by $1-\alpha$ and $x_2$ by $1-10\alpha$.")
    holds(
        "parts-read", r"which shrinks if $|1 - \alpha\lambda| < 1$, so $\alpha < 2/\lam"
    )
    holds(
        "stable",
        r"In any bowl, a step $\mathbf x-\alpha\mathbf{Ax}$ leaves $1-\alpha\lambda$ "
        "of the part along each eigenvector; all shrink for",
    )
    holds("stable-bowl", "above $2/3$:")
    x = tensor([1.0, 2.0]).double()
    along, across = tensor([1.0, -1.0]).double(), tensor([1.0, 1.0]).double()
    for v, lr, left in ((along, 0.3, 0.7), (across, 0.3, 0.1), (across, 0.7, -1.1)):
        assert v @ (x - lr * A @ x) == pytest.approx(left * (v @ x))
    holds(
        "descent-explore",
        "Our bowl has the curvatures 1 and 3: above $2/3$ its path would explode.",
    )
    holds(
        "parts-read",
        "At 0.7 the part along $(1,1)$ is multiplied by $1-2.1=-1.1$: it changes sides "
        "and grows.",
    )
    rows = re.findall(r"step \d: +(\S+) +(\S+)", shown("01", "parts-code"))
    parts = torch.tensor([[*map(float, row)] for row in rows]).double().view(2, 4, 2)
    for lr, steps in zip((0.3, 0.7), parts, strict=True):
        for k, (one, other) in enumerate(steps):
            sum_of_parts = one * along + other * across
            expected = own.descend(lambda x: A @ x, x, lr, k)
            torch.testing.assert_close(sum_of_parts, expected, atol=2e-4, rtol=0)
    holds("stable-read", "Just below the limit it converges, slowly; at the limit it j")
    holds("recall-questions", r"Above $2/\lambda_{\max}$. Standardized inputs bring th")
    holds(
        "summary",
        r"on a quadratic, the largest limits the learning rate to $2/\lambda_{\max}$.",
    )


def test_the_best_rate_is_where_both_ends_are_equal():
    low, high = 1.0, 10.0
    rates = np.linspace(0.01, 0.2, 20_000)
    slowest = np.maximum(abs(1 - rates * low), abs(1 - rates * high))
    assert rates[slowest.argmin()] == pytest.approx(2 / (low + high), abs=1e-4)
    kappa = high / low
    assert slowest.min() == pytest.approx((kappa - 1) / (kappa + 1), abs=1e-4)
    holds(
        "stable-more",
        r"$\alpha = 2/(\lambda_{\min} + \lambda_{\max})$, here $2/11$, where each step "
        "leaves $9/11$ of the distance.",
        r"At the best rate a step leaves in general at most $(\kappa - 1)/(\kappa + "
        r"1)$ of it, with the condition number $\kappa = \lambda_{\max}/\lambda",
        r"Where $\lambda_{\max}/\lambda_{\min}$, the condition number, is large, the v",
        "a column of large numbers makes a steep wall",
        "try rates a factor of three apart, and keep clear of the first at which the l",
    )
    start = tensor([1.0, 2.0]).double()
    for k, rises in enumerate((False, False, False, True)):  # the bowl's limit is 2/3
        end = own.descend(lambda x: A @ x, start, 0.03 * 3**k, 20)
        assert (own.bowl(end) > own.bowl(start)) == rises


def test_at_half_the_limit_the_regression_arrives_and_above_it_explodes():
    data = make_regression(w=(2.0, -3.4), b=4.2, n_train=1000, noise=0.01)
    X = torch.cat([data.train.X, torch.ones(1000, 1)], 1)
    values = torch.linalg.eigvalsh(X.T @ X / len(X))
    limit = (2 / values.max()).item()
    exact = torch.linalg.solve(X.T @ X, X.T @ data.train.y)

    def distance(lr):
        def gradient(w):
            return X.T @ (X @ w - data.train.y) / len(X)

        return (own.descend(gradient, torch.zeros(3, 1), lr, 1000) - exact).norm()

    assert distance(0.5 * limit) < 1e-5 and distance(1.01 * limit) > 1e3
    holds("gd-regression", "descent arrives at the least-squares weights at half the l")
    holds("gd-regression", "and explodes one percent above it.")
    source = text_of("01", "gd-regression-code")
    assert (
        "limit = 2 / torch.linalg.eigvalsh(X1.T @ X1 / len(X1)).max().item()" in source
    )
    assert "for share in (0.5, 1.01):" in source


def test_single_batches_allow_less_than_all_examples():
    data = make_regression(noise=0.5, n_train=1000).train
    X = torch.cat([data.X, torch.ones(len(data), 1)], 1)
    whole = torch.linalg.eigvalsh(X.T @ X / len(X)).max()
    curvatures = torch.linalg.eigvalsh(torch.stack([b.T @ b / 10 for b in X.split(10)]))
    batches = curvatures[:, 2]
    assert 1 < whole < 1.15 and batches.max() > 2 and batches.min() > 0.9
    assert 0.85 < (batches > 2 / 1.8).double().mean() < 0.9
    assert (curvatures[:, 0] < 2 / 1.8).all(), "in other directions they shrink"
    assert batches.mean() > whole
    holds("panel-answers", "1. Near 1.9.", "2. A little earlier. At the rate")
    holds(
        "panel-answers",
        r"if the largest eigenvalue of its own $\mathbf X^\top\mathbf X/10$ exceeds "
        r"$2/\alpha$. At 1.8 nearly nine in ten batches do so, but in other directions "
        "they shrink it;",
    )
    holds("panel-answers", "3. At half the variance of the noise: nearly 0, and about ")


def test_the_panel_can_be_set_to_what_its_questions_ask():
    panel, questions = text_of("01", "panel"), text_of("01", "panel-questions")
    assert "Set `noise` to 0, then to 1." in questions
    assert "noise=Slider(0.0, 1.0, start=0.5)," in panel
    assert "With `batch_size` 1000" in questions and "With batches of 10" in questions
    assert "batch_size=Choice(1, 10, 100, 1000, start=10)," in panel
    assert "at rate 0.005" in questions
    assert "lr=LogSlider(0.001, 3, start=0.005)," in panel
    baseline = text_of("01", "baseline")
    assert '"num_epochs": 10, "lr": 0.005, "batch_size": 10}' in baseline
    assert "noisy(noise=0.5)" in baseline
    assert "num_epochs=IntSlider(1, 30, start=10)," in panel
    holds("panel-answers", "give it 30 epochs")


def test_between_which_rates_both_factors_shrink():
    rates = torch.linspace(-0.1, 0.3, 401, dtype=torch.float64)
    shrinks = ((1 - rates).abs() < 1 - 1e-9) & ((1 - 10 * rates).abs() < 1 - 1e-9)
    inside = (rates > 1e-9) & (rates < 0.2 - 1e-9)
    assert torch.equal(shrinks, inside)
    holds(
        "stable",
        "whose curvatures (eigenvalues) are 1 and 10.",
        r"Both factors must lie between $-1$ and $1$: for $1-10\alpha$ that means "
        r"$0<\alpha<0.2$.",
    )
    values, V = torch.linalg.eigh(A)
    x, alpha = draw(2), 0.3
    parts = V * (V.T @ x)  # column k: the part along eigenvector k
    torch.testing.assert_close(parts.sum(1), x)
    left = (parts * (1 - alpha * values)).sum(1)
    torch.testing.assert_close(x - alpha * A @ x, left)


def test_the_short_way_leads_to_a_section_that_is_there():
    way = text_of("01", "plane-way")
    title = way.split('"')[1]
    assert text_of("01", "stable").startswith(f"## {title} ")
    holds("plane-way", r"For the bowl $\frac12\mathbf x^\top\mathbf{Ax}$ eigenvectors")
    holds("plane-way", f'The rate at which the path would explode comes in "{title}".')
    holds("definite-why", "For other functions the Hessian of the next section replac")


def test_limits_of_the_panels_examples_by_seed():
    limits = []
    for seed in range(8):
        X = make_regression(noise=0.5, seed=seed).train.X
        X = torch.cat([X, torch.ones(len(X), 1)], 1)
        limits.append(2 / torch.linalg.eigvalsh(X.T @ X / len(X)).max().item())
    assert limits[0] == pytest.approx(1.9, abs=0.05)
    assert 1.75 < min(limits) < 1.85 and max(limits) < 2
    holds("panel-answers", "limits of their own, from about 1.8 on.")
    holds("panel-answers", "the loss with seed 0 even falls for about twelve epochs")


def test_the_loss_with_seed_0_falls_for_twelve_epochs_before_it_rises():
    panel = taught("01", "noisy", "linear_regression", "squared_error")
    data = panel.noisy(0.5)
    for lr, epochs in ((1.995, 12), (2.24, 0)):
        with seeded(0):
            net = panel.linear_regression()
        settings = {"num_epochs": 30, "lr": lr, "batch_size": 1000}
        run = train(net, data.train, data.val, loss=panel.squared_error, **settings)
        lowest = int(np.argmin(run.val_loss))
        assert abs(lowest - epochs) <= 2 and run.val_loss[-1] > 2 * run.val_loss[lowest]
