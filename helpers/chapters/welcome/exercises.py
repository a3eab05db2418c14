"""The exercise of the welcome notebook: what checking an answer feels like."""

from torch import tensor

from helpers.exercises import cells, exercise


@exercise(
    "Mean squared error",
    cases=[
        (tensor([1.0, 2.0]), tensor([1.0, 4.0])),
        (tensor([3.0, -1.0, 0.0]), tensor([0.0, 1.0, 0.0])),
    ],
    then="Above you made this number small by hand; in chapter 1 a program does.",
    hint="Subtract, square with ** 2, and call .mean() on the result.",
    usual="""
        .mean => .sum
            You added the squares up; the mean divides their sum by how many they are.
        ((y_hat - y) ** 2) => (y - y_hat)
            Without the square, errors of opposite sign cancel: a bad prediction could
            have error 0.
        ((y_hat - y) ** 2) => (y_hat - y)
            Without the square, errors of opposite sign cancel: a bad prediction could
            have error 0.
        ((y_hat - y) ** 2).mean() => (y_hat - y).mean() ** 2
            You squared the mean of the errors, in which opposite signs have canceled
            already: square each error first.
        .mean() =>
            These are the squared errors one by one; their mean is wanted.
        .mean() => .mean() ** 0.5
            This is the root of the mean squared error: leave the root out.
        .mean() => .mean() / 2
            This is half of the mean squared error.
        ** 2) => ).abs()
            This is the mean absolute error: square the differences instead.
    """,
)
def mean_squared_error(y_hat, y):
    return ((y_hat - y) ** 2).mean()


EXERCISES, check, table = cells(__name__)
