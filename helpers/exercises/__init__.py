"""Exercises that check themselves: specific feedback, then a hint, then the solution.

An exercise is a reference solution, inputs to try, and the usual mistakes written as
code. A learner's answer is run on the inputs; where it differs from the solution, the
first wrong case is shown, and if it makes the same errors as one of the usual
mistakes on every input, it gets the sentence that belongs to that mistake.
"""

import difflib
from collections.abc import Callable, Sequence

from helpers.exercises.checking import Exercise, Loose, Mistake
from helpers.exercises.feedback import ExerciseTable, Feedback

__all__ = [
    "Exercise",
    "ExerciseTable",
    "Feedback",
    "Loose",
    "Mistake",
    "checker",
    "tabler",
]


def checker(exercises: Sequence[Exercise]) -> Callable[[str, object], Feedback]:
    """Return the function ``check(name, answer)`` of a chapter.

    Raises (when called) ValueError for a name that the chapter does not have.
    """
    by_name = {e.name: e for e in exercises}

    def check(name: str, answer: object) -> Feedback:
        if name not in by_name:
            near = difflib.get_close_matches(str(name), by_name, 1)
            there = f"did you mean {near[0]!r}?" if near else "there are: "
            raise ValueError(
                f"no exercise {name!r}; {there}" + ("" if near else ", ".join(by_name))
            )
        return by_name[name].check(answer)

    return check


def tabler(exercises: Sequence[Exercise]) -> Callable[[], ExerciseTable]:
    """Return the function ``table()`` of a chapter: its exercises and their state."""
    return lambda: ExerciseTable(exercises)
