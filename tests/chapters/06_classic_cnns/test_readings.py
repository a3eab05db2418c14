"""Chapter 6: words that name a direction, a set or a factor are computed anew.

More or less, left or right, most or none, which of two: no number stands in these
sentences. Each test reads the word from its cell, and finds out which word is right.
"""

import json
import re

import pytest
import torch
from sklearn.svm import SVC
from torch import nn

from helpers import LeNet, NiN, layer_table, make_points
from helpers.chapters.classic_cnns import claims, explorers, figures, published
from helpers.chapters.classic_cnns.kernel_machine import kernels
from tests.taught import notebook_path

SETS = {"digits": "digits", "clothes": "fashion_mnist"}
NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
NUMBERS |= {"seven": 7, "eight": 8, "nine": 9, "ten": 10}
TENS = {"ten": 10, "twenty": 20, "thirty": 30, "forty": 40}


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


# -- which set, which start ------------------------------------------------------------


def learned(start: str, data: str) -> int:
    """How many of the starts of the claim learn."""
    fails = claims.nin_starts.stored()[data].table[start]["fails"]
    return round(fails.n * (1 - fails.mean))


def test_which_starts_learn_on_which_set():
    one, all_, other, two, of, first, three, second = words(
        r"With (torch's own|Xavier's) first weights and plain SGD (all) of \w+ starts "
        r"stay below one half, on both sets, and with (Xavier's|torch's own) nearly "
        r"all\. Kaiming's weights without the last ReLU save (\w+) starts of (\w+) on "
        r"the (\w+) and (\w+) on the (\w+)\.",
        "claim-nin-starts-read",
    )
    names = {"torch's own": "torch's default", "Xavier's": "Xavier"}
    assert all_ and [learned(names[one], data) for data in SETS.values()] == [0, 0]
    assert [learned(names[other], data) for data in SETS.values()] != [0, 0]
    table = claims.nin_starts.stored()["digits"].table
    assert {row["fails"].n for row in table.values()} == {NUMBERS[of]}
    for count, data in ((two, first), (three, second)):
        assert learned("Kaiming, no last ReLU", SETS[data]) == NUMBERS[count]


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
