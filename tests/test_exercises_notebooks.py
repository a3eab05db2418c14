"""Exercises stand in the notebooks: each once, as a stub, where its table links to."""

import ast
import inspect
import re

import pytest

from helpers.chapters.welcome.overview import all_exercises
from tests.test_stored_notebooks import PATHS, code_cells, nbformat, path  # noqa: F401

CHECK = re.compile(r"exercises\.check\((\w+)(=\.\.\.)?\)(  #.*)?\Z")


@pytest.fixture
def notebook(path):  # noqa: F811
    return nbformat.reads(path.read_text("utf-8"), as_version=4)


def arguments_of(source, name):
    """The names of a stub's arguments in their order; None for a class."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return [argument.arg for argument in node.args.args]
    return None


def test_every_exercise_stands_in_its_notebook(path, notebook):  # noqa: F811
    exercises = all_exercises().get(path.name[:2], ())
    found = {}
    for _, cell in code_cells(notebook):
        if check := CHECK.search(cell.source):
            found[check[1]] = cell
    assert list(found) == [e.solution.__name__ for e in exercises]
    ids = {cell.id: cell for cell in notebook.cells}
    for exercise in exercises:
        text, code = ids[f"ex-{exercise.name}"], ids[f"ex-{exercise.name}-code"]
        assert (
            text.cell_type == "markdown" and code is found[exercise.solution.__name__]
        )
        assert exercise.title.lower() in text.source.lower()
        stars = text.source.count("★")  # most chapters leave them to the table
        assert stars in (0, exercise.stars), f"{exercise.name}: difficulty"
        if exercise.kind == "repair":
            assert code.source.startswith(exercise.stub)
        elif not exercise.asks_for_value:
            defined = rf"^(def|class) {exercise.solution.__name__}\b"
            assert re.search(defined, code.source, re.MULTILINE)
            arguments = arguments_of(code.source, exercise.solution.__name__)
            if arguments is not None:  # the check passes them by place
                wanted = inspect.signature(exercise.solution).parameters
                assert arguments == list(wanted)
        shown = code.outputs[0].data["text/plain"]
        assert shown.startswith(f"{exercise.title}: Not attempted yet"), "a stub"


def test_the_table_is_stored_before_the_first_attempt(path, notebook):  # noqa: F811
    exercises = all_exercises().get(path.name[:2], ())
    for _, cell in code_cells(notebook):
        if cell.source == "exercises.table()":
            text = cell.outputs[0].data["text/plain"]
            assert text.startswith(f"0 of {len(exercises)} exercises solved")
