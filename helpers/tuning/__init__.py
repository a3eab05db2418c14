"""Tuning without a screen: ranges, settings, trainings in a thread, kept runs."""
