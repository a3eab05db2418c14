"""The solutions of chapter 10 agree with torch, and the curves hold the answers."""

import copy
import math

import pytest
import torch
from torch import nn

from helpers.chapters.recurrent_networks.exercises import (
    EXERCISES,
    carrying,
    curves,
    gates,
    gradients,
    letters,
    lstm,
    sampling,
    sizes,
    states,
)
from helpers.data import Vocab
from helpers.exercises.checking import definition
from helpers.models.recurrent import CharModel, LSTMCell, generate

TOLD = "rate too large", "state not carried over", "overfits", "good"


def test_all_kinds_and_difficulties_are_there():
    kinds = {exercise.kind for exercise in EXERCISES}
    assert kinds == {"write", "build", "predict", "diagnose", "repair"}
    assert {exercise.stars for exercise in EXERCISES} == {1, 2, 3}


@pytest.mark.parametrize("case", letters.bag_of_letters.cases, ids=lambda c: c[1])
def test_a_bag_is_the_sum_of_one_hot_vectors(case):
    words, known = case
    X = letters.bag_of_letters.solution(words, known)
    eye = torch.eye(len(known))
    for row, word in zip(X, words, strict=True):
        vectors = [eye[known.index(letter)] for letter in word if letter in known]
        assert row.tolist() == sum(vectors).tolist()


def test_a_bag_holds_no_order():
    first, second = letters.bag_of_letters.solution(["no", "on"], "no")
    assert torch.equal(first, second)


def num_parameters(net):
    return sum(p.numel() for p in net.parameters())


def test_sizes_are_those_of_torch():
    layers = nn.RNN(10, 20), nn.LSTM(10, 20), nn.RNN(10, 20, num_layers=2)
    H, state = layers[2](torch.zeros(7, 3, 10))
    turned = nn.RNN(10, 20, num_layers=2, batch_first=True)
    _, of_turned = turned(torch.zeros(3, 7, 10))
    shapes = tuple(tuple(t.shape) for t in (H, state, of_turned))
    found = *map(num_parameters, layers), *shapes
    assert found == sizes.recurrent_sizes.solution()


@pytest.mark.parametrize("case", states.run_rnn.cases, ids=lambda c: c[0].shape)
def test_every_state_is_that_of_torch(case):
    X, h, W_ih, W_hh, b = case
    layer = nn.RNN(X.shape[2], h.shape[1])
    with torch.no_grad():
        for name, value in (("weight_ih_l0", W_ih), ("weight_hh_l0", W_hh)):
            getattr(layer, name).copy_(value)
        layer.bias_ih_l0.copy_(b)
        layer.bias_hh_l0.zero_()
    H, _ = layer(X, h[None])
    torch.testing.assert_close(states.run_rnn.solution(*case), H)


def test_the_powers_are_gradients_of_a_long_line():
    found = {}
    for letter, w in zip("ABCD", (1.05, 0.95, -1.05, -1.0), strict=True):
        start = torch.ones((), dtype=torch.float64, requires_grad=True)
        h = start
        for _ in range(999):
            h = w * h
        h.backward()
        found[letter] = abs(float(start.grad))
    keeps, vanishes, explodes, small, large = gradients.powers.solution()
    assert [k for k, v in found.items() if math.isclose(v, 1)] == list(keeps)
    assert [k for k, v in found.items() if v < 1e-20] == list(vanishes)
    assert [k for k, v in found.items() if v > 1e20] == list(explodes)
    assert f"{small:.1e}" == "4.4e-05" and round(large) == 20_752


@pytest.mark.parametrize("case", gradients.clip_gradients.cases, ids=lambda c: c[1])
def test_clipped_gradients_are_those_of_torch(case):
    own = gradients.clipped(gradients.clip_gradients.solution, *case)
    theirs = gradients.clipped(nn.utils.clip_grad_norm_, *case)
    for a, b in zip(own, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_some_gradients_are_clipped_and_some_are_not():
    cases = gradients.clip_gradients.cases
    norms = [torch.cat([g.flatten() for g in grads]).norm() for grads, _ in cases]
    above = {bool(norm > limit) for norm, (_, limit) in zip(norms, cases, strict=True)}
    assert above == {True, False}


def test_without_a_detached_state_torch_stops_at_the_second_batch():
    net, tokens, *settings = carrying.read_in_sequence.cases[1]
    plain = CharModel(net.vocab_size, 4, "lstm")
    source = definition(carrying.read_in_sequence.solution)
    line = "            state = detached(state)\n"
    assert source.count(line) == 1
    space = dict(vars(carrying))
    exec(source.replace(line, ""), space)
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        space["read_in_sequence"](plain, tokens, *settings)


def test_a_mended_training_begins_each_pass_at_zero_and_learns():
    net, tokens, *settings = copy.deepcopy(carrying.read_in_sequence.cases[0])
    before = torch.cat([p.detach().flatten() for p in net.parameters()])
    begins, after = carrying.trained(
        carrying.read_in_sequence.solution, net, tokens, *settings
    )
    assert begins == 2 * ["at zero", "carried", "carried", "carried"]
    assert not torch.equal(before, after)


@pytest.mark.parametrize("case", lstm.lstm_step.cases, ids=lambda c: c[0].shape)
def test_a_step_is_that_of_torch_and_of_ours(case):
    x, h, c, W_ih, W_hh, b = case
    found = lstm.lstm_step.solution(*case)
    for kind in (nn.LSTMCell, LSTMCell):
        cell = kind(x.shape[1], h.shape[1])
        with torch.no_grad():
            cell.weight_ih.copy_(W_ih)
            cell.weight_hh.copy_(W_hh)
            cell.bias_ih.copy_(b)
            cell.bias_hh.zero_()
        for a, wanted in zip(found, cell(x, (h, c)), strict=True):
            torch.testing.assert_close(a, wanted, rtol=1e-5, atol=1e-6)


def by_gates(sequence):
    """Run a cell with sigmoid gates of large weights, whose values are x1."""
    c, cells, outputs = torch.zeros(()), [], []
    for x1, x2, x3 in torch.tensor(sequence, dtype=torch.float32):
        i, f = torch.sigmoid(100 * x2 - 50), torch.sigmoid(100 * x2 + 50)
        c = f * c + i * x1
        cells.append(round(float(c), 3))
        outputs.append(round(float(torch.sigmoid(100 * x3 - 50) * c), 3))
    return tuple(cells), tuple(outputs)


def test_gates_open_and_close_as_they_are_set():
    shown = (3, 1, 0), (4, 1, 0), (2, 0, 0), (1, 0, 1), (3, -1, 0)
    assert by_gates(shown) == ((3, 7, 7, 7, 0), (0, 0, 0, 7, 0))
    assert by_gates(gates.SEQUENCE) == gates.hand_gates.solution()


@pytest.mark.parametrize("case", sampling.write_on.cases, ids=lambda c: len(c[1]))
def test_the_sampler_draws_what_generate_draws(case):
    net, start, num_tokens, temperature, seed = case
    vocab = Vocab("abcdefgh"[: net.vocab_size - 1])
    text = "".join(vocab.decode(start))
    generator = torch.Generator().manual_seed(seed)
    wanted = generate(net, vocab, text, num_tokens, temperature, generator)
    own = sampling.written(sampling.write_on.solution, *case)
    assert text + "".join(vocab.decode(own)) == wanted
    assert 0 not in own and len(set(own.tolist())) > 1


def kind_of(on_train, on_val):
    """Tell what a training is from its curves alone, as a learner is to do."""
    if min(on_train) > curves.GUESSING:
        return "rate too large"
    if on_val[-1] > 3 * on_train[-1]:
        return "overfits"
    if on_val[-1] < 1.3 * on_train[-1]:
        return "good" if on_val[-1] < 0.4 else "state not carried over"
    return "unknown"


@pytest.mark.parametrize("seed", [0, 1])
def test_each_training_has_one_place_in_the_curves(seed):
    order = curves.which_text.solution()
    found = [kind_of(*curves.losses(letter, seed)) for letter in order]
    assert tuple(found) == TOLD


def test_the_hint_tells_the_curves_apart():
    ends = {name: (on[-1], val[-1]) for name, (on, val) in
            ((name, curves.losses(name, 0)) for name in curves.HOW)}  # fmt: skip
    apart = {name: val / on for name, (on, val) in ends.items()}
    _, lost, few, well = curves.which_text.solution()
    assert max(apart, key=apart.get) == few and apart[few] > 1
    hint = " ".join(curves.which_text.hint.split())
    assert "In which do the two end farthest apart? In the remaining two" in hint
    assert ends[lost][1] > ends[well][1], "the one that lacks something is higher"
    said = " ".join(" ".join(m.says.split()) for m in curves.which_text.mistakes)
    assert "has a validation loss far above its training loss" in said
    assert (
        "both losses close together, too, but higher. That is the one without" in said
    )


def test_the_picture_shows_these_losses():
    figure = curves.four_texts()
    for letter in curves.HOW:
        (ax,) = (ax for ax in figure.axes if ax.get_title("left") == letter)
        shown = {line.get_label(): list(line.get_ydata()) for line in ax.get_lines()}
        on_train, on_val = curves.losses(letter, 0)
        assert shown["training"] == on_train and shown["validation"] == on_val
        assert set(shown["guessing"]) == {math.log(17)}


def test_a_text_has_every_digit_twice():
    words = curves.twice(40, seed=5).split()
    assert len(words) == 80 and words[::2] == words[1::2]
    assert len(set(words)) > 5
