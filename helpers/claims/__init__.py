"""Claims: a statement, the experiment that tests it, and the rule that judges it.

`claim` decorates an experiment; `difference`, `ratio` and `level` ask the questions;
fair.py holds what a fair comparison needs. Nothing in here needs a widget.
"""

from helpers.claims.claim import STORED, Claim, Size, Verdict, claim, claims_of
from helpers.claims.question import SAME, Question, difference, level, ratio
from helpers.claims.report import Report
from helpers.claims.table import Estimate, Table, run_seeds

__all__ = [
    "SAME",
    "STORED",
    "Claim",
    "Estimate",
    "Question",
    "Report",
    "Size",
    "Table",
    "Verdict",
    "claim",
    "claims_of",
    "difference",
    "level",
    "ratio",
    "run_seeds",
]
