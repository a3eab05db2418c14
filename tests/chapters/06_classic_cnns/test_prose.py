"""Chapter 6: what its sentences, formulas and questions say is computed anew.

The recording of the prose tells that a cell has changed; these tests tell which of two
texts is right. Each reads the numbers, the order or the formula from the cell itself.
"""

import json
import math
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import LeNet, layer_table
from helpers.chapters.classic_cnns import claims, published
from helpers.chapters.classic_cnns.exercises import alexnet, blocks, training
from helpers.chapters.classic_cnns.inception_branches import FIRST
from helpers.chapters.classic_cnns.network_diagram import rows_of
from tests.taught import notebook_path, taught

WORDS = {"twice": 2, "four times": 4, "seven hundred times": 700, "elevenfold": 11}
SHARES = {"half": 1 / 2, "a quarter": 1 / 4, "all of it": 1}


def text_of(cell_id: str) -> str:
    """The text of a cell, without its line breaks."""
    cells = json.loads(notebook_path("06").read_text("utf-8"))["cells"]
    (source,) = (cell["source"] for cell in cells if cell["id"] == cell_id)
    return " ".join("".join(source).split())


def groups(pattern: str, cell_id: str) -> tuple[str, ...]:
    """What a pattern finds in a cell; the sentence must still be there."""
    found = re.search(pattern, text_of(cell_id))
    assert found, f"{cell_id}: no longer says {pattern!r}; change this test with it"
    return found.groups()


def integers(text: str) -> list[int]:
    """All whole numbers of a text, with or without commas in them."""
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", text)]


# -- formulas ------------------------------------------------------------------------


def as_python(latex: str) -> str:
    """A formula of one line as an expression; a product needs no sign in LaTeX."""
    for pattern, new in (
        (r"\\sqrt\{(\d)\}", r"\1**0.5*"),
        (r"\\lVert x - z\\rVert", "norm(x-z)"),
        (r"\\gamma", "gamma*"),
        (r"\\[,!]|[{}]| ", ""),
        (r"\^(\d)", r"**\1"),
        (r"(x_\d)(?=x_)", r"\1*"),
    ):
        latex = re.sub(pattern, new, latex)
    return latex


def test_the_kernels_formulas_are_those_of_the_code():
    own = taught("06", "phi", "rbf")
    (phi,) = groups(r"\$\\phi\(x\) = \((.*?)\)\$", "kernel-trick")
    (exponent,) = groups(r"k\(x, z\) = e\^\{(.*?)\}\$", "kernel-trick")
    x, z = torch.tensor([0.7, -1.3]), torch.tensor([-0.4, 0.9])
    names = {"x_1": x[0], "x_2": x[1], "x": x, "z": z, "gamma": 1.7}
    names["norm"] = torch.linalg.vector_norm
    mapped = torch.stack(eval(as_python(phi), names))
    torch.testing.assert_close(mapped, own.phi(x[None])[0])
    kernel = torch.exp(eval(as_python(exponent), names))
    torch.testing.assert_close(kernel, own.rbf(x[None], z[None], 1.7)[0, 0])


@pytest.mark.parametrize("cell_id", ["lrn", "ex-local-response-norm"])
def test_the_normalization_divides_by_a_power_of_a_sum_of_squares(cell_id):
    text = text_of(cell_id).replace(r"\Big", "").replace(r"\bigl", "")
    text = re.sub(r"\s|\\bigr", "", text)
    inner = r"\(k\+\\alpha\\sum_\S*?a_(\{c'\}|j)\^2\)\^\{?\\beta"
    assert re.search(inner, text), f"{cell_id}: k + alpha times the squares, ^ beta"


def test_the_neighbors_are_as_many_as_the_code_adds_up():
    low, high = groups(r"\\sum_\{c'=c-(\d)\}\^\{c\+(\d)\}", "lrn")
    k, alpha, beta = groups(
        r"\$k = (\d)\$, \$\\alpha = 10\^\{(-\d)\}\$, \$\\beta = ([\d.]+)\$", "lrn"
    )
    size = int(low) + int(high) + 1
    X = 30 * torch.rand(1, 8, 1, 1, generator=torch.Generator().manual_seed(0))
    numbers = size, 10.0 ** int(alpha), float(beta), float(k)
    expected = nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)(X)
    found = alexnet.local_response_norm.solution(X, *numbers)
    torch.testing.assert_close(found, expected)


# -- slopes and gradients ------------------------------------------------------------


def test_the_slope_of_the_sigmoid_at_zero():
    above, below = groups(r"the sigmoid has its largest, (\d)/(\d)", "relu-more")
    z = torch.linspace(-3, 3, 601).requires_grad_()
    (slope,) = torch.autograd.grad(torch.sigmoid(z).sum(), z)
    assert slope.argmax() == 300
    assert slope.max().item() == pytest.approx(int(above) / int(below))


def test_what_pooling_hands_on():
    one, each = groups(
        r"maximum gives (.*?) to one pixel, the mean (.*?) to each", "max-pooling"
    )
    X = torch.tensor([[[[1.0, 4.0], [2.0, 3.0]]]], requires_grad=True)
    for pool, share in ((F.max_pool2d, one), (F.avg_pool2d, each)):
        (grad,) = torch.autograd.grad(pool(X, 2).sum(), X)
        assert grad.max().item() == SHARES[share]


# -- sizes and costs -----------------------------------------------------------------


def test_lenets_maps_in_words():
    table = layer_table(LeNet(), 1, 28, 28)
    maps = [(1, 28, 28), *(row.shape for row in table if len(row.shape) == 3)]
    flat = next(row.shape[0] for row in table if len(row.shape) == 1)
    first, *sizes = dict.fromkeys(side for _, side, _ in maps)
    channels = list(dict.fromkeys(c for c, *_ in maps))
    said = integers(text_of("lenet-read"))
    assert said == [first, *sizes, *channels, flat]


def test_where_lenet_has_its_parameters_and_its_work():
    table = layer_table(LeNet(), 1, 28, 28)
    linear = [row for row in table if row.kind == "Linear"]
    weights, work = groups(
        r"(\d+) % of the weights, (\d+) % of the work", "lenet-table-more"
    )
    parameters = sum(row.parameters for row in linear) / table.parameters
    multiplications = sum(row.multiplications for row in linear)
    assert int(weights) == round(100 * parameters)
    assert int(work) == round(100 * multiplications / table.multiplications)


def test_which_layer_of_vgg_16_holds_the_most():
    which, share = groups(
        r"the (\w+) linear layer of VGG-16 holds ([\d.]+ %)", "diagram-explorer-read"
    )
    _, rows = rows_of("VGG-16, full size", 1.0)
    linear = [row.parameters for row in rows if row.does == "linear"]
    most = max(row.parameters for row in rows)
    assert linear[["first", "second", "third"].index(which)] == most
    assert share == f"{100 * most / sum(row.parameters for row in rows):.1f} %"


def test_a_linear_layer_over_nins_maps():
    c, side, more, count = groups(
        r"over the (\d+) maps of (\d) × (\d) pixels would have ([\d,]+) weights",
        "gap-more",
    )
    assert side == more
    assert integers(count) == [int(c) * int(side) ** 2 * 10]


def test_the_rule_of_inceptions_widths():
    half, quarter, eighth = groups(
        r"half of the channels to (\d) × \d, half of the rest to (\d) × \d, and what "
        r"remains is shared by (\d) × \d and pooling",
        "inception-explorer-read",
    )
    by_size = {"1": FIRST["c1"], "3": FIRST["c2"], "5": FIRST["c3"]}
    widths = by_size[half], by_size[quarter], by_size[eighth], FIRST["c4"]
    assert widths == tuple(sum(widths) // part for part in (2, 4, 8, 8))


def test_three_heads_as_asked():
    c, h, w, k = map(
        int,
        groups(
            r"(\d+) channels of (\d+) × (\d+), and there are (\d+) classes",
            "ex-head-parameters",
        ),
    )
    heads = nn.Linear(c * h * w, k), nn.Linear(c, k), nn.Conv2d(c, k, 1)
    counts = tuple(sum(p.numel() for p in head.parameters()) for head in heads)
    assert blocks.head_parameters.solution() == counts


def test_the_sizes_of_alexnet_as_asked():
    text = text_of("ex-alexnet-sizes")
    (side,) = groups(r"image of (\d+) × \d+ pixels", "ex-alexnet-sizes")
    _, layers = text.split("poolings: ")
    sizes, before = [int(side)], None
    for part in layers.split(". ")[0].split("; "):
        if part == "the same pooling":
            part = before
        times = 3 if part.startswith("three times") else 1
        kernel = int(re.search(r"(\d+) × \d+", part)[1])
        stride, padding = (
            int(found[1]) if (found := re.search(rf"{word} (\d)", part)) else default
            for word, default in (("stride", 1), ("padding", 0))
        )
        if part.startswith("pooling"):
            before = part
        for _ in range(times):
            sizes.append((sizes[-1] + 2 * padding - kernel) // stride + 1)
    assert tuple(sizes[1:]) == alexnet.alexnet_sizes.solution()


# -- what was measured, and what the questions ask -----------------------------------


def test_who_leads_among_the_small_networks():
    first, second, one, other, third, fourth = groups(
        r"small ones (\w+) and (\w+) lead with ([\d.]+) and ([\d.]+), and GoogLeNet, "
        r"at ([\d.]+), and NiN, at ([\d.]+), are behind",
        "bought-more",
    )
    found = {n.name: f"{n.accuracy:.3f}" for n in published.small_networks()}
    ordered = sorted(found, key=found.get)
    assert ordered == ["NiN", "GoogLeNet", "AlexNet", second, first]
    named = [first, second, "GoogLeNet", "NiN"]
    assert [found[name] for name in named] == [one, other, third, fourth]


def test_accuracy_against_cost_over_all_networks():
    """Left nearly in order; right two clouds, the small ones nearly in reverse."""
    here, there = published.small_networks(), published.published_networks()

    def order(networks, cost):
        X = torch.tensor([[getattr(n, cost), n.accuracy] for n in networks])
        return torch.corrcoef(X.argsort(0).argsort(0).double().T)[0, 1]

    assert order((*here, *there), "parameters") > 0.8
    assert order(here, "multiplications") < -0.7
    assert order(there, "multiplications") < 0.5
    millions = [n.multiplications / 1e6 for n in there[1:]]
    low, high, small, most = groups(
        r"rings do (\d+) to (\d+) million .*, the dots ([\d.]+) to (\d+) million",
        "bought-read",
    )
    assert [low, high] == [f"{min(millions):.0f}", f"{max(millions):.0f}"]
    ours = [n.multiplications / 1e6 for n in here]
    assert [small, most] == [f"{min(ours):.1f}", f"{max(ours):.0f}"]


def test_what_is_read_in_the_table_of_networks():
    first, last, part, work, low, high = groups(
        r"From (\d+) to (\d+) layers with weights.*VGG-16 costs most; GoogLeNet has "
        r"(.*?) of its parameters and does (.*?) of its work\..*all but NiN name "
        r"([\d.]+) to ([\d.]+) of the digits",
        "side-read",
    )
    rows = [row.split("|") for row in published.side_by_side().data.splitlines()[2:]]
    layers, parameters, millions = (
        [float(re.sub("[^\\d.]", "", row[k])) for row in rows] for k in (4, 5, 6)
    )
    assert [int(first), int(last)] == [min(layers), max(layers)]
    assert parameters[2] == max(parameters) and millions[2] == max(millions)
    shares = {"a twentieth": 20, "a tenth": 10}
    assert parameters[2] / parameters[4] == pytest.approx(shares[part], rel=0.1)
    assert millions[2] / millions[4] == pytest.approx(shares[work], rel=0.1)
    on_digits = {row[1].split(",")[0].strip(): row[9].strip() for row in rows}
    assert on_digits.pop("NiN") < low == min(on_digits.values())
    assert high == max(on_digits.values())


def test_how_far_the_auxiliary_head_lifts_the_gradient():
    sigmoid, low, high, poor, rich, relu = groups(
        r"about (\w+ \w+ times) as large, and at full size the test accuracy rises "
        r"from ([\d.]+) to ([\d.]+) on the digits and from ([\d.]+) to ([\d.]+) on the "
        r"clothes .*\. With ReLU the gradient grows (\w+),",
        "claim-auxiliary-head-read",
    )
    stored = claims.auxiliary_head.stored()
    for said, letter in ((sigmoid, "a"), (relu, "b")):
        found = stored["digits"].found[letter].mean
        assert WORDS[said] == pytest.approx(found, rel=0.1)
    for said, name, data in (
        (low, "sigmoid, without", "digits"),
        (high, "sigmoid, with", "digits"),
        (poor, "sigmoid, without", "fashion_mnist"),
        (rich, "sigmoid, with", "fashion_mnist"),
    ):
        assert said == f"{stored[data].table[name]['test accuracy'].mean:.2f}"


def test_what_twice_the_width_costs():
    (word,) = groups(r"3\. Nearly (.*?), [\d,]+ instead of [\d,]+", "panel-answers")
    pair = groups(r"([\d,]+) instead of ([\d,]+) for VGG", "panel-answers")
    small_net = taught("06", "small_net").small_net
    counts = [
        layer_table(small_net("VGG", width, 0.0, "torch"), 1, 28, 28).multiplications
        for width in (2.0, 1.0)
    ]
    assert integers(" ".join(pair)) == counts
    assert WORDS[word] == math.ceil(counts[0] / counts[1])


def test_what_is_asked_about_a_1x1_convolution_is_answered():
    c_in, c_out = groups(
        r"1 × 1 convolution from (\d+) to (\d+) channels: how many weights",
        "recall-questions",
    )
    *factors, product = integers(groups(r"\$(192.*?)\$", "recall-questions")[0])
    few, many = groups(r"gets (\d+) channels instead of (\d+)", "recall-questions")
    assert factors == [int(c_in), int(c_out)] and product == math.prod(factors)
    assert (few, many) == (c_out, c_in)


def test_the_stuck_networks_are_asked_for_in_the_order_of_the_answer():
    text = text_of("ex-stuck-networks")
    order = sorted(
        ("bad start", "dropout", "learning rate", "is healthy"), key=text.index
    )
    networks = {}
    for letter, (make, init, lr) in training.NETWORKS.items():
        if init is None:
            networks["bad start"] = letter
        elif make.keywords.get("dropout", 0) > 0.5:
            networks["dropout"] = letter
        else:
            networks["learning rate" if lr > 1 else "is healthy"] = letter
    assert training.stuck_networks.solution() == tuple(networks[w] for w in order)
