"""The Time Machine, part of the course: the text that its language models read."""

import functools
import gzip
import re
from dataclasses import dataclass

from .committed import read_committed

FILE = "timemachine.txt.gz"
# What tools/time_machine.py printed.
FILE_SHA256 = "292c97dc6189731e5a9ad4df5a0c579955274412c582fedef25effd5cf167abe"
HELD_OUT = 10  # the last tenth


@dataclass(frozen=True, repr=False)
class Text:
    """A text in two parts: `train`, and after it `val`, which is held out.

    Parameters
    ----------
    name : "time_machine"; bands of results are kept by it.
    train : what a language model is fitted to.
    val : what its perplexity is measured on; it begins where train ends.

    Taught in chapter 10.
    """

    name: str
    train: str
    val: str

    def __repr__(self) -> str:
        """Return a short text without the words: stored outputs stay the same."""
        return (
            f"Text({self.name}: {len(self.train):,} characters train, "
            f"{len(self.val):,} val)"
        )


def clean_text(text: str) -> str:
    """Return the text in lower case, one space for all that is no letter a to z.

    So a text has 27 characters at most. Source: Zhang, Lipton, Li and Smola 2021,
    Dive into Deep Learning, section Text Preprocessing.

    Taught in chapter 10.
    """
    return re.sub("[^A-Za-z]+", " ", text).lower()


def load_time_machine(clean: bool = True) -> Text:
    """Return H. G. Wells's The Time Machine (1895), in English.

    The last tenth of the characters, the end of the story, is held out.

    Parameters
    ----------
    clean : letters and spaces only, by `clean_text`: 173,428 characters, 27 different.
        False gives the text as it was printed, with its line ends: 178,979 characters,
        70 different.

    Raises
    ------
    DataError : the file in data/ is missing or altered; nothing is fetched.

    d2l 0.17 cleans line by line and puts the lines together without a space, "himwas";
    here, as in d2l 1.0, a line's end is a space.

    Taught in chapter 10.
    """
    text = clean_text(_text()) if clean else _text()
    end = len(text) - len(text) // HELD_OUT
    return Text("time_machine", text[:end], text[end:])


@functools.cache
def _text() -> str:
    return gzip.decompress(read_committed(FILE, FILE_SHA256)).decode("ascii")
