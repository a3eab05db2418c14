"""Answers to chapter 10's exercises in other forms than ours: right and wrong ones."""

from collections import Counter
from itertools import combinations, permutations

import pytest
import torch
from torch.nn import functional as F

from helpers.chapters.recurrent_networks import exercises
from helpers.chapters.recurrent_networks.exercises import (
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
from helpers.data import sequential_windows


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def bag_by_counters(words, letters):
    X = torch.zeros(len(words), len(letters))
    for row, word in zip(X, map(Counter, words), strict=True):
        row.copy_(torch.tensor([float(word[letter]) for letter in letters]))
    return X


def bag_by_one_hot(words, letters):
    rows = []
    for word in words:
        known = torch.tensor([letters.index(x) for x in word if x in letters])
        rows.append(F.one_hot(known, len(letters)).sum(0))
    return torch.stack(rows)


def run_by_filling(X, h, W_ih, W_hh, b):
    H = torch.empty(len(X), *h.shape)
    for t in range(len(X)):
        before = H[t - 1] if t else h
        H[t] = (F.linear(X[t], W_ih, b) + F.linear(before, W_hh)).tanh()
    return H


def clip_in_one_row(params, max_norm):
    row = torch.cat([p.grad.reshape(-1) for p in params])
    norm = torch.linalg.vector_norm(row)
    factor = min(1.0, max_norm / (norm.item() + 1e-6))
    with torch.no_grad():
        for p in params:
            p.grad.mul_(factor)
    return norm.item()


def clip_by_new_tensors(params, max_norm):
    norm = torch.stack([p.grad.norm() for p in params]).norm()
    for p in params:
        p.grad = p.grad * (max_norm / norm).clamp(max=1)
    return norm


def read_by_parts(net, tokens, batch_size, num_steps, num_epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    for _ in range(num_epochs):
        state = None
        for X, y in sequential_windows(tokens, batch_size, num_steps):
            if isinstance(state, tuple):
                state = tuple(part.detach() for part in state)
            elif state is not None:
                state = state.detach()
            optimizer.zero_grad()
            logits, state = net.unroll(X, state)
            F.cross_entropy(logits, y).backward()
            optimizer.step()
    return net


def step_by_slices(x, h, c, W_ih, W_hh, b):
    k = h.shape[1]
    z = F.linear(x, W_ih) + F.linear(h, W_hh, b)
    i, f, o = (z[:, a : a + k].sigmoid() for a in (0, k, 3 * k))
    c = f * c + i * z[:, 2 * k : 3 * k].tanh()
    return o * c.tanh(), c


@torch.no_grad()
def write_all_anew(net, start, num_tokens, temperature, generator):
    tokens = start
    for _ in range(num_tokens):
        logits = net(tokens[None])[0, :, -1]
        p = (logits / temperature).softmax(0)
        p[0] = 0
        token = torch.multinomial(p / p.sum(), 1, generator=generator)
        tokens = torch.cat([tokens, token])
    return tokens[len(start) :]


RIGHT = [
    (letters.bag_of_letters, bag_by_counters),
    (letters.bag_of_letters, bag_by_one_hot),
    (states.run_rnn, run_by_filling),
    (gradients.clip_gradients, clip_in_one_row),
    (gradients.clip_gradients, clip_by_new_tensors),
    (carrying.read_in_sequence, read_by_parts),
    (lstm.lstm_step, step_by_slices),
    (sampling.write_on, write_all_anew),
]


@pytest.mark.parametrize(
    ("asked", "answer"), RIGHT, ids=lambda x: getattr(x, "__name__", "")
)
def test_other_right_answers_pass(asked, answer):
    feedback = asked.check(answer)
    assert feedback.state == "solved", feedback


LETTERS = curves.which_text.solution()
SIZES = sizes.recurrent_sizes.solution()
CELLS, OUTPUTS = gates.hand_gates.solution()


@pytest.mark.parametrize(
    "given",
    [
        {"recurrent_sizes": [*SIZES[:3], *map(torch.Size, SIZES[3:])]},
        {"recurrent_sizes": [float(SIZES[0]), *SIZES[1:5], list(SIZES[5])]},
        {"powers": ["d", ["b"], "C, A", 4.4e-5, 20_752]},
        {"powers": ("D", "B", ("A", "C"), 4.36e-5, 2.1e4)},
        {"hand_gates": [list(CELLS), list(OUTPUTS)]},
        {"hand_gates": torch.tensor([CELLS, OUTPUTS])},
        {"which_text": list(LETTERS)},
        {"which_text": "".join(LETTERS).lower()},
    ],
    ids=str,
)
def test_values_may_be_given_in_other_forms(given):
    feedback = exercises.check(**given)
    assert feedback.state == "solved", feedback


def test_every_wrong_assignment_gets_a_sentence():
    for given in permutations(LETTERS):
        if given != LETTERS:
            assert exercises.check(which_text=given).means, given


@pytest.mark.parametrize("place", range(3))
def test_every_wrong_set_of_letters_gets_a_sentence(place):
    right = gradients.powers.solution()
    for size in range(5):
        for marks in combinations("ABCD", size):
            answer = [*right]
            answer[place] = "".join(marks)
            if answer[place] != right[place]:
                assert exercises.check(powers=tuple(answer)).means, answer


@pytest.mark.parametrize(
    ("cells", "outputs", "says"),
    [
        ((2, 7, 10, 6, 12, 12), (0, 7, 10, 0, 0, 12), "second step x2 is 0"),
        ((2, 2, 3, 0, 6, 6), (0, 2, 3, 0, 0, 6), "It does not take its place"),
        ((2, 2, 5, 4, 10, 10), (0, 2, 5, 0, 0, 10), "nothing is written"),
        (CELLS, CELLS, "At the first step x3 is 0"),
        (CELLS, (0, 5, 3, 0, 0, 1), "not the input x1"),
    ],
)
def test_whoever_goes_on_with_a_wrong_cell_is_told_about_the_first(
    cells, outputs, says
):
    assert says in exercises.check(hand_gates=(cells, outputs)).means


VALUES = "recurrent_sizes", "powers", "hand_gates", "which_text"


@pytest.mark.parametrize("given", [None, 3, "A", {}, torch.zeros(9), object()])
@pytest.mark.parametrize("name", VALUES)
def test_what_is_no_answer_is_wrong(name, given):
    assert exercises.check(**{name: given}).state == "wrong"


def without_a_norm(params, max_norm):
    clip_in_one_row(params, max_norm)


def copies_of_gradients(params, max_norm):
    grads = [p.grad.clone() for p in params]
    norm = torch.cat([g.flatten() for g in grads]).norm()
    for g in grads:
        g *= (max_norm / norm).clamp(max=1)
    return norm


@pytest.mark.parametrize(
    ("asked", "answer", "says"),
    [
        (states.run_rnn, lambda *a: torch.nn.RNN(1, 1), "expected a tensor"),
        (gradients.clip_gradients, without_a_norm, "Is the `return` missing?"),
        (gradients.clip_gradients, copies_of_gradients, "Nothing has changed"),
        (carrying.read_in_sequence, lambda net, *a: 3, "the network is asked for"),
        (lstm.lstm_step, lambda x, h, c, *a: h, "expected 2 values"),
        (sampling.write_on, lambda *a: "the end", "expected a tensor"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_wrong_answers_of_other_kinds_are_told(asked, answer, says):
    feedback = asked.check(answer)
    assert feedback.state == "wrong" and says.lower() in feedback.text.lower(), feedback
