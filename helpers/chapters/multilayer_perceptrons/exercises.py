"""Exercises of chapter 3, multilayer perceptrons, in the order of the notebook."""

from helpers.chapters.multilayer_perceptrons.exercises_build import (
    MLP_BACKWARD,
    SEQUENTIAL,
)
from helpers.chapters.multilayer_perceptrons.exercises_layers import (
    MERGE_LAYERS,
    NUM_PARAMETERS,
    SIGMOID_SLOPE,
)
from helpers.chapters.multilayer_perceptrons.exercises_modules import (
    INIT_WEIGHTS,
    KAIMING_STD,
    RELOAD,
)
from helpers.exercises import checker, tabler

EXERCISES = (
    NUM_PARAMETERS,
    SIGMOID_SLOPE,
    MERGE_LAYERS,
    RELOAD,
    KAIMING_STD,
    INIT_WEIGHTS,
    MLP_BACKWARD,
    SEQUENTIAL,
)
check = checker(EXERCISES)
table = tabler(EXERCISES)
