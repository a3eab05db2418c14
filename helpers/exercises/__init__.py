"""Exercises that check themselves: specific feedback, then a hint, then the solution.

An exercise is a reference solution, inputs to try, and the usual mistakes written as
code. A learner's answer is run on the inputs; where it differs from the solution, the
first wrong case is shown, and if it makes the same errors as one of the usual
mistakes on every input, it gets the sentence that belongs to that mistake.
"""

from helpers.exercises.chapter import Table, cells, checker
from helpers.exercises.checking import Exercise, Loose, Mistake
from helpers.exercises.feedback import Feedback
from helpers.exercises.form import exercise

__all__ = [
    "Exercise",
    "Feedback",
    "Loose",
    "Mistake",
    "Table",
    "cells",
    "checker",
    "exercise",
]
