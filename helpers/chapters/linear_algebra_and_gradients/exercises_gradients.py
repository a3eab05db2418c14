"""Exercises of chapter 1 on slopes, stationary points and learning rates."""

import torch
from torch import tensor

from helpers.chapters.linear_algebra_and_gradients import solutions
from helpers.chapters.linear_algebra_and_gradients.exercises_matrices import matrix
from helpers.exercises import Exercise, Mistake

DIRECTIONAL_DERIVATIVE = Exercise(
    name="directional-derivative",
    chapter="01",
    title="The slope in a direction",
    cases=[
        (tensor([4.0, 5.0]), tensor([1.0, -1.0])),
        (tensor([4.0, 5.0]), tensor([0.0, 3.0])),
        (tensor([1.0, 2.0, -2.0]), tensor([2.0, 4.0, -4.0])),
        (tensor([0.5, -1.0, 3.0]), tensor([0.0, 0.6, -0.8])),
    ],
    solution=solutions.directional_derivative,
    mistakes=[
        Mistake(
            lambda gradient, p: gradient @ p,
            "This grows with the length of p. A slope counts per unit of length, so "
            "make p a unit vector.",
        ),
        Mistake(
            lambda gradient, p: gradient @ p / (p @ p),
            "You divide by the square of the length of p; divide by the length.",
        ),
        Mistake(
            lambda gradient, p: gradient @ p / (gradient.norm() * p.norm()),
            "This is the cosine of the angle between the two. A steeper function has a "
            "larger slope: the gradient keeps its length.",
        ),
        Mistake(
            lambda gradient, p: gradient @ p / gradient.norm(),
            "It is p that is made a unit vector, and not the gradient.",
        ),
        Mistake(
            lambda gradient, p: gradient * p / p.norm(),
            "`*` multiplies entry by entry. A slope is one number, the sum of these "
            "products.",
        ),
        Mistake(
            lambda gradient, p: gradient @ p / (p @ p) * p,
            "This is a vector, the gradient projected onto p. The slope is its length, "
            "with a sign.",
        ),
        Mistake(
            lambda gradient, p: (gradient @ p / p.norm()).abs(),
            "The sign belongs to it: a negative slope goes downhill.",
        ),
        Mistake(
            lambda gradient, p: -gradient @ p / p.norm(),
            "The sign is turned. Descent goes against the gradient, but the slope "
            "along p is asked, and along the gradient a function rises.",
        ),
        Mistake(
            lambda gradient, p: gradient @ p / p.abs().sum(),
            "Length is the Euclidean norm, not the sum of absolute values.",
        ),
    ],
    hint="Which vector of length 1 points where p points? The slope is its inner "
    "product with the gradient.",
    then="Over all directions it is largest along the gradient itself: its length.",
)


def kind_of(A):  # noqa: D103
    return solutions.stationary_point(A, torch.zeros(len(A)))[1]


def by_determinant(A):
    """Classify as one learns it for two variables."""
    if torch.det(A) < 0:
        return "saddle"
    return "minimum" if A[0, 0] > 0 else "maximum"


def by_diagonal(A):
    """Classify by the curvature along the axes."""
    if (A.diag() > 0).all():
        return "minimum"
    return "maximum" if (A.diag() < 0).all() else "saddle"


STATIONARY_POINT = Exercise(
    name="stationary-point",
    chapter="01",
    title="Where a quadratic is flat",
    cases=[
        (matrix([2, 0], [0, 4]), tensor([2.0, 4.0])),
        (matrix([2, 1], [1, 2]), tensor([4.0, 5.0])),
        (matrix([-2, 1], [1, -3]), tensor([1.0, 2.0])),
        (matrix([1, 2], [2, 1]), tensor([3.0, 0.0])),
        (matrix([-2, 0, 0], [0, -1, 0], [0, 0, -4]), tensor([2.0, 1.0, 0.0])),
        (matrix([-2, 0, 1], [0, -1, 0], [1, 0, 4]), tensor([1.0, 1.0, 3.0])),
        (matrix([4]), tensor([2.0])),
    ],
    solution=solutions.stationary_point,
    mistakes=[
        Mistake(
            lambda A, b: (A @ b, kind_of(A)),
            "You multiply by A. Where the gradient A x - b is 0, A x is b: solve that.",
        ),
        Mistake(
            lambda A, b: (-torch.linalg.solve(A, b), kind_of(A)),
            "The sign is turned. The gradient is A x *minus* b.",
        ),
        Mistake(
            lambda A, b: (torch.linalg.solve(A, b) / 2, kind_of(A)),
            "You took 2 A x for the gradient of the first term; its factor ½ makes "
            "that A x.",
        ),
        Mistake(
            lambda A, b: (2 * torch.linalg.solve(A, b), kind_of(A)),
            "You took ½ A x for the gradient of the first term. x stands in it twice, "
            "and both take part: A x.",
        ),
        Mistake(
            lambda A, b: (torch.linalg.solve(A, b), by_determinant(A)),
            "The sign of the determinant decides only for two variables: a product of "
            "three negative eigenvalues is negative, too. Look at the eigenvalues.",
        ),
        Mistake(
            lambda A, b: (torch.linalg.solve(A, b), by_diagonal(A)),
            "The diagonal is the curvature along the axes. Between them it may have "
            "the other sign: the eigenvalues tell.",
        ),
        Mistake(
            lambda A, b: (torch.linalg.solve(A, b), kind_of(-A)),
            "Minimum and maximum are exchanged: at a minimum all curvatures are "
            "positive.",
        ),
        Mistake(
            lambda A, b: (
                torch.linalg.solve(A, b),
                "minimum" if (torch.linalg.eigvalsh(A) > 0).any() else "maximum",
            ),
            "One positive eigenvalue makes no minimum: all of them must be positive. "
            "If some are and some are not, it is a saddle.",
        ),
        Mistake(
            lambda A, b: (
                torch.linalg.solve(A, b),
                "minimum" if (torch.linalg.eigvalsh(A) > 0).all() else "saddle",
            ),
            "Where all eigenvalues are negative there is no saddle but a maximum.",
        ),
    ],
    hint="Set the gradient to 0: which system of equations is that? The second "
    "derivative of f is A everywhere, and the signs of its eigenvalues tell the kind.",
    then="The least-squares weights are such a point, with X.T @ X / n for A.",
)


def eigenvalues(X):  # noqa: D103
    return torch.linalg.eigvalsh(X.T @ X / len(X))


LARGEST_RATE = Exercise(
    name="largest-rate",
    chapter="01",
    title="The largest learning rate",
    cases=[
        (matrix([1], [2], [3]),),
        (matrix([1, 0], [0, 2], [1, 1], [2, -1]),),
        (matrix([1, 1, 3], [0, 2, 1], [4, 0, 1], [1, 1, 1], [2, 0, 1]),),
        (matrix([30, 1], [10, 1], [-20, 1]),),
    ],
    solution=solutions.largest_rate,
    mistakes=[
        Mistake(
            lambda X: 4 / eigenvalues(X).max(),
            "This is twice the limit. The ½ of the loss cancels the 2 from the square: "
            "the Hessian is X.T @ X / n, without a ½.",
        ),
        Mistake(
            lambda X: 2 / eigenvalues(torch.cat([X, torch.ones(len(X), 1)], 1)).max(),
            "You append a column of ones. X is complete: the column of a bias, if any, "
            "is in X already.",
        ),
        Mistake(
            lambda X: 2 / torch.linalg.eigvalsh(X.T @ X).max(),
            "The loss is a *mean* over n examples, so its Hessian is X.T @ X / n. The "
            "limit for the sum is n times smaller.",
        ),
        Mistake(
            lambda X: 1 / eigenvalues(X).max(),
            "This is half the limit. Either the 2 of 2/λ is missing, or your Hessian "
            "is twice too large: the ½ of the loss cancels the 2 of the square.",
        ),
        Mistake(
            lambda X: 2 / eigenvalues(X).min(),
            "The largest curvature sets the limit: along its axis the descent diverges "
            "first.",
        ),
        Mistake(
            lambda X: 2 / (eigenvalues(X).min() + eigenvalues(X).max()),
            "This is the rate of the fastest descent. Asked is the one from which on "
            "it no longer converges.",
        ),
        Mistake(
            lambda X: eigenvalues(X).max(),
            "This is the largest curvature; the limit is 2 divided by it.",
        ),
        Mistake(
            lambda X: eigenvalues(X).max() / 2,
            "The fraction is upside down: the larger the curvature, the smaller the "
            "steps must be.",
        ),
        Mistake(
            lambda X: 2 / torch.linalg.svdvals(X).max(),
            "Eigenvalues of X.T @ X are the squares of the singular values of X; and "
            "the mean over n examples is missing.",
        ),
        Mistake(
            lambda X: 2 * len(X) / torch.linalg.svdvals(X).max(),
            "Square the singular value: the eigenvalues of X.T @ X are the squares of "
            "the singular values of X.",
        ),
        Mistake(
            lambda X: 2 / (X.T @ X / len(X)).trace(),
            "The trace is the sum of all eigenvalues. Below this rate the descent does "
            "converge, but above it as well, up to the limit.",
        ),
        Mistake(
            lambda X: 2 / torch.linalg.eigvalsh(X.T @ X / X.numel()).max(),
            "The mean is over the n examples, not over all entries of X.",
        ),
        Mistake(
            lambda X: 2 / eigenvalues(X),
            "This is one limit for each eigenvalue. Descent must keep all of them, so "
            "the smallest counts.",
        ),
        Mistake(
            lambda X: 2 / torch.linalg.eigvalsh(X).max(),
            "X is the data, and not even square. The curvatures are the eigenvalues of "
            "the Hessian, which is made of X.",
        ),
        Mistake(
            lambda X: 2 / torch.linalg.eigvals(X.T @ X / len(X)).max(),
            "`eigvals` gives complex numbers, and of these there is no largest. "
            "X.T @ X is symmetric: take `eigvalsh`.",
        ),
    ],
    hint="What is the Hessian of the mean of ½(x·w - y)²? It is the same for every w. "
    "Then apply the limit for quadratics.",
    then="Features of large numbers make this limit small: one reason to scale inputs.",
)
