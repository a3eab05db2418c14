"""What stands around each exercise: what its answer may not use, and what is said.

That a sentence fits the mistake above it, or how many stars are right, only a reader
can tell. Recorded is what somebody has read; a change of it is to be read again.
"""

import ast
import inspect
import textwrap
from pathlib import Path

import pytest

from helpers.chapters.welcome.overview import all_exercises
from tests.recorded import same_as_recorded
from tests.test_exercises import ALL, own_progress  # noqa: F401


def with_a_use_of(name, solution):
    """Return the right answer, in whose code a forbidden name stands besides."""
    use = f"lambda: torch.{name}"
    if inspect.isclass(solution):
        code = f"class answer(solution):\n    def unused(self): return {use}"
    else:
        code = f"def answer(*case):\n    str({use})\n    return solution(*case)"
    space = {"solution": solution}
    exec(code, space)
    return space["answer"]


@pytest.mark.parametrize(
    "exercise", [e for e in ALL if e.without], ids=lambda e: e.name
)
def test_a_right_answer_that_uses_what_it_may_not_is_refused(exercise):
    for name in exercise.without:
        feedback = exercise.check(with_a_use_of(name, exercise.solution))
        assert feedback.state == "wrong", name
        assert feedback.text.count(f"do without `{name}`.") == 1, feedback


def asked_with(exercise):
    """Return the arguments that stand beside an exercise's title, as written."""
    path = Path(inspect.getsourcefile(exercise.solution))
    (call,) = (
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and node.args
        and ast.unparse(node.args[0]) == repr(exercise.title)
    )
    return {keyword.arg: keyword.value for keyword in call.keywords}


def written_of(exercise):
    """Return the usual mistakes of an exercise, each above its sentence."""
    usual = ast.literal_eval(asked_with(exercise)["usual"])
    return {
        "title": exercise.title,
        "kind": exercise.kind,
        "stars": exercise.stars,
        "without": list(exercise.without),
        "hint": exercise.hint,
        "then": exercise.then,
        "usual": textwrap.dedent(usual).strip().splitlines(),
    }


@pytest.mark.parametrize(("chapter", "exercises"), all_exercises().items())
def test_what_is_said_is_what_was_read(chapter, exercises):
    said = {exercise.name: written_of(exercise) for exercise in exercises}
    same_as_recorded(f"exercises-ch{chapter}", said)
