"""One folder per chapter: its explorers, claims, exercises and solutions."""
