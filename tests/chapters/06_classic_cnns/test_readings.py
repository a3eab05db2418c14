"""Chapter 6: words that name a direction, a set or a factor are computed anew.

More or less, left or right, most or none, which of two: no number stands in these
sentences. Each test reads the word from its cell, and finds out which word is right.
"""

import base64
import inspect
import io
import json
import re

import pytest
import torch
from matplotlib.image import imread
from sklearn.svm import SVC
from torch import nn

from helpers import VGG, LeNet, NiN, d2l, layer_table, make_points
from helpers.chapters.classic_cnns import claims, explorers, figures, published
from helpers.chapters.classic_cnns.claims import starts
from helpers.chapters.classic_cnns.kernel_machine import kernels
from helpers.models import classic
from tests.taught import notebook_path, taught

SETS = {"digits": "digits", "clothes": "fashion_mnist"}
NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
NUMBERS |= {"seven": 7, "eight": 8, "nine": 9, "ten": 10}
TENS = {"ten": 10, "twenty": 20, "thirty": 30, "forty": 40}
PARTS = {"half": 1 / 2, "a seventh": 1 / 7, "a tenth": 1 / 10}
PARTS |= {"six hundred times": 600, "twice": 2}


def cell(cell_id: str) -> dict:
    cells = json.loads(notebook_path("06").read_text("utf-8"))["cells"]
    (found,) = (c for c in cells if c["id"] == cell_id)
    return found


def words(pattern: str, cell_id: str) -> tuple[str, ...]:
    """What a pattern finds in a cell; the sentence must still be there."""
    text = " ".join("".join(cell(cell_id)["source"]).split())
    found = re.search(pattern, text)
    assert found, f"{cell_id}: no longer says {pattern!r}; change this test with it"
    return found.groups()


def printed(cell_id: str) -> str:
    """What a code cell has printed, as it is stored."""
    return "".join("".join(o.get("text", "")) for o in cell(cell_id)["outputs"])


# -- which of two, more or less --------------------------------------------------------


def test_which_weights_are_used_at_every_place():
    often, once = words(
        r"weight of a (.*?) is used at every place, a weight of a (.*?) once",
        "lenet-table-more",
    )
    kinds = {"kernel": "Conv2d", "linear layer": "Linear"}
    layers = [m for m in LeNet().modules() if hasattr(m, "weight")]
    rows = [r for r in layer_table(LeNet(), 1, 28, 28) if r.parameters]
    uses = {
        row.kind: row.multiplications / layer.weight.numel()
        for row, layer in zip(rows, layers, strict=True)
    }
    assert uses[kinds[often]] > 1 == uses[kinds[once]]


def test_which_side_has_the_points_and_which_their_squares():
    one, other = words(
        r"(\w+) the points \$\(x_1, x_2\)\$.* (\w+) the same points at "
        r"\$\(x_1\^2, x_2\^2\)\$",
        "kernel-map-read",
    )
    points = make_points("circles", n_train=40, n_val=10, noise=0.1).train
    axes = figures.show_feature_map(points.X, 2.0 * points.y - 1).axes
    left, right = sorted(axes, key=lambda ax: ax.get_position().x0)
    lowest = {
        side: min(line.get_xydata().min() for line in ax.lines[:2])
        for side, ax in (("Left", left), ("Right", right))
    }
    assert lowest[one] < 0 <= lowest[other]


def test_how_many_weights_of_a_support_vector_machine_are_0():
    (share,) = words(r"makes (\w+) of the weights exactly 0", "kernel-ridge-more")
    points = make_points("circles", n_train=200, n_val=10, noise=0.1).train
    svm = SVC(C=10, gamma=2.0).fit(points.X.numpy(), points.y.numpy())
    zero = 1 - svm.n_support_.sum() / len(points.X)
    assert share == ("most" if zero > 0.5 else "some" if zero > 0 else "none")


def test_whose_starts_end_in_one_place():
    same, several = words(
        r"the (\w+)'s? ten starts end at one value, the (\w+?)(?:'s)? at several",
        "convex-read",
    )
    (shown,) = cell("convex-figure")["outputs"]
    alt = shown["metadata"]["image/png"]["alt"]
    apart = {
        name: float(high) - float(low)
        for name, low, high in re.findall(
            r"(\w+), 10 starts, ([\d.]+) to (\d\.\d+)", alt
        )
    }
    named = {"kernel": "kernel", "networks": "MLP"}
    assert apart[named[same]] < 0.01 < apart[named[several]]


def test_which_lambda_takes_degrees_of_freedom_away():
    (which,) = words(r"a (\w+) \$\\lambda\$ takes some away", "kernel-explorer-read")

    def freedom(lambda_):
        says = explorers.kernel_machine.scene(lambda_=lambda_).says
        return float(re.search(r"freedom: ([\d.]+)", says)[1])

    falls = freedom(1.0) < freedom(0.1)
    assert which == ("larger" if falls else "smaller")


def test_the_share_that_ridge_keeps_is_the_curve():
    (share,) = words(r"keeps the share \$(.*?)\$ of \$y\$", "kernel-explorer-read")
    shares = explorers.kernel_machine.scene(gamma=1.0, lambda_=0.5)["shares"]
    d = kernels(1.0).eigenvalues[::-1]
    found = eval(share.replace(r"\lambda", "lambda_"), {"d": d, "lambda_": 0.5})
    assert shares["xy"][:, 1] == pytest.approx(found)


def test_torchs_slope_of_relu_at_0():
    (slope,) = words(r"ReLU has no derivative, torch says (\d)", "relu-more")
    z = torch.zeros((), requires_grad=True)
    (found,) = torch.autograd.grad(torch.relu(z), z)
    assert float(slope) == found


def test_what_torch_does_with_alpha():
    (does,) = words(
        r"its \$\\alpha\$ is (\w+) by the number of channels in the sum", "lrn"
    )
    X = torch.full((1, 1, 1, 1), 3.0)  # alone: the sum is its square
    found = nn.LocalResponseNorm(5, alpha=0.5, beta=1.0, k=1.0)(X).item()
    alphas = {"divided": 0.5 / 5, "multiplied": 0.5 * 5}
    assert found == pytest.approx(3 / (1 + alphas[does] * 9))


def test_what_the_last_relu_does_to_the_logits():
    (end,) = words(r"makes every logit at (\w+) 0,", "signal-more")
    torch.manual_seed(0)
    logits = NiN()(torch.randn(20, 1, 28, 28))
    assert logits.any()
    assert (logits >= 0 if end == "least" else logits <= 0).all()


def test_which_ring_is_no_part_of_its_cloud():
    low, high, name = words(
        r"rings do (\d+) to (\d+) million multiplications for an image, (\w+) excepted",
        "bought-read",
    )
    outside = [
        n.name.split(",")[0]
        for n in published.published_networks()
        if not int(low) <= round(n.multiplications / 1e6) <= int(high)
    ]
    assert outside == [name]


# -- factors ---------------------------------------------------------------------------


def test_how_many_times_fewer_parameters_than_alexnet():
    (times,) = words(r"(\w+) times fewer parameters than AlexNet", "googlenet-read")
    alone = re.search(r"([\d,]+) without the auxiliary", printed("googlenet-code"))[1]
    assert NUMBERS[times.lower()] == round(61_100_840 / int(alone.replace(",", "")))


def test_how_far_the_head_in_the_middle_lifts_the_gradient():
    (tens,) = words(r"gradient grows about (\w+?)fold", "auxiliary-read")
    without, with_head = map(
        float, re.findall(r": +([\d.e-]+)", printed("auxiliary-gradient"))
    )
    assert TENS[tens] == pytest.approx(with_head / without, rel=0.15)


def test_how_much_of_the_work_is_left_with_fewer_channels():
    channels, part = words(
        r"First down to (\d+) channels: (.*?) of the work", "reduce-read"
    )
    work = [
        int(n.replace(",", ""))
        for n in re.findall(r"([\d,]+) mult", printed("reduce-code"))
    ]
    weights = int(
        re.findall(r"([\d,]+) weights", printed("reduce-code"))[1].replace(",", "")
    )
    assert weights == 192 * int(channels) + int(channels) * 32 * 25
    assert work[1] / work[0] == pytest.approx(PARTS[part], rel=0.1)


def test_how_many_times_more_weights_alexnets_linear_layers_have():
    weights, times = words(
        r"would have ([\d,]+) weights .*; AlexNet's three have (.*?) as many",
        "gap-more",
    )
    (alexnet,) = words(r"parameters ([\d,]+) are in the three linear", "alexnet-read")
    ratio = int(alexnet.replace(",", "")) / int(weights.replace(",", ""))
    assert ratio == pytest.approx(PARTS[times], rel=0.05)


def test_how_the_large_vgg_compares_with_googlenet():
    best, accuracy, parameters, work, other = words(
        r"large networks a (.*?) with a quarter of its channels is the most accurate, "
        r"([\d.]+); GoogLeNet has (.*?) of its parameters, does (.*?) of its work, and "
        r"reaches ([\d.]+)\.",
        "bought-more",
    )
    networks = {n.name: n for n in published.published_networks()}
    first = max(networks.values(), key=lambda n: n.accuracy)
    assert first.name.startswith(best) and f"{first.accuracy:.3f}" == accuracy
    google = networks["GoogLeNet"]
    assert f"{google.accuracy:.3f}" == other
    for said, what in ((parameters, "parameters"), (work, "multiplications")):
        share = getattr(google, what) / getattr(first, what)
        assert share == pytest.approx(PARTS[said], rel=0.1)


def test_how_the_small_vgg_compares_with_lenet():
    words(
        r"has little more than half of LeNet's parameters, and does more than twice "
        r"the multiplications",
        "baseline-read",
    )
    vgg, lenet = (layer_table(make(), 1, 28, 28) for make in (VGG, LeNet))
    assert 0.5 < vgg.parameters / lenet.parameters < 0.6
    assert 2 < vgg.multiplications / lenet.multiplications < 3


def test_which_families_need_the_most_work_and_the_least():
    equal, factor, least, count, *most = words(
        r"(\w+) is as good and needs more than (\w+) as many\. (\w+) does the fewest, "
        r"([\d,]+), .* (\w+) and (\w+) need the most",
        "panel-answers",
    )
    small_net = taught("06", "small_net").small_net
    work = {
        family: layer_table(
            small_net(family, 1.0, 0.0, "torch"), 1, 28, 28
        ).multiplications
        for family in ("LeNet", "AlexNet", "VGG", "NiN", "GoogLeNet")
    }
    ordered = sorted(work, key=work.get)
    assert ordered[0] == least and work[least] == int(count.replace(",", ""))
    assert set(ordered[-2:]) == set(most)
    assert PARTS[factor] < work[equal] / work["VGG"] < PARTS[factor] + 1


def test_in_which_small_networks_the_largest_layer_is_not_linear():
    pair = words(
        r"Among the small networks the largest layer is not linear in (\w+), which has "
        r"no linear layer, and in (\w+), where an Inception block comes first",
        "diagram-explorer-read",
    )
    found = [
        name
        for name in ("LeNet", "AlexNet", "VGG", "NiN", "GoogLeNet")
        if not re.search(
            r"largest share .* in layer \d+, linear",
            explorers.network_diagram.scene(network=name, bars="parameters").says,
        )
    ]
    assert found == list(pair)


def test_what_ten_layers_make_of_the_mean_squared_slope():
    relu, sigmoid, above, below, half, least = words(
        r"normal \$z\$ it is ([\d.]+) for ReLU and ([\d.]+) for the sigmoid, .* "
        r"factor of \$\(([\d.]+)/([\d.]+)\)\^\{10/(\d)\}\$ of it, more than (.*?)\.",
        "relu-more",
    )
    squares = dict(re.findall(r"(\w+): .* its square ([\d.]+) on", printed("slopes")))
    assert squares == {"ReLU": relu, "sigmoid": sigmoid}
    assert (above, below, least) == (relu, sigmoid, "a hundred thousand")
    assert 100_000 < (float(above) / float(below)) ** (10 / int(half)) < 200_000
    slope, base, power, product = words(
        r"squared slope is 1/(\d+); that still leaves \$(\d)\^(\d) = ([\d{},]+)\$",
        "relu-more",
    )
    assert 1 / int(slope) == 0.25**2 and int(base) == int(slope) / 2
    count = int(re.sub(r"\D", "", product))
    assert int(base) ** int(power) == count and int(power) == 10 / int(half)


def passed_on(activation, seed: int) -> float:
    """How much of a gradient is left after ten layers of 64 units, torch's weights."""
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layers = [nn.Linear(64, 64) for _ in range(11)]
    values = []
    X = torch.rand(256, 64, generator=generator)
    for layer in layers:
        X = layer(activation(X) if values else X)
        X.retain_grad()
        values.append(X)
    X.backward(torch.randn(256, 64, generator=generator))
    return (values[0].grad.norm() / values[-1].grad.norm()).item()


def test_ten_relus_pass_on_more_than_ten_sigmoids_as_said():
    """With torch's weights at least about the factor that is said for a small z."""
    (product,) = words(r"still leaves \$8\^5 = ([\d{},]+)\$", "relu-more")
    count = int(re.sub(r"\D", "", product))
    for seed in range(3):
        ratio = passed_on(torch.relu, seed) / passed_on(torch.sigmoid, seed)
        assert 0.5 * count < ratio < 4 * count


def test_which_edges_the_filters_answer_to():
    """From the stored picture: eight filters a row, those after training below."""
    side, across = words(
        r"third answers to (\w+) edges of strokes, the sixth to ink at its (\w+ \w+),",
        "filters-read",
    )
    (shown,) = cell("filters-code")["outputs"]
    picture = imread(io.BytesIO(base64.b64decode(shown["data"]["image/png"])))
    blue = picture[..., 2] > picture[..., 0]  # the sign; less green is larger
    size = (1 - picture[..., 1]) * (2.0 * blue - 1)
    words("(blue) is positive, (orange) negative", "filters")
    h, w = size.shape
    row, width = size[h // 2 : h - h // 16], (w - w // 50) / 8
    third, sixth = (
        row[:, int(w / 100 + k * width) : int(w / 100 + (k + 1) * width)]
        for k in (2, 5)
    )
    part = third.shape[1] // 3
    ink_is_right = third[:, -part:].sum() > third[:, :part].sum()
    assert side == ("left" if ink_is_right else "right")
    high, wide = (n // 2 for n in sixth.shape)
    corners = {
        "upper left": sixth[:high, :wide],
        "upper right": sixth[:high, wide:],
        "lower left": sixth[high:, :wide],
        "lower right": sixth[high:, wide:],
    }
    assert max(corners, key=lambda name: corners[name].sum()) == across


# -- which set, which start ------------------------------------------------------------


def learned(start: str, data: str) -> int:
    """How many of the starts of the claim learn."""
    fails = claims.nin_starts.stored()[data].table[start]["fails"]
    return round(fails.n * (1 - fails.mean))


def test_which_starts_learn_on_which_set():
    one, all_, other, two, of, first, three, second = words(
        r"With (torch's own|Xavier's) initial weights and plain SGD (all) of \w+ "
        r"starts stay below one half, on both sets, and with (Xavier's|torch's own) "
        r"nearly all\. Kaiming's weights without the last ReLU save (\w+) starts of "
        r"(\w+) on the (\w+) and (\w+) on the (\w+)\.",
        "claim-nin-starts-read",
    )
    names = {"torch's own": "torch's default", "Xavier's": "Xavier"}
    assert all_ and [learned(names[one], data) for data in SETS.values()] == [0, 0]
    assert [learned(names[other], data) for data in SETS.values()] != [0, 0]
    table = claims.nin_starts.stored()["digits"].table
    assert {row["fails"].n for row in table.values()} == {NUMBERS[of]}
    for count, data in ((two, first), (three, second)):
        assert learned("Kaiming, no last ReLU", SETS[data]) == NUMBERS[count]


def test_what_makes_nin_start_and_what_does_not():
    saved, of, every = words(
        r"without the last ReLU only (\w+) starts of (\w+) learn the digits by plain "
        r"SGD, .* Two things were found to make all (\w+) start: batch normalization, "
        r".* or Adam on top of the two repairs",
        "signal-more",
    )
    assert learned("Kaiming, no last ReLU", "digits") == NUMBERS[saved]
    for start in ("batch norm", "Kaiming, no last ReLU, Adam"):
        for data in SETS.values():
            assert learned(start, data) == NUMBERS[every] == NUMBERS[of]
    table = claims.nin_starts.stored()["digits"].table
    assert {row["fails"].n for row in table.values()} == {NUMBERS[of]}
    arguments, *_ = starts.STARTS["batch norm"]
    assert "last_relu" not in arguments  # "even with ... the last ReLU"


def test_the_book_draws_the_weights_that_are_said():
    (name,) = words(r"trains a large NiN, from (\w+)'s weights", "start-more")
    assert f"{name.lower()}_uniform_" in inspect.getsource(d2l.train_ch6)


def test_what_alexnets_additions_cost_on_which_set():
    dropout, moved, name, *both = words(
        r"Dropout \*costs\* nearly (\w+) points on both sets and the moved images "
        r"(\w+) on the (\w+);.* cost (\d) points on the (\w+) and (\d) on the (\w+)\.",
        "claim-alexnet-steps-read",
    )
    lost = {
        said: {k: round(-100 * e.mean) for k, e in run.found.items()}
        for said, data in SETS.items()
        if (run := claims.alexnet_steps.stored()[data])
    }
    assert [lost[said]["d"] for said in SETS] == [NUMBERS[dropout]] * 2
    assert lost[name]["e"] == NUMBERS[moved]
    assert max(SETS, key=lambda said: lost[said]["e"]) == name
    for points, said in (both[:2], both[2:]):
        assert lost[said]["a"] == int(points)


# -- terms -----------------------------------------------------------------------------


def test_the_parts_of_a_term_are_translated_in_it():
    parts = {"pooling": "池化", "convolution": "卷积", "pyramid": "金字塔"}
    parts |= {"network": "网络", "block": "块", "feature": "特征", "average": "平均"}
    parts |= {"normalization": "归一化", "classifier": "分类器", "freedom": "自由度"}
    parts |= {"kernel": "核"}
    rows = re.findall(
        r"\| ([^|]+) \| ([^|]+) \| [^|]+ \|", "".join(cell("terms")["source"])
    )
    assert len(rows) > 10
    for english, chinese in rows[1:]:
        for part, sign in parts.items():
            assert part not in english or sign in chinese, f"{english}: {chinese}"


# -- sources ---------------------------------------------------------------------------


def test_the_papers_of_the_models_are_in_the_list_of_sources():
    """With the same first author, year and title."""
    listed = {
        title.casefold(): (author, year)
        for author, year, title in re.findall(
            r"(?:- |; )(?:[A-Z]\. )+(\w+)[^*;]*?\((\d{4})\), \*(.*?)\*",
            "".join(cell("sources")["source"]),
        )
    }
    source = " ".join(inspect.getsource(classic).split())
    papers = set(re.findall(r"Source: (\w+)[^.]*?(?:al\. )?(\d{4}), (.*?)\.", source))
    assert len(papers) == 5
    for author, year, title in papers:
        assert listed[title.casefold()] == (author, year)
