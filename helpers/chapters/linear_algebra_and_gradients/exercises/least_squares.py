"""An exercise of chapter 1 on the gradient of linear regression."""

from torch import tensor

from helpers.chapters.linear_algebra_and_gradients.exercises.matrices import matrix
from helpers.exercises import exercise


@exercise(
    "A gradient by hand",
    name="mean-squared-gradient",
    stars=2,
    cases=[
        (matrix([1], [2]), tensor([1.0, 2.0]), tensor([3.0]), tensor(-1.0)),
        (
            matrix([1, 2, 0], [0, 1, 3], [2, 2, 1], [1, -1, 1]),
            tensor([1.0, 0.0, -2.0, 4.0]),
            *(tensor([1.0, -1.0, 2.0]), tensor(2.0)),
        ),
    ],
    hint="The error of an example is X @ w + b - y. By how much does it change for "
    "each unit of a weight, and for each unit of b?",
    then="Each weight hears the errors weighed by its input; the bias hears their mean "
    "alone.",
    without=("autograd", "backward", "grad", "requires_grad", "requires_grad_"),
    usual="""
        X.T @ error / len(y) => X.T @ error
        error.mean() => error.sum()
            These are the gradients of the sum. The loss is the mean over n examples.
        X.T @ error / len(y) => X.T @ error
            The gradient for w is that of the sum. The loss is the mean over n examples.
        error.mean() => error.sum()
            The gradient for b is that of the sum. The loss is the mean over n examples.
        X.T @ error / len(y) => 2 * X.T @ error / len(y)
        error.mean() => 2 * error.mean()
            The square brings a factor 2 down, and the ½ of the loss cancels it.
        X.T @ error / len(y) => X.T @ error / len(y) / 2
        error.mean() => error.mean() / 2
            The ½ is gone already: the square brings a factor 2 down, and they cancel.
        / len(y) => / X.numel()
            The mean is over the n examples, not over all entries of X.
        X @ w + b - y => y - X @ w - b
            The sign is wrong: the error is prediction minus target.
        X @ w + b - y => X @ w - y
            The bias is missing in the prediction.
        X @ w + b - y => X @ w + b
            The targets are missing: each example pulls with its error.
        error.mean() => 0.5 * (error**2).mean()
            The second one is the loss. Its derivative with respect to b is asked for.
        error.mean() => b * error.mean()
            The prediction grows by 1 for each unit of b: the inner derivative is 1.
        return X.T @ error / len(y), error.mean() => return X.T @ error / len(y)
            The gradient for w is right; that for b is missing.
        X.T @ error / len(y), error.mean() => error.mean(), error.mean()
            The inner derivative is missing for w: the input of each example, by which
            its error acts on a weight.
    """,
)
def mean_squared_gradient(X, y, w, b):
    error = X @ w + b - y  # (n,)
    return X.T @ error / len(y), error.mean()
