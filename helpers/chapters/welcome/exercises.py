"""The exercise of the welcome notebook: what checking an answer feels like."""

from torch import tensor

from helpers.exercises import Exercise, Mistake, checker


def mean_squared_error(y_hat, y):  # noqa: D103
    return ((y_hat - y) ** 2).mean()


MEAN_SQUARED_ERROR = Exercise(
    name="mean-squared-error",
    chapter="00",
    title="Mean squared error",
    cases=[
        (tensor([1.0, 2.0]), tensor([1.0, 4.0])),
        (tensor([3.0, -1.0, 0.0]), tensor([0.0, 1.0, 0.0])),
    ],
    solution=mean_squared_error,
    mistakes=[
        Mistake(
            lambda y_hat, y: ((y_hat - y) ** 2).sum(),
            "You added the squares up; the mean divides their sum by how many they "
            "are.",
        ),
        Mistake(
            lambda y_hat, y: (y_hat - y).mean(),
            "Without the square, errors of opposite sign cancel: a bad prediction "
            "could have error 0.",
        ),
        Mistake(
            lambda y_hat, y: (y_hat - y) ** 2,
            "These are the squared errors one by one; their mean is wanted.",
        ),
        Mistake(
            lambda y_hat, y: ((y_hat - y) ** 2).mean() / 2,
            "This is half of the mean squared error.",
        ),
        Mistake(
            lambda y_hat, y: (y_hat - y).abs().mean(),
            "This is the mean absolute error: square the differences instead.",
        ),
    ],
    hint="Subtract, square with ** 2, and call .mean() on the result.",
)

EXERCISES = (MEAN_SQUARED_ERROR,)
check = checker(EXERCISES)
