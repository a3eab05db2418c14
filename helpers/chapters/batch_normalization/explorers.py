"""Explorers of chapter 7, batch normalization: each has a module of its own."""

from helpers.chapters.batch_normalization.batch_statistics import batch_statistics
from helpers.chapters.batch_normalization.rates import rates
from helpers.chapters.batch_normalization.signal import signal

__all__ = ["batch_statistics", "rates", "signal"]
