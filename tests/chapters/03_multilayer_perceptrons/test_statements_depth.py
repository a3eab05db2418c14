"""Chapter 3, from modules to depth: its sentences, each computed first.

As in `test_statements`: what a sentence says is computed, and then it must stand there.
"""

import math
import re

import pytest
import torch
from torch import nn, tensor

from helpers.chapters.multilayer_perceptrons import claims, explorers
from tests.said import shown
from tests.taught import holding, source_of, taught, text_of

holds = holding("03")


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


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
        "`A[:, :3].view(6)` raises",
        "Transposing moves no numbers either",
        "But to put the transpose into one row, `reshape` must copy.",
    )
    holds(
        "shapes", "`reshape` returns a view where that is possible and a copy where n"
    )
    seen, copied = x.reshape(12), x.t().reshape(12)
    seen[0], copied[1] = 100, 200
    assert x.shape == (2, 6) and x.flatten().tolist() == [100, *range(1, 12)]
    holds(
        "shapes",
        "the original keeps its shape, but writing into a view changes its numbers.",
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
        "state-read",
        "Since torch 2.6 `torch.load` therefore reads, by default "
        "(`weights_only=True`), only tensors and plain containers",
    )
    holds(
        "state-more", "A missing or surplus name raises an error when a state is loade"
    )


# -- starts and depth ------------------------------------------------------------------


def test_variances_that_keep_a_signal_level():
    n_in, n_out = 400, 200
    A = draw(500, n_in)
    W = draw(n_in, n_out, seed=1)
    assert (A @ W / n_in**0.5).var().item() == pytest.approx(1, rel=0.05)
    back = draw(500, n_out, seed=2) @ W.T / n_out**0.5
    assert back.var().item() == pytest.approx(1, rel=0.05)
    slopes = torch.rand(500, n_in, generator=torch.Generator().manual_seed(3))
    factor = n_out * (W / n_out**0.5).var() * slopes.square().mean()
    assert (back * slopes).var().item() == pytest.approx(factor.item(), rel=0.05)
    half = A.clamp(min=0).square().mean() / A.square().mean()
    assert half.item() == pytest.approx(0.5, abs=0.01)
    w = nn.init.xavier_normal_(torch.empty(n_out, n_in))
    assert w.var().item() == pytest.approx(2 / (n_in + n_out), rel=0.05)
    holds(
        "how-large-relu",
        r"$\mathrm{E}[a^2]=\frac12\operatorname{Var}(z)$ of the layer before.",
        r"makes up for it: $\operatorname{Var}(w)=2/n_\text{in}$.",
    )
    holds(
        "how-large-why",
        r"so $\operatorname{Var}(w) = 1/n_\text{in}$. On the way back step 2 adds "
        r"$n_\text{out}$ terms, then multiplies by the slope: factor "
        r"$n_\text{out}\operatorname{Var}(w)\,\mathrm E[f'^2]$; slope 1 asks for "
        r"$1/n_\text{out}$.",
        r"1/\big(\tfrac12(n_\text{in} + n_\text{out})\big) = 2/(n_\text{in} + n_\text{o"
        r"ut})$.",
    )
    holds("how-large", r"n_\text{in}\operatorname{Var}(w)\,\mathrm{E}[a^2].")
    holds("how-large", "Keep it level: a factor per layer compounds exponentially.")
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
        "With ReLU only Kaiming stays level; Xavier loses a factor of √2 in every "
        "layer.",
        r"$\mathcal N(0, 1)$ stays near 1 only because its units are saturated.",
        "Xavier sinks slowly, since tanh is flatter than the identity.",
    )
    assert (1 / (3 * 256)) / (2 / 256) == pytest.approx(1 / 6)
    holds(
        "twenty-read",
        r"Torch's default variance $1/(3n_\text{in})$, the curve *nn.Linear's*, is a"
        " sixth of",
        "after 20 plain layers hardly anything depends on the input.",
        "with them the outputs would not be small, only nearly the same for every inpu",
    )
    holds("starts-read", r"is a standard deviation of $\sqrt{2/n_\text{in}}$.")


@pytest.mark.parametrize("f", [torch.tanh, torch.relu])
def test_what_20_layers_of_nn_linear_keep_of_the_input(f):
    """Without biases hardly a signal; with them a signal that no input changes."""
    for bias in (False, True):
        torch.manual_seed(0)
        A = torch.randn(256, 256)
        with torch.no_grad():
            for _ in range(20):
                A = f(nn.Linear(256, 256, bias=bias)(A))
        assert (A.std() > 0.01) if bias else (A.std() < 1e-4)
        assert A.std(0).mean() < 1e-4, "from one input to another"


def test_the_factors_of_a_chain_of_units():
    assert 0.25 * 4 == 1 and 0.25 * 100 == 25
    holds(
        "chain-read",
        "Weights of 4 cancel the slopes; weights of 100 multiply by 25 per layer: an "
        "**exploding gradient**.",
    )
    holds("chain-below", "No. In a chain it takes weights of at most 1 in magnitude")
    w, b = draw(3).tolist(), draw(3, seed=1).requires_grad_()
    a, zs = tensor(0.3).double(), []
    for k in range(3):
        zs.append((a if k == 0 else w[k] * a) + b[k])
        a = torch.tanh(zs[-1])
    (gradient,) = torch.autograd.grad(a, b)
    slopes = [1 - torch.tanh(z.detach()) ** 2 for z in zs]
    expected = slopes[0] * w[1] * slopes[1] * w[2] * slopes[2]
    torch.testing.assert_close(gradient[0], expected)
    holds("vanishing", r"=f'(z_1)\,w_2f'(z_2)\cdots w_Lf'(z_L)\cdot\frac{\partia")


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
    slopes = {
        name: torch.autograd.functional.jacobian(f, tensor(0.0)).item()
        for name, f in shapes.items()
    }
    assert [slopes[n] for n in shapes] == pytest.approx([1, 1, 0.25, 0.25])
    holds(
        "arrivals",
        r"$\sigma(z)-\frac12$ is centered, $\sigma(4z)$ has slope 1, ",
        r"$4\sigma(z)-2$ has both.",
    )
    gain = shares["slope alone"] / shares["neither"]
    assert (
        gain > 1e3 and 10 < shares["slope and centered"] / shares["slope alone"] < 200
    )
    holds(
        "depth-table-read",
        "less than a millionth of σ's signal arrives; centered, hardly more. Slope 1 "
        "alone lets 30,000 times as much through. Yet most is lost: outputs that are "
        "never negative push the next units off their steep middle. A sigmoid with "
        "*both* keeps its signal, as tanh does; ReLU needs no center.",
    )


def test_a_control_has_the_function_of_its_name():
    own = taught("03", "ScaledSigmoid")
    code = text_of("03", "depth-table-code")
    z = draw(20)
    named = {
        '"σ(z) − ½": partial(ScaledSigmoid, 1.0, 1.0, 0.5),': torch.sigmoid(z) - 0.5,
        '"σ(4z)": partial(ScaledSigmoid, 1.0, 4.0, 0.0),': torch.sigmoid(4 * z),
        '"4σ(z) − 2": ScaledSigmoid,': 4 * torch.sigmoid(z) - 2,
    }
    for entry, expected in named.items():
        assert entry in code
        numbers = [float(n) for n in re.findall(r"\d\.\d", entry)]
        torch.testing.assert_close(own.ScaledSigmoid(*numbers)(z), expected)


def test_the_points_that_the_claim_on_depth_found():
    for data, said, within in (("digits", 18, 0.5), ("fashion_mnist", 1.7, 0.06)):
        table = claims.more_depth.stored()[data].table
        one, none = (table[name]["test accuracy"].mean for name in ("64", "none"))
        assert 100 * (one - none) == pytest.approx(said, abs=within)
    holds("claim-depth-read", "18 points on the digits, 1.7 on the clothes (")


def test_tanh_is_level_with_relu_or_ahead():
    for found in claims.relu_best.stored().values():
        table = found.table
        late = {
            name: table[f"{name}, late"]["test accuracy"].mean
            for name in claims.ACTIVATIONS
        }
        assert late["sigmoid"] < late["ReLU"] <= late["tanh"] < late["ReLU"] + 0.01
    holds("claim-relu-read", "At the end tanh is level with ReLU or slightly ahead on")


def test_relu_leads_early_on_the_digits_alone():
    leads = {}
    for data, found in claims.relu_best.stored().items():
        early = {
            name: found.table[f"{name}, early"]["test accuracy"].mean
            for name in claims.ACTIVATIONS
        }
        leads[data] = early["ReLU"] - early["tanh"]
        assert early["sigmoid"] < min(early["tanh"], early["ReLU"]) - 0.1
    assert leads["digits"] == pytest.approx(0.01, abs=0.004)
    assert leads["fashion_mnist"] == pytest.approx(-0.01, abs=0.004)
    holds(
        "claim-relu-read",
        "After a fifth of the epochs ReLU may lead on the digits, by about a point, "
        "and trails by as much on the clothes; the sigmoid is then still far behind, "
        "and it ends last.",
    )


# -- code that no assert looks at ------------------------------------------------------


def test_a_change_is_a_share_of_the_size_before():
    source = text_of("03", "learns-code")
    assert "before = [m.weight.detach().clone() for m in net" in source
    assert "((a - b).norm() / b.norm()).item() for a, b in zip(after, before" in source
    holds("learns", "by what share of its size does each layer's weight matrix change?")


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


# -- depth at equal size ---------------------------------------------------------------


def test_shapes_of_equal_size_are_compared():
    """What the titles and the sentences call equal is equal to one parameter."""
    source = text_of("03", "fair-depth-run")
    for widths, n in (((37,), 187), ((8, 8, 8), 186), ((125,), 627), ((16,) * 3, 626)):
        sizes = [2, *widths, 2]
        pairs = zip(sizes, sizes[1:], strict=False)
        assert sum(i * o + o for i, o in pairs) == n
        assert f"{widths}: " in source and str(n) in source
    assert "accuracies(spirals.val).mean(1).argmax()" in source, "chosen on validation"
    assert "on_new = accuracies(new_points)" in source, "measured on new points"
    holds(
        "fair-depth-read",
        "three narrow layers are no better than one wide one: about level at 630 "
        "parameters, behind at about 187; in both sizes they vary more from seed to",
    )
    table = shown("03", "fair-depth-run")
    by_seed = [
        [float(share) for share in line.split()]
        for line in re.findall(r"best by seed: ([\d. ]+)", table)
    ]
    assert len(by_seed) == 4
    for wide, deep in (by_seed[:2], by_seed[2:]):
        assert max(deep) - min(deep) > 2 * (max(wide) - min(wide))
    by_rate = {
        shape: dict(re.findall(r"([\d.]+): ([\d.]+)", line))
        for shape, line in re.findall(r"(?m)^  (\S+) +(.*?) +best", table)
    }
    wide, deep = by_rate["125"], by_rate["16-16-16"]
    holds(
        "fair-depth-read",
        "What looked like depth was mostly the rate: at 0.4 the wide one of 627 stands "
        f"at {wide['0.4']}, the deep one at {deep['0.4']}. At 1.6 the wide one has "
        f"{wide['1.6']}.",
    )
    holds("claim-depth-read", "Nor did depth help on the spirals")


def test_a_relu_network_whose_other_units_are_dead():
    """It sees one point; the others share the output bias, whose best is a third."""
    targets = tensor([0.0, 1.0, 0.0])
    best = targets.mean()
    loss = ((targets - best) ** 2).sum() / 4  # the fourth point is right
    assert (best.item(), loss.item()) == pytest.approx((1 / 3, 1 / 6))
    solved = re.findall(r"solved by (\d+) of 20", shown("03", "train-xor-code"))
    assert solved[0] == "0" and 20 > int(solved[-1]) > 10, "trained; not all learned"
    assert "num_nets=20" in source_of("03", "train-xor")
    assert "num_hiddens=8" in source_of("03", "train-xor-code")
    holds(
        "train-xor-read",
        "Twenty networks of 8 units were trained on XOR from random weights.",
        "Seven of its eight units are 0 at all four points: their slope is 0 there, ",
        r"settles on the mean of their targets, $(0 + 1 + 0)/3 = \frac13$, where the lo"
        r"ss is $(\frac19 + \frac49 + \frac19 + 0)/4 = \frac16$",
    )
