"""The gradient of batch normalization, by hand."""

import torch
from torch import tensor

from helpers.exercises import exercise


def draw(n, d, seed):
    """A random case: X_hat (n, d), std (d,) and gamma (d,), dY (n, d), in float64."""
    generator = torch.Generator().manual_seed(seed)
    X, dY = torch.randn(2, n, d, generator=generator, dtype=torch.float64)
    scale = torch.linspace(0.5, 3, d, dtype=torch.float64)
    std = torch.sqrt((X * scale).var(0, correction=0) + 1e-5)
    return (X - X.mean(0)) * scale / std, std, 2 - scale, dY


@exercise(
    "The gradient of batch normalization",
    stars=3,
    cases=[
        (
            tensor([[-1.0], [-1.0], [1.0], [1.0]], dtype=torch.float64),
            tensor([2.0], dtype=torch.float64),
            tensor([3.0], dtype=torch.float64),
            tensor([[4.0], [0.0], [2.0], [0.0]], dtype=torch.float64),
        ),
        draw(5, 2, seed=0),
        draw(4, 3, seed=1),
        draw(7, 4, seed=2),
    ],
    hint="Three paths lead from an input to the loss: through its own output, through "
    "the mean and through the variance. The second takes away the mean of dY, the "
    "third what points along X_hat.",
    then="Each column of the gradient adds up to 0, and so do, up to eps, its products "
    "with X_hat: to shift or to scale all inputs of a channel changes no output.",
    without=("backward", "autograd"),
    usual="""
        dY - dY.mean(0) - X_hat * (dY * X_hat).mean(0) => dY
            The mean and the variance depend on the inputs, too. This is the gradient
            for a mean and a variance that are fixed, as in evaluation.
        ` - X_hat * (dY * X_hat).mean(0)` =>
            The path through the variance is missing: it takes away what points along
            X_hat.
        ` - dY.mean(0)` =>
            The path through the mean is missing: it takes away the mean of dY.
        gamma / std => 1 / std
            Gamma is missing: it has multiplied the normalized values.
        gamma / std => gamma
            The division by the standard deviation is missing: inputs that are large
            have a small influence each.
        gamma / std => 1
            In front of it all stands gamma / std: gamma has multiplied the normalized
            values, and the standard deviation has divided the inputs.
        gamma / std => gamma / std**2
            You divided by the variance. The inputs were divided by the standard
            deviation, once.
        dY.mean(0) => dY.sum(0)
        (dY * X_hat).mean(0) => (dY * X_hat).sum(0)
            You subtracted sums. Each input has a share of 1/n in the mean and in the
            variance, so these are means.
        dY.mean(0) => dY.sum(0)
            You subtracted the sum of dY. Each input has a share of 1/n in the mean, so
            it is the mean of dY.
        (dY * X_hat).mean(0) => (dY * X_hat).sum(0)
            In the path through the variance stands a sum. Each input has a share of
            1/n in the variance, so it is a mean.
        dY.mean(0) => dY.mean(1, keepdim=True)
        (dY * X_hat).mean(0) => (dY * X_hat).mean(1, keepdim=True)
            Your means run along axis 1, over the channels of an example. Mean and
            variance were taken over the examples: axis 0.
        dY.mean(0) => dY.mean()
        (dY * X_hat).mean(0) => (dY * X_hat).mean()
            Your means run over all channels. Each channel was normalized by itself:
            axis 0.
        - X_hat * (dY * X_hat).mean(0) => + X_hat * (dY * X_hat).mean(0)
            The path through the variance has the wrong sign: a larger variance makes
            the outputs smaller.
        dY - dY.mean(0) => dY + dY.mean(0)
            The path through the mean has the wrong sign: a larger mean makes the
            outputs smaller.
        - X_hat * (dY => - (dY
            The path through the variance reaches each input in proportion to its
            normalized value: X_hat stands before that mean, too.
        gamma / std => gamma**2 / std
            Gamma is in it twice: it multiplies the gradient once.
        (dY * X_hat).mean(0) => (dY * X_hat).sum(0) / (X_hat**2).sum(0)
            Nearly: because of epsilon the mean square of X_hat is a little less than 1.
            The derivative divides by n.
        X_hat * (dY * X_hat).mean(0)) => X_hat * (dY * X_hat).sum(0) / (len(dY) - 1))
            You divided by n - 1. The variance that normalized the batch divides by n.
    """,
)
def batch_norm_backward(X_hat, std, gamma, dY):
    return gamma / std * (dY - dY.mean(0) - X_hat * (dY * X_hat).mean(0))
