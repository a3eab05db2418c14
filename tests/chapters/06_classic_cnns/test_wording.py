"""Chapter 6: claims and exercises say in words what they do in numbers."""

import inspect
import re

import pytest
import torch
from torch import nn

from helpers import layer_table, load_images, models
from helpers.chapters.classic_cnns import claims
from helpers.chapters.classic_cnns.claims import blocks, starts
from helpers.chapters.classic_cnns.exercises import (
    alexnet,
    auxiliary,
    inception,
    kernels,
    pyramid,
)
from helpers.claims import SAME
from helpers.claims.small_images import halved
from tests.taught import source_of

FRACTIONS = {"a quarter": 0.25, "three quarters": 0.75, "twice": 2.0}
ALL = [getattr(claims, name) for name in claims.__all__]


def numbers_in(answer: str) -> list[float]:
    """The cuts that an answer names, in words or in digits."""
    words = "|".join(sorted(FRACTIONS, key=len, reverse=True))
    return [
        FRACTIONS.get(found) or float(found)
        for found in re.findall(rf"{words}|\d+", answer)
    ]


@pytest.mark.parametrize("claim", ALL, ids=lambda claim: claim.name)
def test_the_cuts_are_those_that_the_answers_name(claim):
    for question in claim.questions.values():
        if SAME in question.answers:
            assert question.cuts == (-0.01, 0.01)
            assert question.answers[1] == SAME
            continue
        low = None
        for answer, high in question.ends.items():
            assert numbers_in(answer) == [c for c in (low, high) if c is not None]
            low = high


@pytest.mark.parametrize("claim", ALL, ids=lambda claim: claim.name)
def test_what_makes_a_claim_true_is_no_loss(claim):
    """Worse answers are below the better ones, and the statements all promise gain."""
    answers = claim.question.answers
    promised = answers[0] if claim is claims.nin_starts else answers[-1]
    assert promised in claim.true
    assert (answers[-1] if claim is claims.nin_starts else answers[0]) not in claim.true


def test_the_questions_name_the_numbers_of_the_experiment():
    quantities = " ".join(q.quantity for q in claims.alexnet_steps.questions.values())
    assert f"shifted by up to {blocks.Shifted().far} pixels" in quantities
    (half,) = {m.p for m in blocks.with_steps(6, 0, 10) if isinstance(m, nn.Dropout)}
    assert half == 0.5 and "dropout of one half" in quantities
    said = re.search(r"an accuracy of ([\d.]+)\.", starts.failing.__doc__)[1]
    assert float(said) == starts.LEARNED


def test_several_sizes_name_their_channels():
    asked = [q.quantity for q in claims.several_sizes.questions.values()]
    X = torch.zeros(1, 16, 8, 8)
    named = {name: make()(X).shape[1] for name, make in blocks.MIDDLES.items()}
    for quantity, name in zip(asked, ("1x1, 3x3, 5x5", "uneven"), strict=False):
        (sum_,) = re.findall(r"\d+(?: \+ \d+)+(?= channels)", quantity)
        assert sum(map(int, sum_.split(" + "))) == named[name]


def test_halved_images_have_squares_of_about_one():
    squares = halved(load_images("digits").train.X).square().mean().item()
    assert squares == pytest.approx(1, abs=0.25)


# -- exercises -------------------------------------------------------------------------


def test_what_is_said_after_the_answers():
    widths = inception.inception_widths
    reduced, wide = 163_328, 64 * 192 + 9 * 192 * 128 + 25 * 192 * 32 + 32 * 192
    assert widths.solution(*widths.cases[1]) == reduced
    assert f"{reduced:,} weights" in widths.then and f"{wide:,}" in widths.then
    rows = pyramid.pyramid_pooling.solution(torch.zeros(1, 8, 9, 9), (1, 2, 4))
    assert f"the levels 1, 2, 4 these are {rows.shape[1]} numbers" in (
        pyramid.pyramid_pooling.then
    )
    sizes = alexnet.alexnet_sizes
    wide = sizes.solution()[1]
    assert f"224 pixels is {wide} wide" in sizes.then
    moves = (224 + 2 * 2 - 11) / 4
    assert any(f"moves {moves} times" in m.says for m in sizes.mistakes)


STUBS = (
    kernels.kernel_ridge,
    alexnet.local_response_norm,
    auxiliary.auxiliary_loss,
    inception.inception_forward,
    pyramid.pyramid_pooling,
)


def shapes_in(comment: str, arguments: list[str]) -> dict[str, tuple[str, ...]]:
    """Shapes that a comment names, by argument: "(n, d), number", or "X (n, d)"."""
    said = comment.split(" -> ")[0]
    if re.match(r"[A-Z]", said):
        found = re.findall(r"(\w+) (\([\w, ]+\))", said)
    else:
        found = zip(arguments, re.findall(r"\([\w, ]+\)|\w+", said), strict=False)
    return {
        name: tuple(re.findall(r"\w+", text)) for name, text in found if "(" in text
    }


@pytest.mark.parametrize("exercise", STUBS, ids=lambda exercise: exercise.name)
def test_the_shapes_in_a_stub_are_those_of_its_cases(exercise):
    source = source_of("06", f"ex-{exercise.name}-code")
    comment = re.search(r"# ([(X].*)", source)[1]
    arguments = list(inspect.signature(exercise.solution).parameters)
    shapes = shapes_in(comment, arguments)
    assert shapes
    for case in exercise.cases:
        sizes = {}
        for name, letters in shapes.items():
            shape = tuple(case[arguments.index(name)].shape)
            assert len(shape) == len(letters), f"{name} has shape {shape}"
            for letter, size in zip(letters, shape, strict=True):
                assert sizes.setdefault(letter, size) == size, f"{letter} in {name}"


# -- networks --------------------------------------------------------------------------


@pytest.mark.parametrize("make", [models.NiN, models.GoogLeNet])
def test_poolings_leave_the_sides_that_stand_beside_them(make):
    source = inspect.getsource(make)
    said = re.findall(r"nn\.MaxPool2d\(.*?# .*?-> (\d+) x (\d+)", source)
    table = layer_table(make(), 1, 28, 28, depth=None)
    found = [r.shape[1:] for r in table if r.kind == "MaxPool2d" and "b" not in r.name]
    assert [tuple(map(int, sides)) for sides in said] == found and len(said) == 2


def test_a_normalization_stands_between_convolution_and_relu():
    for net in (models.NiN(norm=nn.BatchNorm2d), models.GoogLeNet(norm=nn.BatchNorm2d)):
        kinds = [type(m) for m in net.modules() if not list(m.children())]
        for k, kind in enumerate(kinds):
            if kind is nn.Conv2d:
                assert kinds[k : k + 3] == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU]


def test_alexnet_has_torchvisions_layers_in_their_order():
    import torchvision  # after helpers, which mends it

    def kinds(net):
        names = [type(m).__name__ for m in net.modules() if not list(m.children())]
        return [n for n in names if n not in ("Flatten", "AdaptiveAvgPool2d")]

    with torch.device("meta"):
        assert kinds(models.AlexNet()) == kinds(torchvision.models.alexnet())
