"""Explorers of chapter 7: lines that are compared with, titles, axes and keys.

What is drawn is tested beside; here, what it is read against: a law, a true value, the
loss of guessing, and the words that say which pane shows what.
"""

import math

import numpy as np
import pytest

from helpers.chapters.batch_normalization import explorers, signal
from helpers.chapters.batch_normalization.batch_statistics import feature, law
from helpers.figures import COLORS

BOTH = ("without", "with")


@pytest.mark.parametrize("of", ["mean", "variance"])
@pytest.mark.parametrize("values", ["normal", "skewed"])
def test_the_law_is_drawn_at_two_standard_deviations(values, of):
    scene = explorers.batch_statistics.scene(values=values, statistic=of)
    for sign in (-1, 1):
        line = scene[f"law {sign}"]
        sizes, drawn = line["xy"].T
        center, spread = law(values, sizes, of)
        assert drawn == pytest.approx(center + 2 * sign * spread)
        assert sizes.min() == 2 and sizes.max() == 256 and line["dash"]
    assert scene["law 1"]["label"] == "±2 standard deviations"
    unit = {"mean": "σ", "variance": "σ²"}[of]
    assert scene.panes[0].title == f"error of the {of}, in {unit}"


def test_most_batches_lie_between_the_lines():
    """At two standard deviations about 95 % of them."""
    for size in (4, 32, 256):
        scene = explorers.batch_statistics.scene(batch_size=size)
        low, high = (np.interp(size, *scene[f"law {sign}"]["xy"].T) for sign in (-1, 1))
        errors = scene["errors"]["xy"][:, 1]
        assert 0.9 < ((errors > low) & (errors < high)).mean() < 0.99


@pytest.mark.parametrize("example", [-1.5, 1.5, 2.5])
def test_the_example_is_compared_with_its_value_by_the_true_statistics(example):
    scene = explorers.batch_statistics.scene(example=example, batch_size=4)
    assert scene["true"]["xy"][:, 0] == pytest.approx(example)
    assert scene["true"]["label"] == "by the true statistics"
    assert f"The example at {example:.2f}".replace("-", "−") in scene.says


@pytest.mark.parametrize("values", ["normal", "skewed", "a pixel of digits"])
def test_the_running_mean_is_compared_with_the_true_one(values):
    scene = explorers.batch_statistics.scene(values=values)
    true = feature(values).mean
    assert scene["true mean"]["xy"][:, 1] == pytest.approx(true)
    assert scene["true mean"]["xy"][:, 0].tolist() == [0, 100]
    assert scene["course"]["xy"][[0, -1], 0].tolist() == [0, 100]
    assert scene["means"]["xy"][[0, -1], 0].tolist() == [1, 100]
    assert scene["course"]["label"] == "running mean"


def test_the_runs_are_compared_with_guessing():
    scene = explorers.rates.scene(depth=2)
    drawn = [mark for pane in scene.panes for mark in pane.marks
             if mark.get("name") == "guessing"]  # fmt: skip
    assert len(drawn) == 2
    for mark in drawn:
        assert mark["xy"][:, 1] == pytest.approx(math.log(10))


@pytest.mark.parametrize("lr, said", [(0.14, "0.1"), (0.15, "0.215"), (9.0, "10")])
def test_the_pane_of_the_runs_names_their_rate(lr, said):
    left, right = explorers.rates.scene(depth=2, lr=lr).panes
    assert right.title == f"the runs at {said}"
    assert left.title == "loss of the last of 10 epochs"
    (line,) = (m for m in left.marks if m["kind"] == "line" and len(set(m["xy"][:, 0]))
               == 1)  # fmt: skip
    assert line["xy"][0, 0] == pytest.approx(lr)
    assert left.labels[0] == "learning rate" and right.labels[0] == "step"


@pytest.mark.parametrize("of", ["weights", "activations"])
def test_the_panes_of_the_signal_name_what_they_show(of):
    left, right = explorers.signal.scene(depth=5, gradient_of=of).panes
    assert left.title == "activations, standard deviation"
    assert right.title == f"gradient of the {of}, norm"
    assert left.labels[0] == "layer (at the lower edge: 10⁻⁷ or less)"
    assert right.labels[0] == "layer (at the lower edge: 10⁻¹² or less)"
    assert (signal.ROUNDING, signal.LOW) == (1e-7, 1e-12)
    assert left.log == right.log == "y"


def test_with_and_without_have_one_color_everywhere():
    """And the key says which is which."""
    of_rates = explorers.rates.scene(depth=2)
    of_signal = explorers.signal.scene(depth=5)
    for word, color in zip(BOTH, COLORS, strict=False):
        for scene, names in (
            (of_rates, (word, f"{word} curve", f"{word} inside")),
            (of_signal, (f"spread {word}", f"gradient {word}")),
        ):
            assert {scene[name]["color"] for name in names} == {color}
            assert scene[names[0]]["label"] == f"{word} norm"
