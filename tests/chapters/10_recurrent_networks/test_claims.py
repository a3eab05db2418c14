"""Claims of chapter 10: their verdicts, and that their experiments can fail."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.chapters.recurrent_networks import claims
from helpers.chapters.recurrent_networks.claims import (
    characters,
    memory,
    texts,
    timing,
)
from helpers.chapters.recurrent_networks.tasks import adding, recall
from helpers.claims import Size, claims_of
from helpers.data import Examples, Text, load_time_machine
from helpers.models.ngram import NGram
from helpers.models.recurrent import CharModel

CLAIMS = {claim.name: claim for claim in claims_of(claims)}


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


@pytest.fixture(scope="module")
def book():
    return texts.letters()


@pytest.fixture(scope="module")
def few(book):
    """Little of the text to judge by."""
    return replace(book, val=book.val.take(20), test=book.test.take(20))


# -- the text in three parts ---------------------------------------------------------


def test_every_part_counts_once_and_behind_a_context(book):
    text = load_time_machine()
    end = len(text.train) - len(text.train) // 10

    def written(numbers):
        return "".join(book.classes[n] for n in numbers.flatten().tolist())

    assert written(book.train) == text.train[:end]
    for examples, part in ((book.val, text.train[end:]), (book.test, text.val)):
        counted = written(examples.y[:, -128:])
        assert counted == part[: len(counted)] and len(part) - len(counted) < 128
        assert torch.equal(examples.X[:, 1:], examples.y[:, :-1])
        assert examples.X.shape[1] == 256
        assert torch.equal(examples.X[1:, :128], examples.X[:-1, 128:]), "the context"
    before = written(book.test.X[0, :129])
    assert before == text.train[-129:], "the first context stands before the part"


def test_only_what_trains_names_characters():
    letters = texts.letters(Text("toy", "ab" * 2_000 + "abz" * 1_000, "abq" * 100))
    assert letters.classes == ("<unk>", "a", "b", "z")
    letters = texts.letters(Text("toy", "ab" * 2_700 + "abz" * 200, "abq" * 100))
    assert letters.classes == ("<unk>", "a", "b"), "val names none, nor does test"


def test_nats_are_those_of_the_second_half(few):
    net = CharModel(len(few.vocab), 8)
    nats = texts.nats_of(net, few.test)
    with torch.no_grad():
        logits, _ = net.unroll(few.test.X[3:4])
    want = F.cross_entropy(logits[:, :, 128:], few.test.y[3:4, 128:])
    assert nats.shape == (20,) and nats[3].item() == pytest.approx(want.item(), 1e-5)
    assert texts.row_of(nats)[texts.PERPLEXITY] == pytest.approx(
        math.exp(nats.mean().item()), 1e-5
    )
    altered = few.test.X.clone()
    altered[:, :128] = 0
    other = texts.nats_of(net, Examples(altered, few.test.y))
    assert not torch.equal(nats, other), "the context is read"


@pytest.mark.parametrize("n", [1, 2, 5])
def test_an_n_gram_reads_the_characters_before(n, few):
    text = [few.classes[i] for i in few.train[:5_000]]
    net = NGram(text, n, few.vocab)
    nats = texts.nats_of_counts(net, few.test)
    row = few.test.y[2].tolist()
    want = [
        -math.log(net.probability(row[t], row[t - n + 1 : t])) for t in range(128, 256)
    ]
    assert nats[2].item() == pytest.approx(sum(want) / 128, 1e-5)


# -- reading -------------------------------------------------------------------------


class Known(nn.Module):
    """In the place of a network: nothing but how it was trained."""

    def __init__(self, tokens, vocab, num_passes, lr, **settings):
        super().__init__()
        self.tokens, self.num_passes, self.lr = tokens, num_passes, lr
        self.settings = settings


def known(monkeypatch, few, best=0.012):
    """Networks that are best on val at one rate, and on test at another."""

    def nats_of(net, examples):
        of = best if examples is few.val else 0.036
        return torch.full((len(examples),), 1 + abs(math.log(net.lr / of)))

    for module in (texts, characters):
        monkeypatch.setattr(module, "nats_of", nats_of)
    monkeypatch.setattr(texts, "read", Known)


@pytest.mark.parametrize("best", [0.012, 0.036])
def test_a_quarter_of_the_passes_chooses_the_rate_on_val(best, few, monkeypatch):
    known(monkeypatch, few, best)
    nets = texts.readers(few, 500, 8, 3, (1, 4), num_hiddens=7)
    assert sorted(nets) == [1, 2, 4, 8]
    for num_passes, net in nets.items():
        assert net.num_passes == num_passes and net.lr == pytest.approx(best)
        assert net.settings == {"seed": 3, "num_hiddens": 7}
        assert torch.equal(net.tokens, few.train[:500])


def noting_train(monkeypatch, module):
    """Note how networks are trained, and train none."""
    calls = []
    monkeypatch.setattr(module, "train", lambda net, *a, **k: calls.append((net, a, k)))
    return calls


def test_reading_trains_on_windows_for_so_many_passes(few, monkeypatch):
    calls = noting_train(monkeypatch, texts)
    net = texts.read(few.train[:1_000], few.vocab, 3, 0.01, 5, 32, 8, num_hiddens=6)
    ((trained, (examples,), settings),) = calls
    assert trained is net and net.rnn.hidden_size == 6
    assert examples.X.shape == (31, 32)
    assert torch.equal(examples.X.flatten(), few.train[:992])
    assert torch.equal(examples.y.flatten(), few.train[1:993])
    assert settings["num_epochs"] == 3 and settings["batch_size"] == 8
    assert settings["seed"] == 5 and settings["clip_norm"] == 1
    assert settings["optimizer"] is torch.optim.Adam
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    schedule = settings["schedule"](optimizer)
    assert schedule.total_steps == 12 and settings["schedule_every"] == "step"
    again = texts.read(few.train[:1_000], few.vocab, 3, 0.01, 5, 32, 8, num_hiddens=6)
    assert torch.equal(net.output.weight, again.output.weight), "the seed's weights"


def test_windows_hold_equally_many_characters(few, monkeypatch):
    asked = []

    def readers(data, n_train, num_passes, seed, **settings):
        asked.append((n_train, num_passes, seed, *settings.values()))
        return {num_passes: CharModel(len(data.vocab), 4)}

    monkeypatch.setattr(characters, "readers", readers)
    rows = CLAIMS["more-steps"].experiment(few, 900, 4, 2)
    sizes = [(T, 1_024 // T) for T in (8, 16, 32, 64, 128)] + [(32, 16), (128, 16)]
    assert asked == [(900, 4, 2, T, b, 64) for T, b in sizes]
    for name, (T, _) in zip(rows, sizes, strict=True):
        assert name.split(",")[0] == f"T = {T}"


def test_the_n_gram_is_chosen_on_val(few, monkeypatch):
    known(monkeypatch, few)
    on_val = {2: 3.0, 3: 1.0, 4: 2.0, 5: 2.5, 6: 4.0}
    made = []

    class Noted(NGram):
        def __init__(self, tokens, n, vocab):
            made.append("".join(tokens))
            self.n = n

    def counts(net, examples):
        value = on_val[net.n] if examples is few.val else 10.0 - net.n
        return torch.full((len(examples),), value)

    monkeypatch.setattr(characters, "NGram", Noted)
    monkeypatch.setattr(characters, "nats_of_counts", counts)
    rows = CLAIMS["beats-ngram"].experiment(few, 700, 8, 0)
    assert rows[characters.BEST] is rows["3-gram"]
    assert rows["3-gram"][texts.NATS][0] == 7, "reported on test"
    assert set(made) == {load_time_machine().train[:700]}
    names = [f"LSTM, {n}" for n in ("1 pass", "2 passes", "4 passes", "8 passes")]
    assert list(rows)[-4:] == names


# -- what may fail, and forget -------------------------------------------------------


@pytest.mark.parametrize("draw", [adding, recall])
def test_rows_that_train_choose_and_report_are_drawn_anew(draw):
    first, again = memory.parts(draw, 70, 9, 1), memory.parts(draw, 70, 9, 1)
    assert [len(e) for e in first] == [70, memory.NUM_VAL, memory.NUM_TEST]
    for e, same in zip(first, again, strict=True):
        assert torch.equal(e.X, same.X) and e.X.shape[1] == 9
    rows = [set(map(bytes, e.X.flatten(1).numpy())) for e in first]
    assert not rows[0] & rows[2] and not rows[1] & rows[2]
    assert not torch.equal(first[0].X, memory.parts(draw, 70, 9, 2)[0].X)


def test_networks_that_add_begin_as_they_say():
    made = {name: make(4) for name, (make, _) in memory.ADDERS.items()}
    for name, scale in (("ReLU", 1.05), ("ReLU, clipped", 1.05), ("ReLU, identity", 1)):
        layer = made[name].rnn
        assert torch.equal(layer.weight_hh_l0, scale * torch.eye(32))
        assert layer.nonlinearity == "relu"
        out = made[name](torch.rand(3, 5, 2))
        assert out.shape == (3, 1)
    assert made["tanh"].rnn.nonlinearity == "tanh"
    assert made["LSTM"].rnn.mode == "LSTM"
    clips = {name: clip for name, (_, clip) in memory.ADDERS.items()}
    assert {name for name, clip in clips.items() if clip} == {"ReLU, clipped"}
    assert clips["ReLU, clipped"] == 1
    assert torch.equal(
        made["ReLU"].output.weight, memory.adder("rnn", 4, 1).output.weight
    )


class Says(nn.Module):
    """In the place of a network: the same number always."""

    def __init__(self, number=1.0):
        super().__init__()
        self.number = nn.Parameter(torch.tensor(number))

    def forward(self, X):
        return self.number.expand(len(X), 1)


def test_guessing_has_the_error_1(monkeypatch):
    examples = adding(20_000, 30, torch.Generator().manual_seed(0))
    assert memory.error_on(Says(), examples) == pytest.approx(1, abs=0.03)
    assert memory.error_on(Says(2.0), examples) == pytest.approx(7, abs=0.1)
    assert memory.error_on(Says(math.nan), examples) == math.inf


def test_a_run_diverges_if_it_ends_worse_than_it_began(monkeypatch):
    ends = {0.0001: 1.2, 0.001: 1.0, 0.01: 1.6, 0.1: math.nan}
    calls = []

    def train(net, examples, lr, **settings):
        calls.append((lr, settings))
        net.number.data = torch.tensor(ends[lr])

    monkeypatch.setattr(memory, "train", train)
    monkeypatch.setattr(memory, "ADDERS", {"it": (lambda seed: Says(1.5), 2.0)})
    row = CLAIMS["convergence"].experiment(adding, 40, 3, 1)["it"]
    assert row[memory.DIVERGED] == 0.5
    assert [row[f"diverges at {lr}"] for lr in ends] == [0, 0, 1, 1]
    assert row[memory.LEAST] == pytest.approx(1, abs=0.2)
    assert [lr for lr, _ in calls[:4]] == list(ends)
    for _, settings in calls:
        assert settings["clip_norm"] == 2 and settings["num_epochs"] == 3
        assert settings["loss"] is F.mse_loss and settings["seed"] == 1
    ends.update({lr: 99.0 for lr in ends})
    row = CLAIMS["convergence"].experiment(adding, 40, 3, 1)["it"]
    assert row[memory.DIVERGED] == 1 and row[memory.LEAST] == memory.MOST


def test_the_least_error_is_chosen_on_val(monkeypatch):
    def train(net, examples, lr, **settings):
        net.number.data = torch.tensor(float(lr))

    def error_on(net, examples):
        of = 0.01 if len(examples) == memory.NUM_VAL else 0.1
        return abs(net.number.item() - of)

    monkeypatch.setattr(memory, "train", train)
    monkeypatch.setattr(memory, "error_on", error_on)
    monkeypatch.setattr(memory, "ADDERS", {"it": (lambda seed: Says(), None)})
    row = CLAIMS["convergence"].experiment(adding, 40, 1, 0)["it"]
    assert row[memory.LEAST] == pytest.approx(0.09)


def test_forget_biases_are_set_and_rates_chosen_on_val(monkeypatch):
    trained, calls = {}, noting_train(monkeypatch, memory)

    def accuracy_on(net, examples):
        lr = trained[id(net)]
        if len(examples) == memory.NUM_VAL:
            return 1 - abs(math.log(lr / 0.01))
        assert lr == 0.01, "the best on val is reported"
        return 0.7

    learn = memory.learn

    def noted(examples, cell, bias, num_epochs, seed, lr):
        net = learn(examples, cell, bias, num_epochs, seed, lr)
        trained[id(net)] = lr
        return net

    monkeypatch.setattr(memory, "learn", noted)
    monkeypatch.setattr(memory, "accuracy_on", accuracy_on)
    rows = CLAIMS["forget-bias"].experiment(recall, 200, 2, 1)
    assert {row[memory.ACCURACY] for row in rows.values()} == {0.7}
    for name, (net, (examples,), settings) in zip(rows, calls[1::3], strict=True):
        T = 10 if "T = 10" in name else 30
        assert examples.X.shape == (600 if "three times" in name else 200, T)
        assert torch.equal(examples.y, examples.X[:, 0])
        assert settings["num_epochs"] == 2 and settings["lr"] == 0.01
        kind = name.split(",")[0]
        if not kind.startswith("bias"):
            assert net.rnn.mode.startswith(kind)
            continue
        forget = sum(
            b[32:64] for n, b in net.rnn.named_parameters() if n.startswith("bias")
        )
        assert torch.equal(forget, torch.full((32,), float(kind[-1])))
    starts = [net.output.weight for net, *_ in calls]
    assert all(torch.equal(w, starts[0]) for w in starts[:9]), (
        "the same initial weights"
    )


# -- time ----------------------------------------------------------------------------


def test_layers_that_are_timed_do_the_same_and_count_their_weights(few, monkeypatch):
    ways = {}

    def shortest_times(given, num_repeats):
        ways.update(given)
        return {name: 0.002 for name in given}

    monkeypatch.setattr(timing, "shortest_times", shortest_times)
    rows = CLAIMS["gru-speed"].experiment(few, 1_024, 2, 0)
    assert {row[timing.TIME] for row in rows.values()} == {2}
    assert rows.keys() == ways.keys() and len(rows) == 12
    for name, way in ways.items():
        net, _, X, y = way.args
        T, h = (8 if "T = 8" in name else 64), (32 if "h = 32" in name else 128)
        assert X.shape == (1_024 // T, T) and net.rnn.__class__.__name__ == (
            "Recurrent" if timing.PLAIN in name else name.split(",")[0]
        )
        gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[name.split(",")[0]]
        want = gates * h * (timing.EMBEDDING + h + 2)
        assert rows[name][timing.WEIGHTS] == want / 1e3
        assert torch.equal(X.flatten(), few.train[:1_024])
        assert torch.equal(y.flatten(), few.train[1:1_025])
    before = net.output.weight.clone()
    way()
    assert not torch.equal(before, net.output.weight), "a whole step is timed"


def test_the_shortest_time_counts(monkeypatch):
    now = iter([0, 3, 3, 10, 10, 11, 20, 29])  # begin and end, in turns
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(now))
    ways = {"a": lambda: None, "b": lambda: None}
    assert timing.shortest_times(ways, 2) == {"a": 1, "b": 7}


# -- verdicts ------------------------------------------------------------------------

FULL = {  # as stored at full size: on which set, the verdict and the answer
    ("beats-ngram", "time_machine"): (
        "undecided",
        f"undecided between “it is better” and “{characters.SAME}”",
    ),
    ("convergence", "adding"): ("supported", "most runs"),
    ("forget-bias", "recall"): ("not supported", "it is worse"),
    ("gru-speed", "time_machine"): ("not supported", "the GRU is slower"),
    ("more-steps", "time_machine"): (
        "undecided",
        f"undecided between “it is better” and “{characters.SAME}”",
    ),
}


def certain(net, examples):
    """Nats of a network that knows every character."""
    return torch.zeros(len(examples))


def longer_is_worse(data, n_train, num_passes, seed, num_steps, **settings):
    """Untrained networks whose logits are the larger the longer the windows are."""
    torch.manual_seed(0)
    net = CharModel(len(data.vocab), 4)
    net.output.weight.data *= num_steps
    return {num_passes: net}


def half_for_gru(ways, num_repeats):
    """Times as if the GRU took half of the LSTM's."""
    return {name: 1.0 if "GRU" in name else 2.0 for name in ways}


BUGS = {  # module, attribute, what takes its place, size, the verdict then
    "beats-ngram": (
        characters,
        "nats_of_counts",
        certain,
        Size(300, 8, 3),
        "not supported",
    ),
    "convergence": (
        memory,
        "train",
        lambda *_, **settings: None,
        Size(64, 1, 3),
        "not supported",
    ),
    "forget-bias": (
        memory,
        "set_forget_bias",
        lambda net, value: None,
        Size(64, 1, 3),
        "supported",
    ),
    "gru-speed": (timing, "shortest_times", half_for_gru, Size(64, 1, 3), "supported"),
    "more-steps": (
        characters,
        "readers",
        longer_is_worse,
        Size(300, 8, 3),
        "not supported",
    ),
}


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_has_another_verdict(name, few, monkeypatch):
    module, attribute, bug, size, expected = BUGS[name]
    claim = CLAIMS[name]
    monkeypatch.setattr(module, attribute, bug)
    (of,) = claim.sets
    found = claim.run(few if of == "time_machine" else claim.sets[of](), size)
    assert claim.judge(found).word == expected
    assert FULL[name, of][0] != expected


@pytest.mark.parametrize("name, of", FULL)
def test_the_full_size_has_the_verdict(name, of):
    assert CLAIMS[name].judge(CLAIMS[name].stored()[of].found) == FULL[name, of]


def test_all_are_here():
    assert {name for name, _ in FULL} == set(BUGS) == set(CLAIMS)


CUTS = {  # fixed before any run at full size
    "beats-ngram": [(0.99, 1.01)] * 4,
    "convergence": [(0.05, 0.5)] * 3 + [(0.5, 0.9)],
    "forget-bias": [(-0.05, 0.05)] * 5,
    "gru-speed": [(0.95, 1.05)] * 4,
    "more-steps": [(0.99, 1.01)] * 4,
}


@pytest.mark.parametrize("name", CUTS)
def test_cuts_are_those_that_are_told(name):
    assert [q.cuts for q in CLAIMS[name].questions.values()] == CUTS[name]
    assert CLAIMS[name].full.num_seeds >= 5 and not CLAIMS[name].images


def test_a_perplexity_is_compared_as_a_ratio(few):
    claim = CLAIMS["more-steps"]
    names = [f"T = {T}" for T in (8, 32, 64, 128)]
    nats = dict(zip(names, (1.5, 1.2, 1.1, 1.0), strict=True))
    nats |= {"T = 32, 16 rows": 1.0, "T = 128, 16 rows": 1.3}

    def experiment(*_):
        return {n: {texts.NATS: torch.full((20,), v)} for n, v in nats.items()}

    table = replace(claim, experiment=experiment).run(few, Size(1, 1, 3))
    found = [e.mean for e in claim.estimates(table).values()]
    want = [math.exp(d) for d in (-0.2, -0.3, -0.1, 0.3)]
    assert found == pytest.approx(want, 1e-5)
