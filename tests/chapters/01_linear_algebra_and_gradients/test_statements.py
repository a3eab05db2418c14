"""Chapter 1: what its sentences say, computed first; then each must stand there.

A number beside a cell is held by that cell; here it is the words "larger", "first",
"transposed" and the signs of formulas, which no cell computes.
"""

import math

import numpy as np
import pytest
import torch
from torch import tensor
from torch.nn import functional as F

from helpers import make_regression
from helpers.chapters.linear_algebra_and_gradients import figures
from helpers.figures import COLORS, DASHES
from tests.taught import taught, text_of

own = taught("01", "descend", "bowl", "fit_line", "squared_error", "numeric_gradient")
A = tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
EXAMPLES = [(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]


def holds(cell_id: str, *sentences: str) -> None:
    text = text_of("01", cell_id)
    for sentence in sentences:
        assert sentence in text, f"{cell_id} should say: {sentence}"


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


# -- learning ------------------------------------------------------------------------


def test_the_first_weight_goes_against_its_slope_in_ever_shorter_steps():
    def error(w):
        return sum(0.5 * (w * x - y) ** 2 for x, y in EXAMPLES) / 3

    found = [0.0]
    for _ in range(20):
        slope = sum((found[-1] * x - y) * x for x, y in EXAMPLES) / 3
        assert error(found[-1] + 1e-3 * slope) > error(found[-1]), "it grows that way"
        found.append(found[-1] - 0.1 * slope)
    steps = np.abs(np.diff(found))
    assert (np.diff(steps) < 0).all()
    holds("learn-one-weight-read", "`slope` tells in which direction the error grows w")
    holds("learn-one-weight-read", "each step goes the other way.")
    holds("fits-read", "The line starts flat and turns toward the points. Its first st")
    holds(
        "fits-read", "Its first step is the longest; the nearer it comes, the smaller"
    )
    holds("learning-plan", r"the mean of $\frac12(wx - y)^2$, and `slope` is its deriv")


# -- tensors -------------------------------------------------------------------------


def test_types_and_their_digits():
    assert tensor([1]).dtype == torch.int64 and tensor([1.0]).dtype == torch.float32
    with pytest.raises(RuntimeError):
        tensor([1], requires_grad=True)
    digits = [round(-math.log10(torch.finfo(t).eps)) for t in (torch.float32, A.dtype)]
    assert digits == [7, 16]
    holds("creating-read", "Whole numbers make `int64`, and numbers with a point `floa")
    holds("creating-read", "Tensors of whole numbers have no gradients: write `1.0`")
    holds(
        "creating-more", "`float32` keeps about 7 decimal digits, `float64` about 16."
    )


def test_ways_to_take_parts_and_to_join():
    t, s = tensor([[1, 2, 3], [4, 5, 6]]), tensor([[7, 8, 9], [0, 0, 0]])
    assert t[0].tolist() == [1, 2, 3] and t[:, 1].tolist() == [2, 5]
    assert torch.cat([s, t], 1).shape == (2, 6) and torch.stack([s, t]).ndim == 3
    assert t.sum(1, keepdim=True).shape == (2, 1)
    array = np.zeros(2)
    assert torch.from_numpy(array).dtype == torch.float64
    torch.from_numpy(array)[0] = 5
    assert array[0] == 5
    holds(
        "creating-more",
        "`keepdim=True` keeps that axis with length 1.",
        "`t.T` exchanges rows and columns,",
        "`t[0]` is the first row, `t[:, 1]` the second column.",
        "`torch.cat([s, t], 1)` joins tensors along an axis that they have, here side",
        "`torch.stack([s, t])` lays tensors of equal shape along a new axis.",
        "usually `float64`, and shares its memory: changing one changes the other.",
    )


def test_the_axis_that_is_named_disappears():
    table = tensor([[0.0], [10.0], [20.0]]) + tensor([[1.0, 2.0]])
    assert table.sum(0)[0] == 1 + 11 + 21 and table.sum(1).shape == (3,)
    holds("broadcasting", "counted from the last axis, the lengths are equal, or one o")
    holds("broadcasting", "or one of them is 1 or missing and is then repeated.")
    holds(
        "broadcasting-read",
        "The gray numbers are copies. In a sum, the axis that is named is the one that "
        "disappears: `sum(0)` adds down the columns, $1+11+21=33$, and `sum(1)` along "
        "the rows.",
    )
    recall = text_of("01", "recall-questions")
    assert "Axis 0: the rows are added up, one sum is left for each column." in recall
    assert (torch.zeros(5, 1) - torch.zeros(5)).shape == (5, 5)
    assert "A table of all pairs, (5, 5): the missing axis is added in front" in recall


# -- vectors and matrices ------------------------------------------------------------


def test_the_sign_of_an_inner_product_tells_the_angle():
    a = tensor([3.0, 4.0])
    assert a @ tensor([4.0, 3.0]) > 0 > a @ tensor([-4.0, -3.0])
    assert a @ tensor([-4.0, 3.0]) == 0
    holds(
        "inner-why",
        r"\mathbf a \cdot \mathbf b = \lVert\mathbf a\rVert \, \lVert\mathbf b\rVert "
        r"\cos\varphi , \qquad \lVert\mathbf a\rVert = \sqrt{\mathbf a \cdot",
        "It is positive if they point roughly the same way, negative if they point "
        "roughly opposite ways, and 0 at a right angle.",
    )
    b = draw(2)
    angle = torch.atan2(a[1], a[0]) - torch.atan2(b[1], b[0])
    assert torch.isclose(a.double() @ b, a.norm() * b.norm() * angle.cos())


def test_norms_and_where_they_end():
    x = tensor([3.0, -4.0])
    for p, value in ((1, x.abs().sum()), (2, (x**2).sum().sqrt()), (math.inf, 4)):
        assert torch.linalg.vector_norm(x, p) == value
    holds(
        "norms",
        r"\lVert\mathbf x\rVert_1 = \sum_i |x_i|, \qquad \lVert\mathbf x\rVert_2 = "
        r"\sqrt{\sum_i x_i^2}, \qquad \lVert\mathbf x\rVert_\infty = \max_i |x_i| .",
    )
    holds(
        "norms-read", "7 blocks to walk in a city, 5 along the straight line, and a l"
    )

    def length(x, p):
        return (x.abs() ** p).sum() ** (1 / p)

    e1, e2 = torch.eye(2)
    assert length(e1 + e2, 0.5) > length(e1, 0.5) + length(e2, 0.5)
    assert length(e1 + e2, 1) <= length(e1, 1) + length(e2, 1)
    assert torch.isclose(length(x, 50), x.abs().max())
    holds(
        "norms-more",
        r"\big(\sum_i |x_i|^p\big)^{1/p}$ with $p \ge 1$; the last is the limit for $p",
        r"$\lVert c\,\mathbf x\rVert = |c|\,\lVert\mathbf x\rVert$",
        r"\lVert\mathbf x + \mathbf y\rVert \le \lVert\mathbf x\rVert + \lVert\mathbf",
        "a detour is never shorter.",
        "is the root of the sum of all squared entries",
    )
    holds(
        "norm-balls-read",
        "A diamond, a disk, nearly a square. The corners of the diamond lie on the axe",
        "Below 1 the ball caves in, and a detour can be shorter than the straight way.",
    )


def test_rules_of_the_matrix_product():
    B, C = draw(2, 3), draw(3, 4)
    torch.testing.assert_close((B @ C).T, C.T @ B.T)
    assert (B @ C).shape == (2, 4)
    assert torch.equal(torch.eye(2, dtype=B.dtype) @ B, B)
    a, b = draw(3, 1, seed=1), draw(3, 1, seed=2)
    assert torch.isclose((a.T @ b).squeeze(), a[:, 0] @ b[:, 0])
    holds(
        "matrices",
        "has $m$ rows and $n$ columns",
        r"Entry $(i, j)$ of $\mathbf{AB}$ is row $i$ of $\mathbf A$ times column $j$ o",
    )
    holds(
        "matmul-read",
        "The inner lengths must agree; the outer ones remain: $(2, 3)$ times $(3, 4)$",
    )
    holds(
        "matmul-more",
        r"the inner product is $\mathbf a^\top\mathbf b$.",
        r"$(\mathbf{AB})^\top = \mathbf B^\top \mathbf A^\top$",
        "with ones on the diagonal and zeros elsewhere, changes nothing.",
        "`A * B` multiplies entry by entry and is no matrix product.",
        "the last two axes are multiplied, and those before them broadcast.",
    )


# -- derivatives ---------------------------------------------------------------------


def test_rules_of_derivatives():
    x = tensor(0.7, dtype=torch.float64, requires_grad=True)

    def slope(y):
        return torch.autograd.grad(y, x)[0]

    for y, expected in (
        (x**5, 5 * x**4),
        (x.exp(), x.exp()),
        (x.log(), 1 / x),
        (x.sin(), x.cos()),
        (x.sin() * x.exp(), x.cos() * x.exp() + x.sin() * x.exp()),
        ((x**2).sin(), (x**2).cos() * 2 * x),
    ):
        torch.testing.assert_close(slope(y), expected.detach())
    holds(
        "derivative-more",
        "For $x^2$ the fraction is $2x + h$, and so the derivative is $2x$.",
        r"$(x^n)' = nx^{n-1}$, $(e^x)' = e^x$, $(\ln x)' = 1/x$, $(\sin x)' = \cos x$.",
        "For a product, $(fg)' = f'g + fg'$.",
    )
    holds("chain", r"\frac{d}{dx} f(g(x)) = f'(g(x)) \, g'(x) .")
    holds("chain", r"the outer slope is $\cos(x^2)$ and the inner one $2x$")
    holds("recall-questions", r"$f'(g(x)) \, g'(x)$: the slopes multiply. Where sever")
    holds("recall-questions", "their products are added.")


def test_the_error_of_a_central_difference_falls_with_the_square_of_h():
    def errors(h):
        one, two = math.exp(1 + h), math.exp(1 - h)
        there = math.e
        return abs((one - there) / h - there), abs((one - two) / (2 * h) - there)

    fell = [a / b for a, b in zip(errors(0.02), errors(0.01), strict=True)]
    assert fell == pytest.approx([2, 4], rel=0.05)
    holds("derivative-more", "$(f(x+h) - f(x-h))/(2h)$. The error of this **central di")
    holds("derivative-more", "**central difference** falls like $h^2$, that of the dif")
    holds("derivative-more", "that of the difference above only like $h$.")


def test_the_gradient_points_where_the_function_rises_fastest():
    point, g = tensor([1.0, 2.0]).double(), tensor([4.0, 5.0]).double()
    assert own.numeric_gradient(own.bowl, point).tolist() == pytest.approx([4, 5])

    def risen(p):
        return (own.bowl(point + 1e-4 * p / p.norm()) - own.bowl(point)).item()

    across = tensor([-5.0, 4.0]).double()
    assert risen(g) > max(risen(draw(2, seed=k)) for k in range(50))
    assert risen(-g) < 0 and abs(risen(across)) < 1e-3 * risen(g)
    holds("steepest-read", "Along the dashed line the slope is 0.")
    holds("steepest-why", "along which $f$ keeps its value: the gradient stands on the")
    holds("steepest-why", r"It is largest for $\varphi = 0$, most negative in the opp")
    holds("recall-questions", "In the direction in which the function rises fastest; ")
    holds("summary", "The gradient points uphill, as steep as it is long")
    holds("directional", r"$\mathbf p^\top\nabla f / \lVert\mathbf p\rVert$")
    holds("gradient", "they are $2x_1 + x_2$ and $x_1 + 2x_2$.")
    torch.testing.assert_close(point @ A @ point / 2, own.bowl(point))
    torch.testing.assert_close(A @ point, g)
    holds(
        "gradient-read", r"$f(\mathbf x) = \frac12\mathbf x^\top\mathbf{Ax}$ and $\na"
    )


def test_the_colors_of_the_graph_are_those_of_its_sentence():
    values = {"a": 2.0, "b": -3.0, "p": -6.0, "z": -4.0}
    arrows = {("a", "p"): -3.0, ("b", "p"): 2.0, ("p", "z"): 1.0, ("a", "z"): 1.0}
    (ax,) = figures.show_graph(values, arrows).axes
    colors = {text.get_text(): text.get_color() for text in ax.texts}
    for word, color in colors.items():
        if " = " in word:
            assert color == COLORS[0]  # blue
        if word.startswith("slope"):
            assert color == COLORS[1]  # orange
        if word.startswith("×"):
            assert color == figures.GRAY
    holds(
        "graph-back",
        "Blue, from left to right: the values. Gray, on each arrow: the slope of its "
        "end with respect to its beginning. Orange, from right to left: the slope of "
        "$z$ with respect to each node.",
    )


# -- descent and regression ----------------------------------------------------------


def test_a_step_goes_against_the_gradient():
    holds("descent", r"\mathbf x_{k+1} = \mathbf x_k - \alpha\,\nabla f(\mathbf x_k),")
    holds("path-read", "The map is dark where $f$ is low. The rate is 0.3 all the time")
    holds("path-read", r"a step is $\alpha\lVert\nabla f\rVert$ long")
    holds(
        "descent-direction", r"Every $\mathbf p$ with $\mathbf p^\top\nabla f < 0$ is"
    )
    path = torch.stack([tensor([1.0, 2.0]), tensor([0.2, 0.1])])
    ax = figures.show_path(own.bowl, path).axes[0]
    filled = ax.collections[0]
    light = [sum(c[:3]) for c in filled.cmap(filled.norm(filled.levels))]
    assert light[0] < light[-1], "dark where it is low"
    (start,) = [text for text in ax.texts if text.get_text() == "start"]
    assert start.xy == (1.0, 2.0)


def test_minus_the_logarithm_of_the_likelihood():
    r, sigma = tensor([0.5, -1.0, 2.0]).double(), 0.8
    minus = -torch.distributions.Normal(0.0, sigma).log_prob(r)
    torch.testing.assert_close(minus - minus[0], (r**2 - r[0] ** 2) / (2 * sigma**2))
    holds(
        "likelihood-formula",
        r"\sum_i \frac{(\hat y_i - y_i)^2}{2\sigma^2} + \text{constant}.",
        "So the largest likelihood has the smallest squared error.",
    )
    density = math.exp(-(0.5**2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))
    assert math.exp(-minus[0]) == pytest.approx(density)
    holds(
        "likelihood", r"\frac{1}{\sigma\sqrt{2\pi}} \, e^{-\varepsilon^2/(2\sigma^2)}"
    )
    holds("likelihood-read", "The smaller the loss, the larger the likelihood.")
    holds("noise-read", "The longer the bar, the less surprising is the example.")
    holds("likelihood-code", "torch.distributions.Normal(0.0, 0.8)")
    holds("recall-questions", "If the noise is Gaussian, the smallest squared error is")


def test_the_gradient_of_linear_regression():
    X, w, y = draw(7, 3), draw(3, seed=1).requires_grad_(), draw(7, seed=2)
    loss = ((X @ w - y) ** 2).sum() / (2 * len(y))
    (gradient,) = torch.autograd.grad(loss, w)
    torch.testing.assert_close(gradient, X.T @ (X @ w - y).detach() / len(y))
    hessian = torch.func.hessian(lambda w: ((X @ w - y) ** 2).sum() / 14)(w.detach())
    torch.testing.assert_close(hessian, X.T @ X / 7)
    holds(
        "normal",
        r"L = \frac1{2n}\lVert\mathbf{Xw} - \mathbf y\rVert^2, \qquad \nabla L = "
        r"\frac1n\mathbf X^\top(\mathbf{Xw} - \mathbf y) .",
        r"$\mathbf X^\top\mathbf{Xw}=\mathbf X^\top\mathbf y$",
    )
    holds(
        "normal-more", r"$\mathbf w = (\mathbf X^\top\mathbf X)^{-1}\mathbf X^\top\ma"
    )
    holds("normal-more", r"\partial r_i/\partial w_k = \frac1n\sum_i r_i X_{ik}$.")
    holds(
        "gd-regression", r"the Hessian is $\frac1n\mathbf X^\top\mathbf X$ for all we"
    )
    few = make_regression(w=(2.0,), b=1.0, n_train=25, noise=0.8).train
    x, y = few.X.squeeze(1), few.y.squeeze(1)
    slope, intercept = own.fit_line(x, y)
    fitted = own.squared_error(slope * x + intercept, y)
    assert fitted < own.squared_error(2 * x + 1, y)
    holds("normal-read", "The fitted line has a smaller loss than the rule that made ")


def test_what_far_points_do_to_a_line():
    near = torch.cat([torch.linspace(-2, -0.2, 50), torch.linspace(0.2, 2, 50)])
    x = torch.cat([near, torch.linspace(28, 32, 10)])
    slope, intercept = own.fit_line(x, (x > 0).float())
    wrong = ((slope * near + intercept > 0.5) != (near > 0)).sum()
    assert wrong == 15
    holds("far-read", "the border, the diamond, moves: 15 of the 100 old points are n")
    assert torch.sigmoid(tensor(3.0)) == 1 / (1 + torch.exp(tensor(-3.0)))
    assert F.softplus(tensor(-30.0)) < 1e-6 < F.softplus(tensor(0.0))
    holds("far-why", r"into a probability, $p = 1/(1+e^{-z})$")
    holds("far-why", "far out on the correct side this loss is almost 0.")


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
    holds("eigen-by-hand", "the sum of the diagonal, $1 + 3 = 2 + 2$, and multiply to ")


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
        r"If it is 0, there is no inverse.",
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
        "All positive: a bowl, definite. One 0, none negative: a trough, semidefinite. "
        "Both signs: a saddle, **indefinite**, uphill in some directions, downhill in",
    )
    holds(
        "definite", "if this **quadratic form** is positive for every $\\mathbf x$ bu"
    )
    holds("definite", "and **positive semidefinite** if it is never negative.")
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
    holds("hessian", r"For $f = x^3 + 2xy^2$ the gradient is $(3x^2 + 2y^2,\ 4xy)$")
    holds("hessian", r"\mathbf H = \begin{pmatrix} 6x & 4y\\ 4y & 4x\end{pmatrix}, \qu")
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
    holds("axes-read", "along $(1, -1)$ it is 1.")
    holds(
        "axes-more", r"is met at $t = \sqrt{2c/\lambda}$: half-axes in proportion to "
    )
    holds("axes-more", r"to $1/\sqrt\lambda$, here $\sqrt3$ to 1.")


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


# -- learning rates ------------------------------------------------------------------


def test_the_largest_curvature_limits_the_rate():
    def left(lr, curvatures):
        start = torch.ones(2, dtype=torch.float64)
        gradient = tensor(curvatures).double()
        return own.descend(lambda x: gradient * x, start, lr, 200).norm().item()

    assert left(0.19, (1.0, 10.0)) < 1e-3 < 1e3 < left(0.21, (1.0, 10.0))
    assert left(0.66, (1.0, 3.0)) < 1 < left(0.68, (1.0, 3.0))
    limit = r"\frac{2}{\lambda_{\max}} ."
    holds("stable", r"0 < \alpha < " + limit)
    holds("stable", r"A step turns $x$ into $(1 - \alpha)x$ and $y$ into $(1 - 10\alph")
    holds("stable-bowl", r"so $\alpha < 2/\lambda$. Our $\mathbf A$ has the eigenvalue")
    holds("stable-bowl", "so the limit is $2/3$: the rate 0.3 was safe.")
    holds("stable-read", "Just below the limit it converges, slowly. At the limit it j")
    holds("recall-questions", r"Above $2/\lambda_{\max}$. Standardized inputs bring th")
    holds("summary", r"the largest limits the learning rate to $2/\lambda_{\max}$.")


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
        r"In general it leaves $(\kappa - 1)/(\kappa + 1)$, with the **condition number"
        r"** $\kappa = \lambda_{\max}/\lambda_{\min}$.",
        r"Where $\lambda_{\max}/\lambda_{\min}$, the condition number, is large, the v",
        "A column of large numbers makes a steep wall",
    )


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
    batches = [torch.linalg.eigvalsh(b.T @ b / 10).max() for b in X.split(10)]
    assert 1 < whole < 1.15 and max(batches) > 2 and min(batches) > 0.9
    assert np.mean(batches) > whole
    holds("panel-answers", "1. Near 1.9.", "2. A little earlier. Each batch has its ow")
    holds("panel-answers", "the largest eigenvalue of some is above 2.")
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
