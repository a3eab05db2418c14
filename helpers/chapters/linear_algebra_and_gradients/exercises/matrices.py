"""Exercises of chapter 1 on the inverse of a matrix and on definiteness."""

import torch
from torch import tensor

from helpers.exercises import exercise


def matrix(*rows):
    return tensor(rows, dtype=torch.float32)


@exercise(
    "The inverse of two by two",
    name="adjugate-inverse",
    cases=[
        (2.0, 1.0, 1.0, 2.0),
        (2.0, 0.0, 0.0, 5.0),
        (1.0, 2.0, 3.0, 4.0),
        (0.0, -2.0, 4.0, 1.0),
    ],
    hint="Exchange a and d, and turn the signs of b and c: multiplied by the matrix, "
    "that gives the determinant on the diagonal and 0 elsewhere.",
    then="Where the determinant is nearly 0, the inverse is huge, and so is what it "
    "makes of a small error.",
    without=("inv", "inverse", "pinv", "pinverse", "solve", "inv_ex"),
    usual="""
        (a * d - b * c) => a * d - b * c
            The determinant needs brackets: this divides by a alone. Write
            `/ (a * d - b * c)`.
        / (a * d - b * c) =>
            This is the adjugate; the inverse is it divided by the determinant.
        a * d - b * c => a * d + b * c
            The determinant is the difference of the two products, ad - bc.
        a * d - b * c => b * c - a * d
            All signs are turned. The determinant begins with ad, and in the adjugate a
            and d keep their signs.
        adjugate / => adjugate *
            Divide by the determinant: the inverse of a large matrix is small.
        [[d, -b], [-c, a]] => [[d, -c], [-b, a]]
            These are the cofactors, each in its own place. The adjugate is their
            transpose, so -b stands above and -c below.
        [[d, -b], [-c, a]] => [[a, -b], [-c, d]]
            a and d change places as well.
        [[d, -b], [-c, a]] => [[d, b], [c, a]]
            b and c change their signs.
        [[d, -b], [-c, a]] => [[a, c], [b, d]]
            This is the transpose, divided by the determinant. It inverts rotations,
            whose columns are orthogonal and of length 1, and few others.
        return 1 / torch.tensor([[a, b], [c, d]])
            One divided by each entry is no inverse: row times column must give 1 on
            the diagonal and 0 elsewhere.
    """,
)
def inverse_2x2(a, b, c, d):
    adjugate = torch.tensor([[d, -b], [-c, a]])
    return adjugate / (a * d - b * c)


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
    ],
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
