"""What later chapters make, as their notebooks keep it: where the course leads."""

import base64
import html
import json
from pathlib import Path
from typing import NamedTuple

import torch

from helpers.chapters.welcome.overview import NOTEBOOKS
from helpers.data.photographs import load_photograph
from helpers.exercises.feedback import LEFT
from helpers.figures import show_images, to_png
from helpers.figures.described import described

SIDE = 128  # pixels of a photograph


class Result(NamedTuple):
    """Stored outputs of a chapter, and what they show.

    Parameters
    ----------
    chapter : its two digits.
    cells : names of the cells whose outputs it is, in their order.
    says : in a sentence or two.
    photographs : that the outputs speak of; they stand before them.
    """

    chapter: str
    cells: tuple[str, ...]
    says: str
    photographs: tuple[str, ...] = ()


RESULTS = (
    Result(
        "05",
        ("photo-explorer",),
        "Nine numbers find the upright edges in a photograph: blue where it grows "
        "brighter to the right, orange to the left. You choose the numbers, then a "
        "network learns its own.",
    ),
    Result(
        "09",
        ("answers-figure",),
        "A network that has learned from a million photographs says what it sees in "
        "three others, with a probability for each word. Its thousand words lack "
        "“dahlia” and “pagoda”. You then teach it new classes, from a few pictures of "
        "each.",
        photographs=("temple", "flower", "portrait"),
    ),
    Result(
        "10",
        ("writes-train",),
        "A network reads nine tenths of a novel, letter by letter, and continues the "
        "words “the time”: a line after each pass. The number before it says how "
        "unsure it is of the last tenth: as if it guessed among so many letters.",
    ),
)


class Ahead:
    """Results of later chapters; shows as a table with their pictures and links.

    Parameters
    ----------
    folder : where the notebooks lie. What one of them does not hold is left out: its
        outputs were cleared, or it is not there.
    """

    def __init__(self, folder: Path):
        self._rows = []
        for result in RESULTS:
            path = next(iter(sorted(folder.glob(f"{result.chapter}-*.ipynb"))), None)
            cells = json.loads(path.read_text("utf-8"))["cells"] if path else []
            outputs = {cell["id"]: cell.get("outputs", []) for cell in cells}
            shown = [o for name in result.cells for o in outputs.get(name, [])]
            self._rows.append((result, path, shown))

    def __repr__(self) -> str:
        return "\n".join(
            f"Chapter {int(result.chapter)}: {result.says}"
            for result, _, _ in self._rows
        )

    def _repr_html_(self) -> str:
        rows = []
        for result, path, outputs in self._rows:
            name = f"Chapter {int(result.chapter)}"
            link = f'<a href="{path.name}">{name}</a>' if path else name
            pictures = _photographs(result.photographs) if outputs else ""
            kept = "".join(map(_shown, outputs))
            rows.append(
                f'<tr style="background:none"><td style="{LEFT};width:28%">'
                f"<b>{link}</b><br>{html.escape(result.says)}</td>"
                f'<td style="{LEFT}">{pictures}{kept}</td></tr>'
            )
        return f"<table><tbody>{''.join(rows)}</tbody></table>"


def _shown(output: dict) -> str:
    """Write a stored output, a picture or a text, as HTML."""
    data = output.get("data", {})
    if "image/png" in data:
        image = "".join(data["image/png"]).replace("\n", "")
        return _image(image, output["metadata"]["image/png"]["alt"])
    text = "".join(output.get("text") or data.get("text/plain", ""))
    return f'<pre style="text-align:left;font-size:0.92em">{html.escape(text)}</pre>'


def _photographs(names: tuple[str, ...]) -> str:
    """Write photographs beside each other, as HTML; nothing if there are none."""
    if not names:
        return ""
    X = torch.stack([load_photograph(name, SIDE) for name in names])
    figure = show_images(X, names, scale=SIDE / 75, palette=True)
    return _image(base64.b64encode(to_png(figure)).decode(), described(figure))


def _image(png: str, alt: str) -> str:
    return (
        f'<img src="data:image/png;base64,{png}" alt="{html.escape(alt)}" '
        'style="max-width:100%">'
    )


def what_comes(folder: Path | str | None = None) -> Ahead:
    """Return results of later chapters, as their notebooks keep them.

    Parameters
    ----------
    folder : of the notebooks; by default that of the repository.
    """
    return Ahead(NOTEBOOKS if folder is None else Path(folder))
