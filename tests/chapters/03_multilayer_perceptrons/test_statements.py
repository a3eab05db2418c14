"""Chapter 3: what its sentences say, computed first; then each must stand there.

A number beside a cell is held by that cell; here it is the words "sum", "transposed",
"shrink" and the signs of formulas, which no cell computes.
"""

import math

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from torch import nn, tensor
from torch.nn import functional as F

from helpers.chapters.multilayer_perceptrons import explorers, figures
from helpers.chapters.multilayer_perceptrons.approximation import (
    largest_errors,
    networks,
    output,
)
from helpers.figures import COLORS
from tests.said import shown
from tests.taught import holding, taught

own = taught(
    "03", "perceptron", "forward", "backward", "hinges", "slope_at", "relu", "fold"
)
XOR = tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


holds = holding("03")


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


# -- XOR and units ---------------------------------------------------------------------


def test_the_proof_that_no_line_separates_xor():
    """Both sums are of the same number: one says it is positive, the other not."""
    for w1, w2, b in draw(200, 3).tolist():
        ones, zeros = (w1 + b) + (w2 + b), b + (w1 + w2 + b)
        assert ones == pytest.approx(zeros) == pytest.approx(w1 + w2 + 2 * b)
    holds(
        "xor-line-read",
        "The best linear fit answers ½ everywhere (squared error 0.25).",
        "Suppose a line $w_1x_1+w_2x_2+b=0$ did it: $w_1+b>0$ and $w_2+b>0$ "
        r"for the ones, $b\le0$ and $w_1+w_2+b\le0$ for the zeros.",
        "Add each pair: $w_1+w_2+2b$ is positive, and it is not positive.",
    )
    holds("recall-questions", "The sums of the two conditions for the ones and for the")


def test_the_formulas_of_the_hidden_units_are_those_of_xor():
    h1 = XOR.sum(1).clamp(min=0)
    h2 = (XOR.sum(1) - 1).clamp(min=0)
    assert (h1 - 2 * h2).tolist() == [0, 1, 1, 0]
    holds(
        "hidden",
        r"h_1 = \max(x_1 + x_2,\ 0), \qquad h_2 = \max(x_1 + x_2 - 1,\ 0), \qquad "
        r"\hat y = h_1 - 2 h_2 .",
    )
    holds("planes-read", "the two ones fell onto each other, and now a line separates")
    assert (h1[1], h2[1]) == (h1[2], h2[2])


def test_three_units_are_the_fewest_with_a_closed_border():
    """Parallel to a crease one of two units is constant, so no class ends both ways.

    With three the border can cross every ray from a point.
    """
    rng = np.random.default_rng(0)
    for _ in range(50):
        W, b, v, c = (rng.normal(size=s) for s in ((2, 2), 2, 2, ()))
        along = np.outer(np.linspace(0, 1000, 2001), [-W[0, 1], W[0, 0]])
        place = rng.normal(size=2)
        lead = [np.maximum((place + s * along) @ W.T + b, 0) @ v + c for s in (1, -1)]
        assert any((np.sign(way) == np.sign(way[0])).all() for way in lead)
        assert all((np.diff(way) >= -1e-9).all() or (np.diff(way) <= 1e-9).all()
                   for way in lead), "it rises or falls steadily"  # fmt: skip
    turn = np.linspace(0, 2 * math.pi, 361)
    ways = np.c_[np.cos(turn), np.sin(turn)]
    triangle = np.array([[1, 0], [-0.5, 0.9], [-0.5, -0.9]])
    for ray in ways:  # the three units begin at distance 1 from the middle
        points = np.linspace(0, 20, 400)[:, None] * ray
        total = np.maximum(points @ triangle.T - 1, 0).sum(1) - 0.5
        assert total[0] < 0 < total[-1] and (np.diff(np.sign(total)) != 0).sum() == 1
    holds(
        "playground-answers",
        "1. A straight line: without a bend three layers are one.",
        "2. Two solved the four *points* of the first section",
        "3. Three. Two units cannot enclose a class. Start inside it and walk parallel "
        "to the crease of one unit (next picture): only the other unit changes, and it "
        "rises or falls steadily. So one of the two ways never leads out of the class, "
        "however far you go. Three units can enclose one. Most starts fall short with",
    )


def test_one_unit_is_and_or_or_by_its_threshold():
    w = tensor([1.0, 1.0])
    assert own.perceptron(XOR, w, 1.5).tolist() == [0, 0, 0, 1]
    assert own.perceptron(XOR, w, 0.5).tolist() == [0, 1, 1, 1]
    holds(
        "perceptron-read", "Threshold 1.5 makes it AND, threshold 0.5 makes it OR. Si"
    )
    holds("perceptron-read", r"a bias is minus a threshold: $b = -\theta$.")
    holds("perceptron", "It fires if the weighted sum exceeds its **threshold**")
    holds(
        "perceptron", "of McCulloch and Pitts (1943), compares a count of active inputs"
    )


def test_a_nerve_cell_and_a_unit():
    holds(
        "neuron",
        "| dendrites | receive signals | inputs $x_j$ |",
        "| **synapse** | passes them on, strongly or weakly | weight $w_j$ |",
        r"| cell body | gathers them | $z = \sum_j w_j x_j + b$, then $f(z)$ |",
        "| axon | sends the result on | output or **activation** $a = f(z)$ |",
    )
    holds("neuron-read", "between the axon of one neuron and a dendrite of another")
    holds(
        "terms", "| neuron, dendrite, axon | 神经元，树突，轴突 | nerve cell, its inpu"
    )
    holds("terms", "| nerve cell, its inputs, its output |")


def test_rows_of_a_weight_are_units():
    layer = nn.Linear(3, 5)
    X = torch.ones(2, 3)
    unit = X @ layer.weight[4] + layer.bias[4]
    torch.testing.assert_close(layer(X)[:, 4], unit)
    holds(
        "layer",
        r"\mathbf a = f(\mathbf W \mathbf x + \mathbf b), \qquad \mathbf H = f(\mathbf "
        r"X \mathbf W^\top + \mathbf b).",
        r"$\mathbf W$ $(h, d)$ has one *row* per unit (chapter 2: one column); so ",
        r"so $\mathbf X$ $(n, d)$",
        r"becomes $\mathbf H$ $(n, h)$.",
    )
    holds("linear-read", "Its weight is (out, in), so it holds in · out + out numbers.")
    holds("linear-read", r"computes $\mathbf X \mathbf W^\top + \mathbf b$.")
    assert sum(p.numel() for p in layer.parameters()) == 3 * 5 + 5


# -- activations -----------------------------------------------------------------------


def test_slopes_at_zero_and_where_they_turn():
    assert own.slope_at(torch.relu, 0.0).item() == 0
    holds("slopes-read", "ReLU has no slope at 0; torch takes 0.")
    for f, least in ((F.silu, -1.28), (F.gelu, -0.75)):
        left, right = own.slope_at(f, least - 0.02, least + 0.02).tolist()
        assert left < 0 < right
    holds(
        "gates-read",
        "just below 0 a unit still passes on a gradient. Below about −1.28 (SiLU) and "
        "−0.75 (GELU) they fall as $z$ grows. On the right, the low hill is the sigmoi",
    )
    holds("activations-read", "Sigmoid and tanh **saturate**: far from 0 they are flat")
    assert own.slope_at(torch.tanh, 0.0) == 1
    assert own.slope_at(nn.LeakyReLU(), -1.0).item() == pytest.approx(0.01)
    holds(
        "activations-explorer-read",
        "$0.25^{10}$, a millionth, even at the best point of the sigmoid. At $z = 0$ t",
        "tanh passes the whole gradient on; a little to either side, ten layers lose m",
        "`LeakyReLU` has the small slope 0.01 for negative $z$",
    )
    assert own.slope_at(torch.tanh, 1.0) ** 10 < 0.5


def test_an_interpolated_wave_gets_better_with_the_square_of_the_width():
    def wave(x):
        return torch.sin(6 * x)

    x = torch.linspace(-1, 1, 4001)
    errors = []
    for width in (32, 128):
        knots, W2 = own.hinges(wave, width)
        net = wave(knots[:1]) + own.relu(x[:, None] - knots) @ W2
        errors.append((net - wave(x)).abs().max().item())
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.1)
    holds(
        "universal-read",
        "The largest error falls as units are added, about 16 times for four times as",
        "outside, where there are no knots, more units do not help.",
    )
    holds("universal", "the weight after it says how much the slope of the sum changes")
    holds(
        "universal-picture-read", "Six weighted hinges, each drawn from its knot on ("
    )
    holds(
        "universal-theorem",
        "if the activation $f$ is *continuous and not a polynomial*",
        "on a *closed and bounded* set",
        "nor that training finds the weights, nor anything about inputs outside the se",
    )


def slopes_of(f, n):
    """How many straight pieces a function has on 0 to 1, in steps of 1/n."""
    y = f(torch.linspace(0, 1, n + 1, dtype=torch.float64))
    return int((y.diff().diff().abs() > 1e-9).sum()) + 1


def test_depth_multiplies_the_pieces_and_width_adds_them():
    ends = tensor([0.0, 0.5, 1.0], dtype=torch.float64)
    assert own.fold(ends).tolist() == [0, 1, 0], "up, then down again"

    def folded(x):
        for _ in range(5):
            x = own.fold(x)
        return x

    assert slopes_of(folded, 1024) == 32
    for m in (1, 4, 31):
        knots = (
            torch.randperm(63, generator=torch.Generator().manual_seed(m)) + 1
        ) / 64
        flat = lambda x: torch.relu(x[:, None] - knots[:m]) @ draw(m)  # noqa: B023, E731
        assert slopes_of(flat, 1024) == m + 1, "each unit has one bend"
    assert shown("03", "folds").split() == "[2, 4, 8, 16, 32]".split()
    holds(
        "folds-read",
        "once more (pieces counted above). Five such layers, ten units, make 32 "
        "pieces.",
        "One hidden layer of $m$ units makes at most $m+1$, so it needs 31.",
    )


def test_units_for_each_wave_and_the_corner():
    """Below about two units a wave the error hardly falls; then it does, steeply."""
    for target, waves in (("sin 6x", 6 / math.pi), ("sin 20x", 20 / math.pi)):
        errors = largest_errors(target)[:, 0]
        few, enough = int(1.5 * waves), math.ceil(2.6 * waves)
        assert errors[few - 1] > 0.5 and errors[enough - 1] < 0.025
        assert f"{waves:.1f}" == {"sin 6x": "1.9", "sin 20x": "6.4"}[target]
        drop = int((errors < 0.3).argmax()) + 1  # units
        assert drop == {"sin 6x": 5, "sin 20x": 11}[target] and errors[drop - 2] > 0.5
        assert errors[drop] < 0.1, "one more, and it is small"
    assert 0.001 < largest_errors("|x|")[60, 0] < 0.003 < largest_errors("|x|")[31, 0]
    holds(
        "approximation-read",
        "About two units for each full wave: five for the 1.9 waves of ",
        "eleven or twelve for the 6.4 of ",
        "With fewer the error hardly falls; then it drops steeply. The corner of $|x|$ "
        "is harder: there the error falls slowly.",
    )


def steepest(target, x):
    """The largest slope at x or -x, the median over the widths of the explorer."""
    at = np.array([x - 0.01, x + 0.01, -x + 0.01, -x - 0.01])
    rises = [np.diff(output(w, at))[[0, 2]] / 0.02 for w in networks(target)]
    return np.median(np.abs(rises).max(1))


def test_a_sum_of_tanh_is_flat_far_out():
    """The picture ends at 2; two of the three curves are still steep there."""
    assert steepest("sin 6x", 2) < 0.1 and steepest("sin 6x", 1.5) > 1
    for target in ("sin 20x", "|x|"):
        assert steepest(target, 2) > 0.3 and steepest(target, 10) < 1e-3
    assert steepest("sin 6x", 100) < 1e-3
    holds(
        "approximation-read",
        "Far out the curve is flat, as every tanh is: for $\\sin 6x$ from about the "
        "edge of the picture on, for the others further out.",
    )


# -- backward --------------------------------------------------------------------------


def test_the_derivative_of_the_nightmare():
    w1, w2 = draw(2).requires_grad_()
    x, t = 0.7, 0.2
    loss = 0.5 * (torch.sigmoid(w2 * torch.sigmoid(w1 * x)) - t) ** 2
    by_autograd = torch.autograd.grad(loss, (w1, w2))

    def slope(z):
        return torch.sigmoid(z) * (1 - torch.sigmoid(z))

    h = torch.sigmoid(w1 * x)
    at_o = (torch.sigmoid(w2 * h) - t) * slope(w2 * h)
    torch.testing.assert_close(by_autograd[0], at_o * w2 * slope(w1 * x) * x)
    torch.testing.assert_close(by_autograd[1], at_o * h)
    holds(
        "nightmare",
        r"\frac{d\ell}{dw_1}=\big(\sigma(w_2\sigma(w_1x))-t\big)\;\sigma'\big("
        r"w_2\sigma(w_1x)\big)\;w_2\;\sigma'(w_1x)\;x",
    )
    holds(
        "nightmare-why",
        r"$\sigma(w_1x)$ appears twice; with a million weights the same work would be "
        "done a million times.",
        "*store* every value on the way forward and *reuse* each product on the way b",
    )
    holds(
        "chain-of-steps-weights",
        "$w_1$ is multiplied by $x$, so its derivative is the gradient at $z_1$ times "
        "$x$; that of $w_2$ is the gradient at $z_2$ times $a_1$.",
    )
    holds(
        "chain-of-steps-read", "Blue runs forward. Orange runs backward: each gradien"
    )
    holds(
        "chain-of-steps-read", "each gradient is the one on its right, times the slop"
    )
    holds(
        "chain-of-steps-read",
        "Above each weight stands its gradient: *what came back, times what came in*.",
    )


def test_blue_runs_forward_and_orange_back():
    chain = [1.0, 2.0, 4.0], [2.0, 2.0], {1: "w_1"}
    (ax,) = figures.show_chain(["x", "y", "z"], *chain).axes
    colors = {text.get_gid(): text.get_color() for text in ax.texts if text.get_gid()}
    assert {colors["value 0"], colors["value 1"]} == {COLORS[0]}
    assert {colors["gradient 1"], colors["weight's gradient 1"]} == {COLORS[1]}
    (back,) = (text for text in ax.texts if text.get_gid() == "back 2")
    assert back.xy[0] < back.xyann[0], "the arrow points to the left"
    assert to_hex(back.arrow_patch.get_edgecolor()) == COLORS[1].lower()
    (pane,) = explorers.passes().scene.panes
    colors = {m["name"]: m["color"] for m in pane.marks if m["kind"] == "text"}
    assert colors["value 0 0"] == COLORS[0]
    assert colors["signal 2 0"] == colors["derivative 0 0 0"] == COLORS[1]
    holds("by-hand-read", "blue comes forward, orange comes back.")


def test_the_four_lines_of_backpropagation():
    W1, W2, x, t = draw(3, 2), draw(2, 3, seed=1), draw(2, seed=2), draw(2, seed=3)
    b1, b2 = draw(3, seed=4).requires_grad_(), draw(2, seed=5)
    W1.requires_grad_(), W2.requires_grad_()
    z1 = W1 @ x + b1
    a1 = torch.tanh(z1)
    z2 = W2 @ a1 + b2
    loss = 0.5 * ((torch.tanh(z2) - t) ** 2).sum()
    d1, d2, dW1, dW2, db1 = torch.autograd.grad(loss, (z1, z2, W1, W2, b1))
    delta2 = (torch.tanh(z2) - t) * (1 - torch.tanh(z2) ** 2)
    delta1 = (W2.T @ delta2) * (1 - a1**2)
    for found, expected in (
        (delta2, d2), (delta1, d1), (torch.outer(delta1, x), dW1),
        (torch.outer(delta2, a1), dW2), (delta1, db1),
    ):  # fmt: skip
        torch.testing.assert_close(found, expected)
    holds(
        "backward",
        r"1. $\boldsymbol\delta_L = \dfrac{\partial \ell}{\partial \mathbf a_L} \odot f"
        r"'(\mathbf z_L)$",
        r"2. $\boldsymbol\delta_l = (\mathbf W_{l+1}^\top \boldsymbol\delta_{l+1}) \odo"
        r"t f'(\mathbf z_l)$",
        r"3. $\dfrac{\partial \ell}{\partial \mathbf W_l} = \boldsymbol\delta_l \mathbf"
        r" a_{l-1}^\top, \quad \dfrac{\partial \ell}{\partial \mathbf b_l} = \boldsymbo"
        r"l\delta_l$",
        "A unit that feeds several units adds up what comes back from each: in step 2 "
        "the transposed matrix does it.",
    )
    holds(
        "backward-why",
        r"enters each sum $z_{l+1,i}$ of the next layer with a weight $w_{ij}$, and "
        "by the chain rule the paths add up:",
        r"\delta_{l,j}=f'(z_{l,j})\sum_{i}w_{ij}\,\delta_{l+1,i}.",
        r"For all $j$ at once the sum is $\mathbf W_{l+1}^\top\boldsymbol\delta_{l+1}$",
    )
    holds("backward-more", "step 2 needs the weights of the forward half.")
    holds("sigmoid-squared", "*Step 1 for squared error and a sigmoid* is what was us")
    holds("sigmoid-squared", r"\delta_L=(\hat y-t)\cdot\hat y(1-\hat y).")
    holds(
        "recall-questions", r"$(\mathbf W^\top \boldsymbol\delta) \odot f'(\mathbf z)$"
    )
    holds(
        "recall-questions", "A weight's derivative is the error signal after it times"
    )


def test_a_unit_that_feeds_two_outputs_adds_up_two_paths():
    """The hidden unit of the example, with a second output of a linear loss."""
    z = tensor(0.6, dtype=torch.float64, requires_grad=True)
    a = torch.sigmoid(z)
    y_hat = torch.sigmoid(0.5 * a + 0.6 * torch.sigmoid(tensor(1.2).double()) + 0.1)
    second = 0.4 * a  # its sum; -0.1 is the derivative of the loss with respect to it
    (delta,) = torch.autograd.grad(0.5 * (y_hat - 1) ** 2 - 0.1 * second, z)
    assert round(delta.item(), 5) == -0.01607
    holds(
        "backward-why",
        "With a second output (weight 0.4, error signal −0.1) the upper hidden unit",
        r"$\delta=(0.5\cdot(-0.06049)+0.4\cdot(-0.1))\cdot0.64566\cdot0.35434=-0.01607$.",
    )


def test_the_error_signals_of_a_batch_are_rows():
    H0, W1, W2 = draw(5, 2), draw(3, 2, seed=1), draw(4, 3, seed=2)
    b1, b2 = draw(3, seed=3).requires_grad_(), draw(4, seed=4)
    W1.requires_grad_()
    Z1 = H0 @ W1.T + b1
    Z2 = torch.tanh(Z1) @ W2.T + b2
    loss = torch.tanh(Z2).square().sum()
    D1, D2, dW1, db1 = torch.autograd.grad(loss, (Z1, Z2, W1, b1))
    torch.testing.assert_close((D2 @ W2) * (1 - torch.tanh(Z1) ** 2), D1)
    torch.testing.assert_close(D1.T @ H0, dW1)
    torch.testing.assert_close(D1.sum(0), db1)
    holds(
        "backward-more",
        r"$\mathbf Z_l = \mathbf H_{l-1} \mathbf W_l^\top + \mathbf b_l$",
        r"$\mathbf D_l = (\mathbf D_{l+1} \mathbf W_{l+1}) \odot f'(\mathbf Z_l)$",
        r"with respect to $\mathbf W_l$ is $\mathbf D_l^\top \mathbf H_{l-1}$, a sum",
        r"to $\mathbf b_l$ holds the column sums of $\mathbf D_l$.",
    )


def test_negative_derivatives_make_weights_and_the_output_grow():
    x = tensor([1.0, 2.0]).double()
    W1 = tensor([[0.1, 0.2], [0.3, 0.4]]).double()
    W2, bias = tensor([[0.5, 0.6]]).double(), tensor([0.1, 0.1]).double()
    layers = [(W1, bias), (W2, bias[:1])]
    gradients = own.backward(own.forward(x, layers), 1.0, layers)
    assert all((g < 0).all() for pair in gradients for g in pair)
    moved = [
        tuple(p - 0.1 * g for p, g in zip(layer, found, strict=True))
        for layer, found in zip(layers, gradients, strict=True)
    ]
    before, after = (own.forward(x, some)[-1] for some in (layers, moved))
    assert before < after < 1
    holds("by-hand-read", "All derivatives are negative, so all weights will grow, and")
    holds("by-hand-read", "and the output with them, toward 1.")
    holds("by-hand-read", "the error signal on its right times the value on its left")


def test_a_confident_mistake_by_two_losses():
    z = tensor(5.0, dtype=torch.float64, requires_grad=True)
    (squared,) = torch.autograd.grad(0.5 * torch.sigmoid(z) ** 2, z)
    (entropy,) = torch.autograd.grad(F.softplus(z), z)
    assert round(squared.item(), 4) == 0.0066 and round(entropy.item(), 4) == 0.9933
    holds("saturated", r"0.9933 \cdot 0.9933 \cdot 0.0067 = 0.0066$; cross-entropy giv")
    holds("saturated", "cross-entropy gives 0.9933. So classifiers use cross-entropy;")
