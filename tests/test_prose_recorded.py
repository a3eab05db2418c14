"""The prose of the notebooks is the one that somebody has read.

Whether a sentence is true, a formula has the right sign or a folded answer answers its
question, only a reader can tell. ``tests/recorded/prose-chNN.json`` holds for each
cell a fingerprint of the text that was read, so that a slip in an edit or a merge,
which no number beside it betrays, is seen. After a change that is meant: read the cell
as a learner does, then ``COURSE_RECORD=1 pytest tests/test_prose_recorded.py``.

A chapter is held to this from its first recording on.
"""

import hashlib
import json
import os

import pytest

from tests.recorded import FOLDER, same_as_recorded
from tests.test_stored_notebooks import PATHS

RECORDS = os.environ.get("COURSE_RECORD") == "1"
READ = [
    path
    for path in PATHS
    if RECORDS or (FOLDER / f"prose-ch{path.name[:2]}.json").exists()
]


LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")  # no number in it


def fingerprint(cell) -> str:
    """Eight letters for a cell's text; how its lines are broken is left out.

    Its id and first words stand before them, so that the recording can be read.
    """
    words = "".join(cell["source"]).split()
    digest = hashlib.sha256(" ".join(words).encode("utf-8")).hexdigest()
    return f"{cell['id']}: {' '.join(words[:4])} … {digest[:8].translate(LETTERS)}"


def prose_of(path) -> list[str]:
    """The fingerprints of a notebook's cells that are prose, in their order."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return [fingerprint(cell) for cell in cells if cell["cell_type"] == "markdown"]


@pytest.mark.parametrize("path", READ, ids=lambda path: path.stem)
def test_the_prose_is_what_was_read(path):
    same_as_recorded(f"prose-ch{path.name[:2]}", prose_of(path))


def test_a_changed_sign_is_seen():
    read = {"id": "a", "source": ["The step is\n", "$-\\alpha \\nabla f$."]}
    broken_elsewhere = {"id": "a", "source": ["The step\n", "is $-\\alpha \\nabla f$."]}
    changed = {"id": "a", "source": ["The step is\n", "$\\alpha \\nabla f$."]}
    assert fingerprint(read) == fingerprint(broken_elsewhere) != fingerprint(changed)
