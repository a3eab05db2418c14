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
from helpers.chapters.linear_algebra_and_gradients import explorers, figures
from helpers.figures import COLORS
from tests.taught import holding, source_of, taught, terms_of, text_of

own = taught("01", "descend", "bowl", "fit_line", "squared_error", "numeric_gradient")
A = tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
EXAMPLES = [(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]


holds = holding("01")


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
        nudged = (error(found[-1] + 1e-3) - error(found[-1] - 1e-3)) / 2e-3
        assert nudged == pytest.approx(slope)
        assert error(found[-1] + 1e-3 * slope) > error(found[-1]), "it grows that way"
        found.append(found[-1] - 0.1 * slope)
    steps = np.abs(np.diff(found))
    assert (np.diff(steps) < 0).all()
    holds("learn-one-weight-read", "`slope` tells how fast the error grows if $w$ is n")
    holds("learn-one-weight-read", "each step goes the other way.")
    holds("fits-read", "The line starts flat and turns toward the points. Right, the")
    holds("fits-read", "steep at 0, flat at 2. So the first step is the longest.")
    assert steps[0] == steps.max() and abs(error(2.001) - error(1.999)) < 1e-9
    holds("learn-one-weight", "# nudge w up and down, and see how much the error grows")
    space = {}
    exec(source_of("01", "learn-one-weight"), space)
    assert space["found"] == pytest.approx(found), "by nudging, the same steps"
    holds("learning-plan", r"the mean of $\frac12(wx - y)^2$, and `slope` is its deriv")


def test_nudging_a_graph_and_autograd_find_one_slope_and_the_engine_learns():
    space = {"torch": torch}
    for cell in ("learn-one-weight", "value-code", "value-check"):
        exec(source_of("01", cell), space)
    slopes = space["nudged"], space["w"].grad, space["w_t"].grad.item()
    assert slopes == pytest.approx([-28 / 3] * 3, rel=1e-5)
    for w in (-1.0, 0.5, 3.0):
        ours, theirs = space["Value"](w), tensor(w, requires_grad=True)
        found = space["value_error"](ours)
        assert found.data == pytest.approx(space["mean_error"](w))
        found.backward()
        space["mean_error"](theirs).backward()
        by_hand = sum((w * x - y) * x for x, y in EXAMPLES) / 3
        assert ours.grad == pytest.approx(by_hand)
        assert theirs.grad.item() == pytest.approx(by_hand)
    exec(source_of("01", "engine-learns-code"), space)
    assert space["w"].data == pytest.approx(space["found"][20], abs=1e-6)
    assert space["w"].data == pytest.approx(2, abs=1e-4)
    holds(
        "engine-learns-read",
        r"Three ways, one number. By hand, it is the mean of $(wx-y)\cdot x$, here "
        "$-28/3$.",
    )
    holds("chain", r"The opening's $\frac12(wx-y)^2$ has the slope $(wx-y)\cdot x$ in")


# -- tensors -------------------------------------------------------------------------


def test_types_and_their_digits():
    assert tensor([1]).dtype == torch.int64 and tensor([1.0]).dtype == torch.float32
    with pytest.raises(RuntimeError):
        tensor([1], requires_grad=True)
    digits = [round(-math.log10(torch.finfo(t).eps)) for t in (torch.float32, A.dtype)]
    assert digits == [7, 16]
    holds("creating-read", "Tensors of whole numbers (`int64`) have no gradients: wri")
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
        r"\mathbf a\cdot\mathbf b=\lVert\mathbf a\rVert\,\lVert\mathbf b\rVert"
        r"\cos\varphi,\qquad\lVert\mathbf a\rVert=\sqrt{\mathbf a\cdot\mathbf a}",
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
        r"\lVert\mathbf x\rVert_1=\sum_i|x_i|,\qquad\lVert\mathbf x\rVert_2="
        r"\sqrt{\sum_ix_i^2},\qquad\lVert\mathbf x\rVert_\infty=\max_i|x_i|.",
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
        "Below 1 the ball caves in (it is not **convex**: a segment between two of its "
        "points can leave it), and a detour can be shorter than the straight way.",
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
        "The inner lengths must agree; the outer ones give the shape: $(2, 3)$ times",
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
    holds("steepest-read", "In the direction of the dashed line it is 0.")
    holds("steepest-why", "keeps its value: the gradient is perpendicular to them.")
    holds("steepest-why", r"It is largest for $\varphi = 0$, most negative in the opp")
    holds("recall-questions", "In the direction in which the function rises fastest; ")
    holds("summary", "The gradient points uphill, its length is the slope there")
    holds(
        "directional",
        r"Along any $\mathbf u$ the slope is the **directional derivative",
    )
    holds("directional", r"$\mathbf u^\top\nabla f/\lVert\mathbf u\rVert$. At $(1, 2)$")
    short, phi = tensor([3e-6, -2e-6]).double(), torch.linspace(0, 6, 50).double()
    change = own.bowl(point + short) - own.bowl(point)
    assert change.item() == pytest.approx((g @ short).item(), rel=1e-3)
    around = torch.stack([phi.cos(), phi.sin()], 1)
    torch.testing.assert_close(around @ g, g[0] * phi.cos() + g[1] * phi.sin())
    holds(
        "steepest",
        "A short step $(h_1,h_2)$ changes $f$ by about $g_1h_1+g_2h_2$: each slope in "
        "the gradient $(g_1,g_2)$ times its own nudge.",
        r"$(\cos\varphi,\sin\varphi)$ the slope is $g_1\cos\varphi+g_2\sin\varphi$.",
    )
    holds("gradient", "they are $2x_1 + x_2$ and $x_1 + 2x_2$.")
    torch.testing.assert_close(point @ A @ point / 2, own.bowl(point))
    torch.testing.assert_close(A @ point, g)
    holds(
        "gradient-read", r"$f(\mathbf x)=\frac12\mathbf x^\top\mathbf{Ax}$ and $\nabl"
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
        "Blue: the values. Gray, on each arrow: the slope of its end with respect to "
        "its beginning, along this arrow alone. Orange, from right to left: the slope "
        "of $z$ with respect to each node, along all paths. Two paths lead to $a$, and "
        "their products add: "
        r"$1\cdot(-3)+1=-2$. This walk is **backpropagation**.",
    )
    assert "a = 2, slope −2" in figures.show_graph(values, arrows).get_label()
    holds("graph-why", r"from $b$ there is only one, $1\cdot2=2$.")


# -- descent and regression ----------------------------------------------------------


def test_a_step_goes_against_the_gradient():
    holds("descent", r"\mathbf x_{k+1}=\mathbf x_k-\alpha\,\nabla f(\mathbf x_k),")
    holds("path-read", "The map is pale where $f$ is low. The rate is 0.3 all the time")
    holds("path-read", r"a step is $\alpha\lVert\nabla f\rVert$ long")
    holds("path-read", "nearly reaches the dashed line where the bowl is flattest; the")
    holds(
        "descent-direction", r"Every $\mathbf u$ with $\mathbf u^\top\nabla f < 0$ is"
    )
    path = torch.stack([tensor([1.0, 2.0]), tensor([0.2, 0.1])])
    ax = figures.show_path(own.bowl, path, A).axes[0]
    filled = ax.collections[0]
    light = [sum(c[:3]) for c in filled.cmap(filled.norm(filled.levels))]
    assert light[0] > light[-1], "pale where it is low"
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
    holds("likelihood", r"\frac{1}{\sigma\sqrt{2\pi}}\,e^{-\varepsilon^2/(2\sigma^2)}")
    holds("likelihood-read", "The smaller the loss, the larger the likelihood; of thes")
    holds("noise-read", "The longer the bar, the less surprising the example.")
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
        r"L=\frac1{2n}\lVert\mathbf{Xw}-\mathbf y\rVert^2,\qquad\nabla L="
        r"\frac1n\mathbf X^\top(\mathbf{Xw}-\mathbf y).",
        "This loss is a bowl or a trough; at its bottom",
        r"$\mathbf X^\top\mathbf{Xw}=\mathbf X^\top\mathbf y$",
    )
    holds(
        "normal-more", r"$\mathbf w = (\mathbf X^\top\mathbf X)^{-1}\mathbf X^\top\ma"
    )
    k = 1  # nudged alone, as the weight of the opening was
    nudge = 1e-4 * torch.eye(3, dtype=X.dtype)[k]
    high, low = (((X @ v - y) ** 2).sum() / 14 for v in (w + nudge, w - nudge))
    torch.testing.assert_close(((high - low) / 2e-4).detach(), gradient[k])
    error = (X @ w - y).detach()
    torch.testing.assert_close((error * X[:, k]).mean(), gradient[k])
    holds(
        "normal-more",
        r"That is entry $k$ of $\frac1n\mathbf X^\top\mathbf r$, and the opening's "
        "`slope` for $w_k$: the mean of error times input $k$.",
    )
    holds("gradient", "entry $i$ is the opening's `slope` with only $x_i$ nudged:")
    holds("normal-more", r"\partial r_i/\partial w_k = \frac1n\sum_i r_i X_{ik}$.")
    holds(
        "gd-regression", r"the Hessian is $\frac1n\mathbf X^\top\mathbf X$ for all we"
    )
    few = make_regression(w=(2.0,), b=1.0, n_train=25, noise=0.8).train
    x, y = few.X.squeeze(1), few.y.squeeze(1)
    slope, intercept = own.fit_line(x, y)
    fitted = own.squared_error(slope * x + intercept, y)
    assert fitted < own.squared_error(2 * x + 1, y)
    assert [f"{value:.2f}" for value in (slope, intercept)] == ["1.79", "0.88"]
    holds(
        "normal-read",
        "The fitted line's loss is below the rule's: it follows some noise, so descent "
        "ends at $(1.79,0.88)$, not $(2,1)$.",
    )
    holds(
        "residuals-read", "The orange strokes are the **residuals**; the loss is half"
    )
    holds("regression", "each point at the right is a line at the left.")
    holds("regression", "25 examples, made by $y=2x+1$ and noise.")
    shown = explorers.regression.scene()
    assert shown["residuals"]["color"] == COLORS[1]  # orange
    ends = shown["residuals"]["xy"].reshape(-1, 3, 2)[:, 0]
    assert ends == pytest.approx(torch.stack([x, y], 1).numpy())


def test_more_noise_asks_for_another_loss():
    r = tensor([0.5, -4.0, 2.0])
    minus = -torch.distributions.Laplace(0.0, 1.0).log_prob(r)
    torch.testing.assert_close(minus - minus[0], r.abs() - r[0].abs())
    tail = torch.distributions.Laplace(0.0, 0.5**0.5)  # both of variance 1
    assert tail.cdf(tensor(-4.0)) > 10 * torch.distributions.Normal(0.0, 1.0).cdf(
        tensor(-4.0)
    )
    holds(
        "likelihood-more", r"density proportional to $e^{-\lvert\varepsilon\rvert}$, wh"
    )
    holds(
        "likelihood-more",
        "which has large errors more often, the loss is the absolute ",
    )


def test_why_noise_is_gaussian_and_the_logarithm_is_taken():
    """Many small influences, each of two values: their sum against the bell curve."""
    generator = torch.Generator().manual_seed(0)
    heads = torch.randint(0, 2, (20_000, 400), generator=generator).double().sum(1)
    z, normal = (heads - 200) / 10, torch.distributions.Normal(0.0, 1.0)
    for edge in (-1.95, -0.95, 0.05, 0.95, 1.95):  # between two values of the sum
        share = (z < edge).double().mean().item()
        assert share == pytest.approx(normal.cdf(tensor(edge)).item(), abs=0.015)
    densities = torch.rand(5, 8, generator=generator, dtype=torch.float64)
    products = densities.prod(1)
    torch.testing.assert_close(products.log(), densities.log().sum(1))
    assert products.log().argmax() == products.argmax()
    holds(
        "likelihood-more",
        "Noise is often the sum of many small independent influences, and such a sum "
        "is nearly Gaussian. The logarithm grows with the likelihood, so the best line "
        "stays the best; and it turns the product into a sum.",
    )


def test_what_far_points_do_to_a_line():
    near = torch.cat([torch.linspace(-2, -0.2, 50), torch.linspace(0.2, 2, 50)])
    x = torch.cat([near, torch.linspace(28, 32, 10)])
    slope, intercept = own.fit_line(x, (x > 0).float())
    wrong = ((slope * near + intercept > 0.5) != (near > 0)).sum()
    assert wrong == 15
    holds("far-read", "the border, the diamond, moves: 15 of the 100 old points are n")
    learner = torch.nn.Linear(1, 1)
    optimizer = torch.optim.LBFGS(learner.parameters(), max_iter=100)

    def log_loss():
        optimizer.zero_grad()
        z = learner(x.unsqueeze(1)).squeeze(1)
        loss = F.binary_cross_entropy_with_logits(z, (x > 0).float())
        loss.backward()
        return loss

    optimizer.step(log_loss)
    assert ((learner(near.unsqueeze(1)).squeeze(1) > 0) == (near > 0)).all()
    holds("far-why", "The cure is **logistic regression**.")
    holds(
        "claim-far",
        "Above, ten far points cost it 15 of the 100 near ones. Is logistic regression "
        "better off, on images too, where",
    )
    assert torch.sigmoid(tensor(3.0)) == 1 / (1 + torch.exp(tensor(-3.0)))
    assert F.softplus(tensor(-30.0)) < 1e-6 < F.softplus(tensor(0.0))
    holds("far-why", r"into a probability, $p = 1/(1+e^{-z})$")
    holds("far-why", "far out on the correct side this loss is almost 0.")


def test_slopes_multiply_in_three_terms_that_stand_together():
    names = [row[0] for row in terms_of("01")]
    first = names.index("derivative")
    assert names[first + 1 : first + 3] == ["chain rule", "backpropagation"]


def test_why_the_inner_product_knows_the_cosine():
    """Multiplied out and by the law of cosines: one length of the third side."""
    for k in range(5):
        a, b = draw(2, seed=k), draw(2, seed=k + 9)
        side = ((a - b) ** 2).sum()
        torch.testing.assert_close(side, a @ a + b @ b - 2 * (a @ b))
        phi = torch.atan2(a[1], a[0]) - torch.atan2(b[1], b[0])
        law = 2 * a.norm() * b.norm() * phi.cos()
        torch.testing.assert_close(side, a @ a + b @ b - law)
        torch.testing.assert_close(b + (a - b), a)  # from the tip of b to that of a
    holds(
        "inner-why",
        r"$\mathbf a-\mathbf b$ leads from the tip of $\mathbf b$ to the tip of",
        r"\lVert\mathbf a\rVert^2+\lVert\mathbf b\rVert^2-2\,\mathbf a\cdot\mathbf b.",
        r"with $2\,\lVert\mathbf a\rVert\,\lVert\mathbf b\rVert\cos\varphi$ in the "
        r"place of $2\,\mathbf a\cdot\mathbf b$.",
    )


def test_the_half_of_the_error_cancels_the_two_of_the_square():
    w, x, y = 0.5, 3.0, 6.0
    slope = (0.5 * ((w + 1e-6) * x - y) ** 2 - 0.5 * ((w - 1e-6) * x - y) ** 2) / 2e-6
    assert slope == pytest.approx((w * x - y) * x)
    holds("chain", "outer times inner: the ½ cancels the square's 2.")


def test_noise_around_0_and_lines_through_0_1():
    noise = torch.distributions.Normal(0.0, 0.8).sample((100_000,))
    root = (noise**2).mean().sqrt()  # the standard deviation, since its mean is 0
    assert root.item() == pytest.approx(noise.std().item(), abs=1e-3)
    assert ((noise + 1) ** 2).mean().sqrt() > 1.1 > noise.std() + 0.2
    holds("likelihood", r"**noise** $\varepsilon$ around 0, of **standard deviation**")
    holds("likelihood-code", "r = slope * x_few + 1 - y_few")
    holds("likelihood-formula", "Four lines through $(0,1)$:")


def test_one_call_uses_all_four_parts():
    holds("preview", "Below, `train` uses all four.")
    holds("preview-code", "train(net, data.train, loss=F.mse_loss, num_epochs=3")
