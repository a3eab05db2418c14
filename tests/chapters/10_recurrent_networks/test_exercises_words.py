"""Chapter 10: sentences to mistakes, hints and last words, each made from its mistake.

`tests/test_exercises_recorded.py` sees that a sentence has changed; here is computed
what whoever made the mistake got, and that it is what stands under this sentence.
"""

import math

import pytest
import torch

from helpers.chapters.recurrent_networks import exercises
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


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def words(text: str) -> str:
    return " ".join(text.split())


def told(**given) -> str:
    return words(exercises.check(**given).text)


# -- six sizes -----------------------------------------------------------------------

d, h, T, n = 10, 20, 7, 3
W, U = h * d, h * h
RNN, LSTM = W + U + 2 * h, 4 * (W + U + 2 * h)
OUT, STATE = (T, n, h), (2, n, h)
SIZES = [  # place, the wrong answer, and what is said of it
    (0, W + U + h, "One bias is missing: torch has two, one beside each matrix."),
    (0, W + U, "These are the two matrices. Torch adds two biases of 20 values."),
    (0, W + 2 * h, "The matrix from state to state is missing: it has 20 · 20"),
    (0, W + h, "This is a linear layer from 10 to 20."),
    (1, RNN, "An LSTM has four of each matrix and each bias"),
    (1, 3 * RNN, "You counted the three gates. The new values have weights"),
    (1, 4 * (W + U + h), "One bias is missing: torch has two"),
    (1, 4 * (W + U), "These are the matrices. The biases are missing."),
    (2, 2 * RNN, "You doubled the first layer. The second one reads the 20 values"),
    (2, RNN, "This is one layer. Each layer has weights of its own."),
    (2, 2 * U + 2 * h, "This is the second layer alone. Add the 640 of the first."),
    (3, (T, n, d), "Each step puts out the layer's 20 values, not as many as come in."),
    (3, (n, h), "This is the last step alone. The output holds every step."),
    (3, (T, n, 2 * h), "The output is that of the last layer, 20 values."),
    (3, (n, T, h), "Time comes first, in the output as in the input."),
    (4, (n, h), "The state has an axis of layers in front: each layer keeps one"),
    (4, (1, n, h), "Each of the two layers has a state of its own."),
    (4, (T, n, h), "This holds every step of one layer, as the output does."),
    (4, (n, 2, h), "The axis of layers comes first."),
    (5, (n, 2, h), "The state keeps its shape, layers first."),
    (5, (n, T, h), "This is the shape of the output. The state is that after the last"),
    (5, (2, T, h), "The 7 are steps now, and the 3 are texts"),
]


@pytest.mark.parametrize("place, wrong, says", SIZES)
def test_a_wrong_size_gets_the_sentence_of_its_mistake(place, wrong, says):
    answer = [*sizes.recurrent_sizes.solution()]
    assert answer == [RNN, LSTM, RNN + 2 * U + 2 * h, OUT, STATE, STATE]
    answer[place] = wrong
    assert says in told(recurrent_sizes=tuple(answer))
    assert len(sizes.recurrent_sizes.mistakes) == len(SIZES) + 1


# -- powers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place, wrong, says",
    [
        (0, "AD", "A grows: 1.05 to the power of 999 has more than twenty digits."),
        (0, "BD", "B shrinks: 0.95 to the power of 999 is almost 0."),
        (0, "CD", "C grows: -1.05 changes the sign at each step, but the size is mult"),
        (0, "", "A factor of -1 (D) changes the sign at each step and leaves the size"),
        (1, "AB", "A grows: its factor is above 1."),
        (1, "BC", "A negative factor is not a small one: the size is multiplied by 1"),
        (1, "BD", "The size stays 1 with a factor of -1 (D)."),
        (1, "", "0.95 looks near 1, but 999 factors of it leave almost nothing (B)."),
        (2, "C", "The factor of A is above 1, and its powers grow without end."),
        (2, "A", "C explodes as well, with a sign that changes"),
        (2, "ABC", "The factor of B is below 1, so its powers shrink."),
        (2, "ACD", "The powers of -1 (D) are 1 and -1: they do not grow."),
        (3, 0.0, "It is small, but not 0: two digits of it can be given."),
        (3, 0.99 * 999, "You multiplied by 999. The factor itself is multiplied 999"),
        (3, 0.99**1000, "This is one step too many."),
        (3, 0.99, "This is the factor of one step."),
        (4, 1.01 * 999, "You multiplied by 999."),
        (4, 1 + 0.01 * 999, "You added the 0.01 of each step."),
        (4, 1.01, "This is the factor of one step."),
    ],
)
def test_a_wrong_power_gets_the_sentence_of_its_mistake(place, wrong, says):
    answer = [*gradients.powers.solution()]
    answer[place] = wrong
    assert says in told(powers=tuple(answer))
    assert len(gradients.powers.mistakes) == 20
    assert math.log10(1.05) * 999 > 20


def test_between_vanishing_and_exploding_lies_little():
    def after(w):
        return w**999

    assert after(0.98) < 1e-8 and after(1.02) > 1e8
    said = "Between vanishing and exploding lies no more than a few percent of w."
    assert said in words(gradients.powers.then)
    assert "multiplies the gradient by w" in gradients.powers.hint


# -- a cell by hand ------------------------------------------------------------------

ORDINAL = "first second third fourth fifth sixth".split()
DONE = {1: "is added", -1: "clears", 0: "keeps what it has"}


def test_what_is_said_of_a_step_is_what_is_done_in_it():
    right = gates.hand_gates.solution()
    counted = 0
    for mistake in gates.hand_gates.mistakes:
        given = mistake.wrong()
        if len(given[0]) != 6:
            continue
        which, wrong = next((k, row) for k, row in enumerate(given) if row != right[k])
        t = next(t for t in range(6) if wrong[t] != right[which][t])
        says = words(mistake.says)
        x1, x2, x3 = gates.SEQUENCE[t]
        counted += 1
        if which == 1 and "not the input x1" in says:
            assert wrong[t] == x1
            continue
        if "What was cleared does not come back" in says:
            assert wrong[t] == right[0][t - 2] + x1 and x2 == 1
        elif "A cell that was cleared can be written again" in says:
            assert wrong[t] == 0 and right[0][t - 1] == 0
        assert f"{ORDINAL[t]} step" in says, says
        for value in (1, -1, 0):
            name = "x2" if which == 0 else "x3"
            if f"{name} is {value}" in says:
                assert (x2 if which == 0 else x3) == value, says
        if which == 0:
            held = right[0][t - 1] if t else 0
            told = {
                "does not take x1 away": held - x1,
                "It does not take its place": x1,
                "which clears": held + x1,
                "nothing is written": x1,
                "keeps what it has": held + x1,
            }
            for part, value in told.items():
                if part in says:
                    assert wrong[t] == value, says
    assert counted == 16
    assert "Look at x2 first" in gates.hand_gates.hint
    assert "Then look at x3: is the new cell read" in words(gates.hand_gates.hint)


# -- code: what whoever made the mistake computed ------------------------------------


def parts_of(x, h, c, W_ih, W_hh, b):
    return (x @ W_ih.T + h @ W_hh.T + b).chunk(4, 1)


def lstm_with(order="ifgo", new=torch.tanh, read=torch.tanh, gate=torch.sigmoid,
              forget=lambda f: f, write=lambda i: i):  # fmt: skip
    """One step with something changed."""

    def step(x, h, c, *weights):
        part = dict(zip(order, parts_of(x, h, c, *weights), strict=True))
        i, f, o = (gate(part[k]) for k in "ifo")
        c = forget(f) * c + write(i) * new(part["g"])
        return o * read(c), c

    return step


def same(v):
    return v


LSTM_STEPS = {
    "Forget and input gate are exchanged": lstm_with("figo"),
    "The last two parts are exchanged": lstm_with("ifog"),
    "The four parts stand in another order": lstm_with("ofig"),
    "The tanh of the new values is missing": lstm_with(new=same),
    "g is no gate": lstm_with(new=torch.sigmoid),
    "The tanh of the cell is missing": lstm_with(read=same),
    "Both tanh are missing": lstm_with(new=same, read=same),
    "The gates are sigmoids": lstm_with(gate=same),
    "Nothing is forgotten": lstm_with(forget=torch.ones_like),
    "The forget gate is the wrong way round: f = 1 keeps": lstm_with(
        forget=lambda f: 1 - f
    ),
    "The input gate is missing": lstm_with(write=torch.ones_like),
}


def run_with(W=same, U=same, b=1, tanh=torch.tanh):
    def run(X, h, W_ih, W_hh, bias):
        states = []
        for x in X:
            h = tanh(x @ W(W_ih.T) + h @ U(W_hh.T) + b * bias)
            states.append(h)
        return torch.stack(states)

    return run


RUNS = {
    "`W_hh` is not transposed": run_with(U=torch.t),
    "The tanh is missing": run_with(tanh=same),
    "This is the sigmoid": run_with(tanh=torch.sigmoid),
    "The bias is missing": run_with(b=0),
    "No step reads the state": run_with(U=torch.zeros_like),
    "This is the last state": lambda *case: run_with()(*case)[-1],
    "The axis of the steps is the second one here. It comes first": (
        lambda *case: run_with()(*case).transpose(0, 1)
    ),
    "puts all rows below one another": lambda *case: run_with()(*case).flatten(0, 1),
    "Each state is kept before its step": (
        lambda X, h, *rest: torch.cat([h[None], run_with()(X, h, *rest)[:-1]])
    ),
    "Every step reads the first state": (
        lambda X, h, *rest: torch.cat([run_with()(x[None], h, *rest) for x in X])
    ),
}


def counted(each):
    return lambda texts, known: torch.tensor(
        [[float(each(text, k)) for k in known] for text in texts]
    )


BAGS = {
    "You noted whether a letter is there": counted(lambda text, k: k in text),
    "These are shares of the word's length": counted(
        lambda text, k: text.count(k) / len(text)
    ),
    "This is the place of the letter": counted(str.find),
    "a row is a word, a column a letter": (
        lambda texts, known: counted(str.count)(texts, known).T
    ),
    "All words are in one bag": lambda *case: counted(str.count)(*case).sum(0),
    "The columns are in alphabetical order": (
        lambda texts, known: counted(str.count)(texts, sorted(known))
    ),
    "Every row counts the letters of the first word": (
        lambda texts, known: counted(str.count)([texts[0]] * len(texts), known)
    ),
}


@pytest.mark.parametrize(
    "exercise, case, says, compute",
    [
        *((lstm.lstm_step, 1, *item) for item in LSTM_STEPS.items()),
        *((states.run_rnn, 0, *item) for item in RUNS.items()),
        *((letters.bag_of_letters, 2, *item) for item in BAGS.items()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mistakes_sentence_is_that_of_what_it_computes(exercise, case, says, compute):
    (mistake,) = (m for m in exercise.mistakes if says in words(m.says))
    found = mistake.wrong(*exercise.cases[case])
    wanted = compute(*exercise.cases[case])
    pairs = zip(found, wanted, strict=True) if isinstance(found, tuple) else (
        (found, wanted),
    )  # fmt: skip
    for a, b in pairs:
        torch.testing.assert_close(torch.as_tensor(a).float(), b)


# gradients (3, 4) and (12), whose norms are 5, 12 and together 13, clipped to 6.5
CLIPPED = {
    "Each parameter is clipped by its own norm": ([3, 4], [6.5], None),
    "each parameter gets the norm `max_norm` of its own": ([3.9, 5.2], [6.5], None),
    "Each value is clipped by itself": ([3, 4], [6.5], None),
    "The gradients are multiplied by `max_norm`": ([19.5, 26], [78], None),
    "Nothing has changed": ([3, 4], [12], None),
    "this is the squared norm": (None, None, 169),
    "The norms of the parameters are added": (None, None, 17),
    "This is the largest norm of one parameter": (None, None, 12),
}


@pytest.mark.parametrize("says", CLIPPED)
def test_a_wrong_clipping_gets_the_sentence_of_its_mistake(says):
    exercise = gradients.clip_gradients
    (mistake,) = (m for m in exercise.mistakes if says in words(m.says))
    given, limit = exercise.cases[0]
    params = [torch.nn.Parameter(torch.zeros_like(g)) for g in given]
    for p, g in zip(params, given, strict=True):
        p.grad = g.clone()
    norm = mistake.wrong(params, limit)
    *wanted, returned = CLIPPED[says]
    for p, values in zip(params, wanted, strict=True):
        if values:
            assert p.grad.tolist() == pytest.approx(values)
    if returned:
        assert float(norm) == pytest.approx(returned)


# -- hints and last words ------------------------------------------------------------


def test_hints_and_last_words_are_true():
    assert "if b is the sum of its two biases" in states.run_rnn.then
    assert "a row holds the weights of one new value" in words(
        " ".join(m.says for m in states.run_rnn.mistakes)
    )
    said = words(lstm.lstm_step.then)
    assert said == "Along the cell only f multiplies. Where it is 1, a gradient goes " \
        "back as it came."  # fmt: skip
    c = torch.ones(1, 1, requires_grad=True)
    b = torch.tensor([0.0, 100.0, 0.0, 0.0])
    zero = torch.zeros(1, 1)
    out = lstm.lstm_step.solution(
        zero, zero, c, zero.expand(4, 1), zero.expand(4, 1), b
    )
    assert torch.autograd.grad(out[1], c)[0].item() == pytest.approx(1)
    z = torch.tensor([2.0, 0.0])
    assert (z / 0.5).softmax(0)[0] > z.softmax(0)[0]
    (low,) = (m for m in sampling.write_on.mistakes if "multiplied by" in m.says)
    assert "a low one makes the likely tokens likelier" in words(low.says)
    assert "Which of the T logits belongs to the next" in words(sampling.write_on.hint)
    first, second = letters.bag_of_letters.solution(["no", "on"], "no")
    assert torch.equal(first, second)
    assert "“no” and “on” have the same row." in words(letters.bag_of_letters.then)


def test_of_the_three_bugs_the_first_alone_raises():
    exercise = carrying.read_in_sequence
    raises = []
    for says in ("The state goes on with its history", "The gradients of the batches",
                 "The second epoch begins with the state"):  # fmt: skip
        mistake = next(m for m in exercise.mistakes if says in words(m.says))
        net, tokens, *settings = carrying.draw("rnn", 3, 25, 0, 2, 3, 2, 0.5)
        plain = curves.CharModel(net.vocab_size, 4, "rnn")
        try:
            mistake.wrong(plain, tokens, *settings)
        except RuntimeError:
            raises.append(says)
    assert raises == ["The state goes on with its history"]
    assert words(exercise.then).startswith("Only the first of the three would stop")
    (early,) = (m for m in exercise.mistakes if "Nothing is learned" in m.says)
    assert "`zero_grad` stands before `backward`." in words(early.says)


def test_what_is_built_has_three_stars_and_what_is_predicted_one():
    stars = {exercise.name: exercise.stars for exercise in EXERCISES}
    builds = {e.name for e in EXERCISES if e.kind == "build"}
    assert {name for name, number in stars.items() if number == 3} == builds
    assert all(e.stars == 1 for e in EXERCISES if e.kind == "predict")
    assert {stars[e.name] for e in EXERCISES if e.kind in ("repair", "diagnose")} == {2}
