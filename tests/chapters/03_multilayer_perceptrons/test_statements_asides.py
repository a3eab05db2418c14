"""Chapter 3: what its folds and asides say, each computed first or read off a table.

As in `test_statements`: what a sentence says is computed, and then it must stand there.
"""

import ast
import re

import numpy as np
import pytest
import torch
from torch import nn, tensor

from helpers import load_images, models, seeded, train
from helpers.chapters.multilayer_perceptrons import explorers, figures
from helpers.figures.described import described
from tests.said import WORDS, said, shown
from tests.taught import holding, taught, terms_of, text_of

holds = holding("03")


# -- creases and weights ---------------------------------------------------------------


def test_a_crease_is_where_the_sum_is_0_and_arrows_point_to_where_it_is_above():
    with seeded(0):
        unit = nn.Linear(2, 1)
    (w1, w2), b = unit.weight[0].tolist(), unit.bias.item()
    on_it = tensor([0.3, -(w1 * 0.3 + b) / w2])
    assert unit(on_it).item() == pytest.approx(0, abs=1e-6)
    assert torch.relu(unit(on_it + 0.1 * unit.weight[0])) > 0
    (formula, side) = said(
        "03", "creases-text", r"that line, \$(.*?)\$, is its .* to where each is (.*?):"
    )
    assert (formula, side) == ("w_1x_1+w_2x_2+b=0", "above 0")
    (figure_says,) = re.findall(
        r"arrow to where the unit is (.*?)\.", shown("03", "creases")
    )
    assert figure_says == side


def test_ink_on_blue_raises_the_sum():
    """The colors are those of the picture itself: a weight of 1, one of -1."""
    figure = figures.show_units(tensor([[[0.2, -0.2], [0.0, 0.0]]]))
    (image,) = figure.axes[0].images
    colors = {}
    for sign, weight in {"positive": 0.2, "negative": -0.2}.items():
        red, _, blue, _ = image.to_rgba(weight)
        colors[sign] = "blue" if blue > red else "orange"
    words = r"(\w+) is negative, white 0, (\w+) positive"
    for told in (described(figure), shown("03", "units")):
        assert re.findall(words, told) == [(colors["negative"], colors["positive"])]
    up, down = said(
        "03",
        "units-text",
        r"ink on (\w+) raises the unit's sum, (?:ink )?on (\w+) lowers it",
    )  # ink is above 0, so the sign of its weight decides
    assert (up, down) == (colors["positive"], colors["negative"])


def test_moved_is_measured_from_the_start_of_the_baseline():
    """The same seed and widths draw the same weights; another seed, others."""
    units, baseline = text_of("03", "units"), text_of("03", "baseline-code")
    drawn = r"with seeded\((\d+)\): \w+ = models\.MLP\(\((\d+),\)\)"
    assert re.findall(drawn, units) == re.findall(drawn, baseline) != []
    with seeded(0):
        first = models.MLP((256,))[1].weight
    with seeded(1):
        other = models.MLP((256,))[1].weight
    assert ((other - first).norm(dim=1) / first.norm(dim=1)).min() > 1
    (median,) = re.findall(r"median ([\d.]+), below", shown("03", "units"))
    assert float(median) < 1.3, "from another start it would be more than 1.4"


# -- starts ----------------------------------------------------------------------------


def spread_of_tanh(variance: float, layers: int) -> list[float]:
    """Standard deviations of very wide tanh layers, from inputs of variance 1.

    A sum has the weights' variance times the inputs' number times their mean square,
    and is normal: its tanh is averaged exactly.
    """
    z, weights = np.polynomial.hermite_e.hermegauss(101)
    mean_square, found = 1.0, []
    for _ in range(layers):
        sums = (variance * mean_square) ** 0.5 * z
        mean_square = (weights * np.tanh(sums) ** 2).sum() / weights.sum()
        found.append(mean_square**0.5)
    return found


def test_xavier_sinks_as_the_square_root_and_kaiming_settles():
    xavier, kaiming = spread_of_tanh(1.0, 400), spread_of_tanh(2.0, 400)
    (how,) = said("03", "twenty-read", r"about as \$1/\\sqrt\{(\d)l\}\$ in layer")
    for layer in (20, 100, 400):
        told = 1 / (int(how) * layer) ** 0.5
        assert xavier[layer - 1] == pytest.approx(told, rel=0.1)
    at_20 = dict(
        re.findall(r"(Xavier|Kaiming) +tanh +([\d.]+)", shown("03", "twenty-code"))
    )
    assert float(at_20["Xavier"]) == pytest.approx(xavier[19], abs=0.02)
    assert float(at_20["Kaiming"]) == pytest.approx(kaiming[-1], abs=0.02)
    assert kaiming[19] == pytest.approx(kaiming[-1], abs=1e-4), "it has settled"
    holds(
        "twenty-read",
        "With tanh, Kaiming settles where tanh's flattening cancels the factor √2; "
        "Xavier, with nothing to cancel it, keeps sinking,",
    )


def test_backward_it_is_the_number_of_outputs_that_counts():
    """Half of the slopes of ReLU are 0; what comes back adds n_out terms."""
    generator = torch.Generator().manual_seed(0)
    n_in, n_out = 400, 100
    signal = torch.randn(2000, n_out, generator=generator)
    came = {}
    for name, variance in {"n_in": 2 / n_in, "n_out": 2 / n_out}.items():
        W = variance**0.5 * torch.randn(n_out, n_in, generator=generator)
        slope = (torch.randn(2000, n_in, generator=generator) > 0).float()
        came[name] = (slope * (signal @ W)).square().mean().item()
    assert came["n_out"] == pytest.approx(1, rel=0.05) and came["n_in"] < 0.3
    holds(
        "twenty-read",
        r"Backward, Kaiming would ask for $2/n_\text{out}$: the same between equal wid",
    )


def test_what_one_seed_shows_lies_in_the_range_of_eight():
    ends = dict(
        re.findall(r"(Kaiming|Kaiming, uniform) +signal .*?val\. acc\. ([\d.]+)",
                   shown("03", "starts"))
    )  # fmt: skip
    first, *normal, second, low, high = said(
        "03",
        "starts-read",
        r"over eight seeds the (\w+) form ends between ([\d.]+) and ([\d.]+), the "
        r"(\w+) one between ([\d.]+) and ([\d.]+)\.",
    )
    assert (first, second) == ("normal", "uniform")
    for name, (least, most) in {
        "Kaiming": normal,
        "Kaiming, uniform": (low, high),
    }.items():
        assert float(least) <= float(ends[name]) <= float(most), name
    with seeded(0):
        deep = models.MLP((64,) * 5)
    with seeded(0):
        kaiming = models.MLP((64,) * 5, init=taught("03", "init_with").init_with(
            nn.init.kaiming_normal_))  # fmt: skip
    assert deep[3].weight.std() < 0.5 * kaiming[3].weight.std()
    holds(
        "starts-read",
        "At this rate it is too small for five ReLU layers: after these eight epochs",
        "One or two layers learn from nn.Linear's start, like the baseline above.",
    )
    assert "init" not in text_of("03", "baseline-code"), "the baseline starts so"


def test_dead_shares_of_three_rates():
    rows = ast.literal_eval(shown("03", "dead-code").strip())
    low, middle, high = rows.values()
    assert [*rows] == ["rate 0.1", "rate 0.5", "rate 1.0"] and max(low) < 0.1
    quarter, half = min((1 / 4, 1 / 2), key=lambda s: abs(s - middle[0])), sum(high) / 5
    words = {1 / 4: "a quarter", 1 / 2: "half"}
    few, share, more, last = said(
        "03",
        "dead-read",
        r"At 0\.1 (\w+) any unit dies, at 0\.5 about (.*?) of layer 1[;.] "
        r"[aA]t 1\.0 (\w+) than half of all(?: die)?, in the last layer (\w+) in ten\.",
    )
    assert (few, share) == ("hardly", words[quarter])
    assert more == ("more" if half > 0.5 else "less")
    assert WORDS.index(last) == round(10 * high[-1])
    of_first, to, of_last = said(
        "03",
        "dead-more",
        r"At 0\.5 the six seeds lose (\d+) to (\d+) % of layer 1.*? and (\d+) % or mo",
    )
    assert int(of_first) <= 100 * middle[0] <= int(to)
    assert 100 * high[-1] >= int(of_last)
    holds("dead-more", "each of the others loses more than half of its units,")


def test_a_unit_is_dead_only_if_no_image_lifts_it_above_0():
    dead_shares = taught("03", "dead_shares").dead_shares
    net = nn.Sequential(nn.Linear(1, 4, bias=False), nn.ReLU())
    with torch.no_grad():
        net[0].weight.copy_(tensor([[1.0], [-1.0], [0.0], [2.0]]))
    assert dead_shares(net, tensor([[1.0], [2.0]])) == [0.5]
    assert dead_shares(net, tensor([[1.0], [-2.0]])) == [0.25]


# -- arrivals and depth ----------------------------------------------------------------


def test_paths_of_a_wide_layer_add_up():
    """All weights 1 in size, which in a chain leave a quarter of a step's signal."""
    slope, width = 0.25, 64
    assert explorers.chain(slope, 1.0, 10) == pytest.approx(slope**10)
    assert explorers.chain(slope, 1.01, 10) > slope**10
    W = torch.where(torch.arange(width * width).view(width, width) % 3 > 0, 1.0, -1.0)
    signal = torch.ones(width)
    for _ in range(3):
        signal = slope * (W.T @ signal)
    assert signal.abs().max() > 1 == W.abs().max()
    holds(
        "chain-below",
        "In a chain it takes weights of at most 1 in magnitude; in wide layers the "
        "paths add up, so that even such weights can let it grow.",
        "And in a chain the explosion needs biases that keep every $z$ near 0.",
    )


def test_what_counts_for_a_sigmoid_and_what_adds_the_rest():
    arrives = {
        name: (float(low) + float(high)) / 200
        for name, low, high in re.findall(
            r"\$([^$]+)\$ (?:lets )?(\d+) to (\d+) %", text_of("03", "depth-table-more")
        )
    }
    steep, centered = arrives[r"\sigma(4z)"], arrives[r"\sigma(4z)-\frac12"]
    high, both = arrives[r"4\sigma(z)"], arrives[r"4\sigma(z)-2"]
    by_center = min(centered / steep, both / high)
    by_height = max(both / centered, high / steep)
    assert by_center > 10 > 3 > by_height
    what, and_what, rest = said(
        "03",
        "depth-table-more",
        r"(\w+) and (\w+) are what counts; (\w+) adds the rest\.",
    )
    assert {what, and_what} == {"Slope", "center"} and rest == "height"


# -- the search ------------------------------------------------------------------------


def test_three_seeds_of_one_hidden_layer():
    searched = ast.literal_eval(shown("03", "random-search").strip())
    (third,) = said("03", "widths-rules", r"unlucky here \(([\d.]+) with 128 units\)")
    *widths, a, b, c, d = said(
        "03",
        "widths-rules",
        r"Over three, one hidden layer of (\d+), (\d+), (\d+) and (\d+) units gets "
        r"([\d.]+), ([\d.]+), ([\d.]+) and ([\d.]+):",
    )
    means = [float(mean) for mean in (a, b, c, d)]
    assert widths == ["128", "256", "512", "1024"]
    assert means[0] == pytest.approx(
        (sum(searched["128"]) + float(third)) / 3, abs=0.005
    )
    gains = [round(100 * (y - x)) for x, y in zip(means, means[1:], strict=False)]
    assert gains[0] >= 3 and gains[1:] == [1, 1]
    sizes = [sum(p.numel() for p in models.MLP((int(w),)).parameters()) for w in widths]
    (work,) = said(
        "03",
        "widths-rules",
        r"doubling 128 pays, after that each doubling adds about a point and (\w+) the",
    )
    more = [y / x for x, y in zip(sizes, sizes[1:], strict=False)]
    assert more == pytest.approx([2, 2, 2], abs=0.01) and work == "twice"


def test_depth_is_chosen_on_validation_points_and_measured_on_new_ones():
    code = text_of("03", "fair-depth-run")
    (chooses,) = re.findall(r"best = int\(accuracies\((.*?)\)\.mean\(1\)", code)
    (measures,) = re.findall(r"on_new = accuracies\((.*?)\)", code)
    assert (chooses, measures) == ("spirals.val", "new_points")
    assert re.search(r"new_points = make_points\(.*?\)\.val", code)
    said_of = r"chosen on (\w+) points.*? measured on 2,000 (\w+) ones"
    assert said("03", "fair-depth", said_of) == ("validation", "new")


def test_twelve_seeds_lie_inside_the_bands():
    code = text_of("03", "fair-depth-run")
    bands = {}
    for found in re.findall(r"bands \|?= (\{.*?\})", code):
        bands |= ast.literal_eval(found)
    large, wide, deep = said(
        "03",
        "fair-depth-read",
        r"([\d.]+) for both at about 630 parameters, ([\d.]+) for the wide and "
        r"([\d.]+) for the deep network at about 187",
    )
    told = {"37": wide, "8-8-8": deep, "125": large, "16-16-16": large}
    for name, mean in told.items():
        assert float(mean) == pytest.approx(sum(bands[name]) / 2, abs=0.025), name
    assert float(wide) > float(deep), "behind, as with three seeds"
    again = said("03", "playground-answers", r"parameters, (\d+) against (\d+), and")
    for count, widths in zip(again, ((16, 16, 16), (32,)), strict=True):
        net = models.MLP(widths, 2, 2)
        assert sum(p.numel() for p in net.parameters()) == int(count)


def test_older_gradients_fade_in_what_momentum_sums():
    value_after = taught("03", "value_after").value_after
    assert value_after(0.038, 0.0) > 1e6 * value_after(0.058, 0.5)
    w = nn.Parameter(torch.zeros(()))
    descent, kept = torch.optim.SGD([w], lr=1.0, momentum=0.5), []
    for gradient in (1.0, 0.0, 0.0):
        before = w.item()
        w.grad = tensor(gradient)
        descent.step()
        kept.append(before - w.item())
    assert kept == [1.0, 0.5, 0.25]
    (becomes,) = said(
        "03",
        "slow",
        r"Momentum steps along a running sum in which older gradients (\w+)",
    )
    (line,) = (line for name, _, line in terms_of("03") if name == "momentum")
    assert becomes == "fade" and line == "a step along a fading sum of gradients"


# -- the panel -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def narrow_gaps():
    """Percentage points between both accuracies, 16 units, the panel's first run."""
    data, gaps = load_images("digits"), []
    for seed in range(5):
        with seeded(seed):
            net = models.MLP((16,))
        settings = {"num_epochs": 10, "lr": 0.3, "batch_size": 128, "seed": seed}
        found = train(net, data.train, data.val, device="cpu", **settings)
        gaps.append(100 * (found.train_accuracy[-1] - found.val_accuracy[-1]))
    return gaps


def test_the_gaps_of_five_seeds(narrow_gaps):
    low, high, how_many, other = said(
        "03",
        "panel-answers",
        r"with 16 it is (\d) to (\d) in (\w+) seeds, and (\d) in the fifth\.",
    )
    *usual, odd = sorted(narrow_gaps)
    assert WORDS.index(how_many) == len(usual)
    assert int(low) - 0.8 < usual[0] and usual[-1] < int(high) + 0.8
    assert odd == pytest.approx(int(other), abs=1.5)
    holds("panel-answers", "A gap tells little if the accuracies differ so much.")


def test_which_bends_fail_with_eight_units():
    solved = dict(
        re.findall(
            r"(\w+) +median loss [\d.]+, solved by (\d+) of 20",
            shown("03", "train-xor-code"),
        )
    )
    with_8 = re.search(r"8 hidden units: (\d+) of 100", shown("03", "stuck")).group(1)
    assert with_8 == "0"
    holds(
        "stuck-read",
        "With 8 units tanh always arrives; of the 20 starts with other bends above, "
        f"{20 - int(solved['ReLU'])} with ReLU failed, and "
        f"{20 - int(solved['sigmoid'])} with the sigmoid.",
    )
