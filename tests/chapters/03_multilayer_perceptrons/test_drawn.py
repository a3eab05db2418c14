"""Chapter 3: what stands on axes and beside lines, what moves, and what is told.

The numbers of figures and scenes are held elsewhere; here it is their names: of axes,
panes and lines, sliders that must move something, and the sentences of mistakes, each
against what the mistake computes.
"""

import math

import numpy as np
import pytest
import torch
from torch import nn

from helpers.chapters.multilayer_perceptrons import (
    claims,
    depth,
    exercises,
    explorers,
    figures,
)
from helpers.chapters.multilayer_perceptrons.exercises import runs, starts
from helpers.data import Examples, ImageData
from helpers.figures.described import described


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


# -- axes ----------------------------------------------------------------------------

ONE = torch.ones(4, 1)
NAMES = {  # title, label below, label at the left, of each of the axes
    "planes": (
        lambda: figures.show_planes(torch.rand(4, 2), torch.rand(4, 2), ONE),
        [("inputs", "$x_1$", "$x_2$"), ("hidden units", "$h_1$", "$h_2$")],
    ),
    "hinges": (
        lambda: figures.show_hinges(torch.sin, torch.tensor([-1.0]), torch.ones(1)),
        [("weighted units", "x", "value"), ("their sum", "x", "")],
    ),
    "slopes": (
        lambda: figures.show_slopes({"tanh": torch.tanh}),
        [("value", "z", "$f(z)$"), ("slope", "z", "$f'(z)$")],
    ),
    "histograms": (
        lambda: figures.show_histograms({"a": ([ONE], [ONE])}),
        [("activations", "magnitude", "layer"), ("error signals", "magnitude", "")],
    ),
    "spread": (
        lambda: figures.show_spread({"tanh": {"a": [1, 1]}, "ReLU": {"a": [1, 1]}}),
        [("tanh", "layer", "standard deviation"), ("ReLU", "layer", "")],
    ),
    "arrivals": (
        lambda: figures.show_arrivals({"a": {1: 1.0, 3: 0.5}}),
        [("", "hidden layers", "share that arrives")],
    ),
    "folds": (
        lambda: figures.show_folds([torch.tensor([0.0, 1, 0])]),
        [("2 pieces", "", "")],
    ),
    "search": (
        lambda: figures.show_search({0.1: 0.5}, {"none": [0.5, 0.6]}),
        [("rate", "learning rate", "validation accuracy"), ("hidden layers", "", "")],
    ),
}


def test_no_name_of_an_xor_point_lies_on_the_dashed_line():
    X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    H = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [2.0, 1.0]])
    figure = figures.show_planes(X, H, y)
    figure.draw_without_rendering()
    right = figure.axes[1]
    (dashed,) = (line for line in right.lines if line.get_linestyle() == "--")
    ends = right.transData.transform(dashed.get_xydata())
    path = np.linspace(*ends, 500)
    for name in right.texts:
        (x0, y0), (x1, y1) = name.get_window_extent().get_points()
        x, y = path.T
        assert not ((x0 < x) & (x < x1) & (y0 < y) & (y < y1)).any(), name.get_text()


@pytest.mark.parametrize("name", NAMES)
def test_axes_are_named_after_what_they_show(name):
    draw, expected = NAMES[name]
    found = [
        (ax.get_title(loc="left") or ax.get_title(), ax.get_xlabel(), ax.get_ylabel())
        for ax in draw().axes
    ]
    assert found == expected


def test_the_dotted_line_of_the_deep_runs_is_the_loss_of_guessing():
    for ax in runs.four_deep_runs().axes:
        (line,) = (x for x in ax.lines if x.get_label() != "loss")
        assert list(line.get_ydata()) == pytest.approx([math.log(10)] * 2, abs=1e-4)
        assert line.get_linestyle() == ":" and ax.get_xlabel() == "step"
    assert runs.four_deep_runs().axes[0].get_ylabel() == "loss of the batch"


def test_who_cannot_see_the_deep_runs_is_told_how_they_differ():
    """The jump of C is what its exercise asks for."""
    told = described(runs.four_deep_runs())
    assert told.startswith("Loss of the batch against the step, four runs; the dotted")
    for name, history in runs.histories().items():
        loss = history.step_loss
        assert (
            f"{name}, validation accuracy {history.val_accuracy[-1]:.2f}: "
            f"{loss[0]:.2f} at first, at most {max(loss):.2f} "
            f"(step {loss.index(max(loss))}), {sum(loss[-10:]) / 10:.2f} on average"
        ) in told


def test_who_cannot_see_the_planes_is_told_where_the_points_went():
    X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    H = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [2.0, 1.0]])
    assert described(figures.show_planes(X, H, y)) == (
        "Left, the inputs: y = 0 at 00 and 11; y = 1 at 01 and 10. Right, the hidden "
        "units: 00 at (0, 0); 01 and 10 at (1, 0); 11 at (2, 1). Below the dashed line "
        "h1 − 2h2 = 1/2 stand only points with y = 1."
    )
    assert "stand not only points with" in described(figures.show_planes(X, X, y))


# -- explorers -------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(explorers.FUNCTIONS))
def test_the_tangent_has_the_slope_that_is_told(name):
    scene = explorers.activations.scene(activation=name, z=0.7)
    (x0, y0), (x1, y1) = scene["tangent"]["xy"]
    ((z, value),), ((_, slope),) = scene["value"]["xy"], scene["slope"]["xy"]
    assert (y1 - y0) / (x1 - x0) == pytest.approx(slope)
    assert (y0 + y1) / 2 == pytest.approx(value) and (x0 + x1) / 2 == pytest.approx(z)


def marks_of(scene):
    """All numbers that a scene draws, and its words."""
    marks = [mark for pane in scene.panes for mark in pane.marks]
    numbers = [mark.get("xy", mark.get("values")) for mark in marks]
    return scene.says, [np.asarray(value, float).tolist() for value in numbers]


@pytest.mark.parametrize(
    "name, slider, value",
    [
        ("activations", "activation", "tanh"),
        ("activations", "z", 1.0),
        ("activations", "layers", 20),
        ("activations", "weight", 3.0),
        ("approximation", "target", "|x|"),
        ("approximation", "num_hiddens", 5),
        ("depth", "activation", "ReLU"),
        ("depth", "weight_sd", "Xavier"),
        ("depth", "factor", 2.0),
        ("depth", "layers", 10),
    ],
)
def test_every_slider_changes_the_picture_and_the_sentence(name, slider, value):
    explorer = getattr(explorers, name)
    before, after = (
        marks_of(scene)
        for scene in (explorer.scene(), explorer.scene(**{slider: value}))
    )
    assert before[0] != after[0] and before[1] != after[1]


def test_the_factor_multiplies_the_standard_deviation():
    sd = depth.INITS["Kaiming"]
    by_factor = explorers.depth.scene(weight_sd="Kaiming", factor=2.0, layers=5)
    found = depth.signal("tanh", 2 * sd, 5)
    assert by_factor.says == depth.judge("tanh", found)


def test_lines_of_the_approximation_have_their_own_names():
    scene = explorers.approximation.scene(target="|x|", num_hiddens=3)
    for name in ("function", "network"):
        assert scene[name]["label"] == name
    x, y = scene["function"]["xy"].T
    assert y == pytest.approx(np.abs(x)) and scene["function"]["dash"]
    left, right = scene.panes
    assert left.title == "fitted where it is gray" and right.title == "largest error"
    ends = scene["trained"]["xy"][:, 0]
    assert (ends.min(), ends.max()) == (-1, 1)
    assert right.labels == ("hidden units", "")


# -- claims ----------------------------------------------------------------------------


def test_the_best_rate_of_a_start_is_chosen_on_val_alone(monkeypatch):
    """On a test set with exchanged labels, the best rate of val is the worst one."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(200) % 2
    X = torch.randn(200, 1, 1, 2, generator=generator) + 3 * y.view(200, 1, 1, 1)
    right, wrong = Examples(X, y), Examples(X, 1 - y)
    data = ImageData("dots", ("left", "right"), right, right, wrong)
    monkeypatch.setattr(claims, "SWEEP", [1e-6, 0.1])
    results = claims.explosion_window.experiment(data, 200, 5, 0)
    for row in results.values():
        assert row["test accuracy at it"].mean() < 0.5


# -- sentences of mistakes -------------------------------------------------------------


@pytest.mark.parametrize(
    "answer, says",
    [
        (
            (0.5, -0.5, 1.5),
            "A ReLU follows each hidden unit: what is below 0 becomes 0.",
        ),
        ((0.5, 0.5, -0.5), "The second sum has a bias of -1."),
        ((2.5, 1.5, -0.5), "The first input is -1."),
    ],
)
def test_wrong_hidden_units_get_the_sentence_of_their_mistake(answer, says):
    z1, z2 = -1 + 1.5, -1 + 1.5 - 1
    assert (z1, z2, z1 - 2 * z2) == (0.5, -0.5, 1.5), "without the ReLUs"
    assert (z1, z1, z1 - 2 * z1) == (0.5, 0.5, -0.5), "without the bias"
    z1, z2 = 1 + 1.5, 1 + 1.5 - 1
    assert (z1, z2, z1 - 2 * z2) == (2.5, 1.5, -0.5), "without the sign"
    assert says in words(exercises.check(xor_by_hand=answer).text)


def test_the_last_layer_left_at_kaimings_is_told():
    def init_weights(net):
        for module in net.modules():
            if isinstance(module, nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)

    says = words(exercises.check(init_weights).text)
    assert "The last layer has Kaiming's weights, too: give it smaller ones" in says


@pytest.mark.parametrize(
    "answer, says",
    [
        (math.log(10), "That is for ten classes"),
        (math.log2(26), "That is in bits."),
        (1 / 26, "That is the probability of each class"),
        (
            -math.log(26),
            "A probability is below 1, so minus its logarithm is positive.",
        ),
        (25 / 26, "That is the share of wrong answers."),
    ],
)
def test_a_wrong_first_loss_gets_the_sentence_of_its_mistake(answer, says):
    assert starts.first_loss.solution() == pytest.approx(math.log(26))
    assert says in words(exercises.check(first_loss=answer).text)


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda a: a.sigmoid(), "a is not z: it is the value ln(1 + e^z)."),
        (lambda a: torch.exp(-a), "exp(-a) is 1 / (1 + e^z), the sigmoid of -z."),
        (lambda a: 1 - torch.exp(a), "its slope lies between 0 and 1: look at the"),
        (lambda a: a * (1 - a), "This is the slope of the sigmoid from its value"),
    ],
)
def test_a_wrong_slope_gets_the_sentence_of_its_mistake(change, says):
    def softplus_slope(a):
        return change(a)

    assert says in words(exercises.check(softplus_slope).text)
