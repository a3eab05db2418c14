"""Chapter 10: sentences on what cells have shown, and what words and exercises mean.

What is read off an output is read off the stored one here; the rest is computed.
"""

import inspect
import json
import re
from itertools import combinations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import NGram, Vocab, load_time_machine
from helpers.chapters.recurrent_networks.claims import characters, memory
from helpers.chapters.recurrent_networks.exercises import (
    carrying,
    gradients,
    sampling,
)
from tests.taught import holding, notebook_path, source_of, taught, text_of
from tests.verdicts import of_chapter

own = taught("10", "neighbors", "Speller", "Attention", "one_step", "rnn")
CLAIMS = of_chapter("10")


holds = holding("10")


def shown(cell_id: str) -> str:
    """The text that a cell has stored, and what its pictures say."""
    cells = json.loads(notebook_path("10").read_text("utf-8"))["cells"]
    (outputs,) = (c["outputs"] for c in cells if c["id"] == cell_id)
    parts = []
    for output in outputs:
        parts += output.get("text", []) or output.get("data", {}).get("text/plain", [])
        parts += [output.get("metadata", {}).get("image/png", {}).get("alt", "")]
    return "".join(parts)


def numbers(text: str) -> list[float]:
    return [float(n) for n in re.findall(r"(?<![\w.])\d+\.\d+", text)]


# -- read off what is stored ---------------------------------------------------------


def test_both_losses_of_the_baseline_fall():
    first, last, val_first, val_last = numbers(shown("baseline-curves"))[:4]
    assert first > last and val_first > val_last and val_last - last < 0.1
    holds(
        "baseline-read", "Both losses fall together: five passes over this text are n"
    )
    holds("baseline-read", "are not enough to learn it by heart.")
    assert "num_epochs=5" in source_of("10", "baseline")


def test_the_table_of_writing_has_perplexity_at_the_left():
    lines = shown("writes-train").splitlines()
    found = [re.fullmatch(r"(\d+\.\d\d)  the time .*", line) for line in lines]
    values = [float(match[1]) for match in found]
    assert len(values) == 8 and values == sorted(values, reverse=True)
    holds(
        "writes-read",
        "On the left stands the perplexity on the validation text, on the right what "
        "the network writes after *the time*.",
    )
    whole, counted = numbers(shown("writes-check"))
    assert whole < values[-1] and whole < counted
    holds(
        "writes-more",
        f"the validation text has {whole:.2f}: what stood before helps.",
        f"and the 5-gram had {counted:.2f} after a second of counting.",
        "What the table cannot hold are contexts longer than four characters,",
    )


def test_networks_are_more_often_right_than_the_bag():
    (bag,), cells = numbers(shown("names-bag")), numbers(shown("names-rnn"))
    assert min(cells) > bag
    holds(
        "names-read", "Both are right more often than the bag. They read the order, w"
    )


def test_what_attention_and_the_lstm_recall():
    attention, lstm = numbers(shown("after-show"))
    assert attention > 0.97 and lstm == pytest.approx(1 / 8, abs=0.02)
    table = CLAIMS["forget-bias"].stored()["recall"].table
    right = {b: table[f"bias {b}, T = 30"][memory.ACCURACY].mean for b in (1, 3)}
    assert right[3] > 0.5 > 0.2 > right[1]
    holds(
        "after-more", "With a bias of 3 in its forget gate the LSTM learns most of th"
    )
    weights = [*map(float, re.findall(r"\d+: (\d\.\d+)", shown("after-figure")))]
    assert len(weights) == 30 and weights[0] == max(weights) > 0.9


# -- computed ------------------------------------------------------------------------


def test_no_letter_knows_which_was_chosen_before_it():
    torch.manual_seed(0)
    net, X = own.Speller(), torch.rand(1, 1, 14, 14)
    read = []
    net.rnn.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0]))
    net(X)
    assert not read[0].any(), "no letter comes back in"
    holds("one-to-many-read", "no letter knows which letter was chosen before it.")


def test_a_word_is_trained_with_those_within_two_places():
    reach = inspect.signature(own.neighbors).parameters["reach"].default
    words = {1: "one", 2: "two", 3: "three"}
    holds(
        "embedding-same", f"it guesses which words stand within {words[reach]} places"
    )
    near = {b for a, b in own.neighbors(list("abcdef")) if a == "c"}
    assert near == set("abde")
    holds(
        "embedding-more", "antonyms keep the same company as well, and a word with tw"
    )
    holds(
        "recall-questions", "The company that they keep: the words that stand around "
    )


def test_as_many_parameters_for_every_length():
    layer = nn.RNN(8, 16)
    assert layer(torch.zeros(10, 1, 8))[0].shape[0] == 10
    assert layer(torch.zeros(99, 1, 8))[0].shape[0] == 99
    count = sum(p.numel() for p in layer.parameters())
    holds(
        "rnn-read", f"{count} parameters, whether the text has ten steps or ten thous"
    )
    assert count - 16 == 8 * 16 + 16 * 16 + 16


def test_the_gradient_of_a_shared_weight_is_a_sum_over_steps():
    torch.manual_seed(0)
    X, h = torch.randn(4, 1, 2), torch.zeros(1, 3)
    W_xh, W, b = torch.randn(3, 2), torch.randn(3, 3), torch.zeros(3)
    copies = [W.clone().requires_grad_(True) for _ in X]
    state = h
    for x, own_W in zip(X, copies, strict=True):
        state = torch.tanh(x @ W_xh.T + state @ own_W.T + b)
    state.sum().backward()
    shared = W.clone().requires_grad_(True)
    own.rnn(X, h, W_xh, shared, b)[1].sum().backward()
    torch.testing.assert_close(shared.grad, sum(c.grad for c in copies))
    holds(
        "time-more", "where the gradient of a shared weight is the sum over all steps"
    )
    holds("terms", "| 通过时间反向传播 | backpropagation in the unrolled network |")


def test_three_gates_and_a_path_that_lives_where_they_are_open():
    assert source_of("10", "lstm-code").count(".sigmoid()") == 3
    holds("terms", "| LSTM | 长短期记忆网络 | a cell behind three gates |")
    holds(
        "lstm-read", "One cell takes four inputs, three for its gates and one for its"
    )
    holds("terms", "| hidden state | 隐状态 | what is carried from step to step |")
    assert 0.99**50 > 0.6 and 0.1**50 < 1e-40
    holds("gates-more", "With $f$ near 1 it lives for long.")
    holds("gates-more", r"\partial c_t / \partial c_{t-k} = f_t \cdots f_{t-k+1}$")


def test_every_step_asking_every_other_is_a_square():
    T, d = 7, 4
    Q, K = torch.rand(1, T, d), torch.rand(1, T, d)
    assert (Q @ K.transpose(1, 2)).numel() == T**2
    holds("after-more", "the price is $T^2$ scores if every step asks every other.")
    holds("after-more", "The root of $d$ keeps the scores of moderate size.")


def test_an_output_may_be_shorter_as_long_or_longer():
    sizes = [int(s) for s in re.findall(r"\[2, (\d+), 3\]", shown("many-to-many-code"))]
    long, short, longer = sizes
    assert short < long == 12 < longer
    holds(
        "many-to-many",
        "One hears that the output is shorter than the input. It may be shorter, as "
        "long, or longer:",
    )


# -- claims --------------------------------------------------------------------------


def test_every_window_gets_the_same_characters_in_a_step():
    rows = {T: characters.CHARACTERS // T for T in characters.STEPS}
    assert {T * n for T, n in rows.items()} == {characters.CHARACTERS}
    holds(
        "panel-answers",
        "The last claim below gives all of them the same number of characters in a",
    )
    holds("claim-more-steps", "Windows of 8 to 128 characters, equally much text read.")
    assert (min(rows), max(rows)) == (8, 128)
    holds(
        "claim-more-steps-read", "after four passes does not use what is farther away"
    )
    assert CLAIMS["more-steps"].full.num_epochs == 4


def test_what_the_claims_conclude_is_what_their_tables_hold():
    gru, lstm = (
        sum(p.numel() for p in kind(32, 128).parameters()) for kind in (nn.GRU, nn.LSTM)
    )
    assert gru / lstm == 3 / 4
    holds("claim-gru-speed", "*Three layers in a cell cost less than four.*")
    table = CLAIMS["forget-bias"].stored()["recall"].table
    enough = {
        T: table[f"bias 1, T = {T}"][memory.ACCURACY].mean > 0.9 for T in (10, 30)
    }
    assert enough == {10: True, 30: False}
    holds("claim-forget-bias-read", "So the bias has to fit the distance.")
    least = CLAIMS["convergence"].stored()["adding"].table["ReLU, clipped"]
    assert least[memory.LEAST].mean > 0.9 and least[memory.DIVERGED].mean == 0
    holds(
        "claim-convergence-read",
        "But not to diverge is not to learn.",
        "Clipping keeps a training alive; what it learns is another question.",
    )
    found = CLAIMS["beats-ngram"].stored()["time_machine"].found["a"].mean
    assert abs(found - 1) < 0.01
    holds(
        "claim-beats-ngram-read", "counting is as good as this network, and done in a"
    )


# -- exercises -----------------------------------------------------------------------


def test_exercises_say_what_comes_back():
    given, limit = gradients.clip_gradients.cases[0]
    *_, norm = gradients.clipped(gradients.clip_gradients.solution, given, limit)
    assert float(norm) == pytest.approx(13) and limit == 6.5
    holds("ex-clip-gradients", "Return the norm that they had before.")
    holds(
        "ex-clip-gradients", "is above `max_norm`, multiply every gradient by the sam"
    )
    for case in sampling.write_on.cases:
        tokens = sampling.written(sampling.write_on.solution, *case)
        assert 0 not in tokens.tolist() and len(tokens) == case[2]
    holds("ex-write-on", "never draw token 0, the unknown one, and draw with")
    holds("ex-write-on", "Return the new tokens, (num_tokens,), without the start.")
    gates = nn.LSTM(10, 20).weight_ih_l0.shape[0] // nn.RNN(10, 20).hidden_size
    words = {3: "three", 4: "four"}
    holds(
        "ex-recurrent-sizes", f"which has {words[gates]} of each matrix and each bias"
    )


def test_each_epoch_begins_with_no_state():
    net, tokens, *settings = carrying.draw("rnn", 3, 25, 0, 2, 3, 2, 0.5)
    begins, _ = carrying.trained(
        carrying.read_in_sequence.solution, net, tokens, *settings
    )
    starts = [k for k, state in enumerate(begins) if state == "at zero"]
    assert starts == [0, len(begins) // 2] and "with a history" not in begins
    holds(
        "ex-read-in-sequence",
        "its state is carried over, but no gradient goes back into the batch before. "
        "Each epoch begins at the text's beginning, with no state,",
        "There are three bugs.",
    )


# -- the rest of what is taught ------------------------------------------------------


def test_columns_of_the_same_letter_are_the_same():
    vocab = Vocab(load_time_machine().train)
    columns = F.one_hot(vocab.encode("the time"), len(vocab))
    same = [
        (a, b) for a, b in combinations(range(8), 2) if columns[a].equal(columns[b])
    ]
    assert ["the time"[a] for a, _ in same] == ["t", "e"]
    assert (columns.sum(1) == 1).all()
    holds("one-hot-read", "One column for each character, and one 1 in it. The two")
    holds("one-hot-read", "columns of t are the same, as are those of e.")
    holds("one-hot", "like the classes of chapter 2, each token becomes a *one-hot*")


def test_a_context_that_never_occurred_counts_as_a_shorter_one():
    net = NGram("abcabc", 3)
    token, a, b = net.vocab.encode("cab").tolist()
    assert net.probability(token, [b, b]) == net.probability(token, [b])
    assert net.probability(token, [a, b]) != net.probability(token, [b])
    (best,) = numbers(shown("ngram-code"))
    holds("ngram-more", "A context that never occurred has no counts, so the model")
    holds("ngram-more", "mixes in those of shorter contexts;")
    holds("ngram-more", f"has to do better than {best:.2f}, or it was not worth its")
    holds("ngram", "count what followed these characters in the training text.")


def test_all_gates_are_sigmoids_and_the_new_value_is_a_tanh():
    torch.manual_seed(0)
    x, h, c = torch.randn(1, 2), torch.randn(1, 3), torch.randn(1, 3)
    W, U, b = torch.randn(12, 2), torch.randn(12, 3), torch.randn(12)
    i, f, g, o = (
        act(x @ w.T + h @ u.T + v)
        for act, w, u, v in zip(
            (torch.sigmoid, torch.sigmoid, torch.tanh, torch.sigmoid),
            *(part.split(3) for part in (W, U, b)),
            strict=True,
        )
    )
    new = f * c + i * g
    torch.testing.assert_close(own.one_step(x, h, c, W, U, b), (o * new.tanh(), new))
    holds(
        "lstm-whole",
        r"$$i, f, o = \sigma(W x_t + U h_{t-1} + b), \quad g = \tanh(W x_t + U",
        "Each gate is a small layer on $x_t$ and $h_{t-1}$, with weights $W$, $U$,",
    )


def test_the_powers_that_are_asked_for():
    *_, small, large = gradients.powers.solution()
    (first, second) = re.findall(r"\$([\d.]+)\^\{(999)\}\$", text_of("10", "ex-powers"))
    assert float(first[0]) ** int(first[1]) == small
    assert float(second[0]) ** int(second[1]) == large
    holds("ex-powers", "With which of them does the gradient keep its size, with which")
    holds("ex-powers", "does it vanish, with which does it explode?")
    holds("unrolled", "it is a deep network whose layers share their weights:")
    holds("state", "At each step the new state is made of the input and of the old")
