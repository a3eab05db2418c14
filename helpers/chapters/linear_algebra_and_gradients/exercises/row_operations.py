"""The second build of chapter 1: the inverse of a matrix by row operations."""

import torch

from helpers.chapters.linear_algebra_and_gradients.exercises.matrices import matrix
from helpers.exercises import exercise


@exercise(
    "The inverse by row operations",
    kind="build",
    stars=3,
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
    hint="Begin with `M = torch.cat([A, torch.eye(n)], 1)`. In column k, `M[k:, k]` "
    "holds the possible pivots: choose by absolute value, exchange with row k, divide "
    "row k, and subtract `M[i, k] * M[k]` from each other row i.",
    then="Choosing the largest is called partial pivoting; LAPACK, which torch calls, "
    "does the same.",
    without=("linalg", "inv", "inverse", "pinverse", "solve", "lu", "lu_solve"),
    usual=r"""
        k + M[k:, k].abs().argmax().item() => k
        M[pivot, k] == 0 => False
            Rows are never exchanged: as soon as a pivot is 0, you divide by it. And a
            matrix without an inverse must be refused.
        k + M[k:, k].abs().argmax().item() => k
            A 0 in the place of the pivot does not mean that there is no inverse:
            exchange with a row below that has another number in this column.
        .abs() => .ne(0).int()
            You take the first pivot that is not 0. Divided by 0.00000001, its row is
            so large that the others are rounded away: take the largest.
        M[pivot, k] == 0 => False
            If a column offers only zeros, there is no inverse: raise ValueError before
            you divide.
        .abs() => .ne(0).int()
        M[pivot, k] == 0 => False
            Two things are missing: the largest pivot instead of the first one, and the
            ValueError where all are 0.
        .abs() =>
            The largest number is not the best pivot, but the largest *absolute* value:
            if all others are 0, -1 is the one to take.
        k + M[k:, k] => M[k:, k]
            argmax of a part counts from the beginning of the part: add k, or you
            exchange with a row that is done.
        k + M[k:, k] => M[:, k]
            The pivot comes from row k or below. The rows above are done, and have
            their own columns.
        M[[k, pivot]] = M[[pivot, k]] => M[k], M[pivot] = M[pivot], M[k]
            `M[k], M[pivot] = M[pivot], M[k]` works for lists. Of a tensor both are
            views: the first is overwritten before it is read. Index with a list,
            `M[[k, pivot]] = M[[pivot, k]]`, or clone.
        .item() =>
            argmax gives a tensor, and torch reads `M[[k, pivot]]` with a tensor in the
            list as `M[k, pivot]`, one entry. Make it a number: `.item()`.
        M[[k, pivot]] = M[[pivot, k]] => M[[k, pivot], :n] = M[[pivot, k], :n]
            Exchange the whole rows of [A | I]. In yours the right half stays.
        M[k] = M[k] / M[k, k] => M[k] /= M[k, k]
            `M[k] /= M[k, k]` changes the number it divides by, and torch refuses.
            Write `M[k] = M[k] / M[k, k]`.
        M[k] = M[k] / M[k, k] => pass
            The row of the pivot is not divided by the pivot, so multiples of it do not
            clear the others.
        M[k] = M[k] / M[k, k] => pass
        M[i] -= M[i, k] * M[k] => M[i] -= M[i, k] * M[k]\n        M[k] = M[k] / M[k, k]
            Divide the row of the pivot first, and then subtract multiples of it: only
            with a 1 in it, M[i, k] times the row clears row i.
        i != k => i > k
            You clear the column only below the pivot. That is Gauss; Jordan clears it
            above as well.
        i != k => True
            You subtract the row of the pivot from itself, too, and so delete it: leave
            out i = k.
        M[:, n:] => M[:, :n]
            This is the left half, which has become I. The inverse stands at right.
        M[:, n:] => M
            This is the whole of [I | inverse]; return its right half.
        return M[:, n:] => `    return M[:, n:]`
            Only the first column is reduced. Is the `return` inside the loop?
    """,
)
def gauss_jordan(A):
    n = len(A)
    M = torch.cat([A, torch.eye(n)], 1)  # [A | I], in the end [I | inverse]
    for k in range(n):
        pivot = k + M[k:, k].abs().argmax().item()  # the largest one rounds least
        if M[pivot, k] == 0:
            raise ValueError("the matrix has no inverse")
        M[[k, pivot]] = M[[pivot, k]]  # indexing by a list copies both rows first
        M[k] = M[k] / M[k, k]
        for i in range(n):
            if i != k:
                M[i] -= M[i, k] * M[k]
    return M[:, n:]
