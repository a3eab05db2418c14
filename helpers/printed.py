"""What code prints, kept as far as somebody will read it."""

import io
from typing import TextIO

MOST = 2_000  # characters; a loop may print millions


class Printed(io.TextIOBase):
    """A text file that keeps only the beginning of what is written to it.

    Parameters
    ----------
    instead_of : the stream in whose place it stands for a while. A kernel tells its
        stream which cell runs, and must find it meanwhile.
    """

    def __init__(self, instead_of: TextIO | None = None):
        self.text = ""
        self._instead_of = instead_of

    def __getattr__(self, name: str):
        return getattr(self.__dict__.get("_instead_of"), name)

    def write(self, text: str) -> int:
        if len(self.text) < MOST:
            self.text += text[: MOST - len(self.text)]
        return len(text)
