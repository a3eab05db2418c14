"""Chapter 9: what its claims train on and compare, told apart without any training."""

import re

import pytest
import torch

from helpers import load_emoji, load_images
from helpers.chapters.transfer_learning.claims import (
    augmenting,
    probing,
    sources,
    training,
    tuning,
)
from helpers.claims import Table
from helpers.claims.homemade import halved
from tests.taught import text_of
from tests.verdicts import of_chapter

CLAIMS = of_chapter("09")
SEEDS = 0, 1, 2


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


@pytest.fixture(scope="module")
def data():
    return halved(load_images("digits", n_train=2_000, n_val=300, n_test=600))


@pytest.fixture(scope="module")
def emoji():
    return load_emoji()


def rows(X):
    return {x.numpy().tobytes() for x in X.flatten(1)}


# -- a question compares what it names -----------------------------------------------


def made_up(claim):
    """A table whose numbers are all different, by the stored configurations."""
    (first, *_) = claim.stored().values()
    names = list(first.table)
    generator = torch.Generator().manual_seed(3)
    values = torch.rand(len(names), generator=generator)
    table = Table((0,), {n: {training.TEST: (v.item(),)} for n, v in
                         zip(names, values, strict=True)})  # fmt: skip
    return table, dict(zip(names, values.tolist(), strict=True))


PARTS = {  # of the words of a quantity -> configurations
    "augmentation": {
        "Flip minus none": ("flip", "none"),
        "Shift minus none": ("shift", "none"),
        "All but flip minus none": ("all but flip", "none"),
    },
    "last-layer": {
        "head minus the block that is best on val": ("head", "best block"),
        "Head minus blocks 10 and 14": ("head", "blocks 10 and 14"),
        "Head minus block 14": ("head", "block 14"),
        "Head minus block 4": ("head", "block 4"),
    },
    "complex-source": {
        "source of 10 classes minus 2": ("10 classes", "2 classes"),
        "Source of 6 classes minus 2": ("6 classes", "2 classes"),
        "Source of 10 classes minus 6": ("10 classes", "6 classes"),
        "Source of 2 classes minus from scratch": ("2 classes", "scratch"),
    },
    "low-layers": {
        "all three layers frozen minus the first alone, many": (
            "source, 3 frozen, many",
            "source, 1 frozen, many",
        ),
        "First layer frozen minus from scratch, many": (
            "source, 1 frozen, many",
            "scratch, many",
        ),
        "All three layers frozen minus the first alone, few": (
            "source, 3 frozen, few",
            "source, 1 frozen, few",
        ),
        "First layer frozen minus from scratch, few": (
            "source, 1 frozen, few",
            "scratch, few",
        ),
        "All frozen, from the source minus random, many": (
            "source, 3 frozen, many",
            "random, 3 frozen, many",
        ),
    },
    "fine-tuning": {
        "all fine-tuned minus frozen body, 25": ("all, 25", "frozen, 25"),
        "all fine-tuned minus frozen body, 5": ("all, 5", "frozen, 5"),
        "last stages fine-tuned minus frozen body, 25": (
            "last stages, 25",
            "frozen, 25",
        ),
        "frozen body minus from scratch, 5": ("frozen, 5", "from scratch, 5"),
    },
}


@pytest.mark.parametrize("name", PARTS)
def test_a_question_measures_what_its_words_name(name):
    claim = CLAIMS[name]
    table, value = made_up(claim)
    left = dict(PARTS[name])
    for question in claim.questions.values():
        found = question.measure(table).item()
        if "augmentation minus none" in question.quantity:
            choose = min if "worst" in question.quantity else max
            expected = choose(value[change] for change in augmenting.CHANGES)
            assert ("Best" in question.quantity) == (choose is max)
            assert found == pytest.approx(expected - value["none"], abs=1e-6)
            continue
        words = max((w for w in left if w in question.quantity), key=len)
        first, second = left.pop(words)
        assert found == pytest.approx(value[first] - value[second], abs=1e-6), words
    assert not left


def test_the_answer_that_makes_a_statement_true_is_on_its_side():
    """What is compared with what, the question says; the statement, who is ahead."""
    for name, claim in CLAIMS.items():
        special = "high layers are special" in claim.statement
        assert claim.true == ("it is worse" if special else "it is better",), name


# -- what is learned -----------------------------------------------------------------


class Noting:
    """Notes the sets that are trained on, and trains nothing."""

    def __init__(self, monkeypatch, module):
        self.sets, self.names = [], []
        monkeypatch.setattr(module, "over_grid", self.over_grid)
        if hasattr(module, "learn"):
            monkeypatch.setattr(module, "learn", self.learn)

    def learn(self, net, examples, *arguments):
        self.sets.append(examples)
        return net

    def over_grid(self, train, grid, data):
        for part in getattr(train, "args", ()):
            if hasattr(part, "y"):
                self.sets.append(part)
        if not any(hasattr(part, "y") for part in getattr(train, "args", ())):
            train(grid[0])
        n = len(data.test)
        return {training.TEST: torch.zeros(n), training.VAL: 0.5}


@pytest.mark.parametrize(
    "name, module, size",
    [
        ("augmentation", augmenting, (40, 1)),
        ("complex-source", sources, (3, 1)),
        ("low-layers", sources, (8, 1)),
        ("last-layer", probing, (3, 1)),
        ("fine-tuning", tuning, (3, 1)),
    ],
)
def test_each_seed_learns_from_other_training_pictures_and_never_from_the_test(
    name, module, size, data, emoji, monkeypatch
):
    monkeypatch.setattr(sources, "SOURCE_SIZE", 60)
    if name in ("last-layer", "fine-tuning"):
        given = emoji
        monkeypatch.setattr(module, "featured", lambda data, *_, **__: data)
    else:
        given = data
    if name == "fine-tuning":
        for each in ("fronted", "flattened"):
            monkeypatch.setattr(module, each, lambda data, *_, **__: data)
    # without noise, so that an image is found again
    monkeypatch.setattr(sources, "noisy", lambda X, seed: X)
    seen = []
    for seed in SEEDS:
        noting = Noting(monkeypatch, module)
        CLAIMS[name].experiment(given, *size, seed)
        assert noting.sets
        seen.append(frozenset().union(*(rows(e.X) for e in noting.sets)))
    assert len(set(seen)) == len(SEEDS)
    for X in seen:
        assert X <= rows(given.train.X) and not X & rows(given.test.X)


def test_noise_and_classes_of_a_source_are_drawn_anew_for_each_seed(data, monkeypatch):
    monkeypatch.setattr(sources, "SOURCE_SIZE", 60)
    used, classes = [], []

    def noisy(X, seed):
        used.append(seed)
        return X

    def only(examples, chosen):
        classes.append(tuple(chosen))
        return plain(examples, chosen)

    plain = sources.only
    monkeypatch.setattr(sources, "noisy", noisy)
    monkeypatch.setattr(sources, "only", only)
    for seed in range(6):
        Noting(monkeypatch, sources)
        CLAIMS["complex-source"].experiment(data, 3, 1, seed)
    assert len(used) == len(set(used)) == 3 * 6, "each part of each seed its own"
    pairs = [chosen for chosen in classes if len(chosen) == 2]
    assert len(pairs) == 6 and len(set(pairs)) > 3
    larger = {len(c): c for c in classes[:4]}
    assert larger[2] == larger[4][:2] == larger[6][:2] == larger[10][:2]


def test_few_and_many_are_that_many(data, monkeypatch):
    monkeypatch.setattr(sources, "SOURCE_SIZE", 60)
    sizes = []

    def over_grid(train, grid, target):
        sizes.append((len(train.args[0]), train.args[1:]))
        return {training.TEST: torch.zeros(len(target.test)), training.VAL: 0.5}

    monkeypatch.setattr(sources, "learn", lambda net, *_: net)
    monkeypatch.setattr(sources, "over_grid", over_grid)
    names = list(CLAIMS["low-layers"].experiment(data, 9, 1, 0))
    for name, (size, (start, num_frozen)) in zip(names, sizes, strict=True):
        assert size == 5 * (9 if name.endswith("many") else sources.FEW), name
        if name.startswith("scratch"):
            assert (start, num_frozen) == ("random", 0)
        else:
            assert name.startswith(f"{start}, {num_frozen} frozen")


def test_the_stages_of_a_probe_are_those_of_its_names():
    for name, blocks in probing.STAGES.items():
        if name == "head":
            assert blocks == (16,)
        else:
            assert list(blocks) == [int(n) for n in re.findall(r"\d+", name)]
    photos = CLAIMS["last-layer"].sets["hymenoptera"]
    (size,) = (n for n in photos.args if isinstance(n, int))
    assert f"chapter's own network at {size} pixels" in text_of("09", "online")
