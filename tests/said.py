"""What the prose of a notebook says, read out of its cell."""

import json
import re

from tests.taught import notebook_path, source_of

WORDS = "no one two three four five six seven eight nine ten".split()


def said(chapter: str, cell: str, pattern: str) -> tuple[str, ...]:
    """What the groups of a pattern hold, which stands once in a cell's prose."""
    (found,) = re.finditer(pattern, " ".join(source_of(chapter, cell).split()))
    return found.groups()


def shown(chapter: str, cell: str) -> str:
    """What a cell shows, as it is stored: texts, and pictures in words."""
    cells = json.loads(notebook_path(chapter).read_text("utf-8"))["cells"]
    (outputs,) = (found["outputs"] for found in cells if found["id"] == cell)
    texts = []
    for output in outputs:
        texts.append("".join(output.get("text", "")))
        texts.append("".join(output.get("data", {}).get("text/plain", "")))
        texts.append(output.get("metadata", {}).get("image/png", {}).get("alt", ""))
    return " ".join(texts)


def lines_shown(chapter: str, cell: str) -> dict[str, dict[float, float]]:
    """The lines of a stored picture of `show_lines`, name -> x -> y, from its words."""
    found = {}
    for line in shown(chapter, cell).split(". ", 1)[1].rstrip(". ").split("; "):
        name, first, rest = re.fullmatch(r"(.*?) ([\d.]+: .*?)(, .*|)", line).groups()
        pairs = [pair.split(": ") for pair in (first + rest).split(", ")]
        found[name] = {float(x): float(y) for x, y in pairs}
    return found
