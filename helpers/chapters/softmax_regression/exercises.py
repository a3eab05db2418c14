"""Exercises of chapter 2, softmax regression, in the order of the notebook."""

from helpers.chapters.softmax_regression.exercises_build import FIT_SOFTMAX
from helpers.chapters.softmax_regression.exercises_probabilities import (
    EXPECTED_LOSS,
    LOG_SOFTMAX,
    TEMPERATURE,
)
from helpers.chapters.softmax_regression.exercises_training import (
    CROSS_ENTROPY_GRADIENT,
    NUM_STEPS,
    WEIGHTED_MEAN,
)
from helpers.exercises import checker, tabler

EXERCISES = (
    TEMPERATURE,
    LOG_SOFTMAX,
    EXPECTED_LOSS,
    CROSS_ENTROPY_GRADIENT,
    WEIGHTED_MEAN,
    NUM_STEPS,
    FIT_SOFTMAX,
)
check = checker(EXERCISES)
table = tabler(EXERCISES)
