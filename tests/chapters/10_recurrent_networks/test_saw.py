"""Chapter 10: "What you should have seen" is what the explorers compute.

Counts that a training decides may differ a little on another processor: then the text
must still be near, and which is more than which stays as it is.
"""

import math
import re
from functools import cache

import numpy as np
import pytest

from helpers import load_time_machine
from helpers.chapters.recurrent_networks import explorers
from helpers.chapters.recurrent_networks.embeddings import (
    EPOCHS,
    GROUPS,
    NUM_VALUES,
    learned,
    neighbors,
)
from helpers.chapters.recurrent_networks.gates import NUM_UNITS, PARTS, read, units
from helpers.chapters.recurrent_networks.temperature import known
from helpers.chapters.recurrent_networks.through_time import sizes
from helpers.chapters.recurrent_networks.writer import NUM_HIDDENS, writer
from helpers.models.recurrent import generate
from tests.said import WORDS, said
from tests.taught import holding

holds = holding("10")


# -- embeddings ----------------------------------------------------------------------


@cache
def own_group(of):
    """How many tokens have a nearest one of their group, after each epoch."""
    found = learned(of)
    return [
        int((found.groups[neighbors(V)[0]] == found.groups).sum())
        for V in found.vectors
    ]


def test_from_which_epoch_on_every_word_has_a_neighbor_of_its_kind():
    by_epoch = own_group("words")
    at_first, of, ordinal, all_of = said(
        "10", "embedding-saw",
        r"after no epoch the words lie anywhere, and (\d+) of (\d+) have a nearest one "
        r"of their own group by chance\. From the (\w+) on all (\d+) have\.",
    )  # fmt: skip
    order = "no first second third fourth fifth sixth seventh eighth ninth tenth"
    begins = order.split().index(ordinal)
    assert int(at_first) == by_epoch[0] and int(of) == int(all_of) == 15
    assert set(by_epoch[begins + 1 :]) == {15}, "one epoch may be another processor's"
    assert max(by_epoch[: begins - 1]) < 15
    holds("embedding-saw", "The characters end with 15 of 15 as well, vowels and cons")
    assert own_group("characters")[-1] >= 14


def test_a_plane_does_not_show_everything():
    found = learned("characters")
    V, xy, names = found.vectors[-1], found.xy[EPOCHS], list(found.tokens)
    u = names.index("u")
    away = np.linalg.norm(xy - xy[u], axis=1)
    beside = {names[k] for k in away.argsort()[1:3]}
    unit = V / np.linalg.norm(V, axis=1, keepdims=True)
    cosine = dict(zip(names, unit @ unit[u], strict=True))
    del cosine["u"]
    assert beside == {"t", "w"} and cosine["o"] > max(cosine.values()) - 0.05
    assert cosine["o"] > max(cosine[name] for name in beside)
    assert NUM_VALUES == 12 and set("uo") <= set(GROUPS["characters"]["vowels"])
    holds(
        "embedding-saw",
        "in the plane u stands beside t and w, although in all its twelve numbers o is "
        "nearest: two components do not show everything.",
    )


# -- through time --------------------------------------------------------------------


def arrives(kind, weights=1.0, bias=0.0):
    return float(sizes(kind, 50, weights, bias)[-1])


def test_what_the_forget_bias_and_larger_weights_do():
    size = math.log10(arrives("lstm"))
    assert -9 <= size < -8 and 0.3 < arrives("lstm", bias=3.0) < 3
    kept = 1 / (1 + math.exp(-3))
    holds(
        "time-saw",
        "*What you should have seen:* the forget bias. Of what stood 49 steps back the "
        "LSTM receives $10^{-9}$ with a bias of 0, and of the order of 1 with a bias of"
        f" 3: its gate then keeps {100 * kept:.0f} % of the cell at each step.",
    )
    vanishes, exploded = said(
        "10", "time-saw",
        r"at ([\d.]+) its gradient still vanishes, at ([\d.]+) it has exploded\.",
    )  # fmt: skip
    assert arrives("rnn", float(vanishes)) < 1e-3
    assert arrives("rnn", float(exploded)) > 10
    assert all(arrives(kind, 3.0) < 1 for kind in ("lstm", "gru"))
    assert arrives("lstm", 3.0) > arrives("lstm", 1.0)
    holds("time-saw", "The LSTM and the GRU stay below 1 up to 3.")


def test_a_slider_reaches_all_that_is_told():
    through, write = explorers.through_time.ranges, explorers.temperature.ranges
    for name, values in {"weights": (1.5, 2.5, 3.0), "forget_bias": (0, 3.0)}.items():
        for value in values:
            assert through[name].low <= value <= through[name].high
            through[name].check(name, float(value))
    assert through["num_steps"].start == 50, "49 steps back"
    for value in (0.0, 0.5, 2.0):
        assert write["temperature"].low <= value <= write["temperature"].high
    assert explorers.embeddings.ranges["epochs"].low == 0
    assert explorers.embeddings.ranges["epochs"].high >= 5
    assert explorers.gates.ranges["show"].start == "forget gate"


# -- gates ---------------------------------------------------------------------------


def test_the_forget_gate_of_unit_1_is_low_at_spaces():
    net, vocab = writer()
    sentence = explorers.gates.ranges["sentence"].start
    values = read(net, vocab.encode(sentence))
    # By torch's own order of the rows: i, f, g, o.
    tokens = vocab.encode(sentence)
    h = c = np.zeros(NUM_HIDDENS, np.float32)
    W, U = net.rnn.weight_ih_l0.numpy(), net.rnn.weight_hh_l0.numpy()
    b = (net.rnn.bias_ih_l0 + net.rnn.bias_hh_l0).numpy()
    forget = []
    for token in tokens.tolist():
        i, f, g, o = np.split(W[:, token] + U @ h + b, 4)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        forget.append(f)
    of_part = dict(zip(PARTS, values, strict=True))
    np.testing.assert_allclose(of_part["forget gate"], forget, atol=1e-4)
    np.testing.assert_allclose(of_part["output h"][-1], h, atol=1e-4)
    np.testing.assert_allclose(of_part["cell state"][-1], c, atol=1e-4)
    curve = np.array(forget)[:, units()[0]]
    space = np.array(list(sentence)) == " "
    at_space, at_letter = map(float, said(
        "10", "gates-saw",
        r"The forget gate of unit 1 is ([\d.]+) on average at a space and ([\d.]+) at a"
        r" letter: a word is over, and what was kept of its letters is let go\.",
    ))  # fmt: skip
    assert at_space == pytest.approx(curve[space].mean(), abs=0.1)
    assert at_letter == pytest.approx(curve[~space].mean(), abs=0.1)
    assert at_space < at_letter
    words = {12: "twelve"}
    holds(
        "gates-saw",
        f"The {words[NUM_UNITS]} units shown are those of {net.rnn.hidden_size} whose ",
        "many gates move at the spaces.",
    )
    assert f"The network has {NUM_HIDDENS} units" in " ".join(
        explorers.gates.__doc__.split()
    )
    assert NUM_HIDDENS == net.rnn.hidden_size == 64


# -- temperature ---------------------------------------------------------------------


@cache
def written(temperature):
    """The whole words that are written at a temperature, and those in the book."""
    says = explorers.temperature.scene(temperature=temperature).says
    num, real = re.search(
        r"Of the (\d+) words that it writes, (\d+) stand", says
    ).groups()
    return int(num), int(real)


def test_hot_text_has_few_words_of_the_book():
    hot, of_hot, real, num = said(
        "10", "temperature-saw",
        r"At 2 (\w+) of (\d+) words stand in the book, at 0\.5 there are (\d+) of "
        r"(\d+)\.",
    )  # fmt: skip
    for at, told in (
        (2.0, (int(of_hot), WORDS.index(hot))),
        (0.5, (int(num), int(real))),
    ):
        assert np.abs(np.subtract(told, written(at))).max() <= 8, at
    assert WORDS.index(hot) / int(of_hot) < 0.3 < 0.6 < int(real) / int(num)
    assert written(2.0)[1] / written(2.0)[0] < 0.4 < written(0.5)[1] / written(0.5)[0]
    assert known() == set(load_time_machine().train.split())


def test_at_temperature_0_it_goes_in_a_circle():
    text = generate(*writer(), "the time travel", 240, 0.0)
    again = text[-120:]
    assert any(again[k:] == again[:-k] for k in range(2, 40)), "it repeats itself"
    holds(
        "temperature-saw",
        "without end, since nothing is drawn: once it is in a loop, nothing leads out.",
        "it says how often its second choice is taken.",
    )
