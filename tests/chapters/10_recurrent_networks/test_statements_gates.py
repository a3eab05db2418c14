"""Chapter 10: statements on gates, writing and attention, each made anew.

As in `test_statements`: what a sentence says is computed, and then it must stand there.
"""

import math
import re
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import load_time_machine, softmax_at, text_windows
from helpers.chapters.recurrent_networks.exercises import gates, gradients, lstm, states
from helpers.chapters.recurrent_networks.exercises.curves import which_text
from helpers.chapters.recurrent_networks.exercises.letters import bag_of_letters
from helpers.models.recurrent import CharModel, GRUCell
from tests.taught import holding, taught, text_of

own = taught("10", "one_step", "Attention")


holds = holding("10")


# -- gates ---------------------------------------------------------------------------


def step(i=0.0, f=0.0, o=0.0, g=0.5, c=0.8):
    """The new (h, c) of one cell whose gates are open, 1, or shut, 0."""
    b = torch.tensor([200 * i - 100, 200 * f - 100, math.atanh(g), 200 * o - 100])
    zero = torch.zeros(1, 1)
    W = torch.zeros(4, 1)
    return [v.item() for v in own.one_step(zero, zero, torch.full((1, 1), c), W, W, b)]


def test_what_each_gate_of_the_taught_step_does():
    assert step(f=1)[1] == pytest.approx(0.8) and step(f=0)[1] == pytest.approx(0)
    assert step(i=1)[1] == pytest.approx(0.5) and step(i=0)[1] == pytest.approx(0)
    assert step(f=1, o=1)[0] == pytest.approx(math.tanh(0.8))
    assert step(f=1, o=0)[0] == pytest.approx(0)
    holds(
        "gates",
        r"c_t = f_t \, c_{t-1} + i_t \, g_t, \qquad h_t = o_t \tanh(c_t)",
        "The *forget gate* $f$ says how much of the cell is kept: 1 keeps, 0 forgets.",
        "The *input gate* $i$ says how much of the new value $g$ enters.",
        "The *output gate* $o$ says how much is shown.",
    )
    holds("gates-more", "That is why its name misleads: it is open when it keeps.")
    said = "The forget gate is 1 and the input gate 0. What happens to the cell?"
    holds("recall-questions", f"{said}</summary> Nothing: it is kept as it is.")
    holds(
        "terms", "| forget, input, output gate | 遗忘门，输入门，输出门 | keep, write"
    )
    holds("terms", "输出门 | keep, write, show |")
    assert step(f=1, c=2.0)[1] == pytest.approx(2), "no tanh of the kept cell"
    holds("lstm", "## A cell that is kept", "A plain network writes its whole state an")


def test_which_gate_is_shut_in_which_step():
    sequence = (3, 1, 0), (4, 1, 0), (2, 0, 0), (1, 0, 1), (3, -1, 0)
    source = text_of("10", "gates-code")
    assert str(list(sequence)) in source
    cells, c = [], 0
    for x1, x2, x3 in sequence:
        i, f, o = x2 == 1, x2 != -1, x3 == 1
        c = f * c + i * x1
        cells.append((c, i, f, o))
    assert [c for c, *_ in cells] == [3, 7, 7, 7, 0]
    assert not any(o for *_, o in cells[:3]) and all(f for _, _, f, _ in cells[:4])
    assert not cells[2][1] and not cells[4][2]
    holds(
        "gates-more",
        "In steps one to three the cell holds something and puts out 0: the output gate"
        " is shut. In the third step the input gate is shut, and the cell is unchanged."
        " In the last step the forget gate is 0.",
    )
    holds(
        "gates-read", "$x_2 = 1$ adds $x_1$ to it, $x_2 = -1$ clears it, $x_3 = 1$ sh"
    )


def test_of_the_two_states_h_alone_goes_on_to_the_next_layer():
    torch.manual_seed(0)
    X = torch.randn(4, 1, 2)
    net = nn.LSTM(2, 3, num_layers=2)
    first, second = nn.LSTM(2, 3), nn.LSTM(3, 3)
    for layer, k in ((first, 0), (second, 1)):
        for name, value in layer.named_parameters():
            value.data = getattr(net, name.replace("l0", f"l{k}")).data
    torch.testing.assert_close(second(first(X)[0])[0], net(X)[0])
    torch.testing.assert_close(first(X)[0][-1:], first(X)[1][0])
    holds("lstm-more", "Of $h$ and $c$ only $h$ goes to the output and to the next lay")
    count = [sum(p.numel() for p in kind(3, 5).parameters())
             for kind in (nn.RNN, nn.GRU, nn.LSTM)]  # fmt: skip
    assert [n / count[0] for n in count] == [1, 3, 4]
    holds(
        "lstm-more", "how much of the old state the new value sees: three layers inst"
    )
    holds("lstm-read", "it has four times the parameters of a plain unit.")


def test_the_formula_of_the_gru_is_that_of_torchs_cell():
    torch.manual_seed(0)
    cell, x, h = nn.GRUCell(2, 3), torch.randn(1, 2), torch.randn(1, 3)
    r_in, z_in, n_in = (F.linear(x, cell.weight_ih, cell.bias_ih)).chunk(3, 1)
    r_h, z_h, n_h = (F.linear(h, cell.weight_hh, cell.bias_hh)).chunk(3, 1)
    r, z = (r_in + r_h).sigmoid(), (z_in + z_h).sigmoid()
    new = torch.tanh(n_in + r * n_h)
    torch.testing.assert_close(cell(x, h), (1 - z) * new + z * h)
    assert GRUCell.num_gates == 3
    holds(
        "lstm-more",
        r"$h_t = (1 - z)\, \tilde h_t + z\, h_{t-1}$ with $\tilde h_t = \tanh(W x_t + "
        r"r\,(U h_{t-1}) + b)$",
    )
    holds("terms", "| GRU | 门控循环单元 | one state, two gates |")
    assert 0.5**10 == pytest.approx(1 / 1000, rel=0.03)
    holds("lstm-more", "after ten steps a thousandth of the cell is left.")


# -- exercises: what is asked for ----------------------------------------------------


def test_the_exercises_ask_for_what_their_solutions_do():
    numbers = ", ".join(str(x) for x in gates.SEQUENCE)
    holds("ex-hand-gates", f"It reads $(x_1, x_2, x_3)$ = {numbers}.")
    holds("ex-lstm-step", "cut it into four parts i, f, g and o, side by side in torch")
    holds("ex-lstm-step", "f times the old one plus i times tanh(g); the new h is o ti")
    x, h, c, W_ih, W_hh, b = lstm.lstm_step.cases[1]
    i, f, g, o = (x @ W_ih.T + h @ W_hh.T + b).chunk(4, 1)
    new = f.sigmoid() * c + i.sigmoid() * g.tanh()
    torch.testing.assert_close(
        lstm.lstm_step.solution(*lstm.lstm_step.cases[1])[1], new
    )
    said = re.findall(r"([A-D]) is (-?[\d.]+)", text_of("10", "ex-powers"))
    keeps, vanishes, explodes, *_ = gradients.powers.solution()
    sizes = {letter: abs(float(w.rstrip("."))) for letter, w in said}
    assert {k for k, w in sizes.items() if w == 1} == set(keeps)
    assert {k for k, w in sizes.items() if w < 1} == set(vanishes)
    assert {k for k, w in sizes.items() if w > 1} == set(explodes)
    X = bag_of_letters.solution(["aab", "b", "c"], "ba")
    assert X.shape == (3, 2) and X[0, 1] == 2, "row text i, column letter k"
    holds(
        "ex-bag-of-letters", "(i, k) says how often letter k of `letters` stands in te"
    )
    assert len(states.run_rnn.cases[0][0].shape) == 3
    holds("ex-run-rnn", "Return the states after every step, (T, n, h).")


def test_the_four_trainings_are_asked_for_in_the_order_of_the_answer():
    from helpers.chapters.recurrent_networks.exercises.curves import HOW

    large, lost, few, well = which_text.solution()
    assert HOW[large].clip is None and HOW[large].lr > 10 * HOW[well].lr
    assert not HOW[lost].carry and HOW[few].num_digits == 20
    holds(
        "ex-which-text",
        "In one the rate is too large, and no gradient is clipped. In one every window "
        "begins with the state 0. One learns from twenty digits only. And in one all is"
        " well. Which is which? Give their four letters in this order.",
        "in windows of five characters.",
    )


# -- writing -------------------------------------------------------------------------


def test_targets_are_the_text_one_place_on():
    data = text_windows(load_time_machine(), num_steps=64)
    assert torch.equal(data.train.y[:, :-1], data.train.X[:, 1:])
    holds("writes", "The targets are the text itself, moved by one place:")
    net = CharModel(28, 4)
    before = net(data.train.X[:1])
    after = data.train.X[:1].clone()
    after[0, 40] = 5 if after[0, 40] != 5 else 6
    moved = (net(after) != before).any(1)[0]
    assert not moved[:40].any() and moved[40]
    holds("writes-more", "with the *right* character at every step as its next input")


def test_what_a_temperature_does():
    z = torch.tensor([2.0, 1.0, 0.0])
    for tau in (0.5, 1.0, 5.0):
        torch.testing.assert_close(softmax_at(z, tau), (z / tau).softmax(0))
    assert softmax_at(z, 0).tolist() == [1, 0, 0]
    spread = [p.max() - p.min() for p in (softmax_at(z, t) for t in (1, 5, 50))]
    assert all(a > b for a, b in pairwise(spread)) and spread[-1] < 0.02
    holds("temperature", r"divides the logits before softmax: $p = \mathrm{softmax}")
    holds("temperature", r"\mathrm{softmax}(z / \tau)$")
    holds("terms", "| temperature | 温度 | divides the logits before the softmax |")
    holds(
        "temperature-read",
        "At 0 only the likeliest is drawn, at 1 the model's own probabilities hold, and"
        " far above 1 all come close together.",
    )


# -- attention -----------------------------------------------------------------------


def test_attention_takes_a_mean_of_values_by_queries_and_keys():
    torch.manual_seed(0)
    net, X = own.Attention(8, 6), torch.randint(8, (3, 6))
    Z = net.symbols(X) + net.places
    scores = (net.key(Z) @ net.query(Z)[:, -1, :, None])[..., 0] / Z.shape[2] ** 0.5
    mean = (scores.softmax(1)[..., None] * net.value(Z)).sum(1)
    torch.testing.assert_close(net(X), net.output(mean))
    holds(
        "after",
        "the last step asks all others, and takes a mean. Its *query* is multiplied "
        "with the *key* of every step; the softmax of these scores gives the weights of"
        " a mean of the steps' *values*.",
        "## What came after",
    )
    holds(
        "after-figure-read", "Nearly all weight lies on the first step, where the ans"
    )
    holds("after-more", "Nothing in attention knows the order, so each step's number c")
    holds("terms", "a mean over steps, with weights that are computed |")
    holds("after-task", "thirty random symbols out of eight. Which was the first?")
    holds("after-read", "The LSTM guesses: one in eight.")


# -- the end -------------------------------------------------------------------------


def test_the_chapters_claims_and_advice_are_counted():
    from helpers.chapters.recurrent_networks import claims

    words = {4: "Four", 5: "Five", 6: "Six"}
    holds("claims", f"{words[len(claims.__all__)]} claims that one hears.")
    holds("summary-more", "Count first: an n-gram for text, a bag for classes.")
    assert text_of("10", "recall-questions").count("<summary>") == 8
    years = dict(
        re.findall(r"- ([A-Z]\. [A-Za-z]+)[^(]*\((\d{4})\)", text_of("10", "sources"))
    )
    assert years["A. Vaswani"] == "2017" and years["J. Elman"] == "1990"
    assert "after 2017" in text_of("10", "after-more")
    order = [int(years[name]) for name in ("J. Elman", "S. Hochreiter", "R. Pascanu")]
    assert order == sorted(order)
