"""Chapter 2, from averages to the loss: what a sentence or formula says is computed.

A sign, an index or a direction is read out of the notebook and tried on numbers, or
it is chosen by a computation, and the sentence that follows must stand in its cell.
"""

import math
import re
from functools import cache
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import evaluate, load_images, train
from helpers.chapters.softmax_regression import explorers
from helpers.figures import show_images
from tests.said import said, shown
from tests.taught import holding, source_of, taught, text_of

holds = holding("02")
own = taught("02", "naive_softmax", "softmax", "log_sum_exp", "cross_entropy")
TIMES = {"+": 1, "-": -1}


def random(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


# -- averages and names ----------------------------------------------------------------


def test_each_part_of_the_data_has_its_own_use():
    """What the cells do: choose on one part, and score once on the other."""
    chooses = said("02", "parts", r"Choices such as .*? are made on `(\w+)`")[0]
    idle = said("02", "parts", r"The part `(\w+)` chooses nothing")[0]
    fitted = said("02", "parts", r"Weights are fitted to the part `(\w+)`")[0]
    assert f"data.{chooses}.X" in text_of("02", "scaled")
    assert f"data.{idle}.X" in text_of("02", "test-once-code")
    assert f"train(net, data.{fitted}, data.{chooses}," in text_of("02", "baseline")
    assert {fitted, chooses, idle} == {"train", "val", "test"}


def test_the_temperature_is_chosen_without_the_part_that_judges_it():
    code = text_of("02", "scaled")
    assert "data.test" not in code and "y_val" in code
    holds("scaled-read", "The temperature with the lowest validation loss")
    holds("scaled-read", "`test` will judge it")
    cells = ("nearest", "learned-code", "train-scratch", "confusion-code", "baseline")
    assert not [cell for cell in cells if "data.test" in text_of("02", cell)]


def test_the_nearest_average_has_the_largest_score():
    """The square of the distance multiplied out, with the signs that stand there."""
    x, means = random(50, 6), 2 * random(4, 6, seed=1)
    distance = torch.cdist(x, means) ** 2
    cross, own_square = said(
        "02",
        "nearest-linear",
        r"=\\\|\\mathbf x\\\|\^2([+-])2\\,\\mathbf x\\cdot\\mathbf m_k"
        r"([+-])\\\|\\mathbf m_k\\\|\^2\.",
    )
    terms = TIMES[cross] * 2 * x @ means.T + TIMES[own_square] * (means**2).sum(1)
    assert torch.allclose((x**2).sum(1, keepdim=True) + terms, distance)
    order, sign = said(
        "02",
        "nearest-linear",
        r"the nearest average has the (\w+) \*score\* "
        r"\$o_k=\\mathbf x\\cdot\\mathbf m_k([+-])\\tfrac12\\\|\\mathbf m_k\\\|\^2\$",
    )
    scores = x @ means.T + TIMES[sign] * 0.5 * (means**2).sum(1)
    assert order == "largest" and torch.equal(scores.argmax(1), distance.argmin(1))


def test_the_color_of_ink_that_raises_a_score():
    """In the palette of the pictures a positive weight is of the first color."""
    picture = show_images(torch.tensor([[[1.0, -1.0]]]), ["a"], palette=True)
    (drawn,) = picture.axes[0].images
    raises, lowers = drawn.cmap(drawn.norm([1.0, -1.0]))
    assert raises[2] > raises[0] and lowers[0] > lowers[2], "blue above 0, orange below"
    holds(
        "learned-look",
        "Ink on blue raises a class's score against others, on orange lowers it:",
    )
    code = text_of("02", "learned-images")
    assert "blue raises the score of the class, orange lowers it" in code
    assert "blue raises the score of the class, orange lowers it" in shown(
        "02", "learned-images"
    )


@cache
def change_drawn():
    """The two rows of pictures, each (10, 28, 28), and what training has added."""
    drawn = []
    space = {"torch": torch, "nn": nn, "F": F, "evaluate": evaluate, "train": train}
    space["data"] = load_images("digits")
    space["X_val"], space["y_val"] = space["data"].val.X.flatten(1), 0
    space["figures"] = SimpleNamespace(show_named=lambda X, *_, **__: drawn.append(X))
    for cell in ("means-code", "learned-code", "learned-images"):
        exec(source_of("02", cell), space)
    return *drawn[-1].view(2, 10, 28, 28), space["learned"] - space["means"]


def test_the_second_row_is_what_training_added_and_no_second_average():
    above, below, added = change_drawn()
    assert torch.allclose(below.flatten(1), added)
    # What raises one class lowers the others, in both rows: no mean is left in them.
    assert max(row.sum(0).abs().max() for row in (above, below)) < 1e-4
    against = (above * below).sum((1, 2)) < 0
    words = {7: "seven", 8: "eight", 9: "nine"}
    holds(
        "learned-look",
        "The upper row shows each average minus the mean of all ten, the lower "
        "what training added, on a color scale of its own.",
    )
    assert "'each_row': True" in text_of("02", "learned-images").replace('"', "'")
    holds(
        "learned-images-read",
        f"for {words[int(against.sum())]} of ten classes it points partly against the "
        "row above (cosine below 0)",
    )


def test_orange_stands_below_the_blue_of_a_seven():
    """Nearly wherever the upper row is clearly blue, and less than the blue is."""
    above, below, _ = change_drawn()
    corner = (7, slice(None, 14), slice(14, None))  # top right
    blue = above[corner] > 0.1
    assert blue.sum() > 30 and (below[corner][blue] < 0).float().mean() > 0.8
    assert 0.2 < -below[corner][blue].mean() / above[corner][blue].mean() < 0.8
    holds(
        "learned-images-read",
        "Top right in the 7, blue in the upper row meets orange in the lower: training "
        "takes back part of the average.",
    )


def test_the_old_biases_do_as_well():
    after, old = (
        float(re.findall(pattern, shown("02", "learned-code"))[0])
        for pattern in (r"([\d.]+)\)", r"old biases ([\d.]+)")
    )
    (before,) = re.findall(r"before ([\d.]+)", shown("02", "learned-code"))
    assert abs(after - old) < 0.005 and round(100 * (after - float(before))) == 7
    holds(
        "learned-how",
        "The new weights earn the seven points, even with the old biases.",
    )


def test_one_hot_vectors_are_the_root_of_two_apart():
    vectors = torch.eye(5, dtype=torch.float64)
    apart = F.pdist(vectors)
    (square,) = said("02", "one-hot-read", r"the same distance \$\\sqrt(\d)\$ apart")
    assert torch.allclose(apart, torch.tensor(float(square)).sqrt().double())


def test_the_template_of_a_class_is_what_its_score_is_made_with():
    x, W = random(1, 5), random(5, 3, seed=1)
    changed = W.clone()
    changed[:, 1] += 1  # a column: no other score may move
    same = (x @ changed == x @ W)[0].tolist()
    word = "Column" if same == [True, False, True] else "Row"
    holds("logits-read", rf"{word} $k$ of $\mathbf{{W}}$ is the template of class $k$.")


# -- softmax ---------------------------------------------------------------------------


def test_the_ratio_of_two_probabilities_is_the_exponential_of_the_lead():
    o = random(3)
    y_hat = own.naive_softmax(o)
    first, second = said(
        "02", "softmax-read", r"\$\\hat y_k/\\hat y_j=e\^\{o_(\w)-o_(\w)\}\$"
    )
    at = {"k": 0, "j": 2}
    lead = o[at[first]] - o[at[second]]
    assert torch.allclose(y_hat[0] / y_hat[2], lead.exp())
    assert torch.allclose((y_hat[0] / y_hat[2]).log(), lead)
    holds(
        "softmax-read",
        r"A class whose score is higher by 1 is $e \approx 2.718$ times as probable",
    )
    assert f"{math.e:.3f}" == "2.718"


def test_another_base_is_a_factor_of_all_scores_and_of_the_derivative():
    o, base = random(4), 3.0
    y_hat = base**o / (base**o).sum()
    assert torch.allclose(y_hat, own.softmax(math.log(base) * o))
    (gradient,) = torch.autograd.functional.jacobian(
        lambda o: own.cross_entropy(math.log(base) * o, torch.tensor([1])), o[None]
    )
    factors = gradient / (y_hat - F.one_hot(torch.tensor(1), 4))
    assert torch.allclose(factors, torch.full((4,), math.log(base)).double())
    holds(
        "softmax-read",
        r"The base is free: $a^{o}=e^{o\ln a}$, so another base $a$ only multiplies "
        r"all scores by $\ln a$. With $e$ no such factor enters the derivative.",
    )


def test_the_bias_of_the_picture_belongs_to_the_logit_that_it_moves():
    alt = shown("02", "network-code")
    weight, which = said(
        "02", "network-read", r"its weight (\d) is the bias of the (\w+) logit"
    )
    number = ["first", "second", "third"].index(which) + 1
    assert f"{weight} from the gray 1 to logit {number}." in alt
    holds(
        "network-read",
        "dashed if negative; a weight of 0 has no line",
        "every probability depends on all logits",
    )


def test_raising_a_logit_keeps_the_ratio_of_the_others():
    before = torch.tensor([1.0, 2.0, 3.0])
    after = before + torch.tensor([0.0, 0.0, 1.5])
    p, q = own.naive_softmax(before)[:2], own.naive_softmax(after)[:2]
    assert torch.allclose(q[0] / p[0], q[1] / p[1]), "the same factor"
    assert not torch.allclose(q[0] - p[0], q[1] - p[1]), "not the same amount"
    assert (q < p).all()
    holds(
        "temperature-read",
        "Raising one logit lowers the other two probabilities by the same factor, so "
        "their ratio stays the same.",
    )


def test_what_low_and_high_temperatures_do():
    o = torch.tensor([1.0, 2.0, 3.0])
    low, high = (own.softmax(o / T) for T in (0.1, 100.0))
    assert low[2] > 0.99 and torch.allclose(high, torch.full((3,), 1 / 3), atol=0.01)
    for T in (0.1, 1.0, 10.0):
        assert own.softmax(o / T).argsort().tolist() == [0, 1, 2]
    holds(
        "temperature-read",
        "A low temperature gives nearly all the probability to the largest logit, and "
        r"a high one brings all bars toward $1/K$. No temperature changes the order.",
    )
    holds("temperature", r"$\mathrm{softmax}(\mathbf{o}/T)$")


def test_the_temperatures_of_the_explorer_show_both_ends():
    """Down to where one bar has nearly all, and up to where they are nearly equal."""
    explorer = explorers.softmax_temperature()
    knob = explorer.controls["temperature"]
    for exponent, spread in ((knob.min, (0.99, 1.0)), (knob.max, (0.0, 0.1))):
        explorer.set(temperature=knob.base**exponent)
        bars = explorer.scene["probabilities"]["lengths"]
        assert spread[0] <= max(bars) - min(bars) <= spread[1]


def test_the_lowest_energy_is_the_most_probable_state():
    """Boltzmann: probabilities in proportion to the exponential of -E / T."""
    (sign,) = said("02", "temperature-read", r"in a state of energy \$(-?)o_k\$")
    o, T = random(4), 0.7
    energy = -o if sign else o
    weights = (-energy / T).exp()
    assert torch.allclose(weights / weights.sum(), own.softmax(o / T))


def test_after_subtraction_the_sum_lies_between_one_and_the_number_of_classes():
    K, sums = 5, []
    for seed in range(200):
        o = 30 * random(K, seed=seed)
        sums.append((o - o.max()).exp().sum().item())
    sums.append(torch.zeros(K).exp().sum().item())
    assert 1 <= min(sums) < 1.01 and max(sums) == K
    holds(
        "exp-normalize",
        "Now the largest exponent is 0. Nothing overflows, and the sum is at least 1.",
        r"subtract the largest, $m = \max_j o_j$",
        r"\hat y_k=\frac{e^{o_k-m}}{\sum_j e^{o_j-m}}.",
    )
    holds(
        "cross-entropy-logits",
        "With the largest logit $m$ subtracted, the sum lies between 1 and $K$, and "
        "its logarithm is finite.",
    )


# -- the loss --------------------------------------------------------------------------


def test_the_mean_loss_is_the_logarithm_of_the_likelihood_over_n():
    o, y = random(7, 4), torch.arange(7) % 4
    L = own.softmax(o)[range(7), y].prod()
    sign, share = said(
        "02",
        "cross-entropy-read",
        r"The mean of \$\\ell\$ over a set is \$(-?)(\\frac1n )?\\ln L\$",
    )
    expected = (-1 if sign else 1) * L.log() / (7 if share else 1)
    assert torch.allclose(own.cross_entropy(o, y), expected)
    holds("cross-entropy-read", "to make it small is to make the likelihood large")


def test_probability_for_one_wrong_class_costs_what_it_takes_from_the_right_one():
    kept = [torch.tensor([[0.3, 0.2, 0.5]]), torch.tensor([[0.3, 0.6, 0.1]])]
    costs = [own.cross_entropy(p.log(), torch.tensor([0])).item() for p in kept]
    assert costs[0] == pytest.approx(costs[1])
    holds(
        "cross-entropy-read",
        "probability given to a wrong class costs only what it takes from the right "
        "one.",
    )


def test_a_first_loss_above_that_of_ignorance_is_that_of_a_sure_mistake():
    """Sure of random answers, it costs far more; knowing nothing, just ln K."""
    y, ignorant = torch.arange(1000) % 10, torch.zeros(1000, 10).double()
    sure = 20 * random(1000, 10)
    assert own.cross_entropy(ignorant, y).item() == pytest.approx(math.log(10))
    assert own.cross_entropy(sure, y) > 5 * math.log(10)
    assert own.softmax(sure).max(1).values.mean() > 0.9
    holds(
        "log-loss-more",
        r"With $K$ classes that is $\ln K$. A fresh classifier should start near it. "
        "If it starts much higher, it is confidently wrong; if it stays there, it is "
        "not learning.",
    )


def test_the_code_made_for_another_distribution_is_the_longer_one():
    """Lengths are minus the logarithms that the code is made for; q says how often."""
    q, p = own.softmax(random(6)), own.softmax(random(6, seed=1))
    entropy, crossed = -(q * q.log()).sum(), -(q * p.log()).sum()
    kl = F.kl_div(p.log(), q, reduction="sum")
    assert crossed > entropy and torch.allclose(crossed - entropy, kl)
    made, drawn, formula = (
        r"\hat{\mathbf y}",
        r"\mathbf{q}",
        r"-\sum_k q_k \ln \hat y_k",
    )
    holds(
        "cross-entropy-code-read",
        rf"H(\mathbf{{q}}, \hat{{\mathbf y}}) = {formula}$ is the same limit for a "
        rf"code that was made for ${made}$ while the classes come from ${drawn}$.",
        r"$H(\mathbf{q}) = -\sum_k q_k \ln q_k$: no code that can be decoded names the "
        r"class in fewer nats on average, and one that is made for $\mathbf{q}$",
        r"It is never smaller than $H(\mathbf{q})$, and equal only for "
        r"$\hat{\mathbf y} = \mathbf{q}$",
    )
