"""Chapter 3: more sentences, each worked out first: a small network, torch, a drawing.

As in `test_statements`, but what decides a word ("earlier", "above", "sum") is computed
here and compared with the word that stands in the cell.
"""

import re
import warnings

import pytest
import torch
from torch import nn, tensor
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from helpers import MLP, Examples
from helpers.chapters.multilayer_perceptrons import depth, exercises, explorers, figures
from helpers.chapters.multilayer_perceptrons.exercises import runs
from helpers.figures.described import described
from tests.said import WORDS, said, shown
from tests.taught import taught, text_of

own = taught(
    "03",
    "fold",
    "gelu",
    "perceptron",
    "num_saved",
    "init_with",
    "layer_by_layer",
    "dead_shares",
)


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def words(text: str) -> str:
    return " ".join(text.split())


# -- units -----------------------------------------------------------------------------


def test_layers_fix_what_a_network_could_compute():
    """No weights let one layer do XOR; which function it does, they decide."""
    X = tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    found = {
        tuple(own.perceptron(X, w, b).tolist())
        for w in draw(300, 2).float()
        for b in (-0.5, 0.0, 0.5)
    }
    assert len(found) > 5, "other weights, another function"
    assert not found & {(0, 1, 1, 0), (1, 0, 0, 1)}, "and never XOR"
    could, does = said(
        "03",
        "neuron-read",
        r"as (\w+) fix what a network \*could\* compute, and (\w+) what it does\.",
    )
    assert (could, does) == ("layers", "weights")


def test_which_share_of_the_normal_distribution_gelu_takes():
    below = (draw(100_000) < 1).double().mean().item()
    assert own.gelu(tensor(1.0)).item() == pytest.approx(below, abs=0.01)
    (side,) = said(
        "03",
        "gates",
        r"\\Phi\(z\)\$ is the share of a standard normal distribution that lies (\w+)",
    )
    assert side == "below"
    torch.testing.assert_close(F.silu(draw(9)), draw(9) * torch.sigmoid(draw(9)))
    (formulas,) = said("03", "gates", r"(\$z\\,\\sigma\(z\)\$, and \*\*GELU\*\*, \$z)")
    assert formulas


def test_a_slope_of_zero_stops_a_units_own_weights_alone():
    """A step of height 1 has slope 0, and the weight after it learns all the same."""
    X, w1, w2 = draw(4, 2), draw(2, seed=1).requires_grad_(), tensor(0.7).double()
    w2.requires_grad_()
    z = X @ w1
    flat = (z * 0 + 1) * w2
    own_gradient, after = torch.autograd.grad(flat.sum(), (w1, w2))
    assert not own_gradient.any() and after != 0
    whose, back = said(
        "03",
        "train-xor-read",
        r"their slope is 0 there, so (.*?) get no gradient, and (no) further step can",
    )
    assert (whose, back) == ("their own weights", "no")
    for cell in ("dead", "recall-questions"):
        said("03", cell, r"slope is 0, (?:and )?(its own weights) get no gradient")


def test_what_only_could_revive_a_dead_unit():
    """Its sum hangs on the layers before it, and on none behind it."""
    X = torch.rand(50, 2)
    net = MLP((2, 1), num_inputs=2, num_outputs=1)
    with torch.no_grad():
        net[1].weight.copy_(torch.eye(2))
        net[1].bias.zero_()
        net[3].weight.fill_(1.0)
        net[3].bias.fill_(-5.0)  # more than two inputs can bring
    assert (net[:4](X) < 0).all(), "dead"
    revived = []
    for name, layer in (("earlier", net[1]), ("later", net[5])):
        before = layer.weight.detach().clone()
        layer.weight.data *= 100
        revived += [name] * bool((net[:4](X) > 0).any())
        layer.weight.data = before
    sign, layers = said(
        "03",
        "dead",
        r"its sum is (\w+) for every input\..* Only changes in (\w+) layers could "
        r"revive it",
    )
    assert sign == "negative" and [layers] == revived


def test_a_unit_that_is_0_for_some_inputs_is_not_dead():
    net = MLP((3,), num_inputs=1, num_outputs=2)
    with torch.no_grad():
        net[1].weight.fill_(1.0)
        net[1].bias.copy_(tensor([-5.0, 0.0, 5.0]))  # never, sometimes and always above
    assert own.dead_shares(net, tensor([[-1.0], [1.0]])) == pytest.approx([1 / 3])
    (how_many,) = said("03", "dead-more", r"Dead here means: 0 for (\w+) 2,000 valid")
    assert how_many == "all"


@pytest.mark.parametrize("cell", ["folds-read", "summary"])
def test_depth_multiplies_and_width_adds(cell):
    x, pieces = torch.linspace(0, 1, 257, dtype=torch.float64), []
    for _ in range(4):
        x = own.fold(x)
        pieces.append(int((x.diff().sign().diff() != 0).sum()) + 1)
    assert pieces == [2, 4, 8, 16], "each layer twice as many"
    if cell == "summary":
        found = said("03", cell, r"(\w+) can multiply what (\w+) adds")
    else:
        found = said("03", cell, r"(\w+) adds pieces; (\w+) multiplies them")[::-1]
    assert [word.lower() for word in found] == ["depth", "width"]


# -- forward and backward --------------------------------------------------------------


def test_what_is_stored_grows_with_layers_times_examples():
    once = own.num_saved(1, 4)
    assert own.num_saved(3, 4) == 2 * once and own.num_saved(1, 12) == 3 * once
    first, again = (
        re.findall(r"0\.\d+", shown("03", f"{cell}-code"))
        for cell in ("layer", "forward")
    )
    assert first == again and len(first) == 3
    assert said("03", "forward-read", "^The (numbers) from above, now kept")
    what, times = said(
        "03",
        "forward-read",
        r"what is stored grows with the number of (\w+) times the (.*?)\.",
    )
    assert (what, times) == ("layers", "batch size")


def test_all_gradients_cost_two_forward_passes():
    """Counted by torch, for layers whose input is asked for its gradient, too."""
    net = MLP((64,) * 6, num_inputs=64, num_outputs=64)
    X = torch.randn(8, 64, requires_grad=True)
    with FlopCounterMode(display=False) as forward:
        loss = net(X).sum()
    with FlopCounterMode(display=False) as backward:
        loss.backward()
    ratio = backward.get_total_flops() / forward.get_total_flops()
    one, two, in_all = said(
        "03",
        "backward-more",
        r"the way forward takes (\w+) multiplication and the way back (\w+), .*"
        r" about as many multiplications as (\w+) forward passes",
    )
    assert ratio == pytest.approx(WORDS.index(two) / WORDS.index(one))
    assert ratio == pytest.approx(WORDS.index(in_all))


def test_which_target_makes_five_a_confident_mistake():
    target, z = map(float, said("03", "saturated", r"For target (\d) and \$z = (\d)\$"))
    y_hat = torch.sigmoid(tensor(z, dtype=torch.float64)).item()
    squared, entropy = (y_hat - target) * y_hat * (1 - y_hat), y_hat - target
    told = said("03", "saturated", r"= (0\.\d+)\$; cross-entropy gives (0\.\d+)\.")
    assert list(map(float, told)) == pytest.approx([squared, entropy], abs=5e-5)


def test_the_error_signal_of_softmax_is_prediction_minus_label():
    z, label = draw(4).requires_grad_(), 2
    (delta,) = torch.autograd.grad(F.cross_entropy(z, tensor(label)), z)
    predicted, one_hot = z.softmax(0).detach(), F.one_hot(tensor(label), 4)
    (formula,) = said(
        "03", "sigmoid-squared", r"\$\\boldsymbol\\delta_L=(.*?)\$ for the one-hot"
    )
    code = formula.replace(r"\hat{\mathbf y}", "y_hat").replace(r"\mathbf y", "y")
    told = eval(code, {"__builtins__": {}}, {"y_hat": predicted, "y": one_hot})
    torch.testing.assert_close(told, delta)


def test_a_column_against_a_row_of_numbers_only_warns():
    guess, target = torch.ones(3, 1), torch.zeros(3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        shape = nn.MSELoss(reduction="none")(guess, target).shape
    assert shape == (3, 3) and len(caught) == 1
    becomes, only = said(
        "03",
        "mse-read",
        r"\$\(n, 1\)\$ against \$\(n,\)\$ (.*?), with only a (\w+)\.",
    )
    assert (becomes, only) == ("broadcasts to $(n, n)$", "warning")


# -- modules and starts ----------------------------------------------------------------


def test_what_a_gradient_is_before_backward():
    layer = nn.Linear(2, 1)
    (told,) = said(
        "03",
        "look-inside-read",
        r"its gradient in `\.grad`, which is (\S+) before the first `backward`",
    )
    assert told == f"`{layer.bias.grad}`"
    layer(torch.ones(2)).sum().backward()
    assert layer.bias.grad is not None


def test_what_learns_from_a_start_of_zeros():
    net = MLP((5,), num_inputs=4, num_outputs=3)
    for p in net.parameters():
        nn.init.zeros_(p)
    F.cross_entropy(net(torch.randn(8, 4)), torch.arange(8) % 3).backward()
    learns = [name for name, p in net.named_parameters() if p.grad.any()]
    names = {"1.weight": "hidden weights", "1.bias": "hidden biases"}
    names |= {"3.weight": "output weights", "3.bias": "output bias"}
    blocked, only = said(
        "03",
        "symmetry-more",
        r"the hidden ReLUs give 0, the (.*?) block every error signal on the way back,"
        r" and only the (.*?) learns?\.",
    )
    assert [names[name] for name in learns] == [only]
    assert blocked == "output weights", "a product with 0"


def test_xavier_is_too_small_for_the_slope_of_the_sigmoid():
    """Around 0 a layer's factor is slope times sqrt(n Var): level at Var = 16 / n."""
    n, slope = 256, 0.25
    level, xavier = 1 / (n * slope**2), 2 / (n + n)
    how, told = said(
        "03", "schemes", r"common with the sigmoid, but too (\w+) for its slope of (¼)"
    )
    assert (how, told) == ("small" if xavier < level else "large", "¼")
    steepest = torch.autograd.functional.jacobian(torch.sigmoid, tensor(0.0))
    assert steepest.item() == slope


def test_the_ends_of_a_uniform_start():
    var = draw(100_000).uniform_(-1, 1).var().item()
    (formula,) = said("03", "schemes", r"or uniform on \$\\pm\\sqrt\{(.*?)\}\$")
    code = re.sub(r"(\d) \\oper", r"\1 * \\oper", formula)
    code = code.replace(r"\operatorname{Var}", "var")
    squared = eval(code, {"__builtins__": {}}, {"var": var})
    assert squared == pytest.approx(1, rel=0.02), "of a uniform start on -1 to 1"


def test_from_which_end_tiny_weights_shrink_what_passes():
    X = torch.rand(256, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    examples = Examples(X, torch.arange(256) % 10)
    own.layer_by_layer.__globals__["data"] = type("Data", (), {"train": examples})
    torch.manual_seed(0)
    init = own.init_with(lambda weight: nn.init.normal_(weight, std=0.01))
    activations, signals = own.layer_by_layer(MLP((64,) * 5, 64, 10, init=init))
    forward = [a.norm().item() for a in activations]
    back = [d.norm().item() for d in signals[:-1]]
    assert forward == sorted(forward, reverse=True) and back == sorted(back)
    found = said(
        "03",
        "histograms-read",
        r"Tiny weights (\w+) the activations from layer (\d) (\w+), the error signals "
        r"from layer (\d) (\w+);",
    )
    assert found == ("shrink", "1", "up", "5", "down")
    said("03", "histograms-read", r"weights of size 1 let (both) (grow)")


def test_a_signal_without_centering_is_never_negative():
    """What pushes the next sums off the steep middle is on one side of 0 alone."""
    z = draw(1000)
    assert (torch.sigmoid(4 * z) > 0).all()
    centered = 4 * torch.sigmoid(z) - 2
    assert centered.min() < 0 < centered.max()
    (kind,) = said("03", "depth-table-read", r"outputs that are (.*?) push the next un")
    assert kind == "never negative"


def test_above_zero_relu_never_saturates():
    z = torch.logspace(-3, 6, 50, dtype=torch.float64).requires_grad_()
    (slopes,) = torch.autograd.grad(torch.relu(z).sum(), z)
    assert (slopes == 1).all()
    what, side = said(
        "03", "depth-explorer-read", r"With ReLU (\w+) saturates (\w+) 0, so large"
    )
    assert (what, side) == ("nothing", "above")
    (no,) = said("03", "depth-table-more", r"since it has (\w+) flat end above 0")
    assert no == "no"


def test_the_gray_band_is_the_one_that_the_text_names():
    low, high = said(
        "03",
        "depth-explorer-read",
        r"neither vanished \(below \$10\^\{(-\d+)\}\$\) nor exploded \(above (\d+)\)",
    )
    ends = 10.0 ** int(low), float(high)
    assert ends == pytest.approx((depth.VANISHED, depth.EXPLODED))
    band = explorers.depth.scene()["neither vanished nor exploded"]["xy"][:, 1]
    assert (band.min(), band.max()) == pytest.approx(ends)


def test_the_ends_of_a_range_are_those_of_the_activation():
    """Sums of 0 lie at no end of the sigmoid, though they are 0 for tanh."""
    gradients = torch.ones(1)
    for name, middle, low, high in (("tanh", 0.0, -1, 1), ("sigmoid", 0.5, 0, 1)):
        for value, share in ((middle, 0), (low + 0.001, 100), (high - 0.001, 100)):
            layer = torch.full((2, 4, 3), float(value))
            layer[0] = torch.randn(4, 3)
            says = depth.judge(name, depth.Signal(layer, gradients))
            assert f"{share} % of them lie within 0.01 of an end" in says, name


def test_which_activations_have_slope_one_where_sums_lie():
    told = said(
        "03", "remedies", r"slope 1 where its sums lie: ReLU, tanh, a sigmoid (.*?);"
    )
    assert told == ("scaled and centered",)

    def slope(f):
        return torch.autograd.functional.jacobian(f, tensor(0.0)).item()

    assert slope(lambda z: torch.sigmoid(z) - 0.5) == 0.25, "centered alone"
    assert slope(lambda z: 4 * torch.sigmoid(z) - 2) == 1 == slope(torch.tanh)


def test_a_saddle_has_a_way_down():
    """Its gradient is 0, as that of a minimum is."""
    x = torch.zeros(2, requires_grad=True)
    (gradient,) = torch.autograd.grad(x[0] ** 2 - x[1] ** 2, x)
    assert not gradient.any() and 0.1**2 - 0.2**2 < 0
    slows, is_, way = said(
        "03",
        "stuck-read",
        r"what slows descent are (.*?), where the gradient is (\w+) (.*?)\.",
    )
    assert (slows, is_) == ("saddle points and plateaus", "small")
    assert way == "but there is a way down"


# -- drawings and explorers ------------------------------------------------------------


def test_whose_norm_stands_over_whose_in_the_words_of_arrivals():
    assert "norms[0] / norms[-1]" in text_of("03", "depth-table-run")
    told = described(figures.show_arrivals({"f": {1: 0.5, 3: 0.1}}))
    over = re.match(
        r"Norm of the (\w+) layer's error signal over that of the (\w+) ", told
    )
    assert over.groups() == ("first", "last")
    (one,) = said("03", "arrivals", r"error signal, \$(.*?)\$, arrives in layer 1")
    assert one == r"\|\boldsymbol\delta_1\|/\|\boldsymbol\delta_L\|"


def test_on_which_side_a_weight_finds_what_its_derivative_is_made_of():
    """Its two factors stand at the two ends of its line."""
    scene = explorers.passes.scene(step=4)
    texts = {m["name"]: m for m in scene.panes[0].marks if m["kind"] == "text"}
    (start, end) = scene["line 1 0 0"]["xy"]
    signal, value = texts["signal 2 0"], texts["value 1 0"]
    assert tuple(signal["xy"][0]) == tuple(end) and tuple(value["xy"][0]) == tuple(
        start
    )
    at, on, factors, product = re.search(
        r"is the error signal on its (\w+) times the value on its (\w+), (.*?) = (\S+) "
        r"for the upper line",
        scene.says,
    ).groups()
    sides = ("right", "left") if end[0] > start[0] else ("left", "right")
    assert (at, on) == sides
    assert factors == f"{signal['text'].removeprefix('δ = ')} · {value['text']}"
    assert product == texts["derivative 1 0 0"]["text"]


# -- exercises -------------------------------------------------------------------------


def test_whether_the_last_layer_gets_a_deviation_or_a_variance():
    layers = nn.Linear(64, 300), nn.ReLU(), nn.Linear(300, 200)
    exercises.starts.init_weights.solution(nn.Sequential(*layers))
    weight = layers[-1].weight
    measured = {"standard deviation": weight.std(), "variance": weight.var()}
    (what,) = said(
        "03", "ex-init-weights", r"theirs is normal with (.*?) \$1/n_\\text\{in\}\$"
    )
    assert measured[what].item() == pytest.approx(1 / 300, rel=0.05)


@pytest.mark.parametrize(
    "times, state", [(1.0, "solved"), (0.8, "wrong"), (1.3, "wrong")]
)
def test_hidden_weights_of_another_size_are_not_kaimings(times, state):
    def init_weights(net):
        exercises.starts.init_weights.solution(net)
        for module in [m for m in net.modules() if isinstance(m, nn.Linear)][:-1]:
            module.weight.data *= times

    assert exercises.check(init_weights).state == state


def test_a_transposed_derivative_is_told_the_shape_of_a_weight():
    def tanh_gradients(activations, target, weights):
        a = activations[-1]
        delta = (a - target) * (1 - a**2)
        gradients = []
        for W, a in zip(reversed(weights), reversed(activations[:-1]), strict=True):
            gradients.append(torch.outer(a, delta))
            delta = (W.T @ delta) * (1 - a**2)
        return gradients[::-1]

    says = words(exercises.check(tanh_gradients).text)
    rows, columns, comes = re.search(
        r"A weight is \(units at the (\w+), units at the (\w+)\), and so its "
        r"derivative: the error signal comes (\w+)\.",
        says,
    ).groups()
    assert nn.Linear(2, 3).weight.shape == (3, 2), "the units at the right come first"
    assert (rows, columns) == ("right", "left")
    assert comes == "first"


def test_what_the_answers_tell_of_the_runs_is_how_they_were_made():
    (rate,) = re.search(
        r"At a rate of ([\d.]+) the first steps threw", runs.run_with_dead_units.then
    ).groups()
    shape, lr = runs.RUNS[runs.run_with_dead_units.solution()]
    assert float(rate) == lr and "activation" not in shape
    count, kind = re.match(r"(\w+) (\w+) layers", runs.run_that_vanishes.then).groups()
    shape, _ = runs.RUNS[runs.run_that_vanishes.solution()]
    assert WORDS.index(count.lower()) == len(shape["num_hiddens"])
    assert kind == "sigmoid" and shape["activation"] is nn.Sigmoid


def test_the_hint_of_the_batch_names_the_loss_that_is_asked_for():
    case = exercises.builds.mlp_backward.cases[1]
    X, y, W1, b1, W2, b2 = case
    loss = exercises.builds.mlp_backward.solution(*case)[0]
    logits = F.linear(F.linear(X, W1, b1).relu(), W2, b2)
    reduced = {
        kind: F.cross_entropy(logits, y, reduction=kind) for kind in ("mean", "sum")
    }
    (kind,) = (kind for kind in reduced if torch.allclose(loss, reduced[kind]))
    hint = words(exercises.builds.mlp_backward.hint)
    assert re.search(r"if the loss is a (\w+) over n rows", hint)[1] == kind
    assert (
        said("03", "ex-mlp-backward", r"the (\w+) cross-entropy of chapter 2")[0]
        == kind
    )
