"""Exercises of chapter 1 on the shapes that come out of arithmetic with tensors."""

from helpers.exercises import exercise
from helpers.exercises.answers import one_by_one


def shape(value) -> tuple:
    """Read a shape: a tuple, a list, or a single length."""
    return tuple(map(int, value)) if hasattr(value, "__iter__") else (int(value),)


@exercise(
    "Four shapes",
    name="result-shapes",
    kind="predict",
    call=lambda answer: one_by_one(answer, result_shapes.solution(), shape),
    hint="Write the two shapes below each other, aligned at the right. A missing "
    "length counts as 1, and each 1 becomes the length that stands above or below it.",
    then="The last one is the trap: a column of predictions minus a flat list of "
    "targets is a table of all pairs, and no error is raised.",
    usual="""
        (5, 3), (5,) => (5,), (5,)
            Nothing is added up here: every row of X loses v, and X keeps its shape.
        (5, 3), (5,) => (3,), (5,)
            v is repeated for each of the five rows; X keeps its shape.
        (5,), (5, 3) => (3,), (5, 3)
            The axis that is named disappears. Axis 1 has the length 3, so that 5 sums
            are left, one for each row.
        (5,), (5, 3) => (5, 1), (5, 3)
            The axis disappears altogether; with keepdim=True it would stay, with
            length 1.
        (5,), (5, 3) => (), (5, 3)
            sum() without an axis adds up everything. sum(1) adds along the rows.
        (5, 3), (5, 5) => (5, 1), (5, 5)
            c has one column, which is repeated for each of the three numbers of v.
        (5, 3), (5, 5) => (5,), (5, 5)
            `*` adds nothing up. The column of c is repeated three times, v five times.
        (5, 3), (5, 5) => (3,), (5, 5)
            `*` adds nothing up. The column of c is repeated three times, v five times.
        (5, 5) => (5,)
            Lengths are compared from the last axis: the 5 of y meets the 1 of c, and
            the 5 of c meets nothing.
        (5, 5) => (5, 1)
            Lengths are compared from the last axis: the 5 of y meets the 1 of c, which
            is repeated; and y is repeated for each row of c.
    """,
)
def result_shapes():
    return (5, 3), (5,), (5, 3), (5, 5)
