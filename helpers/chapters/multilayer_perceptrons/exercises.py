"""Exercises of chapter 3, multilayer perceptrons, in the order of the notebook."""

from helpers.chapters.multilayer_perceptrons.exercises_backward import MLP_BACKWARD
from helpers.chapters.multilayer_perceptrons.exercises_init import (
    INIT_WEIGHTS,
    KAIMING_STD,
)
from helpers.chapters.multilayer_perceptrons.exercises_layers import (
    MERGE_LAYERS,
    NUM_PARAMETERS,
    SIGMOID_SLOPE,
)
from helpers.chapters.multilayer_perceptrons.exercises_reload import RELOAD
from helpers.chapters.multilayer_perceptrons.exercises_sequential import SEQUENTIAL
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
