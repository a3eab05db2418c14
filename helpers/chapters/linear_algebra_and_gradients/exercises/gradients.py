"""Exercises of chapter 1 on stationary points and learning rates."""

import torch
from torch import tensor

from helpers.chapters.linear_algebra_and_gradients.exercises.matrices import matrix
from helpers.exercises import exercise


@exercise(
    "Where a quadratic is flat",
    stars=2,
    cases=[
        (matrix([2, 0], [0, 4]), tensor([2.0, 4.0])),
        (matrix([2, 1], [1, 2]), tensor([4.0, 5.0])),
        (matrix([-2, 1], [1, -3]), tensor([1.0, 2.0])),
        (matrix([1, 2], [2, 1]), tensor([3.0, 0.0])),
        (matrix([-2, 0, 0], [0, -1, 0], [0, 0, -4]), tensor([2.0, 1.0, 0.0])),
        (matrix([-2, 0, 1], [0, -1, 0], [1, 0, 4]), tensor([1.0, 1.0, 3.0])),
        (matrix([4]), tensor([2.0])),
    ],
    hint="Set the gradient to 0: which system of equations is that? The second "
    "derivative of f is A everywhere, and the signs of its eigenvalues tell the kind.",
    then="The least-squares weights are such a point, with X.T @ X / n for A.",
    usual="""
        torch.linalg.solve(A, b) => A @ b
            You multiply by A. Where the gradient A x - b is 0, A x is b: solve that.
        torch.linalg.solve(A, b) => -torch.linalg.solve(A, b)
            The sign is wrong. The gradient is A x *minus* b.
        solve(A, b) => solve(A, b) / 2
            You took 2 A x for the gradient of the first term; its factor ½ makes that
            A x.
        solve(A, b) => solve(A, b) * 2
            You took ½ A x for the gradient of the first term. x stands in it twice,
            and both take part: A x.
        (curvatures > 0).all() => torch.det(A) > 0 and A[0, 0] > 0
        (curvatures < 0).all() => torch.det(A) > 0
            The sign of the determinant decides only for two variables: a product of
            three negative eigenvalues is negative, too. Look at the eigenvalues.
        torch.linalg.eigvalsh(A) => A.diag()
            The diagonal is the curvature along the axes. Between them it may have the
            other sign: the eigenvalues tell.
        eigvalsh(A) => eigvalsh(-A)
            Minimum and maximum are exchanged: at a minimum all curvatures are
            positive.
        (curvatures > 0).all() => (curvatures > 0).any()
            One positive eigenvalue makes no minimum: all of them must be positive. If
            some are and some are not, it is a saddle.
        "maximum" if (curvatures < 0).all() else =>
            Where all eigenvalues are negative there is no saddle but a maximum.
    """,
)
def stationary_point(A, b):
    x = torch.linalg.solve(A, b)  # the gradient A x - b is 0
    curvatures = torch.linalg.eigvalsh(A)
    if (curvatures > 0).all():
        return x, "minimum"
    return x, "maximum" if (curvatures < 0).all() else "saddle"


@exercise(
    "The largest learning rate",
    stars=3,
    cases=[
        (matrix([1], [2], [3]),),
        (matrix([1, 0], [0, 2], [1, 1], [2, -1]),),
        (matrix([1, 1, 3], [0, 2, 1], [4, 0, 1], [1, 1, 1], [2, 0, 1]),),
        (matrix([30, 1], [10, 1], [-20, 1]),),
    ],
    hint="What is the Hessian of the mean of ½(x·w - y)²? It is the same for every w. "
    "Then apply the limit for quadratics.",
    then="Features of large numbers make this limit small: one reason to scale inputs.",
    usual=r"""
        2 / => 4 /
            This is twice the limit. The ½ of the loss cancels the 2 from the square:
            the Hessian is X.T @ X / n, without a ½.
        hessian = => X = torch.cat([X, torch.ones(len(X), 1)], 1)\n    hessian =
            You append a column of ones. X is complete: the column of a bias, if any,
            is in X already.
        / len(X) =>
            The loss is a *mean* over n examples, so its Hessian is X.T @ X / n. The
            limit for the sum is n times smaller.
        2 / => 1 /
            This is half the limit. Either the 2 of 2/λ is missing, or your Hessian is
            twice too large: the ½ of the loss cancels the 2 of the square.
        .max() => .min()
            The largest curvature sets the limit: along its axis the descent diverges
            first.
        .max() => [[0, -1]].sum()
            This is the rate of the fastest descent. Asked is the one from which on it
            no longer converges.
        2 / =>
            This is the largest curvature; the limit is 2 divided by it.
        2 / => 1 / 2 *
            The fraction is upside down: the larger the curvature, the smaller the
            steps must be.
        eigvalsh(hessian) => svdvals(X)
            Eigenvalues of X.T @ X are the squares of the singular values of X; and the
            mean over n examples is missing.
        2 / => 2 * len(X) /
        eigvalsh(hessian) => svdvals(X)
            Square the singular value: the eigenvalues of X.T @ X are the squares of
            the singular values of X.
        torch.linalg.eigvalsh(hessian).max() => hessian.trace()
            The trace is the sum of all eigenvalues. Below this rate the descent does
            converge, but above it as well, up to the limit.
        len(X) => X.numel()
            The mean is over the n examples, not over all entries of X.
        .max() =>
            This is one limit for each eigenvalue. Descent must keep all of them, so
            the smallest counts.
        eigvalsh(hessian) => eigvalsh(X)
            X is the data, and not even square. The curvatures are the eigenvalues of
            the Hessian, which is made of X.
        eigvalsh => eigvals
            `eigvals` gives complex numbers, and of these there is no largest. X.T @ X
            is symmetric: take `eigvalsh`.
    """,
)
def largest_rate(X):
    hessian = X.T @ X / len(X)
    return 2 / torch.linalg.eigvalsh(hessian).max()
