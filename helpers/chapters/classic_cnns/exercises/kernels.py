"""A kernel method: linear regression without the features."""

import torch
from torch import tensor

from helpers.exercises import exercise


def gaussian(n, m, width, seed):
    """A random task: K (n, n) and K_new (m, n) of a Gaussian kernel, y (n,)."""
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n + m, 2, generator=generator)
    K = torch.exp(-(torch.cdist(X, X[:n]) ** 2) / (2 * width**2))
    return K[:n], torch.randn(n, generator=generator), K[n:]


K_5, y_5, K_5_new = gaussian(5, 5, width=1.0, seed=0)
K_7, y_7, K_7_new = gaussian(7, 3, width=0.5, seed=1)


@exercise(
    "Kernel ridge regression",
    stars=2,
    cases=[
        (
            tensor([[2.0, 1.0], [1.0, 2.0]]),
            tensor([8.0, 0.0]),
            1.0,
            tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
        ),
        (K_5, y_5, 0.1, K_5_new),
        (K_7, y_7, 0.5, K_7_new),
    ],
    hint="First the n coefficients: `torch.linalg.solve(A, y)` is the inverse of A "
    "times y. Each prediction is then a sum of them, weighted by one row of K_new.",
    then="The points themselves occur nowhere in it. With K = X X^T the predictions "
    "are those of the ridge regression of chapter 4.",
    without=("KernelRidge",),
    usual="""
        lam * torch.eye(len(K)) => lam
            You added lam to every entry of K. It belongs on the diagonal: lam times
            the identity.
        ` + lam * torch.eye(len(K))` =>
            lam is missing. Without it the predictions go through every training
            target, however noisy it is.
        K_new @ alpha => alpha
            These are the coefficients, one for each training point. The predictions are
            K_new times them.
        K_new @ alpha => K @ alpha
            These are the predictions for the training points. For new points the rows
            of K_new count.
        alpha = torch.linalg.solve(K + lam * torch.eye(len(K)), y) => alpha = y
            This adds up all targets, weighted by the kernel, and takes no account of
            training points that lie close together: solve for the coefficients first.
        K + lam * torch.eye(len(K)), y => K.T @ K + lam * torch.eye(len(K)), K.T @ y
            This is ridge regression with the columns of K as features. K is a matrix
            of inner products already: K + lam I is to be inverted, not K^T K + lam I.
        K + lam * torch.eye(len(K)), y => K, y
        K_new @ alpha => K_new @ alpha / (1 + lam)
            To shrink by 1 + lam is right only if K is the identity: lam is added to the
            diagonal before you solve.
        K + lam => K - lam
            The sign is turned: lam is added to the diagonal.
        lam * torch.eye(len(K)) => len(K) * lam * torch.eye(len(K))
            Here the loss is the sum over the examples, so lam is not multiplied by
            their number.
        lam * torch.eye(len(K)) => lam**2 * torch.eye(len(K))
            lam stands on the diagonal as it is, without a square.
        K_new @ alpha => alpha @ K_new
            K_new has one row for each new point, so it stands at the left: K_new times
            the coefficients.
        K_new @ alpha => (K_new @ alpha).sign()
            These are the signs alone, as a classifier would take them. Return the
            predictions themselves.
        K_new @ alpha => (K + lam * torch.eye(len(K))) @ alpha
            You undo what you have solved: this is y again. Multiply by K_new.
    """,
)
def kernel_ridge(K, y, lam, K_new):
    alpha = torch.linalg.solve(K + lam * torch.eye(len(K)), y)  # (n,)
    return K_new @ alpha
