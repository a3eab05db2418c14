"""Exercises of chapter 1 on the inverse of a matrix and on definiteness."""

import torch
from torch import tensor

from helpers.chapters.linear_algebra_and_gradients import solutions
from helpers.exercises import Exercise, Mistake


def matrix(*rows):  # noqa: D103
    return tensor(rows, dtype=torch.float32)


ADJUGATE_INVERSE = Exercise(
    name="adjugate-inverse",
    chapter="01",
    title="The inverse of two by two",
    cases=[
        (2.0, 1.0, 1.0, 2.0),
        (2.0, 0.0, 0.0, 5.0),
        (1.0, 2.0, 3.0, 4.0),
        (0.0, -2.0, 4.0, 1.0),
    ],
    solution=solutions.inverse_2x2,
    mistakes=[
        Mistake(
            lambda a, b, c, d: matrix([d, -b], [-c, a]) / a * d - b * c,
            "The determinant needs brackets: this divides by a alone. Write "
            "`/ (a * d - b * c)`.",
        ),
        Mistake(
            lambda a, b, c, d: matrix([d, -b], [-c, a]),
            "This is the adjugate; the inverse is it divided by the determinant.",
        ),
        Mistake(
            lambda a, b, c, d: matrix([d, -b], [-c, a]) / (a * d + b * c),
            "The determinant is the difference of the two products, ad - bc.",
        ),
        Mistake(
            lambda a, b, c, d: matrix([d, -b], [-c, a]) / (b * c - a * d),
            "All signs are turned. The determinant begins with ad, and in the adjugate "
            "a and d keep their signs.",
        ),
        Mistake(
            lambda a, b, c, d: matrix([d, -b], [-c, a]) * (a * d - b * c),
            "Divide by the determinant: the inverse of a large matrix is small.",
        ),
        Mistake(
            lambda a, b, c, d: matrix([d, -c], [-b, a]) / (a * d - b * c),
            "These are the cofactors, each in its own place. The adjugate is their "
            "transpose, so -b stands above and -c below.",
        ),
        Mistake(
            lambda a, b, c, d: matrix([a, -b], [-c, d]) / (a * d - b * c),
            "a and d change places as well.",
        ),
        Mistake(
            lambda a, b, c, d: matrix([d, b], [c, a]) / (a * d - b * c),
            "b and c change their signs.",
        ),
        Mistake(
            lambda a, b, c, d: matrix([a, c], [b, d]) / (a * d - b * c),
            "This is the transpose, divided by the determinant. It inverts rotations, "
            "whose columns are orthogonal and of length 1, and few others.",
        ),
        Mistake(
            lambda a, b, c, d: 1 / matrix([a, b], [c, d]),
            "One divided by each entry is no inverse: row times column must give 1 on "
            "the diagonal and 0 elsewhere.",
        ),
    ],
    hint="Exchange a and d, and turn the signs of b and c: multiplied by the matrix, "
    "that gives the determinant on the diagonal and 0 elsewhere.",
    then="Where the determinant is nearly 0, the inverse is huge, and so is what it "
    "makes of a small error.",
    without=("inv", "inverse", "pinv", "pinverse", "solve", "inv_ex"),
)

TINY = 1e-5  # an eigenvalue nearer to 0 counts as 0


def smallest(A):  # noqa: D103
    return torch.linalg.eigvalsh(A).min()


def say(definite, semidefinite):
    """Return the answer from two truth values."""
    if definite:
        return "definite"
    return "semidefinite" if semidefinite else "neither"


def minors(A):  # noqa: D103
    return torch.stack([torch.det(A[:k, :k]) for k in range(1, len(A) + 1)])


DEFINITE = Exercise(
    name="definite",
    chapter="01",
    title="Definite or not",
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
    solution=solutions.definiteness,
    mistakes=[
        Mistake(
            lambda A: say(smallest(A) > 0, smallest(A) >= 0),
            "The rule is right, but computed eigenvalues are rounded: what should be "
            "0 may come out as -0.0000002. Compare with 1e-5 and -1e-5.",
        ),
        Mistake(
            lambda A: say(smallest(A) > -TINY, smallest(A) >= -TINY),
            "You call semidefinite matrices definite: an eigenvalue of 0 means a "
            "direction without curvature.",
        ),
        Mistake(
            lambda A: say(False, smallest(A) > -TINY),
            "No matrix is definite for you. If even the smallest eigenvalue is "
            "positive, say so.",
        ),
        Mistake(
            lambda A: say(smallest(A) >= TINY, False),
            "No matrix is semidefinite for you: there the smallest eigenvalue is 0.",
        ),
        Mistake(
            lambda A: say((A > 0).all(), (A >= 0).all()),
            "The sign of the entries tells nothing: [[1, 2], [2, 1]] gives the vector "
            "(1, -1) the value -2, and [[2, -1], [-1, 2]] is definite.",
        ),
        Mistake(
            lambda A: say((A.diag() > 0).all(), (A.diag() >= 0).all()),
            "The diagonal tells only about the directions of the axes. A positive one "
            "is needed, but it is not enough.",
        ),
        Mistake(
            lambda A: say(torch.det(A) > TINY, torch.det(A) > -TINY),
            "The determinant is the product of the eigenvalues: two negative ones make "
            "it positive.",
        ),
        Mistake(
            lambda A: say(
                torch.linalg.eigvalsh(A).max() >= TINY,
                torch.linalg.eigvalsh(A).max() > -TINY,
            ),
            "You look at the largest eigenvalue. All of them must be positive, and so "
            "the smallest decides.",
        ),
        Mistake(
            lambda A: say(
                torch.linalg.eigvalsh(A).sum() >= TINY,
                torch.linalg.eigvalsh(A).sum() > -TINY,
            ),
            "You look at the sum of the eigenvalues, the trace: a large positive one "
            "hides a negative one.",
        ),
        Mistake(
            lambda A: say((minors(A) >= TINY).all(), (minors(A) > -TINY).all()),
            "Positive leading minors show that a matrix is definite. That they are not "
            "negative does not show semidefinite: [[0, 0], [0, -1]] has 0 and 0.",
        ),
        Mistake(
            lambda A: say((torch.linalg.eigvals(A) >= TINY).all(), True),
            "`eigvals` is for any matrix, so its eigenvalues are complex numbers, "
            "which have no order. For a symmetric one take `eigvalsh`.",
        ),
        Mistake(
            lambda A: say(torch.linalg.eigvals(A).min() >= TINY, True),
            "`eigvals` gives complex numbers, and of these there is no smallest. "
            "`eigvalsh` is for symmetric matrices and gives real ones.",
        ),
    ],
    hint="`torch.linalg.eigvalsh` gives the eigenvalues of a symmetric matrix. Which "
    "one of them decides, and which three ranges can it lie in?",
    then="Of a Hessian the same three answers tell whether a point can be a minimum.",
)
