"""Exercises of chapter 1, linear algebra, in the order of the notebook."""

from helpers.chapters.linear_algebra_and_gradients.exercises_engine import ENGINE
from helpers.chapters.linear_algebra_and_gradients.exercises_gauss_jordan import (
    GAUSS_JORDAN,
)
from helpers.chapters.linear_algebra_and_gradients.exercises_gradients import (
    DIRECTIONAL_DERIVATIVE,
    LARGEST_RATE,
    STATIONARY_POINT,
)
from helpers.chapters.linear_algebra_and_gradients.exercises_matrices import (
    ADJUGATE_INVERSE,
    DEFINITE,
)
from helpers.chapters.linear_algebra_and_gradients.exercises_vectors import (
    ANGLE,
    LP_NORM,
)
from helpers.exercises import checker, tabler

EXERCISES = (
    ANGLE,
    LP_NORM,
    ADJUGATE_INVERSE,
    DEFINITE,
    DIRECTIONAL_DERIVATIVE,
    STATIONARY_POINT,
    LARGEST_RATE,
    GAUSS_JORDAN,
    ENGINE,
)
check = checker(EXERCISES)
table = tabler(EXERCISES)
