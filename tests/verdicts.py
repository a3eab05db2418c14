"""What every chapter's tests ask of its claims."""

import importlib
import json

from helpers import load_images
from helpers.claims import Claim, Size, claims_of
from tests.taught import notebook_path
from tools import claims as tool
from tools.live_verdicts import look_of

# A claim from each chapter that has some, found by the notebooks: (chapter, claim).
CLAIMS = [
    (number, claim)
    for number, module in tool.chapters().items()
    for claim in claims_of(importlib.import_module(module))
]


def of_chapter(number: str) -> dict[str, Claim]:
    """Return the claims of a chapter by their names."""
    return {claim.name: claim for n, claim in CLAIMS if n == number}


def verdict(claim: Claim, data: str = "digits", size: Size | None = None):
    """Return (word, answer) of a run, live if no size is given."""
    made = claim.sets[data]() if data in claim.sets else load_images(data)
    return tuple(claim.judge(claim.run(made, size)))


def shown(number: str, claim: Claim) -> str:
    """Return the answer of the look that the stored notebook shows of a claim."""
    cells = json.loads(notebook_path(number).read_text("utf-8"))["cells"]
    (outputs,) = [
        cell["outputs"]
        for cell in cells
        if any(
            "".join(output.get("data", {}).get("text/plain", "")).startswith(
                claim.statement
            )
            for output in cell.get("outputs", [])
        )
    ]
    return look_of(outputs)[1]
