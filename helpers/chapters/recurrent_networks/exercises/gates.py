"""A memory cell whose gates are set by hand."""

from helpers.exercises import exercise
from helpers.exercises.answers import one_by_one

# At each step x1, x2, x3: a value, what is done to the cell, and whether it is read.
SEQUENCE = (2, 1, 0), (5, 0, 1), (3, 1, 1), (4, -1, 0), (6, 1, 0), (1, 0, 1)


def flat(answer):
    """Return cells and outputs in one row, step by step.

    Raises
    ------
    ValueError : not two rows of equal length.
    """
    cells, outputs = answer
    steps = zip(cells, outputs, strict=True)
    return tuple(float(value) for step in steps for value in step)


@exercise(
    "A cell by hand",
    name="hand-gates",
    kind="predict",
    call=lambda answer: one_by_one(lambda: flat(answer()), flat(hand_gates.solution())),
    hint="Go step by step. Look at x2 first: what becomes of the cell? Then look at "
    "x3: is the new cell read, or does 0 come out?",
    then="A trained LSTM does the same with gates between 0 and 1, and has learned "
    "when to open them.",
    usual="""
        (2, 2, 5, 0, 6, 6) => (0, 2, 5, 0, 6, 6)
            At the first step x2 is 1, so x1 is added to the cell.
        (2, 2, 5, 0, 6, 6) => (2, 7, 5, 0, 6, 6)
            At the second step x2 is 0: the cell keeps what it has, whatever x1 is.
        (2, 2, 5, 0, 6, 6) => (2, 2, 3, 0, 6, 6)
            At the third step x1 is added to what the cell holds. It does not take its
            place.
        (2, 2, 5, 0, 6, 6) => (2, 2, 5, 9, 6, 6)
            At the fourth step x2 is -1, which clears the cell.
        (2, 2, 5, 0, 6, 6) => (2, 2, 5, 1, 6, 6)
            At the fourth step x2 is -1. It clears the cell; it does not take x1 away
            from it.
        (2, 2, 5, 0, 6, 6) => (2, 2, 5, 4, 6, 6)
            At the fourth step x2 is -1: the cell is cleared, and nothing is written
            into it.
        (2, 2, 5, 0, 6, 6) => (2, 2, 5, 0, 0, 6)
            A cell that was cleared can be written again: at the fifth step x2 is 1.
        (2, 2, 5, 0, 6, 6) => (2, 2, 5, 0, 11, 6)
            What was cleared does not come back: the fifth step begins with 0.
        (2, 2, 5, 0, 6, 6) => (2, 2, 5, 0, 6, 7)
            At the sixth step x2 is 0: the cell keeps what it has.
        (0, 2, 5, 0, 0, 6) => (2, 2, 5, 0, 0, 6)
            At the first step x3 is 0: the cell is not read, and 0 comes out.
        (0, 2, 5, 0, 0, 6) => (0, 5, 5, 0, 0, 6)
            What comes out is the cell, not the input x1.
        (0, 2, 5, 0, 0, 6) => (0, 0, 5, 0, 0, 6)
            At the second step x3 is 1: the cell is read, although nothing is written.
        (0, 2, 5, 0, 0, 6) => (0, 2, 2, 0, 0, 6)
            At the third step the cell is written first and read then: the new cell
            comes out.
        (0, 2, 5, 0, 0, 6) => (0, 2, 0, 0, 0, 6)
            At the third step x3 is 1: a cell can be written and read at the same step.
        (0, 2, 5, 0, 0, 6) => (0, 2, 5, 0, 6, 6)
            At the fifth step x3 is 0: the cell is written, but not read.
        (0, 2, 5, 0, 0, 6) => (0, 2, 5, 0, 0, 1)
            What comes out is the cell, not the input x1.
        (2, 2, 5, 0, 6, 6), (0, 2, 5, 0, 0, 6) => (2, 2, 5, 0, 6), (0, 2, 5, 0, 0)
            There are six steps: six cells and six outputs are asked for.
    """,
)
def hand_gates():  # the cell after each step, the output of each step
    return (2, 2, 5, 0, 6, 6), (0, 2, 5, 0, 0, 6)
