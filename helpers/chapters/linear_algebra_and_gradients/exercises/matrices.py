"""An exercise of chapter 1 on definiteness, and how cases write a matrix."""

import torch
from torch import tensor

from helpers.exercises import exercise


def matrix(*rows):
    return tensor(rows, dtype=torch.float32)


@exercise(
    "Definite or not",
    name="definite",
    stars=2,
    cases=[
        (matrix([2, 1], [1, 2]),),
        (matrix([1, 1], [1, 1]),),
        (matrix([1, 2], [2, 1]),),
        (matrix([2, -1], [-1, 2]),),
        (matrix([-2, 1], [1, -2]),),
        (matrix([0, 0], [0, -1]),),
        (torch.ones(3, 3),),
        (matrix([1, 2, 3], [2, 4, 6], [3, 6, 9]),),
        (matrix([4, 2, 1], [2, 1, 0.5], [1, 0.5, 1]),),
        (matrix([0.01, 0, 0], [0, 3, 1], [0, 1, 3]),),
        (matrix([5e-6, 0], [0, 1]),),
        (matrix([-5e-6, 0], [0, 1]),),
        (matrix([1e-4, 0], [0, 1]),),
        (matrix([1, 2, 0], [2, 1, 0], [0, 0, -1]),),
        (matrix([-3, 1, 0], [1, -3, 0], [0, 0, 0]),),
    ],  # fmt: skip
    hint="`torch.linalg.eigvalsh` gives the eigenvalues of a symmetric matrix. Which "
    "one of them decides, and which three ranges can it lie in?",
    then="Of a Hessian the same three answers tell whether a point can be a minimum.",
    usual="""
        >= 1e-5 => > 0
        > -1e-5 => >= 0
            The rule is right, but computed eigenvalues are rounded: what should be 0
            may come out as -0.0000002. Compare with 1e-5 and -1e-5.
        >= 1e-5 => > -1e-5
            You call semidefinite matrices definite: an eigenvalue of 0 means a
            direction without curvature.
        smallest >= 1e-5 => False
            No matrix is definite for you. If even the smallest eigenvalue is positive,
            say so.
        smallest > -1e-5 => False
            No matrix is semidefinite for you: there the smallest eigenvalue is 0.
        torch.linalg.eigvalsh(A) => A
        >= 1e-5 => > 0
        > -1e-5 => >= 0
            The sign of the entries tells nothing: [[1, 2], [2, 1]] gives the vector
            (1, -1) the value -2, and [[2, -1], [-1, 2]] is definite.
        torch.linalg.eigvalsh(A) => A.diag()
        >= 1e-5 => > 0
        > -1e-5 => >= 0
            The diagonal tells only about the directions of the axes. A positive one is
            needed, but it is not enough.
        torch.linalg.eigvalsh(A).min() => torch.det(A)
            The determinant is the product of the eigenvalues: two negative ones make
            it positive.
        smallest >= 1e-5 => torch.det(A) > 0
        "semidefinite" if smallest > -1e-5 else =>
            The determinant is the product of the eigenvalues: two negative ones make
            it positive, and a 0 among them makes it 0, as in semidefinite ones.
        .min() => .max()
            You look at the largest eigenvalue. All of them must be positive, and so
            the smallest decides.
        .min() => .sum()
            You look at the sum of the eigenvalues, the trace: a large positive one
            hides a negative one.
        torch.linalg.eigvalsh(A).min() => min(A[:k, :k].det() for k in (1, 2, 3))
            Positive leading minors show that a matrix is definite. That they are not
            negative does not show semidefinite: [[0, 0], [0, -1]] has 0 and 0.
        eigvalsh(A).min() => eigvals(A)
            `eigvals` is for any matrix, so its eigenvalues are complex numbers, which
            have no order. For a symmetric one take `eigvalsh`.
        eigvalsh(A) => eigvals(A)
            `eigvals` gives complex numbers, and of these there is no smallest.
            `eigvalsh` is for symmetric matrices and gives real ones.
    """,
)
def definiteness(A):
    smallest = torch.linalg.eigvalsh(A).min()
    if smallest >= 1e-5:
        return "definite"
    return "semidefinite" if smallest > -1e-5 else "neither"
