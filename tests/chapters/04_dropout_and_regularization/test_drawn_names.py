"""Chapter 4: names in explorers, words of figures, questions of claims, reaches.

Each name is held against the numbers that stand under it: a pane that says "passed on"
shows what the output gets, a question "A minus B" grows with A.
"""

import re

import pytest
import torch

from helpers import load_images
from helpers.chapters.dropout_and_regularization import (
    claims,
    explorers,
    figures,
    masks,
    penalties,
)
from helpers.chapters.dropout_and_regularization.claims import networks
from helpers.claims import SAME
from tests.said import said
from tests.taught import holding, source_of
from tests.verdicts import of_chapter

holds = holding("04")


# -- explorers -------------------------------------------------------------------------


def test_the_bars_are_what_is_passed_on_to_the_output():
    """Summed up with the weights of the output, they give its number."""
    explorer = explorers.dropout_masks()
    explorer.set(dropout=0.35, mask=7)
    scene = explorer.scene
    bars = torch.tensor(scene["this mask"]["lengths"], dtype=torch.float64)
    assert f"{(bars @ masks.V).item():.3f}" == scene["output"]["text"]
    assert scene.panes[1].title == "passed on to the output"
    for name in ("this mask", "mean so far"):
        assert scene[name]["label"] == name
    assert scene["without"]["label"] == "without dropout"


def test_the_sentence_of_the_masks_names_its_three_outputs():
    explorer = explorers.dropout_masks()
    explorer.set(dropout=0.35, mask=7)
    _, scaled = masks.dropped(0.35, 7)
    outputs, plain = scaled @ masks.V, masks.H @ masks.V
    assert f"the output is {outputs[-1]:.3f}. Over" in explorer.sentence
    assert f"it is {outputs.mean():.3f} on average;" in explorer.sentence
    assert f"; without dropout it is {plain:.3f}." in explorer.sentence
    assert "units and multiplies their activations by" in explorer.sentence


def test_minima_are_labeled_by_what_is_minimized():
    scene = explorers.penalties.scene(optimum_w1=1.2, optimum_w2=0.4, strength=0.5)
    alone = penalties.pair((1.2, 0.4))
    for name, best in (("L1", penalties.lasso), ("L2", penalties.ridge)):
        with_it = penalties.pair(best((1.2, 0.4), 0.5, 0.0))
        label = scene[f"{name} optimum"]["label"]
        assert label == f"loss alone: lowest at {alone}"
        assert scene[name]["label"] == f"with the penalty: lowest at {with_it}"


def test_errors_of_the_polynomials_stand_over_the_degree():
    left, right = explorers.polynomial.scene(degree=3).panes
    assert left.labels == ("x", "y") and right.labels == ("degree", "")
    assert right.title == "mean squared error"


def test_controls_reach_what_is_asked_for():
    reach = explorers.polynomial.ranges
    degree, points = said(
        "04", "polynomial", r"at degree (\d+), how many (\w+) does it take until the er"
    )
    assert reach["degree"].high == int(degree) and points in reach
    (enough,) = said("04", "polynomial-read", r"from about (\d+) on it is as good as")
    assert reach["points"].high >= 1.25 * int(enough)
    assert reach["noise"].low == 0, "without noise"
    ranges = explorers.penalties.ranges
    assert ranges["correlation"].low == -ranges["correlation"].high < 0
    assert ranges["optimum_w1"].high > ranges["strength"].start
    holds("penalties-read", "and the correlation is 0, L1 meets an edge and keeps both")
    assert explorers.dropout_masks.ranges["dropout"].high == 1
    holds("masks", "What becomes of both as $p$ grows?")


# -- figures ---------------------------------------------------------------------------


def test_the_words_of_a_figure_name_what_its_axes_do():
    stored = claims.wide_and_regularized.stored()
    for figure in (
        figures.show_widths(stored),
        figures.show_double_descent((10, 50), torch.rand(2, 3, 2), n=10),
        figures.show_rates({0.5: (3.0, 5.0), 8.0: (2.0, 7.0)}),
        figures.show_sizes({5: (3.0, 5.0), 8: (2.0, 7.0)}),
        figures.show_ensembles([0.5, 0.4], alone=[0.45, 0.55]),
    ):
        ax = figure.axes[0]
        head = f"{ax.get_ylabel()} against {ax.get_xlabel()}"
        assert figure.get_label().lower().startswith(head), figure.get_label()


# -- claims ----------------------------------------------------------------------------

FIRST_AND_SECOND = {  # claim -> question -> what is taken from what
    "double-width": {
        "a": ("128, dropout", "64"),
        "b": ("128, dropout, wrong labels", "64, wrong labels"),
        "c": ("128, dropout, a fifth of the images", "64, a fifth of the images"),
        "d": ("128", "64"),
    },
    "wide-and-regularized": {
        "a": ("1024, best dose", "64, best dose"),
        "b": ("64, best dose", "8, best dose"),
        "c": ("256, best dose", "64, best dose"),
        "d": ("1024, best dose", "1024, no dose"),
        "e": ("1024, no dose", "8, best dose"),
    },
}
SAID_OF = {  # the words of a question for what is taken from what
    ("128, dropout", "64"): "128 with dropout minus 64",
    ("128", "64"): "128 without dropout minus 64",
    ("128, dropout, a fifth of the images", "64, a fifth of the images"): (
        "128, dropout minus 64, a fifth of the images"
    ),
    ("128, dropout, wrong labels", "64, wrong labels"): "with 30 % wrong labels",
    ("1024, best dose", "64, best dose"): "1,024 units minus 64",
    ("64, best dose", "8, best dose"): "64 minus 8",
    ("256, best dose", "64, best dose"): "256 minus 64",
    ("1024, best dose", "1024, no dose"): (
        "1,024 units, best dose minus early stopping alone"
    ),
    ("1024, no dose", "8, best dose"): "1,024 without a dose minus 8 with",
}


class Marked(dict):
    """A table in which one configuration has the value 1, and every other one 0."""

    def __init__(self, only):
        super().__init__()
        self.only = only

    def __missing__(self, key):
        return float(key == self.only)


@pytest.mark.parametrize("name", FIRST_AND_SECOND)
def test_a_question_says_what_is_taken_from_what(name):
    claim = of_chapter("04")[name]
    for letter, (first, second) in FIRST_AND_SECOND[name].items():
        question = claim.questions[letter]
        grows = {k: question.measure(Marked(k)) for k in (first, second)}
        assert grows == {first: 1.0, second: -1.0}
        assert question.quantity.endswith(SAID_OF[first, second])


def test_a_gain_is_a_percentage_point():
    """The texts say "a whole percentage point", and so does the answer between."""
    for claim in of_chapter("04").values():
        for question in claim.questions.values():
            if SAME in question.ends:
                low, high, _ = question.ends.values()
                assert (low, high) == (-0.01, 0.01)
    assert SAME == "less than a percentage point apart"
    holds("claim-wide-read", "whether by a whole percentage point is undecided.")


def test_answers_stand_from_the_lowest_to_the_highest():
    for name, words in (
        ("less sure than right", "surer than right"),
        ("it loses", "it gains"),
        ("constant weights end lower", "constant weights end higher"),
        ("all units are the same", "the units have parted"),
    ):
        asked = [
            [*q.ends]
            for claim in of_chapter("04").values()
            for q in claim.questions.values()
            if name in q.ends
        ]
        assert asked and all((e[0], e[-1]) == (name, words) for e in asked)


def test_few_images_get_as_many_steps_as_many(monkeypatch):
    """A fifth of the images, five times the epochs: as the comment says."""
    steps = {}

    def trained(make_net, images, data, seed, num_epochs, **options):
        steps.setdefault(len(images), set()).add(len(images) * num_epochs)
        return make_net(), 0.0

    monkeypatch.setattr(networks, "trained", trained)
    data = load_images("digits")
    networks.double_width.experiment(data, 500, 4, 0)
    assert set(steps) == {100, 500} and steps[100] == steps[500] == {2000}


def test_what_is_reported_is_measured_on_test_images(monkeypatch):
    data, seen = load_images("digits"), []

    def trained(make_net, *arguments, **options):
        return make_net(), 0.0

    def measures(net, examples):
        seen.append(examples)
        return {"test accuracy": torch.zeros(1)}

    monkeypatch.setattr(networks, "trained", trained)
    monkeypatch.setattr(networks, "measures", measures)
    for claim in of_chapter("04").values():
        claim.experiment(data, 100, 4, 0)
    assert seen and all(examples is data.test for examples in seen)


def test_statements_are_what_the_text_asks():
    statements = {k: claim.statement for k, claim in of_chapter("04").items()}
    for name, cell, pattern in (
        (
            "double-width",
            "claim-double",
            r"128 with dropout 0\.5 .*? in practice (\w+)",
        ),
        ("label-smoothing", "claim-smoothing", r"Label smoothing (\w+) general"),
    ):
        (word,) = said("04", cell, pattern)
        assert word in ("better", "improves"), cell
        assert re.search(r"\bmore accurate\b", statements[name]), name
    assert "learns as well as one with random" in statements["dropout-symmetry"]
    assert "a wide network is more accurate" in statements["wide-and-regularized"]
    assert "large and regularized almost always wins" in " ".join(
        source_of("04", "large").split()
    )
