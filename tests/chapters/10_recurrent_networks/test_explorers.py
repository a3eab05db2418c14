"""Explorers of chapter 10: what they say and draw is what cells and models compute."""

import math
import re
from collections import Counter

import numpy as np
import pytest
import torch

from helpers import Choice, IntSlider, LogSlider, TuningPanel, load_time_machine
from helpers.chapters.recurrent_networks import explorers
from helpers.chapters.recurrent_networks.embeddings import (
    EPOCHS,
    GROUPS,
    REACH,
    learned,
    neighbors,
    pairs,
    sentences,
)
from helpers.chapters.recurrent_networks.gates import (
    HIGH,
    LOW,
    PARTS,
    SENTENCES,
    read,
    units,
)
from helpers.chapters.recurrent_networks.panel import (
    BEGINNING,
    CLIPPING,
    NUM_CHARS,
    OPTIMIZERS,
    TEMPERATURE,
    SampleView,
    char_net,
    text_data,
    vocabulary,
)
from helpers.chapters.recurrent_networks.temperature import LETTERS, known
from helpers.chapters.recurrent_networks.through_time import cell_of, jacobians, sizes
from helpers.chapters.recurrent_networks.writer import writer
from helpers.data import Vocab
from helpers.models.recurrent import generate, perplexity
from helpers.words import number
from tests.test_explorers import drawn

NUMBER = re.compile(r"−?\d[\d,]*\.?\d*")


def numbers(says):
    """Return all numbers of a sentence."""
    return [float(n.replace(",", "").replace("−", "-")) for n in NUMBER.findall(says)]


# -- gates --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model():
    return writer()


def test_the_cell_that_is_read_is_torchs(model):
    net, vocab = model
    tokens = vocab.encode(SENTENCES[0])
    i, f, o, c, h = read(net, tokens)
    X = torch.nn.functional.one_hot(tokens, len(vocab)).float()
    H, (last, cell) = net.rnn(X[:, None])
    np.testing.assert_allclose(h, H[:, 0].numpy(), atol=1e-5)
    np.testing.assert_allclose([h[-1], c[-1]], [last[0, 0], cell[0, 0]], atol=1e-5)
    for gate in (i, f, o):
        assert 0 <= gate.min() and gate.max() <= 1
    np.testing.assert_allclose(h, o * np.tanh(c), atol=1e-5)
    written = c[1:] - f[1:] * c[:-1]  # i times values between -1 and 1
    assert (np.abs(written) <= i[1:] + 1e-5).all()


def test_the_model_predicts_better_than_counting_single_characters(model):
    net, vocab = model
    assert 4.5 < perplexity(net, vocab.encode(load_time_machine().val)) < 7
    assert not any(p.requires_grad for p in net.parameters())


def test_units_that_know_spaces_come_first(model):
    net, vocab = model
    text = load_time_machine().val[:3000]
    cells = read(net, vocab.encode(text))[3]
    space = [t for t, letter in enumerate(text) if letter == " "]
    rest = [t for t, letter in enumerate(text) if letter != " "]
    apart = np.abs(cells[space].mean(0) - cells[rest].mean(0))
    assert len(set(units())) == 12
    assert (np.diff(apart[list(units())]) <= 0).all()
    assert apart[list(units())].min() >= np.sort(apart)[-12]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("show, unit", [*zip(PARTS, (1, 5, 12, 2, 8), strict=True)])
def test_map_curve_and_sentence_have_the_values(model, show, unit, sentence):
    assert f" {sentence} " in load_time_machine().val, "the network has not seen it"
    net, vocab = model
    scene = explorers.gates.scene(show=show, unit=unit, sentence=sentence)
    values = read(net, vocab.encode(sentence))[PARTS.index(show)][:, units()].T
    most = max(1, np.abs(values).max())
    shown = (scene["map"]["values"] - scene["below"]["values"]) * most
    np.testing.assert_allclose(shown, values, atol=1e-5)
    low, high, *rest = scene.panes[0].ticks[1]
    rows = {text: y for y, text in rest}
    assert (low[0], high[0]) == (LOW, HIGH)
    low, high = low[1], high[1]
    assert numbers(high) == pytest.approx([most], rel=5e-3)
    assert numbers(low) == ([0] if "gate" in show else [-numbers(high)[0]])
    least = 0 if "gate" in show else -most
    share = (scene["curve"]["xy"][:, 1] - LOW) / (HIGH - LOW)
    curve = least + share * (most - least)
    np.testing.assert_allclose(curve, values[unit - 1], atol=1e-5)
    row = scene["chosen"]["xy"][:, 1]
    assert [row.min(), row.max()] == [12 - unit, 13 - unit]
    assert row.min() < rows[str(unit)] < row.max()
    texts = [m for m in scene.panes[0].marks if m["kind"] == "text"]
    assert "".join(m["text"] for m in texts[::2]) == sentence.replace(" ", "·")
    assert [m["xy"][0, 0] for m in texts[::2]] == list(range(len(sentence)))
    spaces = np.array(list(sentence)) == " "
    told = numbers(scene.says)
    assert told[0] == unit and told[2] == spaces.sum()
    means = [curve[spaces].mean(), curve[~spaces].mean()]
    assert [told[1], told[3]] == pytest.approx(means, abs=0.0051)
    for place, t in ((4, curve.argmin()), (6, curve.argmax())):
        assert told[place] == pytest.approx(curve[t], abs=0.0051)
        assert told[place + 1] == t + 1
        letter = "a space" if spaces[t] else f"“{sentence[t]}”"
        assert f"at step {t + 1} ({letter})" in scene.says


# -- through_time -------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_derivatives_are_those_of_small_changes(kind):
    cell = cell_of(kind, 1.3, 0.7)
    X = torch.randn(6, 8, dtype=torch.float64)
    J = jacobians(cell, X)
    assert J.shape == (6, 24, 24) and torch.equal(J[-1], torch.eye(24).double())

    def last(change, t):
        """The last state where the state after step t is changed."""
        zero = torch.zeros(1, 24, dtype=torch.float64)
        state = (zero, zero) if kind == "lstm" else zero
        for k, x in enumerate(X):
            old, state = state, cell(x[None], state)
            if k == t and kind == "lstm":  # what reads the cell gets the change, too
                gates = cell.from_input(x[None]) + cell.from_state(old[0])
                c = state[1] + change
                state = torch.sigmoid(gates[:, 72:]) * torch.tanh(c), c
            elif k == t:
                state = state + change
        return (state[1] if kind == "lstm" else state)[0]

    for t in (0, 3):
        for j in (0, 17):
            change = torch.zeros(24, dtype=torch.float64)
            change[j] = 1e-6
            expected = (last(change, t) - last(-change, t)) / 2e-6
            torch.testing.assert_close(J[t][:, j], expected.detach(), atol=1e-7, rtol=0)


def test_recurrent_weights_keep_lengths_times_the_factor():
    for kind, gates in (("rnn", 1), ("lstm", 4), ("gru", 3)):
        cell = cell_of(kind, 1.7, 2.5)
        for W in cell.weight_hh.detach().split(24):
            torch.testing.assert_close(W.T @ W, 1.7**2 * torch.eye(24).double())
        biases = torch.stack([cell.bias_ih, cell.bias_hh]).sum(0).split(24)
        expected = [2.5 if (kind, k) == ("lstm", 1) else 0.0 for k in range(gates)]
        assert [b.unique().tolist() for b in biases] == [[v] for v in expected]


def test_the_curves_are_root_mean_squares_and_bounded():
    for kind in ("rnn", "lstm", "gru"):
        found = sizes(kind, 30, 0.8, 1.0)
        assert found[0] == 1 and len(found) == 30
        assert found == pytest.approx(sizes(kind, 80, 0.8, 1.0)[:30], rel=0.5)
    assert (sizes("rnn", 30, 0.8, 0.0) <= 0.8 ** np.arange(30) + 1e-12).all()
    assert sizes("rnn", 100, 3.0, 0.0)[-1] > 1e4, "large weights explode"
    X = torch.randn(100, 8, dtype=torch.float64,
                    generator=torch.Generator().manual_seed(0))  # fmt: skip
    J = jacobians(cell_of("gru", 1.0, 0.0), X[-12:])
    expected = [(j**2).mean().item() ** 0.5 * 24**0.5 for j in J.flip(0)]
    assert sizes("gru", 12, 1.0, 0.0) == pytest.approx(expected)


@pytest.mark.parametrize("T, weights, bias", [(50, 1.0, 0.0), (100, 3.0, 4.0)])
def test_lines_and_sentence_are_the_curves(T, weights, bias):
    scene = explorers.through_time.scene(num_steps=T, weights=weights, forget_bias=bias)
    for kind, word in (("rnn", "RNN"), ("lstm", "LSTM"), ("gru", "GRU")):
        expected = sizes(kind, T, weights, bias if kind == "lstm" else 0.0)
        xy = scene[word]["xy"]
        assert xy[:, 0].tolist() == list(range(T))
        inside = (expected > 2e-12) & (expected < 6e5)
        assert inside.sum() > 10
        assert xy[inside, 1] == pytest.approx(expected[inside])
        assert f"{number(expected[-1])} in the {word}" in scene.says
    kept = 1 / (1 + math.exp(-bias))
    bare = scene["bare"]["xy"]
    assert bare[:9, 1] == pytest.approx(kept ** np.arange(9))
    assert f"From {T - 1} steps back" in scene.says
    assert scene.says.endswith(f"over {T - 1} steps {number(kept ** (T - 1))}.")


def test_the_forget_bias_moves_the_lstm_alone():
    found = [explorers.through_time.scene(forget_bias=b) for b in (0.0, 3.0)]
    for word, same in (("RNN", True), ("GRU", True), ("LSTM", False)):
        a, b = (scene[word]["xy"] for scene in found)
        assert np.array_equal(a, b) == same
    assert found[1]["LSTM"]["xy"][-1, 1] > 1e3 * found[0]["LSTM"]["xy"][-1, 1]


# -- temperature --------------------------------------------------------------------


@pytest.mark.parametrize("at", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("typed", ["the time travel", "Żółw 7, an", ""])
def test_bars_are_the_models_probabilities(model, typed, at):
    net, vocab = model
    start = {"Żółw 7, an": "w an", "": " "}.get(typed, typed)
    scene = explorers.temperature.scene(beginning=typed, temperature=at)
    logits = net(vocab.encode(start)[None])[0, 1:, -1].double()
    p = (logits / max(at, 1e-6)).softmax(0)
    letters = dict(zip(vocab.idx_to_token[1:], p.tolist(), strict=True))
    expected = [letters[letter] for letter in LETTERS]
    assert scene["next"]["lengths"] == pytest.approx(expected, abs=1e-4)
    ticks = [text for _, text in scene.panes[0].ticks[0]]
    assert "".join(ticks) == LETTERS.replace(" ", "·")
    best = int(np.argmax(expected))
    colors = scene["next"]["color"]
    assert [k for k, c in enumerate(colors) if c == colors[best]] == [best]
    word = "a space" if best == 0 else f"“{LETTERS[best]}”"
    told = numbers(scene.says)
    assert f"character is {word} with {number(max(expected), 2)}" in scene.says
    open_ = math.exp(-(p * p.clamp_min(1e-300).log()).sum())
    assert told[0] == at and told[2] == pytest.approx(open_, abs=0.051)


def test_a_temperature_opens_the_choice():
    scenes = [
        explorers.temperature.scene(temperature=at) for at in (0.0, 0.5, 1.0, 2.0)
    ]
    open_ = [numbers(scene.says)[2] for scene in scenes]
    assert open_ == sorted(open_) and open_[0] == 1
    real = [numbers(s.says)[4] / numbers(s.says)[3] for s in scenes]
    assert real[1] > 2 * real[3], "hot text has few words"


@pytest.mark.parametrize("draw", [1, 7])
def test_the_text_is_what_the_model_writes(model, draw):
    scene = explorers.temperature.scene(
        beginning="Well, he", temperature=0.8, draw=draw
    )
    lines = [m["text"] for m in scene.panes[1].marks if m["kind"] == "text"]
    generator = torch.Generator().manual_seed(draw)
    text = generate(*model, "well he", 240, 0.8, generator)
    assert " ".join(lines) == text.strip()
    words = text.split()[2:-1]  # "he" may have become another word
    real = [word for word in words if word in load_time_machine().train.split()]
    assert numbers(scene.says)[3:] == [len(words), len(real)]
    assert "time" in known() and "traveler" not in known()


# -- embeddings ---------------------------------------------------------------------


@pytest.mark.parametrize("reach", [1, 2])
def test_pairs_are_all_neighbors(reach):
    rows = [list("abca"), list("cb")]
    vocab = Vocab("abc")
    found = pairs(vocab, rows, reach)
    got = zip(vocab.decode(found.X[:, 0]), vocab.decode(found.y), strict=True)
    expected = [
        (row[i], row[j])
        for row in rows
        for i in range(len(row))
        for j in range(len(row))
        if 0 < abs(i - j) <= reach
    ]
    assert Counter(got) == Counter(expected)


def test_sentences_have_all_words():
    found = {word for row in sentences() for word in row}
    assert all(set(group) <= found for group in GROUPS["words"].values())
    assert not any("{" in word for word in found) and REACH["words"] == 2


@pytest.mark.parametrize("of", GROUPS)
def test_groups_are_learned_from_neighbors_alone(of):
    found = learned(of)
    group = {t: name for name, tokens in GROUPS[of].items() for t in tokens}
    shares = []
    for V in found.vectors:
        nearest, cosine = neighbors(V)
        for k in (0, 7, 14):
            lengths = np.linalg.norm(V, axis=1)
            angles = V @ V[k] / lengths / lengths[k]
            angles[k] = -2
            assert nearest[k] == angles.argmax()
            assert cosine[k] == pytest.approx(angles.max(), abs=1e-5)
        same = [
            group[found.tokens[k]] == group[found.tokens[n]]
            for k, n in enumerate(nearest)
        ]
        shares.append(sum(same))
    assert shares[0] <= 11 and shares[-1] >= 13, shares
    for epochs in (0, 4, EPOCHS):
        says = explorers.embeddings.scene(of=of, epochs=epochs).says
        assert numbers(says)[-1] == shares[epochs]


@pytest.mark.parametrize("of", GROUPS)
def test_the_plane_is_that_of_the_last_epoch(of):
    found = learned(of)
    V = found.vectors[-1].astype(float)
    values, axes = np.linalg.eigh(V.T @ V)
    for k in range(2):  # the greatest eigenvalue comes last
        for epoch in (0, 5, EPOCHS):
            along = found.vectors[epoch] @ axes[:, -1 - k]
            shown = found.xy[epoch, :, k]
            sign = np.sign(along @ shown)
            np.testing.assert_allclose(sign * along, shown, atol=0.02)
    np.testing.assert_allclose(found.vectors.mean(1), 0, atol=1e-5)


@pytest.mark.parametrize("of, epochs, token", [("words", 10, 8), ("characters", 3, 5)])
def test_points_texts_and_the_line(of, epochs, token):
    found = learned(of)
    scene = explorers.embeddings.scene(of=of, epochs=epochs, token=token)
    xy, first = found.xy[epochs], 0
    for name, tokens in GROUPS[of].items():
        last = first + len(tokens)
        assert found.tokens[first:last] == tuple(tokens)
        assert scene[name]["xy"] == pytest.approx(xy[first:last])
        first = last
    texts = [m for m in scene.panes[0].marks if m["kind"] == "text"]
    for mark, word, point in zip(texts, found.tokens, xy, strict=True):
        assert mark["text"] == word and mark["xy"][0] == pytest.approx(point)
        assert mark["bold"] == (word == found.tokens[token - 1])
    nearest = int(neighbors(found.vectors[epochs])[0][token - 1])
    assert scene["nearest"]["xy"] == pytest.approx(xy[[token - 1, nearest]])
    pair = f"“{found.tokens[token - 1]}” is “{found.tokens[nearest]}”"
    assert f"After {epochs} epochs the nearest of {pair}" in scene.says


# -- the panel ----------------------------------------------------------------------


def panel(view=None):
    return TuningPanel(
        char_net,
        text_data,
        view=view or SampleView(),
        cell=Choice("lstm", "gru", "rnn"),
        num_hiddens=Choice(16, 64, 128),
        num_layers=Choice(1, 2),
        num_steps=Choice(32, 8, 64),
        optimizer=Choice(OPTIMIZERS),
        lr=LogSlider(0.0001, 10, start=0.01),
        clip_norm=Choice(CLIPPING),
        batch_size=Choice(64, 32, 16),
        num_epochs=IntSlider(1, 30, start=1),
    )


def test_the_panel_trains_every_choice():
    shown = panel()
    every = {"cell": ("gru", "rnn"), "num_layers": (2,), "num_steps": (8, 64),
             "clip_norm": (0.1, None), "optimizer": (torch.optim.SGD,)}  # fmt: skip
    for name, values in every.items():
        for value in values:
            shown.run(**{name: value})
            assert shown.session.state == "finished", shown.session.message
    net = shown.net
    assert (net.rnn.num_layers, net.rnn.hidden_size) == (2, 16)
    assert isinstance(net.rnn, torch.nn.RNN)


def test_windows_are_the_beginning_of_the_text():
    data, text = text_data(8), load_time_machine()
    vocab = vocabulary()
    assert len(vocab) == 28 and len(data.train) == 39_999 // 8
    for examples, part in ((data.train, text.train), (data.val, text.val)):
        n = 8 * len(examples)
        assert "".join(vocab.decode(examples.X)) == part[:n]
        assert "".join(vocab.decode(examples.y)) == part[1 : n + 1]
    net = char_net("gru", 20, 2, 5)
    assert (net.vocab_size, net.embedding.embedding_dim) == (28, 5)


def test_the_sample_is_what_the_net_writes():
    shown = panel()
    assert shown.view.sample == ""
    run = shown.run(num_epochs=2, seeds=2)
    expected = generate(
        shown.net, vocabulary(), BEGINNING, NUM_CHARS, TEMPERATURE,
        torch.Generator().manual_seed(0),
    )  # fmt: skip
    exp = number(math.exp(run.histories[-1].val_loss[-1]))
    sample = f"Run 1 after 2 epochs, validation perplexity {exp}: “{expected}”"
    assert shown.view.sample == sample
    chart, line = shown.view.widget.children
    assert line.value == f'<p role="status">{sample}</p>'
    assert len(chart.runs) == 1 and chart.live == {}
    figure = shown.picture()
    texts = [t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text"))]
    assert sample in texts


def test_writing_a_sample_does_not_change_the_training():
    from helpers.widgets.curves_view import CurvesView

    losses = [panel(view).run(num_epochs=2).history.val_loss
              for view in (SampleView(), CurvesView())]  # fmt: skip
    assert losses[0] == losses[1]


def test_a_new_run_writes_anew_and_a_network_without_numbers_says_so():
    shown = panel()
    shown.run()
    first = shown.view.sample
    shown.run(cell="gru")
    assert shown.view.sample.startswith("Run 2 after 1 epoch, ") and first
    with torch.no_grad():
        next(shown.net.parameters()).fill_(math.nan)
    shown.view.begin(shown.runs[-1], shown.net)
    shown.view.push(shown.runs[-1].history)
    assert shown.view.sample.endswith("(its weights are no numbers any more)”")


def test_every_scene_can_be_sent():
    for name in explorers.__all__:
        drawn(getattr(explorers, name).scene())
