"""Transforms of pictures: what they keep, one of them written, and their average."""

import torch
from torch import nn
from torch.nn import functional as F

from helpers.exercises import exercise
from helpers.seeds import seeded

LETTERS = "ABCDEF"


def first_wrong(answer):
    """Name the first wrong letter of each answer, up to the first that has one."""
    given, right = tuple(answer()), kept.solution()
    if len(given) != len(right):
        return "another number of answers"
    for k, (value, wanted) in enumerate(zip(given, right, strict=True), 1):
        letters = {letter for letter in str(value).upper() if letter.isalpha()}
        if unknown := letters - set(LETTERS):
            return "unknown", min(unknown)
        if wrong := letters ^ set(wanted):
            return k, min(wrong)
    return "right"


@exercise(
    "What a transform keeps",
    name="kept",
    kind="predict",
    call=first_wrong,
    hint="For the first answer, imagine all numbers of the picture in a bag: is it "
    "the same bag afterwards? For the other two, name the class before and after: "
    "which classes are told apart by a direction, and which by a color?",
    then="Whether a transform keeps the label depends on the classes, not on the "
    "transform alone.",
    usual="""
        "ABC" => "BC"
            A flip (A) moves each pixel to another place and changes no value.
        "ABC" => "AC"
            A quarter turn (B) moves each pixel to another place and changes no value.
        "ABC" => "AB"
            Exchanging channels (C) changes the colors, but the picture holds the same
            numbers as before, in other channels.
        "ABC" => "ABCD"
            A factor of 0.8 (D) changes every value that is not 0.
        "ABC" => "ABCE"
            Noise (E) adds a number of its own to each value.
        "ABC" => "ABCF"
            Erasing (F) puts 0 in the place of the values in the rectangle.
        "AB" => "B"
            A flip from left to right (A) makes an arrow that points left of one that
            points right.
        "AB" => "A"
            A quarter turn (B) makes an arrow that points up or down of one that points
            left.
        "AB" => "ABC"
            Another color (C) does not turn an arrow: its direction is its class.
        "AB" => "ABD"
            A darker arrow (D) points where it pointed.
        "AB" => "ABE"
            Weak noise (E) does not turn an arrow.
        "AB" => "ABF"
            A small rectangle (F) hides a part of the arrow, but does not turn it.
        "C" => "AC"
            A flipped ball (A) has the color that it had.
        "C" => "BC"
            A turned ball (B) has the color that it had.
        "C" => ""
            Exchanging channels (C) makes a green ball of a red one: the color is the
            class.
        "C" => "CD"
            A darker red (D) is still red.
        "C" => "CE"
            Weak noise (E) leaves a red ball red.
        "C" => "CF"
            A small rectangle (F) hides a part of the ball; the rest shows its color.
        "ABC", "AB", "C" => ()
            Three answers are asked for, each of some of the letters A to F.
    """,
)
def kept():  # same values, may change an arrow's class, may change a ball's class
    return "ABC", "AB", "C"


def draw(n, c, height, width, h, w, seed):
    """A random case: X (n, c, height, width), and a rectangle of h x w in each."""
    generator = torch.Generator().manual_seed(seed)
    X = 0.1 + torch.rand(n, c, height, width, generator=generator)
    top = torch.randint(height - h + 1, (n,), generator=generator)
    return X, top, torch.randint(width - w + 1, (n,), generator=generator), h, w


@exercise(
    "Erasing a rectangle",
    cases=[
        draw(2, 1, 4, 4, 2, 1, seed=3),
        draw(3, 2, 5, 7, 2, 4, seed=1),
        draw(5, 3, 9, 6, 4, 3, seed=2),
        draw(4, 3, 6, 8, 6, 8, seed=0),
    ],
    hint="Copy X first. `X[i, :, a:b, c:d]` is a part of picture i, in all its "
    "channels: where does the part begin, and where does it end?",
    then="In training the places are drawn anew for each picture and each epoch. The "
    "share of pixels that become 0 is the rectangle's share of the area.",
    usual="""
        Y = X.clone() => Y = X
            The pictures that were given have changed: writing into X changes them.
            Make a copy first, with `X.clone()`.
        zip(top, left => zip(left, top
            Top and left are exchanged: `top` counts rows, the axis before the last.
        a : a + h, b : b + w => a : a + w, b : b + h
            Height and width are exchanged: the height is a number of rows.
        a : a + h, b : b + w => a:h, b:w
            A slice ends at an index, not after a length: rows `top` to `top + h`.
        a : a + h, b : b + w => a : a + h + 1, b : b + w + 1
            The rectangle is one row and one column too large: a slice leaves out its
            end.
        Y[i, :, a : => Y[i, 0, a :
            Only the first channel is erased. The rectangle goes through all channels.
        Y[i, :, a : => Y[:, :, a :
            Every rectangle is erased in all pictures. Picture i has its own, at
            `top[i]` and `left[i]`.
        zip(top, left => zip(0 * top + top[0], 0 * left + left[0]
            All pictures lose the rectangle of the first. Picture i has its own, at
            `top[i]` and `left[i]`.
        zip(top, left => zip(top[:1], left[:1]
            Only the first picture is erased. Every picture has a rectangle of its own.
        a : a + h, b : b + w] = 0 => a : a + h, b : b + w] = 1
            The rectangle is filled with 1, white. It is to become 0.
        a : a + h, b : b + w] = 0 => a : a + h] = 0
            Whole rows become 0. The rectangle is only `w` columns wide.
        a : a + h, b : b + w] = 0 => :, b : b + w] = 0
            Whole columns become 0. The rectangle is only `h` rows high.
        Y = X.clone() => Y = torch.zeros_like(X)
        + w] = 0 => + w] = X[i, :, a : a + h, b : b + w]
            It is the other way round: the rectangle is left, and all around it is 0.
    """,
)
def erase(X, top, left, h, w):  # (n, c, height, width), (n,), (n,), two whole numbers
    Y = X.clone()
    for i, (a, b) in enumerate(zip(top, left, strict=True)):
        Y[i, :, a : a + h, b : b + w] = 0
    return Y


def flip(X):
    return X.flip(3)


def shift(X):
    return X.roll(1, 3)


def darker(X):
    return 0.3 * X


def same(X):
    return X


def seen(n, c, side, num_outputs, transforms, seed):
    """A random case: a small network, pictures (n, c, side, side) and transforms."""
    with seeded(seed):
        net = nn.Sequential(nn.Flatten(), nn.Linear(c * side**2, num_outputs))
        nn.init.normal_(net[1].weight)
        return net, torch.rand(n, c, side, side), transforms


@exercise(
    "Averaging at test time",
    name="averaged",
    cases=[
        seen(2, 1, 2, 3, [same, flip], seed=0),
        seen(4, 2, 3, 5, [flip, shift, darker], seed=1),
        seen(3, 1, 4, 4, [same, shift, darker, flip], seed=2),
    ],
    hint="Each transform makes pictures of the shape of X, and the network gives (n, "
    "K) logits for them. Make probabilities of them before you average. "
    "`torch.stack` makes one tensor of a list, with a new axis 0.",
    then="The transforms are to keep the label. A network that is sure of a wrong "
    "class in one view may be outvoted by the others.",
    usual="""
        F.softmax(net(t(X)), 1) => net(t(X))
            These are averaged logits. Make probabilities of each view's logits first.
        F.softmax(net(t(X)), 1) => net(t(X))
        torch.stack(parts).mean(0) => F.softmax(torch.stack(parts).mean(0), 1)
            You averaged the logits and took the softmax of the average. That is another
            average: take the softmax of each view first.
        F.softmax(net(t(X)), 1) => F.softmax(net(t(X)), 0)
            The softmax runs over axis 0, the pictures. The classes are axis 1.
        F.softmax(net(t(X)), 1) => F.log_softmax(net(t(X)), 1)
            You averaged the logarithms of probabilities. Average the probabilities.
        .mean(0) => .sum(0)
            The rows sum to the number of transforms. Divide by it.
        .mean(0) => .mean(1)
            You averaged over the pictures. The views are the axis that `torch.stack`
            has made, axis 0.
        .mean(0) =>
            The views stand side by side, without an average.
        .mean(0) => .max(0).values
            You took the largest probability of each class. It is their mean that sums
            to 1.
        .mean(0) => [0]
            This is the first view alone.
        .mean(0) => [-1]
            This is the last view alone.
        net(t(X)) => net(X)
            All views are the same: the network sees X itself, without the transforms.
        for t in transforms => for t in [same, *transforms]
            X itself is averaged besides. Only the given transforms are asked for.
        F.softmax(net(t(X)), 1) => F.one_hot(net(t(X)).argmax(1), len(net[1].bias)) + .0
            Each view has one vote here. Average the probabilities.
        return torch.stack(parts).mean(0) => return torch.stack(parts).mean(0).argmax(1)
            These are classes. Asked for are the averaged probabilities, (n, K).
    """,
)
def averaged(net, X, transforms):  # network, (n, c, h, w), list -> (n, K)
    parts = [F.softmax(net(t(X)), 1) for t in transforms]
    return torch.stack(parts).mean(0)
