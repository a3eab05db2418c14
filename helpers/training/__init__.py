"""Training: `fit` step by step, `train` to the end, and what they report.

Nothing in here prints or draws.
"""

from helpers.training.bands import check_band
from helpers.training.evaluate import accuracy, evaluate
from helpers.training.fit import DEFAULTS, fit, train
from helpers.training.history import Epoch, History, Metrics, Recorder, Step
from helpers.training.side_by_side import train_side_by_side

__all__ = [
    "DEFAULTS",
    "Epoch",
    "History",
    "Metrics",
    "Recorder",
    "Step",
    "accuracy",
    "check_band",
    "evaluate",
    "fit",
    "train",
    "train_side_by_side",
]
