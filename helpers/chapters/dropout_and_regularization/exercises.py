"""Exercises of chapter 4, dropout and regularization, in the order of the notebook."""

from helpers.chapters.dropout_and_regularization.exercises_dropout import DROPOUT
from helpers.chapters.dropout_and_regularization.exercises_fitting import (
    EARLY_STOPPING,
    K_FOLD,
    POLYNOMIAL_FEATURES,
)
from helpers.chapters.dropout_and_regularization.exercises_penalties import (
    RIDGE,
    SMOOTH_LABELS,
    SOFT_THRESHOLD,
    WEIGHT_DECAY_STEP,
)
from helpers.exercises import checker, tabler

EXERCISES = (
    POLYNOMIAL_FEATURES,
    EARLY_STOPPING,
    SOFT_THRESHOLD,
    RIDGE,
    WEIGHT_DECAY_STEP,
    SMOOTH_LABELS,
    K_FOLD,
    DROPOUT,
)
check = checker(EXERCISES)
table = tabler(EXERCISES)
