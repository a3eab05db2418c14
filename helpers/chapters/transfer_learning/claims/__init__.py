"""Claims of chapter 9, transfer learning: experiment and question of each."""

from helpers.chapters.transfer_learning.claims.tuning import fine_tuning

__all__ = ["fine_tuning"]
