"""Chapter 10: cells whose slips no shown number betrays, run or read apart."""

import ast
import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import (
    CharModel,
    Choice,
    Examples,
    IntSlider,
    LogSlider,
    Vocab,
    detached,
    load_names,
    load_time_machine,
    seeded,
    sequential_windows,
    text_windows,
)
from helpers.chapters.recurrent_networks.embeddings import sentences
from helpers.chapters.recurrent_networks.panel import (
    CLIPPING,
    OPTIMIZERS,
    char_net,
    text_data,
)
from helpers.chapters.recurrent_networks.tasks import TAGS, recall, tagged_sentences
from tests.taught import source_of, taught, text_of

own = taught("10", "Tagger", "bag", "by_distance", "Attention")


def run_cell(cell_id: str, **names) -> dict:
    """The names of a cell after it has run with these ones."""
    space = {"torch": torch, "nn": nn, "F": F, "math": math, "seeded": seeded}
    space |= {"Examples": Examples, "Vocab": Vocab, "CharModel": CharModel, **names}
    exec(source_of("10", cell_id), space)
    return space


def value_of(cell_id: str, **names):
    """What a cell shows: the value of its last line."""
    *lines, last = ast.parse(source_of("10", cell_id)).body
    space = {"torch": torch, "nn": nn, "F": F, "Vocab": Vocab, **names}
    exec(compile(ast.Module(lines, []), cell_id, "exec"), space)
    return eval(compile(ast.Expression(last.value), cell_id, "eval"), space)


class Noted:
    """In the place of `train` and `evaluate`: what they were given."""

    def __init__(self):
        self.trained, self.evaluated = [], []

    def train(self, net, data, *val, **settings):
        self.trained.append((net, data, val, settings))
        return SimpleNamespace(val_loss=[1.0])

    def evaluate(self, net, examples):
        self.evaluated.append((net, examples))
        return SimpleNamespace(accuracy=0.99)


@pytest.fixture
def noted():
    return Noted()


@pytest.fixture(scope="module")
def text():
    return load_time_machine()


# -- what is held out stays so -------------------------------------------------------


def test_the_held_out_text_is_nowhere_learned(text):
    toy = SimpleNamespace(train="aab" * 40, val="ccc" * 9)
    vocab = run_cell("vocab", text=toy, print=lambda line: None)["vocab"]
    assert vocab.idx_to_token == ["<unk>", "a", "b"], "val names no character"
    counted, asked = [], []

    class Counting:
        def __init__(self, tokens, n):
            counted.append(tokens)

        def perplexity(self, tokens):
            asked.append(tokens)
            return 1.0

    by_n = run_cell("ngram-code", NGram=Counting, text=toy)["by_n"]
    assert set(counted) == {toy.train} and set(asked) == {toy.val}
    assert [*by_n] == [1, 2, 3, 4, 5, 6, 7]
    read = []
    run_cell(
        "writes-check", perplexity=lambda net, tokens: read.append(tokens) or 4.0,
        writer=None, vocab=Vocab(text.train), text=text, by_n={5: 4.0},
        check_band=lambda *_: None,
    )  # fmt: skip
    assert len(read[0]) == len(text.val), "all of the validation text"


def test_numbers_for_testing_are_others_than_those_for_training(noted):
    run_cell(
        "many-to-one-code", LastState=lambda *a, **k: "net", train=noted.train,
        evaluate=noted.evaluate, check_band=lambda *_: None,
        text=SimpleNamespace(name="toy"),
    )  # fmt: skip
    ((_, (X, y), _, _),), ((net, test),) = noted.trained, noted.evaluated
    assert net == "net" and len(X) == 2000 and len(test) == 1000
    assert not set(X.sum((1, 2)).tolist()) & set(test.X.sum((1, 2)).tolist())
    assert torch.equal(y, (X.sum((1, 2)) > 0).long())
    assert torch.equal(test.y, (test.X.sum((1, 2)) > 0).long())


def test_names_are_learned_from_one_part_and_judged_on_the_third(noted):
    names = load_names()
    run_cell("names-bag", bag=own.bag, names=names, train=noted.train,
             evaluate=noted.evaluate)  # fmt: skip
    made = []
    run_cell(
        "names-rnn", LastState=lambda *sizes, **named: made.append((sizes, named)),
        names=names, train=noted.train, evaluate=noted.evaluate,
    )  # fmt: skip
    _, first, _, _ = noted.trained[0]
    assert torch.equal(first[0], own.bag(names.train.X))
    assert torch.equal(noted.evaluated[0][1].X, own.bag(names.test.X))
    assert torch.equal(noted.evaluated[0][1].y, names.test.y)
    assert all(data is names.train for _, data, _, _ in noted.trained[1:])
    assert all(data is names.test for _, data in noted.evaluated[1:])
    assert [(s, n["cell"]) for s, n in made] == [((27, 6), "rnn"), ((27, 6), "gru")]
    settings = [settings for *_, settings in noted.trained[1:]]
    assert settings[0] == settings[1], "both cells are trained alike"


def test_the_first_symbol_is_asked_of_rows_that_nobody_learned(noted):
    made = []

    def last_state(*sizes, **named):
        made.append((sizes, named))
        return nn.Linear(1, 1)

    run_cell(
        "after-train", recall=recall, LastState=last_state, train=noted.train,
        Attention=own.Attention, evaluate=noted.evaluate,
    )  # fmt: skip
    assert made == [((8, 8), {"cell": "lstm"})]
    for (_, rows, (val,), _), (_, asked) in zip(
        noted.trained, noted.evaluated, strict=True
    ):
        assert len(rows) == 3200 and len(asked) == 1000 and asked is val
        assert not set(map(tuple, rows.X.tolist())) & set(map(tuple, asked.X.tolist()))
    first, second = (settings for *_, settings in noted.trained)
    assert first == second, "both are trained alike"
    steps = first["num_epochs"] * 3200 // first["batch_size"]
    assert steps == 400 and "Four hundred steps" in text_of("10", "after-task")
    # what happens then is drawn step by step
    calls = []
    run_cell(
        "after-figure", weights=torch.tensor([0.9, 0.1]),
        figures=SimpleNamespace(show_lines=lambda *a: calls.append(a)),
    )  # fmt: skip
    ((values, *labels),) = calls
    assert labels == ["step", "weight"] and [*values] == ["mean over 1,000 rows"]
    assert [*values["mean over 1,000 rows"]] == [0, 1]


def test_the_digits_spelled_are_those_of_the_test_under_their_own_pictures():
    shown = []
    run_cell(
        "one-to-many-show", X_test=torch.arange(20), written=100 + torch.arange(20),
        figures=SimpleNamespace(show_spelled=lambda *a: shown.append(a)),
    )  # fmt: skip
    X, written = shown[0]
    assert torch.equal(written, 100 + X)
    source = text_of("10", "one-to-many-train")
    assert "written = speller(X_test).argmax(1)" in source
    assert "(X, letters), (X_test, letters_test) = spelled_digits(digits)" in source


def test_of_unknown_words_only_places_and_times_are_judged():
    words = Vocab(word for row in sentences() for word in row)
    unseen = tagged_sentences(words, unseen=True)

    def tagger(X):
        """Right about the places and times, and about nothing else."""
        slot = unseen.y > 0
        tags = torch.where(slot, unseen.y, 1)
        return F.one_hot(tags, 3).transpose(1, 2).float()

    space = run_cell("window-check", unseen=unseen, tagger=tagger)
    assert space["right"] == 1.0
    source = text_of("10", "window-train")
    assert "tags = tagger.cpu()(unseen.X[:1]).argmax(1)[0]" in source
    assert "zip(unseen.X[0], tags, strict=True)" in source
    assert "train(tagger, tagged, num_epochs=15" in source
    assert TAGS == ("other", "place", "time")


# -- cells and their names -----------------------------------------------------------


def test_each_curve_has_the_name_of_its_layer():
    layers, figure = [], []

    def by_distance(layer, X):
        layers.append(type(layer).__name__)
        return torch.arange(60.0) + len(layers)

    space = run_cell("cells-code", X=None)  # defines its own by_distance
    assert [*space["by_step"]] == ["RNN", "LSTM", "GRU"]
    code = source_of("10", "cells-code").replace("def by_distance", "def _unused")
    exec(code, noting := {"torch": torch, "nn": nn, "seeded": seeded,
                          "by_distance": by_distance})  # fmt: skip
    assert layers == [*noting["by_step"]]
    assert {k % 3 for k in noting["by_step"]["GRU"]} == {0}
    run_cell("cells-figure", by_step="values",
             figures=SimpleNamespace(
                 show_lines=lambda *a, **k: figure.append((a, k))))  # fmt: skip
    assert figure == [(("values", "steps back", "norm of the gradient"), {"log": "y"})]


def test_the_words_of_other_pictures_are_on_their_axes():
    shown = []
    figures = SimpleNamespace(
        show_heat=lambda *a: shown.append(a), show_lines=lambda *a: shown.append(a)
    )
    vocab = Vocab("the time")
    run_cell(
        "one-hot-code", figures=figures, vocab=vocab, start=vocab.encode("the time")
    )
    run_cell("ngram-figure", figures=figures, by_n={1: 2.0})
    heat, lines = shown
    assert heat[1:] == (list("the time"), "character", "number of the character")
    assert heat[0].shape == (len(vocab), 8) and (heat[0].sum(0) == 1).all()
    assert lines == ({"validation text": {1: 2.0}}, "n", "perplexity")


def test_a_word_is_not_its_own_company(text):
    cosines = torch.tensor([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])
    space = run_cell(
        "embedding-check", kinds={"a": ["x", "y"], "b": ["z"]}, cosines=cosines,
        check_band=lambda *_: None, text=text,
    )  # fmt: skip
    assert space["within"] == pytest.approx(0.5) and space["across"] == 0
    W = nn.Embedding(28, 8)
    shown = []
    run_cell(
        "embedding-figure", GROUPS={"words": {"g": list("abc"), "h": list("de")}},
        embedding=W, words=Vocab("abcde"),
        figures=SimpleNamespace(show_heat=lambda *a: shown.append(a)),
    )  # fmt: skip
    values, columns, *_, rows = shown[0]
    assert columns == rows == list("abcde")
    torch.testing.assert_close(values.diagonal(), torch.ones(5))


def test_targets_stand_under_their_inputs(text):
    lines = []
    run_cell("writes-data", text_windows=text_windows, text=text,
             vocab=Vocab(text.train), print=lines.append)  # fmt: skip
    assert lines[1][:-1] == lines[0][1:] and len(lines[0]) == 64


def test_five_batches_go_on_from_one_another(text):
    seen = []

    def windows(*given, **named):
        for X, y in sequential_windows(*given, **named):
            seen.append(X)
            yield X, y

    space = run_cell(
        "detach-code", vocab=Vocab(text.train), text=text, sequential_windows=windows,
        detached=detached,
    )  # fmt: skip
    words = {5: "Five"}
    assert f"{words[len(seen)]} batches, each going on" in text_of("10", "detach-read")
    assert not space["state"].requires_grad


def test_the_smallest_cells_show_what_they_compute():
    lines, h = [], 0.0
    run_cell("state-code", print=lines.append)
    for x, line in zip((1, 0, 1), lines, strict=True):
        h = math.tanh(0.5 * h + x)
        assert float(line) == pytest.approx(h, abs=5e-5)
    powers = value_of("time-code")
    for w, power in powers.items():
        steps = math.log(power) / math.log(w) if 0 < power != 1 else 999
        assert steps == pytest.approx(999), "as many as in the exercise"
    cells, outputs = value_of("gates-code")
    assert cells == [3, 7, 7, 7, 0] and outputs == [0, 0, 0, 7, 0]
    names, bags = value_of("bag-code")
    assert bags[0].equal(bags[1]) and bags[0].sum() == 5
    told = dict(zip(names, bags[0].tolist(), strict=True))
    assert told == {"<unk>": 0, "the": 2, "dog": 1, "bites": 1, "man": 1}
    shapes = value_of("many-to-many-code")
    assert [s[1] for s in shapes] == [12, 3, 24], "as long, shorter, longer"
    temperatures = value_of("temperature-code", softmax_at=lambda z, tau: z + tau)
    tau = [row[0] - 2.0 for row in temperatures]
    assert tau == [0, 0.5, 1, 5]


def test_of_many_steps_every_fourth_answers():
    X = torch.rand(2, 12, 5)
    torch.manual_seed(0)
    layer = nn.GRU(5, 8, batch_first=True)
    kept = []

    class Linear(nn.Linear):
        def forward(self, H):
            kept.append(H)
            return super().forward(H)

    fake = SimpleNamespace(GRU=lambda *a, **k: layer, Linear=Linear)
    run_cell("many-to-many-code", nn=fake, torch=SimpleNamespace(rand=lambda *s: X))
    H = layer(X)[0]
    torch.testing.assert_close(kept[1], H[:, [3, 7, 11]])
    assert "at every fourth step" in source_of("10", "many-to-many-code")


# -- training and the lab ------------------------------------------------------------


def test_the_writer_is_trained_as_the_text_says(text):
    data = text_windows(text, num_steps=64)
    space = run_cell("writes-code", vocab=Vocab(text.train), data=data)
    settings = space["settings"]
    assert settings["clip_norm"] == 1.0 and settings["schedule_every"] == "step"
    assert "gradients clipped to norm 1, a rate that rises and falls" in text_of(
        "10", "summary-more"
    )
    assert settings["optimizer"] is torch.optim.Adam
    assert space["num_steps"] == 8 * math.ceil(len(data.train) / 16)
    assert "num_epochs=8, batch_size=16" in text_of("10", "writes-train")
    schedule = settings["schedule"](torch.optim.Adam([torch.zeros(1)], lr=1.0))
    assert schedule.total_steps == space["num_steps"]
    assert "After eight passes over the book" in text_of("10", "writes-more")


def panel_knobs():
    knobs, given = {}, []
    run_cell(
        "panel", char_net=char_net, text_data=text_data, SampleView=object,
        history="the baseline", Choice=Choice, OPTIMIZERS=OPTIMIZERS, CLIPPING=CLIPPING,
        IntSlider=IntSlider, LogSlider=LogSlider,
        TuningPanel=lambda *a, **named: (given.extend(a), knobs.update(named)),
    )  # fmt: skip
    return knobs, given


def test_the_lab_trains_what_the_panel_starts_with(noted):
    made, loaded = [], []
    run_cell(
        "baseline", text_data=lambda **k: loaded.append(k) or text_data(**k),
        char_net=lambda *a, **k: made.append((a, k)), train=noted.train,
    )  # fmt: skip
    ((_, data, (val,), settings),) = noted.trained
    knobs, given = panel_knobs()
    assert knobs.pop("first_run") == "the baseline"
    assert given == [char_net, text_data]
    start = {name: k.start for name, k in knobs.items() if hasattr(k, "start")}
    assert loaded == [{"num_steps": start["num_steps"]}]
    assert made == [((start["cell"],), {"num_hiddens": start["num_hiddens"]})]
    assert start["num_layers"] == 1
    for name in ("lr", "batch_size", "num_epochs", "clip_norm", "optimizer"):
        assert settings[name] == start[name], name
    assert len(data) > len(val)


def test_the_panel_can_be_set_to_what_its_questions_ask():
    knobs, _ = panel_knobs()
    for name, values in {
        "num_hiddens": (64, 128),
        "num_layers": (1, 2),
        "num_steps": (8, 32, 128),
        "lr": (0.01, 0.1, 0.3),
        "clip_norm": (1.0, None),
        "cell": ("rnn", "gru", "lstm"),
        "num_epochs": (5,),
    }.items():
        for value in values:
            knobs[name].check(name, value)
    assert "Windows of 8, 32 and 128 characters" in text_of("10", "panel-questions")
    assert "One layer of 128 units, or two of 64?" in text_of("10", "panel-questions")
    assert "and raise the rate" in text_of("10", "panel-questions")
