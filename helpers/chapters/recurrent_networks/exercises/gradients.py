"""Gradients through many steps: what becomes of them, and how they are clipped."""

import torch
from torch import nn

from helpers.exercises import exercise
from helpers.exercises.answers import letter, two_digits

LETTERS = "ABCD"


def first_wrong(answer):
    """Name the first wrong letter of the first three answers, or the first number."""
    given, right = tuple(answer()), powers.solution()
    if len(given) != len(right):
        return "another number of answers"
    for k, (value, wanted) in enumerate(zip(given, right, strict=True), 1):
        if isinstance(wanted, float):
            if two_digits(value) != two_digits(wanted):
                return k, two_digits(value)
            continue
        letters = {mark for mark in letter(value) if mark.isalpha()}
        if unknown := letters - set(LETTERS):
            return "unknown", min(unknown)
        if wrong := letters ^ set(wanted):
            return k, min(wrong)
    return "right"


@exercise(
    "A weight to the power of 999",
    name="powers",
    kind="predict",
    call=first_wrong,
    hint="Going back one step multiplies the gradient by w. What does the sign of w do "
    "to the size? Python computes `0.99**999`.",
    then="Between vanishing and exploding lies no more than a few percent of w. A "
    "network's tanh only makes the factors smaller.",
    usual="""
        "D", "B", "AC" => "AD", "B", "AC"
            A grows: 1.05 to the power of 999 has more than twenty digits.
        "D", "B", "AC" => "BD", "B", "AC"
            B shrinks: 0.95 to the power of 999 is almost 0.
        "D", "B", "AC" => "CD", "B", "AC"
            C grows: -1.05 changes the sign at each step, but the size is multiplied by
            1.05.
        "D", "B", "AC" => "", "B", "AC"
            A factor of -1 (D) changes the sign at each step and leaves the size.
        "D", "B", "AC" => "D", "AB", "AC"
            A grows: its factor is above 1.
        "D", "B", "AC" => "D", "BC", "AC"
            A negative factor is not a small one: the size is multiplied by 1.05 (C).
        "D", "B", "AC" => "D", "BD", "AC"
            The size stays 1 with a factor of -1 (D).
        "D", "B", "AC" => "D", "", "AC"
            0.95 looks near 1, but 999 factors of it leave almost nothing (B).
        "D", "B", "AC" => "D", "B", "C"
            The factor of A is above 1, and its powers grow without end.
        "D", "B", "AC" => "D", "B", "A"
            C explodes as well, with a sign that changes: the size is multiplied by 1.05
            at each step.
        "D", "B", "AC" => "D", "B", "ABC"
            The factor of B is below 1, so its powers shrink.
        "D", "B", "AC" => "D", "B", "ACD"
            The powers of -1 (D) are 1 and -1: they do not grow.
        0.99**999 => 0.0
            It is small, but not 0: two digits of it can be given.
        0.99**999 => 0.99 * 999
            You multiplied by 999. The factor itself is multiplied 999 times: a power.
        0.99**999 => 0.99**1000
            This is one step too many.
        0.99**999 => 0.99
            This is the factor of one step. There are 999, one behind another.
        1.01**999 => 1.01 * 999
            You multiplied by 999. The factor itself is multiplied 999 times: a power.
        1.01**999 => 1 + 0.01 * 999
            You added the 0.01 of each step. The factors are multiplied, so that there
            is interest on the interest.
        1.01**999 => 1.01
            This is the factor of one step. There are 999, one behind another.
        , 1.01**999 =>
            Five answers are asked for: three times letters, and two numbers.
    """,
)
def powers():  # keep the size, vanish, explode; a power, and another one
    return "D", "B", "AC", 0.99**999, 1.01**999


def grads(*shapes, scale, seed):
    """Random gradients of parameters of these shapes."""
    generator = torch.Generator().manual_seed(seed)
    return [scale * torch.randn(shape, generator=generator) for shape in shapes]


def clipped(answer, gradients, max_norm):
    """Return the gradients afterwards, and the norm that was returned.

    Whoever has the gradients wrong is told about them: the norm then counts as right.
    """
    params = [nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for p, g in zip(params, gradients, strict=True):
        p.grad = g.clone()
    norm = answer(params, max_norm)
    if norm is ...:
        return norm
    before = torch.cat([g.flatten() for g in gradients]).norm()
    factor = (max_norm / before).clamp(max=1)
    found = [p.grad for p in params]
    pairs = zip(found, gradients, strict=True)
    if not all(torch.allclose(g, factor * own, rtol=1e-4) for g, own in pairs):
        norm = before
    return *found, norm


@exercise(
    "Clipping the gradients",
    name="clip-gradients",
    stars=2,
    cases=[
        ([torch.tensor([3.0, 4.0]), torch.tensor([12.0])], 6.5),
        (grads((3, 2), (3,), (4,), scale=2.0, seed=0), 1.5),
        (grads((2, 2), (5,), scale=0.1, seed=1), 2.0),
        (grads((4, 1, 2), (), (3,), scale=9.0, seed=2), 0.5),
    ],
    call=clipped,
    without=("clip_grad_norm_", "clip_grad_norm", "get_total_norm"),
    hint="All gradients together are one long vector: its squared length is the sum of "
    "all their squared values. One factor for all of them keeps its direction. `*=` "
    "changes a tensor in place.",
    then="A clipped step has the direction of the gradient and a length that one bad "
    "batch cannot exceed. `nn.utils.clip_grad_norm_` does the same.",
    usual=r"""
        p.grad *= max_norm / norm => p.grad *= min(1, max_norm / p.grad.norm())
        if norm > max_norm: => if True:
            Each parameter is clipped by its own norm, which turns the gradient as a
            whole into another direction. One norm belongs to all of them together.
        p.grad *= max_norm / norm => p.grad *= max_norm / p.grad.norm()
            Where the norm of all is too large, each parameter gets the norm `max_norm`
            of its own. One factor belongs to all of them.
        p.grad *= max_norm / norm => p.grad.clamp_(-max_norm, max_norm)
        if norm > max_norm: => if True:
            Each value is clipped by itself, which changes the direction. It is the norm
            of all gradients together that is limited.
        if norm > max_norm: => if True:
            Small gradients were made larger. A norm that is below `max_norm` already is
            to stay.
        if norm > max_norm: => if norm < max_norm:
            It is the other way round: gradients whose norm is above `max_norm` are to
            change.
        max_norm / norm => max_norm
            The gradients are multiplied by `max_norm`. Their norm is to become
            `max_norm`: divide by the norm as well.
        p.grad *= => g = p.grad *
            Nothing has changed: `*` makes a new tensor. Change the gradients in place,
            `p.grad *= ...`.
        sum(squares) ** 0.5 => sum(squares)
            The root is missing: this is the squared norm.
        sum(squares) ** 0.5 => sum(s**0.5 for s in squares)
            The norms of the parameters are added. The squares are added, and the root
            is taken of the sum.
        sum(squares) ** 0.5 => max(squares) ** 0.5
            This is the largest norm of one parameter. It is the norm of all together
            that counts.
        return norm => return min(norm, max_norm)
            The gradients are right. What is returned is the norm that they have now;
            asked for is the one from before.
        return norm => return params
            The gradients are right. Return the norm that they had before.
    """,
)
def clip_gradients(params, max_norm):  # list of parameters, number -> number
    squares = [(p.grad**2).sum() for p in params]
    norm = sum(squares) ** 0.5
    if norm > max_norm:
        for p in params:
            p.grad *= max_norm / norm
    return norm
