"""Chapter 10: colors, labels and places of what is drawn, and what is asked of whom."""

import json
import re

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyBboxPatch

from helpers.chapters.recurrent_networks import claims, explorers, figures
from helpers.chapters.recurrent_networks.claims import characters, memory, texts
from helpers.chapters.recurrent_networks.embeddings import GROUPS, REACH
from helpers.chapters.recurrent_networks.panel import (
    CLIPPING,
    OPTIMIZERS,
    vocabulary,
)
from helpers.exercises.answers import letter, one_by_one, two_digits
from helpers.figures import COLORS, show_lines
from helpers.figures.described import described
from helpers.tuning.ranges import Typed
from tests.taught import notebook_path, source_of
from tests.verdicts import of_chapter

CLAIMS = of_chapter("10")
BLUE, ORANGE = COLORS[0], COLORS[1]


# -- figures -------------------------------------------------------------------------


def test_a_matrix_is_blue_above_zero_and_orange_below():
    figure = figures.show_heat(torch.tensor([[1.0, -1.0, 0.0]]), ["a", "b", "c"])
    (shown, *_) = figure.axes[0].images
    (above, below, zero) = shown.to_rgba(np.array([1.0, -1.0, 0.0]))[:, :3]
    assert above[2] > above[0] and below[0] > below[2]
    assert zero == pytest.approx([1, 1, 1], abs=0.02)
    doc = " ".join(figures.show_heat.__doc__.split())
    assert "negative in orange, 0 in white, positive in blue" in doc


def test_the_unrolled_network_names_its_arrows_by_where_they_lead():
    figure = figures.show_unrolled(["a", "b"])
    (ax,) = figure.axes
    at = {"$W_{xh}$": [], "$W_{hy}$": [], "$W_{hh}$": []}
    for text in ax.texts:
        if text.get_text() in at:
            at[text.get_text()].append(text.get_position()[1])
    assert all(y < 0.9 for y in at["$W_{xh}$"]), "from the input, below, to the state"
    assert all(y > 1.1 for y in at["$W_{hy}$"]), "from the state to the output, above"
    assert all(0.9 < y < 1.2 for y in at["$W_{hh}$"])
    words = {t.get_text(): t.get_position()[1] for t in ax.texts}
    assert words["$x_1$ = a"] < 0.5 < 1.5 < words["$y_1$"]
    said = described(figure)
    assert "of the one before by W_hh and of its input by W_xh" in said
    assert "gives an output by W_hy" in said


def test_the_stored_pictures_say_what_the_figures_say():
    """The alternative texts in the notebook are those that the drawings give."""
    cells = json.loads(notebook_path("10").read_text("utf-8"))["cells"]
    (stored,) = (
        {
            cell["id"]: output["metadata"]["image/png"]["alt"]
            for cell in cells
            for output in cell.get("outputs", ())
            if "image/png" in output.get("data", {})
        },
    )
    assert stored["unrolled-figure"] == described(figures.show_unrolled(list("time")))
    assert stored["shapes-figure"] == described(figures.show_shapes())
    assert stored["time-explorer"] == explorers.through_time.scene().says


def test_of_many_to_one_the_last_step_alone_answers():
    figure = figures.show_shapes()
    (ax,) = figure.axes
    outputs = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
    inputs = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "s"]
    names = [(t.get_position()[0], t.get_text()) for t in ax.texts if t.get_text()]
    (middle,) = (x for x, name in names if name == "many to one")
    near = [x for x in inputs if abs(x - middle) < 0.8]
    (answer,) = (x for x in outputs if abs(x - middle) < 0.8)
    assert len(near) == 3 and answer == max(near)
    heights = {line.get_marker(): line.get_ydata()[0] for line in ax.lines}
    boxes = [p.get_y() for p in ax.patches if isinstance(p, FancyBboxPatch)]
    assert heights["s"] < min(boxes) < heights["o"], "inputs come from below"


def test_lines_are_described_by_their_axes_and_keep_few_ticks():
    values = {"one": {k: k / 10 for k in range(1, 41)}, "two": {1: 2.0, 40: 0.5}}
    figure = show_lines(values, "steps", "size")
    (ax,) = figure.axes
    assert described(figure).startswith("size against steps. one 1: 0.10, 2: 0.20")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("steps", "size")
    ticks = ax.get_xticks()
    assert 6 < len(ticks) <= 12 and ticks[0] == 1
    assert [t.get_text() for t in ax.get_xticklabels()] == [f"{x:g}" for x in ticks]
    key = [t.get_text() for t in ax.get_legend().get_texts()]
    for line, name in zip(ax.lines, key, strict=True):
        assert dict(zip(*line.get_data(), strict=True)) == values[name]
    few = show_lines({"one": {k: 1.0 for k in range(12)}}, "x", "y")
    assert len(few.axes[0].get_xticks()) == 12, "twelve are not too many"


# -- explorers -----------------------------------------------------------------------


def test_the_map_is_blue_above_0_and_orange_below():
    scene = explorers.gates.scene(show="cell state")
    assert (scene["map"]["color"], scene["below"]["color"]) == (BLUE, ORANGE)
    assert scene["curve"]["color"] == BLUE
    blue, orange = to_rgb(BLUE), to_rgb(ORANGE)
    assert blue[2] > blue[0] and orange[0] > orange[2]
    assert "Blue is above 0, orange below" in " ".join(explorers.gates.__doc__.split())


def test_lines_are_named_beside_themselves_and_axes_by_what_they_hold():
    scene = explorers.through_time.scene()
    for word in ("RNN", "LSTM", "GRU"):
        assert scene[word]["label"] == word
    assert scene["bare"]["label"] == "forget gate at its bias alone"
    assert scene.panes[0].labels[0] == "steps back, k"
    assert "k steps back arrives multiplied by" in scene.panes[0].title
    colors = [scene[word]["color"] for word in ("RNN", "LSTM", "GRU")]
    assert len(set(colors)) == 3
    scene = explorers.embeddings.scene()
    for name in GROUPS["words"]:
        assert scene[name]["label"] == name
    assert len({scene[name]["color"] for name in GROUPS["words"]}) == 3
    assert [*scene.panes[0].labels] == ["first principal component", "second"]
    assert scene.panes[0].title == "words after 10 epochs"
    spread = np.concatenate([scene[name]["xy"] for name in GROUPS["words"]]).std(0)
    assert spread[0] > spread[1], "the first component is that of the largest spread"


def test_the_docstring_tells_how_far_the_neighbors_stand():
    words = {1: "the character before and after", 2: "the two words before and after"}
    doc = " ".join(explorers.embeddings.__doc__.split())
    assert words[REACH["words"]] in doc and words[REACH["characters"]] in doc


def test_the_likeliest_bar_stands_out_and_the_start_is_not_counted():
    scene = explorers.temperature.scene()
    colors = scene["next"]["color"]
    best = int(np.argmax(scene["next"]["lengths"]))
    assert colors[best] == COLORS[1] and colors.count(COLORS[0]) == len(colors) - 1
    few, many = (
        int(re.search(r"Of the (\d+) words", explorers.temperature.scene(
            beginning=start, temperature=0.0).says)[1])
        for start in ("the time ", "a b c d e f g h i j the time ")
    )  # fmt: skip
    assert abs(few - many) < 8, "ten words of the start would be more"


# -- answers, and what is typed ------------------------------------------------------


def test_values_are_read_up_to_the_first_wrong_one():
    right = (1, 2, 3)
    assert one_by_one(lambda: right, right) == right
    assert one_by_one(lambda: (1, 5, 7), right) == (1, 5)
    assert one_by_one(lambda: (4, 2, 3), right) == (4,)
    assert one_by_one(lambda: (1, 2), right) == "another number of values"
    assert one_by_one(lambda: "aB", ("A", "B"), letter) == ("A", "B")
    assert letter(" d ") == "D" and two_digits(20_752) == two_digits(2.1e4)
    assert two_digits(0.0436) != two_digits(0.0446)


def test_a_typed_line_may_have_exactly_so_many_characters():
    typed = Typed("", longest=4)
    assert typed.check("word", "four") == "four"
    with pytest.raises(ValueError, match="at most 4 characters, got 5"):
        typed.check("word", "fives")
    assert typed.text("it's") == repr("it's")


# -- what a claim asks ---------------------------------------------------------------


def arms(question):
    """The two rows of a table that a question compares, found by asking it."""
    asked = []

    class Table:
        def __getitem__(self, key):
            asked.append(key[0])
            return torch.tensor([1.0, 2.0])

        def __contains__(self, key):
            return True

    question.measure(Table())
    return asked


EXPECTED = {
    "forget-bias": [
        ("bias 1, T = 30", "bias 3, T = 30"),
        ("bias 1, T = 10", "bias 3, T = 10"),
        ("bias 1, T = 30", "bias 0, T = 30"),
        ("bias 1, T = 30, three times the steps", "bias 3, T = 30"),
        ("bias 3, T = 30", "GRU, T = 30"),
    ],
    "more-steps": [
        ("T = 128", "T = 32"),
        ("T = 32", "T = 8"),
        ("T = 64", "T = 32"),
        ("T = 128, 16 rows", "T = 32, 16 rows"),
    ],
    "beats-ngram": [
        (f"LSTM, {n} pass{'es' * (n > 1)}", "best n-gram") for n in (8, 4, 2, 1)
    ],
    "gru-speed": [
        (f"GRU, {of}", f"LSTM, {of}")
        for of in ("T = 64, h = 128", "T = 64, h = 32", "T = 8, h = 128",
                   "written in Python")
    ],
    "convergence": [("ReLU",), ("ReLU, clipped",), ("tanh",), ("ReLU, clipped",)],
}  # fmt: skip


@pytest.mark.parametrize("name", EXPECTED)
def test_a_question_compares_what_its_words_name(name):
    questions = list(CLAIMS[name].questions.values())
    for question, wanted in zip(questions, EXPECTED[name], strict=True):
        assert tuple(arms(question)) == wanted, question.quantity


def test_quantities_name_their_sizes():
    quantities = {name: [q.quantity for q in claim.questions.values()]
                  for name, claim in CLAIMS.items()}  # fmt: skip
    first, small, short, plain = quantities["gru-speed"]
    assert "16 rows of 64 characters, 128 units" in first and "32 units" in small
    assert "128 rows of 8 characters" in short and "written in Python" in plain
    for quantity, (a, b) in zip(
        quantities["more-steps"], EXPECTED["more-steps"], strict=True
    ):
        assert f"{a.split(',')[0]} over {b.split(',')[0]}" in quantity
    assert "clipped to norm 1" in quantities["convergence"][1]
    assert "tanh" in quantities["convergence"][2]
    assert "ReLU with clipping" in quantities["convergence"][3]
    assert "ReLU from 1.05 times identity" in quantities["convergence"][0]
    _, _, zero, more, gru = quantities["forget-bias"]
    assert "1 minus 0 at T = 30" in zero and "three times the steps minus 3" in more
    assert gru.endswith("of forget bias 3 minus GRU")


def test_the_sizes_that_are_told_are_those_that_run(monkeypatch):
    """What a claim's own words say of its experiment."""
    docs = {name: " ".join(c.experiment.__doc__.split()) for name, c in CLAIMS.items()}
    assert f"of {memory.STEPS} numbers, by SGD at four rates" in docs["convergence"]
    assert len(memory.RATES) == 4 and memory.STEPS == 30
    for grid in (memory.RATES, memory.RECALL_RATES, texts.RATES):
        assert [*grid] == sorted(grid) and len(grid) >= 3
    table = CLAIMS["convergence"].stored()["adding"].table
    assert all(f"diverges at {lr}" in table["ReLU"] for lr in memory.RATES)
    hiddens = []

    def readers(data, n_train, num_passes, seed, passes=(), **settings):
        hiddens.append(settings["num_hiddens"])
        raise StopIteration

    monkeypatch.setattr(characters, "readers", readers)
    monkeypatch.setattr(characters, "nats_of_counts", lambda *_: torch.zeros(3))
    book = texts.letters()
    with pytest.raises(StopIteration):
        CLAIMS["beats-ngram"].experiment(book, 300, 8, 0)
    assert f"An LSTM of {hiddens[0]} units" in docs["beats-ngram"]


def test_choices_mean_what_they_are_called():
    for name, optimizer in OPTIMIZERS.items():
        assert optimizer.__name__ == name
    for name, value in CLIPPING.items():
        assert value is None if name == "none" else value == float(name)
    assert len(vocabulary()) == len(texts.letters().vocab) == 28


def test_a_claim_stands_under_its_own_heading():
    for name in claims.__all__:
        cell = f"claim-{name.replace('_', '-')}"
        assert source_of("10", f"{cell}-predict") == f"claims.{name}.predict()"
        assert source_of("10", f"{cell}-test") == f"claims.{name}.test(text)"
