"""The map of all chapters: what each asks and needs, its hours, what is solved."""

import html
import importlib.util
import json
import pkgutil
from collections.abc import Sequence
from pathlib import Path

from helpers import chapters
from helpers.exercises import Exercise
from helpers.exercises.feedback import COLORS, LEFT
from helpers.exercises.progress import states

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
ASKED = {  # title: the question that the chapter answers
    "Welcome": "How does this course work?",
    "Linear algebra and gradients": "Which way, and how far, must a number change?",
    "Softmax regression": "How can scores become probabilities of classes?",
    "Multilayer perceptrons": "What can layers do that one line cannot?",
    "Dropout and regularization": "Why does a network learn by heart, and what helps?",
    "Convolution": "How can a thing be found wherever it stands?",
    "Classic CNNs": "Which ideas made networks good at images?",
    "Batch normalization": "What does normalizing each batch do, and not do?",
    "Residual networks": "Why can deeper be worse, and what mends it?",
    "Transfer learning": "What if there are only a few pictures?",
    "Recurrent networks": "How can a network read text, and write it?",
    "Optimizers and schedules": "Which rule for the steps arrives soonest?",
    "Hyperparameter search": "How are settings chosen, and fairly compared?",
    "Generative adversarial networks": "How can a network make new images?",
    "Deployment": "How does a trained network come into use?",
}
TITLES = tuple(ASKED)


def all_exercises() -> dict[str, Sequence[Exercise]]:
    """Return the exercises of every chapter that has some, by its two digits.

    They are found, not listed: each is in ``EXERCISES`` of a module
    ``helpers.chapters.<name>.exercises``.
    """
    found = {}
    for package in pkgutil.iter_modules(chapters.__path__):
        name = f"{chapters.__name__}.{package.name}.exercises"
        if package.ispkg and importlib.util.find_spec(name):
            if exercises := importlib.import_module(name).EXERCISES:
                found[exercises[0].chapter] = exercises
    return dict(sorted(found.items()))


class ChapterMap:
    """All chapters of the course; shows as a table with links and progress.

    Parameters
    ----------
    folder : where the notebooks lie; links lead from one notebook to another.
    """

    def __init__(self, folder: Path):
        done, exercises = states(), all_exercises()
        self._rows = []
        for k, title in enumerate(TITLES):
            chapter = f"{k:02}"
            path = next(iter(sorted(folder.glob(f"{chapter}-*.ipynb"))), None)
            names = [e.name for e in exercises.get(chapter, ())]
            kept = done.get(chapter, {})
            solved = sum(kept.get(name) == "solved" for name in names)
            tried = sum(kept.get(name) == "wrong" for name in names)
            row = (chapter, title, path, *_told(path), len(names), solved, tried)
            self._rows.append(row)

    def __repr__(self) -> str:
        return "\n".join(
            f"{chapter} {title:{max(map(len, TITLES))}}  {needs:9} {hours:4} "
            f"{_words(path, *counts):17}  {ASKED[title]}"
            for chapter, title, path, needs, hours, *counts in self._rows
        )

    def _repr_html_(self) -> str:
        rows = []
        for chapter, title, path, needs, hours, total, solved, tried in self._rows:
            name = f"{chapter} {html.escape(title)}"
            link = f'<a href="{path.name}">{name}</a>' if path else name
            link += f"<br>{html.escape(ASKED[title])}"
            words = _words(path, total, solved, tried)
            faint = "" if path else ";opacity:.65"
            rows.append(
                f'<tr><td style="{LEFT}{faint}">{link}</td>'
                f'<td style="{LEFT}">{needs}</td>'
                f'<td style="vertical-align:top">{hours}</td>'
                f'<td style="{LEFT}">{_bar(solved / total) if path and total else ""}'
                f'</td><td style="{LEFT}{faint}">{words}</td></tr>'
            )
        return (
            f'<table><thead><tr><th style="{LEFT}">chapter</th>'
            f'<th style="{LEFT}">needs</th><th>hours</th><th></th>'
            f'<th style="{LEFT}">exercises</th></tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table>"
        )


def _told(path: Path | None) -> tuple[str, str]:
    """What a chapter needs and its hours, as the metadata of its notebook's cells say.

    One of them holds ``"needs": [5, 7], "hours": 3.5``. Numbers and fractions of an
    hour are written as people write them: "5, 7" and "3½".
    """
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"] if path else []
    except ValueError:  # no notebook: the link still leads there
        cells = []
    for cell in cells:
        if "hours" in cell["metadata"]:
            needs, hours = (cell["metadata"][key] for key in ("needs", "hours"))
            half = "½" if hours % 1 else ""
            return ", ".join(map(str, needs)), f"{int(hours) or ''}{half}"
    return "", ""


def _words(path: Path | None, total: int, solved: int, tried: int) -> str:
    if path is None:
        return "planned"
    if total == 0:
        return "none"
    return f"{solved} of {total} solved" + f", {tried} begun" * bool(tried)


def _bar(share: float) -> str:
    # The words beside it say the same, so that nobody has to see it.
    return (
        '<div aria-hidden="true" style="width:90px;height:8px;margin-top:5px;'
        'border-radius:4px;background:var(--jp-border-color2, #ddd)">'
        f'<div style="width:{share:.0%};height:100%;border-radius:4px;'
        f'background:{COLORS["solved"]}"></div></div>'
    )


def chapter_map(folder: Path | str | None = None) -> ChapterMap:
    """Return the table of all chapters, with the learner's progress in each.

    Parameters
    ----------
    folder : of the notebooks; by default the one the kernel works in, or that of the
        repository where the kernel's holds no chapter.
    """
    folder = Path.cwd() if folder is None else Path(folder)
    if not any(folder.glob("[0-9][0-9]-*.ipynb")):
        folder = NOTEBOOKS
    return ChapterMap(folder)
