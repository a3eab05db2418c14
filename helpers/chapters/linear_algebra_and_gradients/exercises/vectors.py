"""Exercises of chapter 1 on the inner product and on norms."""

import math

import torch
from torch import tensor

from helpers.exercises import exercise

ONES = torch.ones(3, dtype=torch.float64)  # their cosine is rounded to more than 1


@exercise(
    "The angle between two vectors",
    stars=2,
    cases=[
        (tensor([1.0, 0.0]), tensor([2.0, 2.0])),
        (tensor([1.0, 2.0, 3.0]), tensor([2.0, 3.0, 4.0])),
        (tensor([3.0, 0.0, -4.0, 0.0]), tensor([-1.0, 1.0, 1.0, 1.0])),
        (tensor([0.0, 3.0]), tensor([0.5, 0.0])),
        (tensor([0.3, 0.0]), tensor([0.2, 0.4])),
        (ONES, 2 * ONES),
        (ONES, -2 * ONES),
    ],
    hint="Solve the formula for cos φ. Then .acos() undoes the cosine and .rad2deg() "
    "changes the unit. Does your answer survive two parallel vectors?",
    then="With many numbers in each vector, this is how the likeness of two texts or "
    "two faces is often measured.",
    without=("cosine_similarity", "CosineSimilarity"),
    usual="""
        .clamp(-1, 1) =>
            The formula is right, but rounding turns some cosines of 1 into
            1.0000000000000002, and no angle has that cosine. `.clamp(-1, 1)` puts them
            back.
        cosine.clamp(-1, 1).acos().rad2deg() => math.degrees(math.acos(cosine.item()))
            The formula is right, but a rounded cosine may lie just outside of -1 to 1,
            and math.acos refuses it. Limit it with `min` and `max` first.
        clamp(-1, 1) => clamp(max=1)
            Opposite vectors have a cosine of -1, which may be rounded beyond it, too:
            limit it at both ends.
        .rad2deg() =>
            These are radians: a half turn is π of them, and 180 degrees.
        .clamp(-1, 1).acos().rad2deg() => .acos()
            These are radians, and some are nan: rounding has left a cosine just
            outside of -1 to 1.
        .clamp(-1, 1).acos().rad2deg() =>
            This is the cosine of the angle; .acos() turns it into the angle.
        return a @ b
            This is the inner product, which grows with both lengths. The angle does
            not.
        return (a @ b).acos().rad2deg()
            Divide the inner product by both lengths first, and bracket them,
            `a @ b / (a.norm() * b.norm())`: only then it is a cosine.
        / (a.norm() * b.norm()) =>
            clamp hides that the inner product is no cosine yet: divide it by both
            lengths.
        / (a.norm() * b.norm()) => / a.norm() * b.norm()
            You divide by one length and multiply by the other: their product needs
            brackets, `(a.norm() * b.norm())`.
        (a.norm() * b.norm()) => ((a @ a) * (b @ b))
            You divide by the squares of the lengths: a @ a is the square,
            (a @ a).sqrt() the length.
        cosine.clamp => cosine.abs().clamp
            Without its sign, a cosine gives no angle above 90°. Vectors that point
            away from each other have a negative one.
        a @ b => a * b
            `a * b` multiplies entry by entry. The inner product is the sum of these
            products: `a @ b`.
    """,
)
def angle(a, b):
    cosine = (a @ b) / (a.norm() * b.norm())
    # Rounded, it may be 1.0000000000000002, which is the cosine of no angle.
    return cosine.clamp(-1, 1).acos().rad2deg()


@exercise(
    "A norm for every p",
    stars=2,
    cases=[
        (tensor([3.0, 4.0]), 2),
        (tensor([3.0, 4.0]), 1),
        (tensor([3.0, -4.0, 1.0]), 1),
        (tensor([3.0, -4.0, 1.0]), 3),
        (tensor([0.5, 2.0, 0.0, 1.0]), 1.5),
        (tensor([3.0, -4.0, 1.0]), math.inf),
        (tensor([0.5, -0.5]), math.inf),
    ],
    hint="Translate the formula from the inside out: absolute values, the power p, the "
    "sum, the power 1/p. Then ask what p = inf does to it.",
    then="Chapter 4 needs the cases 1 and 2: they pull weights toward 0 in different "
    "ways.",
    without=("norm", "vector_norm", "dist", "cdist", "normalize"),
    usual="""
        return (x.abs() ** p).sum() ** (1 / p)
            Right for every finite p. For p = inf the formula becomes inf to the
            power 0, or 0 to the power 0; its limit is the largest absolute value.
        x.abs().max() => x.max()
            For p = inf the largest *absolute* value counts: -4 is longer than 3.
        x.abs() ** p => x**p
            Negative entries cancel positive ones, or give nan: take absolute values
            before the power. With p = 2 the square has hidden that.
        return (x**p).sum() ** (1 / p)
            Two things are missing: absolute values before the power, and the case
            p = inf.
        x.abs() ** p => x.abs() * p
            `*` multiplies by p. A power is written `**`.
        ** (1 / p) =>
            The root is missing: twice the vector must have twice the norm.
        return (x.abs() ** p).sum()
            The root is missing, and p = inf needs a line of its own.
        .sum() ** (1 / p) => .sum().sqrt()
            The root is the p-th one, the power 1/p; only for p = 2 it is the square
            root.
        .sum() => .mean()
            A norm sums over the entries; the mean makes long vectors short.
        (x.abs() ** p).sum() ** (1 / p) => ((x.abs() ** p) ** (1 / p)).sum()
            Taken of each entry alone, the root only undoes the power. Sum first.
        (1 / p) => 1 / p
            `** 1 / p` divides by p: a power binds tighter than a division. Write
            `** (1 / p)`.
    """,
)
def lp_norm(x, p):
    if p == math.inf:
        return x.abs().max()
    return (x.abs() ** p).sum() ** (1 / p)
