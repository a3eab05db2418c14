"""Chapter 2, gradients and torch's loss: each formula is tried on numbers.

Signs, indices and factors are read out of the notebook, and what they give is compared
with autograd or with torch; a direction in words is chosen by a computation.
"""

import math
import re

import pytest
import torch
from torch.nn import functional as F

from helpers.chapters.softmax_regression import claims, explorers
from tests.said import said, shown
from tests.taught import holding, taught, text_of

holds = holding("02")
own = taught("02", "softmax", "cross_entropy", "focal_loss", "twice")
TIMES = {"+": 1, "-": -1}


def random(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def gradient_of(loss, *tensors):
    tensors = [tensor.clone().requires_grad_() for tensor in tensors]
    return torch.autograd.grad(loss(*tensors), tensors)


# -- prediction minus label ------------------------------------------------------------


def test_a_step_raises_the_true_logit_by_what_it_lacks():
    o, y = random(1, 4), torch.tensor([1])
    (gradient,) = gradient_of(lambda o: own.cross_entropy(o, y), o)
    y_hat, up = own.softmax(o)[0], -gradient[0]
    assert torch.allclose(up[1], 1 - y_hat[1]), "the probability it lacks"
    assert torch.allclose(up[[0, 2, 3]], -y_hat[[0, 2, 3]]), "what they received"
    assert abs(up.sum()) < 1e-12
    holds(
        "difference-read",
        "The three differences add up to 0. A descent step goes against them. It "
        "raises the logit of the true class in proportion to the probability that this "
        r"class lacks, $1-\hat y_c$, and lowers every other logit in proportion to the "
        "probability of its class.",
    )


def test_the_bars_of_the_difference_are_the_numbers_of_the_gradient():
    """The stored picture, row by row, and the step that follows it."""
    o, y = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([2])
    (gradient,) = gradient_of(lambda o: own.cross_entropy(o, y), o)
    (row,) = re.findall(
        r"difference ŷ − y: (.*?)\.(?:\s|$)", shown("02", "difference-code")
    )
    bars = [float(bar.replace("−", "-")) for bar in row.split(", ")]
    assert bars == pytest.approx(gradient[0].tolist(), abs=5e-3)
    moved = re.findall(r"\d\.\d+", shown("02", "one-step-code").split("]")[0])
    steps = [float(new) - old for new, old in zip(moved, o[0].tolist(), strict=True)]
    assert all(step * bar < 0 for step, bar in zip(steps, bars, strict=True))
    holds("one-step-read", "The scores move as the bars say")
    holds("difference", "The same numbers as bars, all three rows on one scale:")


def test_the_derivatives_of_the_loss_by_a_logit():
    holds(
        "gradient",
        r"the derivative of $\ln S$ is $e^{o_k}/S$, and that of $o_c$ is 1 if $k=c$",
        r"\frac{\partial\ell}{\partial o_k}=\frac{e^{o_k}}S-[k=c]=\hat y_k-y_k.",
    )
    o, y = random(1, 4), torch.tensor([1])
    (gradient,) = gradient_of(lambda o: own.cross_entropy(o, y), o)
    assert torch.allclose(gradient, o.exp() / o.exp().sum() - F.one_hot(y, 4))


def test_weights_and_biases_of_a_batch():
    """The formula for the weights has their shape; that of the biases is a mean."""
    X, W, b, y = random(5, 3), random(3, 4, seed=1), random(4, seed=2), torch.arange(5)
    y = y % 4
    by_W, by_b = gradient_of(lambda W, b: own.cross_entropy(X @ W + b, y), W, b)
    difference = own.softmax(X @ W + b) - F.one_hot(y, 4)
    assert torch.allclose(by_W, X.T @ difference / len(X))
    holds(
        "gradient-weights",
        r"\frac{\partial\bar\ell}{\partial\mathbf W}="
        r"\frac1n\mathbf X^\top(\hat{\mathbf Y}-\mathbf Y).",
        r"the inputs $\mathbf X$ $(n,d)$",
        r"the one-hot labels $\mathbf Y$, both $(n,K)$",
    )
    ways = {"mean": difference.mean(0), "sum": difference.sum(0)}
    (way,) = [name for name in ways if torch.allclose(ways[name], by_b)]
    holds(
        "one-step-more",
        rf"its gradient is the {way} of the rows of $\hat{{\mathbf Y}}-\mathbf Y$",
    )


def test_one_weight_has_the_input_as_a_factor():
    holds(
        "one-step",
        r"Weight $w_{ik}$ multiplies input $x_i$ in the score $o_k$, so its gradient "
        r"is $x_i(\hat y_k-y_k)$",
    )
    x, W, y = random(1, 3), random(3, 4, seed=1), torch.tensor([2])
    (by_W,) = gradient_of(lambda W: own.cross_entropy(x @ W, y), W)
    error = (own.softmax(x @ W) - F.one_hot(y, 4))[0]
    assert by_W[1, 3].item() == pytest.approx((x[0, 1] * error[3]).item())


# -- why softmax goes with cross-entropy -----------------------------------------------


def test_where_the_gradient_of_squared_error_is_largest():
    holds(
        "saturation-why",
        r"its slope is $\sigma(1-\sigma)$",
        r"derivative of $\frac12 \sigma^2$ is then $\sigma \cdot \sigma(1-\sigma)$",
        r"it is $\sigma(1-\sigma)/(1-\sigma) = \sigma$",
    )
    sigma = torch.linspace(0, 1, 3001, dtype=torch.float64)
    above, below = said("02", "saturation-why", r"largest at \$\\sigma = (\d)/(\d)\$")
    top = sigma[(sigma**2 * (1 - sigma)).argmax()].item()
    assert top == pytest.approx(int(above) / int(below), abs=1e-3)
    z = torch.tensor(0.8, dtype=torch.float64)
    s = torch.sigmoid(z)
    (squared,) = gradient_of(lambda z: 0.5 * torch.sigmoid(z) ** 2, z)
    (crossed,) = gradient_of(lambda z: -F.logsigmoid(-z), z)
    assert torch.allclose(squared, s * s * (1 - s)) and torch.allclose(crossed, s)


def test_one_wrong_label_has_a_limit_to_its_squared_error_only():
    """Sure of one class, the label another: how large may each score become?"""
    y, brier, crossed = torch.tensor([1]), [], []
    for lead in (10.0, 100.0, 1000.0):
        o = torch.tensor([[lead, 0.0, 0.0]]).double()
        brier.append(((own.softmax(o) - F.one_hot(y, 3)) ** 2).sum().item())
        crossed.append(own.cross_entropy(o, y).item())
    assert max(brier) <= 2 and crossed[-1] > 100 * max(brier)
    holds(
        "saturation-why",
        "It is also bounded, so one wrongly labeled example can never dominate it, "
        "while its cross-entropy may be as large as you like.",
    )


def test_the_sides_of_the_start_in_the_two_pictures():
    """At 5, where the model is sure and wrong, one slope is nearly 0, one nearly 1."""
    z = torch.tensor(5.0).double()
    (squared,) = gradient_of(lambda z: 0.5 * torch.sigmoid(z) ** 2, z)
    (crossed,) = gradient_of(lambda z: -F.logsigmoid(-z), z)
    assert squared < 0.01 and crossed > 0.99
    holds(
        "gradients-picture-read",
        "the gradient of squared error is almost 0, and that of cross-entropy almost 1",
    )
    holds("gradients-picture", "the dotted line is the start at 5")


# -- torch's loss ----------------------------------------------------------------------


def test_what_a_perfect_answer_costs_after_a_second_softmax():
    perfect = F.one_hot(torch.tensor([0]), 10).double()
    cost = F.cross_entropy(perfect, torch.tensor([0])).item()
    nine, sign, value = said(
        "02",
        "torch-loss-read",
        r"costs \$\\ln\(1\+(\d)(/?)e\)=([\d.]+)\$",
    )
    share = int(nine) / math.e if sign else int(nine) * math.e
    assert math.log(1 + share) == pytest.approx(cost)
    assert f"{cost:.4f}" == value


def test_the_mean_with_weights_is_that_of_torch():
    o, y, weight = random(6, 3), torch.arange(6) % 3, torch.tensor([3.0, 1, 2]).double()
    each = F.cross_entropy(o, y, reduction="none")
    divided = (weight[y] * each).sum() / weight[y].sum()
    assert torch.allclose(divided, F.cross_entropy(o, y, weight=weight))
    holds(
        "torch-loss-table",
        r"$\sum_i w_{c_i} \ell^{(i)} / \sum_i w_{c_i}$, where $c_i$ is the class of "
        r"example $i$",
    )


def test_with_probabilities_as_targets_the_mean_divides_by_n():
    o, weight = random(6, 3), torch.tensor([3.0, 1, 2]).double()
    targets = own.softmax(random(6, 3, seed=1))
    found = F.cross_entropy(o, targets, weight=weight)
    total = -(weight * targets * o.log_softmax(1)).sum()
    assert torch.allclose(found, total / 6)
    holds("options-read", "`'mean'` divides by $n$ even if there are weights")
    empty = F.cross_entropy(o[:1], torch.tensor([-100]))
    assert empty.isnan()
    holds("options-read", "If *all* targets are ignored, the mean is 0/0")


def test_label_smoothing_is_least_at_finite_logits():
    def price(lead):
        o = torch.tensor([[lead, 0.0, 0.0]]).double()
        return F.cross_entropy(o, torch.tensor([0]), label_smoothing=0.1).item()

    prices = [price(lead) for lead in range(30)]
    assert 0 < prices.index(min(prices)) < 29
    smooth = r"(1-\varepsilon)\mathbf{y} + \varepsilon/K"
    holds("torch-loss-table", rf"the target becomes ${smooth}$")
    holds(
        "options-read",
        rf"replaces the one-hot label $\mathbf y$ by ${smooth}$, so that ever larger "
        "logits are no longer rewarded.",
        "With label smoothing no logit need go to infinity: the loss is smallest at "
        "finite logits.",
    )


def test_the_derivative_of_the_second_softmax():
    """Its sign and indices; and on equal probabilities it divides by K."""
    sign, index, divisor = said(
        "02",
        "claim-twice-read",
        r"\\partial \\hat y_k / \\partial o_j = "
        r"\\hat y_k\(\[k=j\] ([+-]) \\hat y_(\w)\)\$, and with \$K\$ equal "
        r"probabilities this makes it exactly \$(\w)\$ times smaller",
    )
    o = random(4)
    y_hat = own.softmax(o)
    jacobian = torch.autograd.functional.jacobian(own.softmax, o)
    for k, j in ((0, 1), (2, 2), (1, 0)):
        at = {"k": k, "j": j}
        here = y_hat[k] * ((k == j) + TIMES[sign] * y_hat[at[index]])
        assert torch.allclose(here, jacobian[k, j])
    assert divisor == "K" and shown("02", "double-gradient").strip() == "tensor([10.])"
    holds(
        "claim-twice-read",
        "So at the start the mistake acts as a learning rate ten times too small. "
        "Later the derivative vanishes wherever the model is sure, rightly or wrongly.",
    )


def test_what_is_only_slower_still_learns():
    """The mistake that keeps a gradient is the one that nothing gives away."""
    verdict = shown("02", "claim-twice-test")
    assert "Not supported" in verdict and "it learns, but less" in verdict
    holds(
        "double-gradient-read",
        "A mistake that merely makes learning slower is harder to find than one that "
        "stops it.",
    )


# -- focal loss ------------------------------------------------------------------------


def test_class_weights_look_at_the_class_and_the_factor_at_the_answer():
    """Equal answers, another class: the weight changes. Equal classes, a harder
    answer: the factor does."""
    o = torch.tensor([[2.0, 0.0], [0.0, 2.0], [0.0, 2.0]]).double()
    y, alpha = torch.tensor([0, 1, 0]), torch.tensor([0.25, 0.75]).double()
    easy, easy_rare, hard = own.focal_loss(o, y, gamma=0.0, alpha=alpha)
    plain = F.cross_entropy(o, y, reduction="none")
    weights = torch.stack([easy, easy_rare, hard]) / plain
    assert weights.tolist() == pytest.approx([0.25, 0.75, 0.25])
    factors = own.focal_loss(o, y) / plain
    assert factors[0] == factors[1] < factors[2]
    holds(
        "focal-symbols",
        "Class weights ask how *rare* an example is, the modulating factor asks how "
        "*hard*.",
    )
    holds("focal", r"\mathrm{FL}=-\alpha_t(1-p_t)^\gamma\ln p_t.")


def test_the_curve_of_focal_loss_is_pulled_down_from_the_right():
    kept = [
        [explorers.focal_loss_of(p, gamma) / -math.log(p) for p in (0.01, 0.9)]
        for gamma in (1.0, 4.0)
    ]
    assert kept[1][0] > 0.9 and kept[1][1] < kept[0][1] < 0.2
    holds(
        "focal-explorer-read",
        r"A larger $\gamma$ pulls the curve down from the right",
        "Toward $p_t=0$ the two curves meet.",
    )
    half = said(
        "02", "focal-explorer-read", r"half of the loss is gone at \$p_t=(.*?)\$"
    )
    assert explorers.focal_loss_of(0.5, 2.0) == pytest.approx(math.log(2) / 4)
    assert f"{1 - math.sqrt(0.5):.2f}" == half[0]


def test_the_names_of_the_curves_and_of_the_axis_of_focal_loss():
    """Each curve is asked for its height at one half, and its name is read."""
    explorer = explorers.focal_factor()
    (pane,) = explorer.scene.sent()["panes"]
    labels = {"plain": "cross-entropy", "focal": "focal loss"}
    for name, label in labels.items():
        assert explorer.scene[name]["label"] == label
    assert pane["labels"][0] == "pₜ, probability of the true class"
    middle = abs(explorer.scene["plain"]["xy"][:, 0] - 0.5).argmin()
    assert explorer.scene["plain"]["xy"][middle, 1] == pytest.approx(
        math.log(2), abs=0.01
    )


def test_recall_and_precision_are_named_as_the_claim_measures_them():
    """Four positives, three finds, two of them right."""
    y = torch.tensor([1, 1, 1, 1] + [0] * 396)
    p = torch.tensor([0.9, 0.9, 0.1, 0.1, 0.9] + [0.1] * 395)
    measures = claims.rare_measures(y, p)
    shares = {"positives that are found": 2 / 4, "finds that are positives": 2 / 3}
    for name, words in said_shares():
        assert measures[name.lower()].item() == pytest.approx(shares[words], abs=0.01)


def said_shares():
    """The two names in bold and what each is said to be a share of."""
    text = text_of("02", "claim-focal")
    found = re.findall(
        r"\*\*(Recall|Precision)\*\* (?:is )?the share of the ([a-z ]*?)[,.]",
        text,
        re.IGNORECASE,
    )
    assert {name.lower() for name, _ in found} == {"recall", "precision"}
    return found


def test_the_weight_of_the_positives_is_the_larger_one():
    (alpha,) = said("02", "claim-focal-read", r"With \$\\alpha = ([\d.]+)\$")
    common, rare = claims.LOSSES["focal, alpha .75"].keywords["alpha"]
    assert rare == float(alpha) == 0.75 and common == pytest.approx(1 - rare)
    holds(
        "claim-focal",
        f"*alpha .75* also weighs positives {rare:.2f} and negatives {common:.2f}.",
    )
