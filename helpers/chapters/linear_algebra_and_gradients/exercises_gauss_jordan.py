"""The first build of chapter 1: the inverse of a matrix by row operations."""

from functools import partial

import torch

from helpers.chapters.linear_algebra_and_gradients import solutions
from helpers.chapters.linear_algebra_and_gradients.exercises_matrices import matrix
from helpers.exercises import Exercise, Mistake

# What follows are the parts of the algorithm as they are often written; `reduce` puts
# them together, so that each usual mistake is the right answer with one part exchanged.


def largest(M, k):
    """Return the row of the pivot as it should be: the largest of what is left."""
    return k + M[k:, k].abs().argmax().item()


def in_place(M, k):
    """Never exchange rows."""
    return k


def first(M, k):
    """Take the first row whose entry is not 0."""
    return next((i for i in range(k, len(M)) if M[i, k] != 0), k)


def exchange(M, k, pivot):
    """Exchange two rows as it should be."""
    M[[k, pivot]] = M[[pivot, k]]


def aliased(M, k, pivot):
    """Exchange as in a list; here both names stand for places in M."""
    M[k], M[pivot] = M[pivot], M[k]


def left_half(M, k, pivot):
    """Exchange the rows of A and leave those of I."""
    n = len(M)
    M[[k, pivot], :n] = M[[pivot, k], :n]


def scale(M, k):
    """Divide the row of the pivot as it should be."""
    M[k] = M[k] / M[k, k]


def overlapping(M, k):
    """Divide a row in place by one of its own entries."""
    M[k] /= M[k, k]


def unscaled(M, k):
    """Leave the pivot as it is."""


def others(n, k):
    """Return the rows to subtract from as it should be."""
    return [i for i in range(n) if i != k]


def reduce(
    A,
    choose=largest,
    swap=exchange,
    divide=scale,
    rows=others,
    refuses=True,
    result=lambda M, n: M[:, n:],
    most=None,
):
    """Invert with one part exchanged."""
    n = len(A)
    M = torch.cat([A, torch.eye(n)], 1)
    for k in range(n)[:most]:
        pivot = choose(M, k)
        if refuses and M[pivot, k] == 0:
            raise ValueError("the matrix has no inverse")
        swap(M, k, pivot)
        divide(M, k)
        for i in rows(n, k):
            M[i] -= M[i, k] * M[k]
    return result(M, n)


def multiples_of_the_unscaled(A):
    """Clear the other rows as if the pivot were 1, then divide."""
    n = len(A)
    M = torch.cat([A, torch.eye(n)], 1)
    for k in range(n):
        pivot = largest(M, k)
        if M[pivot, k] == 0:
            raise ValueError("the matrix has no inverse")
        exchange(M, k, pivot)
        for i in others(n, k):
            M[i] -= M[i, k] * M[k]
        scale(M, k)
    return M[:, n:]


GAUSS_JORDAN = Exercise(
    name="gauss-jordan",
    chapter="01",
    title="The inverse by row operations",
    build=True,
    cases=[
        (matrix([2, 0], [0, 4]),),
        (matrix([2, 1], [1, 2]),),
        (matrix([4, 1, 0], [1, 3, 1], [0, 1, 2]),),
        (matrix([0, 1], [2, 0]),),
        (matrix([1, 2, 0], [2, 4, 1], [0, 1, 1]),),
        (matrix([0, 0, 0, 1], [-1, 0, 0, 0], [0, 0, 2, 0], [0, -3, 0, 1]),),
        (matrix([5]),),
        (matrix([1e-8, 1], [1, 1]),),
        (matrix([1, 2], [2, 4]),),
        (matrix([0, 1, 2], [0, 3, 4], [0, 5, 6]),),
        (torch.zeros(3, 3),),
    ],
    solution=solutions.gauss_jordan,
    mistakes=[
        Mistake(
            partial(reduce, choose=in_place, refuses=False),
            "Rows are never exchanged: as soon as a pivot is 0, you divide by it. And "
            "a matrix without an inverse must be refused.",
        ),
        Mistake(
            partial(reduce, choose=in_place),
            "A 0 in the place of the pivot does not mean that there is no inverse: "
            "exchange with a row below that has another number in this column.",
        ),
        Mistake(
            partial(reduce, choose=first),
            "You take the first pivot that is not 0. Divided by 0.00000001, its row is "
            "so large that the others are rounded away: take the largest.",
        ),
        Mistake(
            partial(reduce, refuses=False),
            "If a column offers only zeros, there is no inverse: raise ValueError "
            "before you divide.",
        ),
        Mistake(
            partial(reduce, choose=first, refuses=False),
            "Two things are missing: the largest pivot instead of the first one, and "
            "the ValueError where all are 0.",
        ),
        Mistake(
            partial(reduce, choose=lambda M, k: k + int(M[k:, k].argmax())),
            "The largest number is not the best pivot, but the largest *absolute* "
            "value: if all others are 0, -1 is the one to take.",
        ),
        Mistake(
            partial(reduce, choose=lambda M, k: int(M[k:, k].abs().argmax())),
            "argmax of a part counts from the beginning of the part: add k, or you "
            "exchange with a row that is done.",
        ),
        Mistake(
            partial(reduce, choose=lambda M, k: int(M[:, k].abs().argmax())),
            "The pivot comes from row k or below. The rows above are done, and have "
            "their own columns.",
        ),
        Mistake(
            partial(reduce, swap=aliased),
            "`M[k], M[pivot] = M[pivot], M[k]` works for lists. Of a tensor both are "
            "views: the first is overwritten before it is read. Index with a list, "
            "`M[[k, pivot]] = M[[pivot, k]]`, or clone.",
        ),
        Mistake(
            partial(reduce, choose=lambda M, k: k + M[k:, k].abs().argmax()),
            "argmax gives a tensor, and torch reads `M[[k, pivot]]` with a tensor in "
            "the list as `M[k, pivot]`, one entry. Make it a number: `.item()`.",
        ),
        Mistake(
            partial(reduce, swap=left_half),
            "Exchange the whole rows of [A | I]. In yours the right half stays.",
        ),
        Mistake(
            partial(reduce, divide=overlapping),
            "`M[k] /= M[k, k]` changes the number it divides by, and torch refuses. "
            "Write `M[k] = M[k] / M[k, k]`.",
        ),
        Mistake(
            partial(reduce, divide=unscaled),
            "The row of the pivot is not divided by the pivot, so multiples of it do "
            "not clear the others.",
        ),
        Mistake(
            multiples_of_the_unscaled,
            "Divide the row of the pivot first, and then subtract multiples of it: "
            "only with a 1 in it, M[i, k] times the row clears row i.",
        ),
        Mistake(
            partial(reduce, rows=lambda n, k: range(k + 1, n)),
            "You clear the column only below the pivot. That is Gauss; Jordan clears "
            "it above as well.",
        ),
        Mistake(
            partial(reduce, rows=lambda n, k: range(n)),
            "You subtract the row of the pivot from itself, too, and so delete it: "
            "leave out i = k.",
        ),
        Mistake(
            partial(reduce, result=lambda M, n: M[:, :n]),
            "This is the left half, which has become I. The inverse stands at right.",
        ),
        Mistake(
            partial(reduce, result=lambda M, n: M),
            "This is the whole of [I | inverse]; return its right half.",
        ),
        Mistake(
            partial(reduce, most=1),
            "Only the first column is reduced. Is the `return` inside the loop?",
        ),
    ],
    hint="Begin with `M = torch.cat([A, torch.eye(n)], 1)`. In column k, `M[k:, k]` "
    "holds the possible pivots: choose by absolute value, exchange with row k, divide "
    "row k, and subtract `M[i, k] * M[k]` from each other row i.",
    then="Choosing the largest is called partial pivoting; LAPACK, which torch calls, "
    "does the same.",
    without=("linalg", "inv", "inverse", "pinverse", "solve", "lu", "lu_solve"),
)
