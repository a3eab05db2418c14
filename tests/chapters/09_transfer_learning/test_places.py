"""Chapter 9: what stands beside its cells."""

import json

from tests.taught import notebook_path

PLACES = {  # by the end of a cell's name
    "read": "fragment",
    "more": "notes",
    "saw": "notes",
    "gate": "skip",
    "check": "skip",
    "predict": "fragment",
    "test": "fragment",
}


def test_what_is_read_aloud_is_on_a_slide_and_what_is_checked_is_not():
    cells = json.loads(notebook_path("09").read_text("utf-8"))["cells"]
    for cell in cells:
        place = cell["metadata"]["slideshow"]["slide_type"]
        _, is_part, end = cell["id"].rpartition("-")
        assert not is_part or place == PLACES.get(end, place), cell["id"]


def test_only_a_cell_that_tells_a_time_is_not_compared():
    """All else is drawn with seeds, and so can be compared."""
    cells = json.loads(notebook_path("09").read_text("utf-8"))["cells"]
    for cell in cells:
        timed = "perf_counter" in "".join(cell["source"])
        assert cell["metadata"].get("not_compared") == ("times" if timed else None)
