"""Chapter 3: what its sentences say, computed first; then each must stand there.

A number beside a cell is held by that cell; here it is the words "sum", "transposed",
"shrink" and the signs of formulas, which no cell computes.
"""

import math

import numpy as np
import pytest
import torch
from torch import nn, tensor
from torch.nn import functional as F

from helpers.chapters.multilayer_perceptrons import claims, explorers, figures
from helpers.figures import COLORS
from tests.taught import taught, text_of

own = taught("03", "perceptron", "forward", "backward", "hinges", "slope_at", "relu")
XOR = tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def holds(cell_id: str, *sentences: str) -> None:
    text = text_of("03", cell_id)
    for sentence in sentences:
        assert sentence in text, f"{cell_id} should say: {sentence}"


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
        "xor-proof",
        "$w_1 x_1 + w_2 x_2 + b$ were positive for the ones and not for the zeros.",
        "of the two ones, $w_1 + b > 0$ and $w_2 + b > 0$: together $w_1 + w_2 + 2b >",
        r"$b \le 0$ and $w_1 + w_2 + b \le 0$: together $w_1 + w_2 + 2b \le 0$.",
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


def test_three_lines_are_the_fewest_around_an_area():
    """A ReLU unit is 0 on one side of its line; two half planes are never bounded."""
    turn = np.linspace(0, 2 * math.pi, 361)
    ways = np.c_[np.cos(turn), np.sin(turn)]

    def escapes(normals):
        return ((ways @ np.array(normals).T) <= 0).all(1).any()

    rng = np.random.default_rng(0)
    assert all(escapes(rng.normal(size=(2, 2))) for _ in range(50))
    assert not escapes([[1, 0], [-0.5, 0.9], [-0.5, -0.9]])
    holds(
        "playground-answers",
        "1. A straight line: without a bend three layers are one.",
        "2. Two solved the four *points* of the first section",
        "3. Three: a ReLU unit has one straight crease, and three lines are the fewest "
        "that enclose an area.",
    )


def test_one_unit_is_and_or_or_by_its_threshold():
    w = tensor([1.0, 1.0])
    assert own.perceptron(XOR, w, 1.5).tolist() == [0, 0, 0, 1]
    assert own.perceptron(XOR, w, 0.5).tolist() == [0, 1, 1, 1]
    holds(
        "perceptron-read", "Threshold 1.5 makes it AND, threshold 0.5 makes it OR. Si"
    )
    holds("perceptron-read", r"a bias is minus a threshold: $b = -\theta$.")
    holds("perceptron", "Such a unit fires if the weighted sum exceeds a **threshold**")
    holds(
        "perceptron", "McCulloch and Pitts (1943). Rosenblatt's **perceptron** (1958)"
    )


def test_a_nerve_cell_and_a_unit():
    holds(
        "neuron",
        "| dendrites | receive signals | inputs $p_j$ |",
        "| **synapse** | passes them on, strongly or weakly | weight $w_j$ |",
        r"| cell body | gathers them | $z = \sum_j w_j p_j + b$, then $f(z)$ |",
        "| axon | sends the result on | output $a = f(z)$ |",
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
        r"\mathbf a = f(\mathbf W \mathbf p + \mathbf b), \qquad \mathbf H = f(\mathbf "
        r"X \mathbf W^\top + \mathbf b).",
        r"$\mathbf W$ $(h, d)$ has one *row* per unit; so $\mathbf X$ $(n, d)$ becomes",
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
        "universal-theorem",
        "if the activation $f$ is *continuous and not a polynomial*",
        "on a *closed and bounded* set",
        "nor that training finds the weights, nor anything about inputs outside the se",
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
        r"\frac{d\ell}{dw_1} = \big(\sigma(w_2 \sigma(w_1 x)) - t\big)\; \sigma'\big("
        r"w_2 \sigma(w_1 x)\big)\; w_2\; \sigma'(w_1 x)\; x",
    )
    holds(
        "chain-of-steps-weights",
        "$w_1$ is multiplied by $x$, so its derivative is the gradient at $z$ times $x$"
        "; that of $w_2$ is the gradient at $o$ times $h$: *what came back, times what "
        "came in*.",
    )
    holds(
        "chain-of-steps-read", "Blue runs forward. Orange runs backward: each gradien"
    )
    holds(
        "chain-of-steps-read", "each gradient is the one on its right, times the slop"
    )


def test_blue_runs_forward_and_orange_back():
    (ax,) = figures.show_chain(["x", "y"], [1.0, 2.0], [3.0]).axes
    colors = {text.get_gid(): text.get_color() for text in ax.texts if text.get_gid()}
    assert {colors["value 0"], colors["value 1"]} == {COLORS[0]}
    assert {colors["gradient 0"], colors["gradient 1"]} == {COLORS[1]}
    one = torch.ones(1, 1)
    pictures = figures.show_pass([one[0], one[0]], [one], [one[0]], [one])
    colors = {t.get_gid(): t.get_color() for t in pictures.axes[0].texts if t.get_gid()}
    assert colors["value 0 0"] == COLORS[0]
    assert colors["signal 1 0"] == colors["on 0 0 0"] == COLORS[1]
    holds(
        "by-hand-read", "Blue came forward, orange came back. Each line carries the d"
    )


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
    )
    holds(
        "backward-why",
        "Read step 2, for $l = L-1$ down to 1: a unit feeds all units of the next layer"
        ", so it is responsible for the sum of their errors, each weighted by the conn",
        "step 2 needs the weights of the forward half.",
    )
    holds("sigmoid-squared", r"\delta_L = (\hat y - t) \cdot \hat y (1 - \hat y).")
    holds(
        "recall-questions", r"$(\mathbf W^\top \boldsymbol\delta) \odot f'(\mathbf z)$"
    )
    holds(
        "recall-questions", "A weight's derivative is the error signal after it times"
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
    holds(
        "by-hand-read", "All are negative, so all weights will grow, and the output w"
    )
    holds("by-hand-read", "and the output with them, toward 1.")
    holds("by-hand-read", "error signal on the right times value on the left")


def test_a_confident_mistake_by_two_losses():
    z = tensor(5.0, dtype=torch.float64, requires_grad=True)
    (squared,) = torch.autograd.grad(0.5 * torch.sigmoid(z) ** 2, z)
    (entropy,) = torch.autograd.grad(F.softplus(z), z)
    assert round(squared.item(), 4) == 0.0066 and round(entropy.item(), 4) == 0.9933
    holds("saturated", r"0.9933 \cdot 0.9933 \cdot 0.0067 = 0.0066$; cross-entropy giv")
    holds("saturated", "cross-entropy gives 0.9933. So classifiers use cross-entropy;")


# -- modules ---------------------------------------------------------------------------


def test_the_gradient_of_a_tied_layer_is_a_sum():
    w = tensor(2.0, requires_grad=True)
    (both,) = torch.autograd.grad(w * (w * 3.0), w)
    assert both == 2.0 * 3.0 + 3.0 * 2.0
    holds("tying-read", "The shared layer counts once. Its gradient is the sum over bo")
    holds("tying-read", "is the sum over both uses, as the chain rule demands")


def test_when_view_refuses():
    x = torch.arange(12).view(2, 6)
    assert (x.stride(), x.t().stride()) == ((6, 1), (1, 6))
    assert x.t().data_ptr() == x.data_ptr() != x.t().reshape(12).data_ptr()
    every_other = x[:, ::2]
    assert every_other.view(6).stride() == (2,)
    assert every_other.view(6).tolist() == every_other.flatten().tolist()
    with pytest.raises(RuntimeError):
        x[:, :3].view(6)
    holds(
        "shapes-read",
        "`every_other.view(6)` works: a single stride of 2 walks through both of its r",
        "`x[:, :3].view(6)` raises",
        "Transposing moves no numbers either",
        "Only `reshape` of it to one row must copy.",
    )
    holds(
        "shapes", "`reshape` returns a view where that is possible and a copy where n"
    )
    holds("shapes", "So `reshape` works more often, and `view` guarantees that nothing")


def test_modules_move_in_place_and_tensors_do_not():
    layer, x = nn.Linear(2, 2), torch.zeros(2)
    assert layer.to(torch.float64) is layer and layer.weight.dtype == torch.float64
    assert x.to(torch.float64) is not x and x.dtype == torch.float32
    assert x.to(torch.float32) is x
    holds(
        "state-more",
        "For a module both happen in place, and the assignment is only a habit. For a "
        "tensor they do not: `x.to(device)` returns a copy (or `x` itself if nothing "
        "had to change), and without the assignment it is lost.",
    )
    assert "running_mean" not in dict(nn.BatchNorm1d(3).named_parameters())
    assert "running_mean" in nn.BatchNorm1d(3).state_dict()
    holds(
        "state-read", "Since torch 2.6 `torch.load` therefore reads only tensors and "
    )
    holds(
        "state-read", "A missing or surplus name raises an error, unless you pass `st"
    )


# -- starts and depth ------------------------------------------------------------------


def test_variances_that_keep_a_signal_level():
    n_in, n_out = 400, 200
    A = draw(500, n_in)
    W = draw(n_in, n_out, seed=1)
    assert (A @ W / n_in**0.5).var().item() == pytest.approx(1, rel=0.05)
    back = draw(500, n_out, seed=2) @ W.T / n_out**0.5
    assert back.var().item() == pytest.approx(1, rel=0.05)
    half = A.clamp(min=0).square().mean() / A.square().mean()
    assert half.item() == pytest.approx(0.5, abs=0.01)
    w = nn.init.xavier_normal_(torch.empty(n_out, n_in))
    assert w.var().item() == pytest.approx(2 / (n_in + n_out), rel=0.05)
    holds(
        "how-large-why",
        r"so $\operatorname{Var}(w) = 1/n_\text{in}$. Backward the error signal is mul",
        r"and adds $n_\text{out}$ terms, which asks for $1/n_\text{out}$.",
        r"1/\big(\tfrac12(n_\text{in} + n_\text{out})\big) = 2/(n_\text{in} + n_\text{o"
        r"ut})$.",
        r"$\mathrm E[a^2] = \frac12 \operatorname{Var}(z)$.",
        r"makes up for it: $\operatorname{Var}(w) = 2/n_\text{in}$.",
    )
    holds("how-large", r"n_\text{in} \operatorname{Var}(w)\, \mathrm E[a^2].")
    holds("xavier-read", r"$r = \sqrt{6/(n_\text{in} + n_\text{out})} = 0.1732$.")
    holds("recall-questions", r"Equal units stay equal. $2/n_\text{in}$ keeps the size")
    holds("summary", r"variance about $1/n_\text{in}$ ($2/n_\text{in}$ with ReLU)")


def test_what_xavier_loses_with_relu():
    A = draw(256, 256)
    after = (A @ draw(256, 256, seed=1) / 16).clamp(min=0)
    lost = (A.square().mean() / after.square().mean()).sqrt().item()
    assert lost == pytest.approx(math.sqrt(2), rel=0.03)
    holds(
        "twenty-picture-read",
        "With ReLU only Kaiming stays level; Xavier loses √2 in every layer.",
        r"$\mathcal N(0, 1)$ stays near 1 only because its units are saturated.",
        "Xavier sinks slowly, since tanh is flatter than the identity.",
    )
    assert (1 / (3 * 256)) / (2 / 256) == pytest.approx(1 / 6)
    holds("twenty-read", "has a sixth of Kaiming's variance, and 20 plain layers with ")
    holds("starts-read", r"is a standard deviation of $\sqrt{2/n_\text{in}}$.")


def test_the_factors_of_a_chain_of_units():
    assert 0.25 * 4 == 1 and 0.25 * 100 == 25
    holds(
        "chain-read",
        "Weights of 4 cancel the slopes, and weights of 100 multiply the gradient by 2",
        "No, that takes weights of at most 1 in magnitude.",
    )
    w, b = draw(3).tolist(), draw(3, seed=1).requires_grad_()
    a, zs = tensor(0.3).double(), []
    for k in range(3):
        zs.append((a if k == 0 else w[k] * a) + b[k])
        a = torch.tanh(zs[-1])
    (gradient,) = torch.autograd.grad(a, b)
    slopes = [1 - torch.tanh(z.detach()) ** 2 for z in zs]
    expected = slopes[0] * w[1] * slopes[1] * w[2] * slopes[2]
    torch.testing.assert_close(gradient[0], expected)
    holds(
        "vanishing", r"= f'(z_1)\, w_2 f'(z_2) \cdots w_n f'(z_n) \cdot \frac{\partia"
    )


def test_saturated_tanh_units_with_large_weights_make_the_gradient_explode():
    says = explorers.depth.scene(activation="tanh", weight_sd="1").says
    assert "The gradient has exploded" in says
    assert "The gradient has vanished" in explorers.depth.scene(weight_sd="0.01").says
    level = explorers.depth.scene(activation="ReLU", weight_sd="Kaiming").says
    assert "The gradient arrives" in level
    holds(
        "depth-explorer-read",
        "With tanh and ReLU, weights that are too small bring every layer closer to 0",
        "Weights of standard deviation 1 saturate tanh, with piles at both ends; and ye"
        "t the gradient does not vanish on its way back, it *explodes*.",
        "Kaiming's start keeps both level.",
    )


def test_slope_and_centering_are_both_needed():
    """As in the text: ten layers of 64 units from Xavier's start."""
    shapes = {
        "slope and centered": lambda z: 4 * torch.sigmoid(z) - 2,
        "slope alone": lambda z: torch.sigmoid(4 * z),
        "centered alone": lambda z: torch.sigmoid(z) - 0.5,
        "neither": torch.sigmoid,
    }
    shares = {}
    for name, f in shapes.items():
        torch.manual_seed(0)
        a, zs = draw(256, 64), []
        for k in range(10):
            zs.append(a @ (draw(64, 64, seed=k + 1) / 8).requires_grad_())
            a = f(zs[-1])
        found = torch.autograd.grad((a * draw(256, 64, seed=99)).sum(), (zs[0], zs[-1]))
        shares[name] = (found[0].norm() / found[1].norm()).item()
    assert shares["neither"] < 1e-5 and shares["centered alone"] < 1e-5
    assert shares["slope and centered"] > 0.3
    gain = shares["slope alone"] / shares["neither"]
    assert (
        gain > 1e3 and 10 < shares["slope and centered"] / shares["slope alone"] < 200
    )
    holds(
        "depth-table-read",
        "Centered, but with the old slope: as much is lost. With slope 1, but around ½:"
        " 30,000 times as much arrives",
        "Only with *both* changes does the signal arrive, as it does with tanh: it is",
        "Centering then adds a factor of about 45.",
    )


def test_the_points_that_the_claim_on_depth_found():
    for data, said, within in (("digits", 18, 0.5), ("fashion_mnist", 1.7, 0.06)):
        table = claims.more_depth.stored()[data].table
        one, none = (table[name]["test accuracy"].mean for name in ("64", "none"))
        assert 100 * (one - none) == pytest.approx(said, abs=within)
    holds("claim-depth-read", "18 points on the digits, 1.7 on the clothes.")


# -- code that no assert looks at ------------------------------------------------------


def test_a_change_is_a_share_of_the_size_before():
    source = text_of("03", "learns-code")
    assert "before = [m.weight.detach().clone() for m in net" in source
    assert "((a - b).norm() / b.norm()).item() for a, b in zip(after, before" in source
    holds("learns", "by what share of its size does each layer's weight matrix change?")


def test_the_two_valleys_are_those_of_the_function():
    source = text_of("03", "local-code")
    x = draw(1).requires_grad_()
    (slope,) = torch.autograd.grad(x**4 - 2 * x**2 + 0.3 * x, x)
    torch.testing.assert_close(slope, 4 * x.detach() ** 3 - 4 * x.detach() + 0.3)
    assert "x -= 0.02 * (4 * x**3 - 4 * x + 0.3)" in source
    assert "x**4 - 2 * x**2 + 0.3 * x:.3f}" in source
    holds("local", "$x^4 - 2x^2 + 0.3x$ has two, and descent goes to the one on whose ")


def test_starts_have_the_functions_of_their_names():
    panel = text_of("03", "panel-build")
    for name in (
        '"Xavier": init_with(nn.init.xavier_uniform_),',
        '"Kaiming": init_with(nn.init.kaiming_uniform_),',
        '"constant": constant,',
        '"N(0, 1)": init_with(nn.init.normal_),',
    ):
        assert name in panel
    starts = text_of("03", "starts")
    assert '"Kaiming, uniform": nn.init.kaiming_uniform_,' in starts
    assert '"Xavier": nn.init.xavier_normal_,' in starts
    assert "for m in list(net)[:-1]: # all but the output layer" in text_of(
        "03", "saturated-tanh"
    )


def test_the_panels_can_be_set_to_what_their_questions_ask():
    lab, panel = text_of("03", "lab"), text_of("03", "playground")
    for word in ("moons", "xor", "circles", "spirals"):
        assert f"*{word}*" in lab and f'"{word}"' in panel
    assert "num_hiddens=Choice(1, 2, 3, 4, 8, 16, 32, start=8)," in panel
    assert "*xor* with 2, 3, 4 hidden units" in lab
    assert "layers=IntSlider(1, 3, start=1)," in panel
    assert "16 against 1024 units" in text_of("03", "panel-section")
    panel = text_of("03", "panel")
    assert "num_hiddens=Choice(16, 64, 256, 1024, start=256)," in panel
    assert "lr=LogSlider(0.001, 10, start=0.3)," in panel
    assert "num_epochs=IntSlider(1, 30, start=10)," in panel
    assert '{"num_epochs": 10, "lr": 0.3, "batch_size": 128}' in text_of(
        "03", "baseline-code"
    )
