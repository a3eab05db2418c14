"""Small exercises that several tests ask."""

from torch import tensor

from helpers.exercises import Exercise, Mistake

DOUBLE = Exercise(
    name="double",
    chapter="99",
    title="Double it",
    cases=[(tensor([1.0, 2.0]),), (tensor([0.0, 0.0, 3.0]),)],
    solution=lambda x: 2 * x,
    mistakes=[
        Mistake(lambda x: x**2, "You squared."),
        Mistake(lambda x: x + x.mean(), "You added the mean."),
        Mistake(lambda x: x + x[5], "There is no sixth."),
    ],
    hint="Add it to itself.",
    then="Twice as much.",
    without=("mul",),
    seconds=0.5,
)
NUMBER = Exercise(
    "half", "99", "Half", [(4.0,), (3.0,)], lambda x: x / 2, (), "", seconds=0.5
)
COUNT = Exercise(
    "count", "99", "Count", [([1, 2],), ([],)], lambda x: len(x), (), "", seconds=0.5
)
PAIR = Exercise(
    "pair", "99", "Pair", [(tensor([1.0, 3.0]),)], lambda x: (x, x.sum()), (), ""
)
