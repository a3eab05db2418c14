"""What the prose of a notebook says, read out of its cell."""

import re

from tests.taught import source_of

WORDS = "no one two three four five six seven eight nine ten".split()


def said(chapter: str, cell: str, pattern: str) -> tuple[str, ...]:
    """What the groups of a pattern hold, which stands once in a cell's prose."""
    (found,) = re.finditer(pattern, " ".join(source_of(chapter, cell).split()))
    return found.groups()
