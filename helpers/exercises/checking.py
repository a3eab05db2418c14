"""An exercise, and how a learner's answer is judged."""

import ast
import dis
import functools
import inspect
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from helpers.exercises.comparing import a_kind_of, equal, fault, show
from helpers.exercises.feedback import Feedback
from helpers.exercises.guarded import Outcome, call_guarded, code_of
from helpers.exercises.progress import record

READS = (Tensor, nn.Module, int, float, list, dict)  # what a notebook's variables hold


# What is asked for: a function or class, short or long; a value; or a stub's bugs.
KINDS = ("write", "build", "predict", "diagnose", "repair")


@dataclass(frozen=True)
class Mistake:
    """A usual wrong answer, and the sentence that helps whoever gave it.

    ``left`` is said besides, such as how many bugs of a stub are left.
    """

    wrong: Callable
    says: str
    left: str = ""


class Loose(tuple):
    """A case whose result may differ from the solution's, as after random batches.

    ``Exercise.reached`` judges it by how good it is.
    """


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Parameters
    ----------
    name : as it stands in the notebook, for example "log-sum-exp".
    chapter : two digits.
    title : a few words for the table of exercises.
    cases : inputs to try, each a tuple of arguments, the plainest first. They differ
        in their sizes, so that an answer for one size is found out.
    solution : the reference answer; its source is what the learner may unfold. If it
        is a class, the answer must be one; where it raises, the answer must raise the
        same type of exception.
    mistakes : usual wrong answers, at least two, each with its own sentence.
    hint : a nudge that does not give the answer away.
    then : what the right answer is good for, said when it is found.
    without : names that the answer may not use, because it is to do without them.
    call : ``call(answer, *case)`` gives what is compared, for an answer that is more
        than one call; by default ``answer(*case)``. It hands a method's ``...`` on, so
        that an empty stub is known as one.
    reached : ``reached(value, right, *case)`` judges a ``Loose`` case: a clause that
        says what is not good enough, or "".
    kind : "write" a function or class, or "build" a longer one; "predict" a
        value, "diagnose" which of several pictures it is, or "repair" a stub. The
        answer to the second two is a value, and ``solution()`` returns the right one.
    stars : how difficult it is, from 1 to 3.
    options : the answers to choose from, where a value is asked for.
    shows : function that draws what is asked about.
    stub : source of what is to be repaired; ``broken`` is its function.
    seconds : how long an answer may take for all cases together.

    Raises
    ------
    ValueError : another kind, stars outside of 1 to 3, or a solution with arguments
        where a value is asked for.
    """

    name: str
    chapter: str
    title: str
    cases: Sequence[tuple]
    solution: Callable
    mistakes: Sequence[Mistake]
    hint: str
    then: str = ""
    without: Sequence[str] = ()
    call: Callable | None = None
    reached: Callable | None = None
    kind: str = "write"
    stars: int = 1
    options: Sequence[str] = ()
    shows: Callable | None = None
    stub: str = ""
    broken: Callable | None = None
    seconds: float = 5.0

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}, expected one of {KINDS}")
        if self.stars not in (1, 2, 3):
            raise ValueError(f"stars are {self.stars!r}, expected 1, 2 or 3")
        if self.asks_for_value and inspect.signature(self.solution).parameters:
            raise ValueError(
                f"{self.name} asks for a value, so its solution takes no arguments"
            )

    @property
    def asks_for_value(self) -> bool:
        """Whether the answer is a value, not code."""
        return self.kind in ("predict", "diagnose")

    def show(self):
        """Return the picture that the question is about.

        Raises
        ------
        ValueError : it is about none.
        """
        if self.shows is None:
            raise ValueError(f"there is no picture to {self.name}")
        return self.shows()

    def check(self, answer: object) -> Feedback:
        """Compare a learner's answer with the solution; a wrong one never raises."""
        try:
            feedback = self._judge(answer)
        except Exception:  # an object may raise at everything that it is asked
            text = "What it gives cannot be compared with what is right."
            feedback = self._says("wrong", text)
        if feedback.state != "open":
            feedback.saved = record(self.chapter, self.name, feedback.state)
        return feedback

    def _judge(self, answer) -> Feedback:
        if answer is ...:
            return self._says("open", "Not attempted yet.")
        if self.asks_for_value:
            return self._judge_value(answer)
        if unfit := self._unfit(answer):
            return self._says("wrong", unfit)
        rights = self._outcomes(self.solution)
        outcomes = self._outcomes(answer)
        faults = [
            self._fault(*row) for row in zip(self.cases, outcomes, rights, strict=False)
        ]
        wrong = [k for k, found in enumerate(faults) if found]
        if not wrong and (used := self._uses(answer)):
            text = (
                "The results are right, but the exercise asks you to do without "
                f"`{used}`."
            )
            return self._says("wrong", text)
        if not wrong:
            return self._says("solved", f"Right. {self.then}".strip())
        k = wrong[0]
        if self.broken and self._errs_alike(
            self._outcomes(self.broken), outcomes, rights, faults
        ):
            text = "Not attempted yet: all of its bugs are still there."
            return self._says("open", text)
        if k == 0 and _is_stub(outcomes[0].value):
            text = "Not attempted yet: the function still returns `...`."
            return self._says("open", text)
        return self._explain(answer, k, outcomes, rights, faults)

    def _says(self, state: str, says: str, **more) -> Feedback:
        return Feedback(
            self.title,
            state,
            says,
            hint=self.hint,
            solution=definition(self.solution),
            **more,
        )

    def _judge_value(self, answer) -> Feedback:
        if callable(answer):
            return self._says("wrong", f"Give the answer itself; got {show(answer)}.")
        if self.options:
            same = [o for o in self.options if str(answer).strip().lower() == o.lower()]
            if not same:
                text = f"Choose one of {', '.join(self.options)}; got {show(answer)}."
                return self._says("wrong", text)
            answer = same[0]
        rights = self._outcomes(self.solution)
        if isinstance(answer, Tensor) and not isinstance(rights[0].value, Tensor):
            answer = answer.tolist()
        outcomes = self._outcomes(lambda: answer)
        if not self._fault((), outcomes[0], rights[0]):
            return self._says("solved", f"Right. {self.then}".strip())
        usual = self._usual(outcomes, rights, ["it is another one."])
        another = type(answer) is not type(rights[0].value)
        if not usual and another and fault(answer, rights[0].value, numbers=False):
            text = f"What is asked for is {a_kind_of(rights[0].value)}; got "
            return self._says("wrong", f"{text}{show(answer)}.")
        said = answer if isinstance(answer, str) else show(answer)
        means = usual.says if usual else ""
        return self._says("wrong", f"It is not {said}.", means=means)

    def _unfit(self, answer) -> str:
        wants_class = inspect.isclass(self.solution)
        if wants_class and not inspect.isclass(answer):
            return f"Give the class itself; got {show(answer)}."
        if not callable(answer):
            return f"Give the function itself, without calling it; got {show(answer)}."
        if inspect.isclass(answer) and not wants_class:
            return f"Give a function; got the class {answer.__name__}."
        return ""

    def _outcomes(self, answer) -> list[Outcome]:
        """Return what each case gives; none after one that had to be stopped."""
        outcomes = []
        end = time.monotonic() + self.seconds
        for case in self.cases:
            left = max(end - time.monotonic(), 0.001)
            outcome = call_guarded(answer, tuple(case), left, self.call, self.solution)
            outcomes.append(outcome)
            if outcome.endless:
                break
        return outcomes

    def _fault(self, case, outcome: Outcome, right: Outcome) -> str:
        if right.error is not None and outcome.error_type == right.error_type:
            return ""
        if right.error is not None and outcome.error is None:
            return f"it returned a value; here it must raise {right.error_type}."
        if outcome.error is not None:
            return outcome.error
        if outcome.changed:
            return (
                f"it changed its argument {outcome.changed} in place; work on a copy."
            )
        if isinstance(case, Loose):
            found = fault(outcome.value, right.value, False, self._returned)
            return found or self.reached(outcome.value, right.value, *case)
        return fault(outcome.value, right.value, names=self._returned)

    @functools.cached_property
    def _returned(self) -> tuple[str, ...]:
        """Names of the values that the solution returns, where they have names."""
        if self.call or inspect.isclass(self.solution):
            return ()
        try:
            tree = ast.parse(definition(self.solution))
        except (SyntaxError, TypeError, OSError):  # a lambda, or without source
            return ()
        found: tuple[str, ...] = ()
        for node in ast.walk(tree):
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                parts = map(ast.unparse, node.value.elts)
                found = tuple(part.removesuffix(".detach()") for part in parts)
        return found if all(name.isidentifier() for name in found) else ()

    def _explain(self, answer, k, outcomes, rights, faults) -> Feedback:
        outcome, right = outcomes[k], rights[k]
        used = functools.partial(self.call, ...) if self.call else self.solution
        names = inspect.signature(used).parameters
        shown = [
            (name, show(value))
            for name, value in zip(names, self.cases[k], strict=False)
        ]
        if outcome.error is None and outcome.value is not None:
            expected = right.error_type or show(right.value)
            shown += [("yours", show(outcome.value)), ("expected", expected)]
        notes = []
        if outcome.error is not None and right.error is not None:
            notes.append(f"Here it must raise {right.error_type}.")
        usual = self._usual(outcomes, rights, faults)
        if usual and usual.left:
            notes.append(usual.left)
        if not usual and (names := _reads(answer)):
            notes.append(
                f"It reads `{names[0]}` from the notebook; all it needs is in its "
                "arguments."
            )
        if outcome.printed:
            notes.append("It prints; a check looks only at what it returns.")
        good = sum(not found for found in faults)
        return self._says(
            "wrong",
            faults[k][:1].upper() + faults[k][1:],
            case=tuple(shown),
            means=usual.says if usual else "",
            notes=tuple(notes),
            score=f"{good} of {len(self.cases)} cases right" if good else "",
        )

    def _usual(self, outcomes, rights, faults) -> Mistake | None:
        """Return the usual mistake that makes the same errors."""
        for mistake in self.mistakes:
            theirs = self._outcomes(mistake.wrong)
            if self._errs_alike(theirs, outcomes, rights, faults):
                return mistake
        return None

    def _errs_alike(self, theirs, outcomes, rights, faults) -> bool:
        loosely = any(
            found and not isinstance(case, Loose)
            for case, found in zip(self.cases, faults, strict=False)
        )
        return len(theirs) == len(outcomes) and all(
            _alike(a, b)
            or (not found and not self._fault(case, b, right))  # in other words
            or (loosely and isinstance(case, Loose) and self._fault(case, b, right))
            for case, a, b, right, found in zip(
                self.cases, outcomes, theirs, rights, faults, strict=False
            )
        )

    def _uses(self, answer) -> str:
        """Return the first name in its code that the answer is to do without."""
        names = set()
        for code in _all_code(answer):
            names.update(code.co_names)
            for constant in code.co_consts:  # the names of arguments, as in f(x=1)
                names.update(constant if isinstance(constant, tuple) else ())
        return next((name for name in self.without if name in names), "")


def definition(solution: Callable) -> str:
    """Return the source of a function or class without what decorates it."""
    lines = textwrap.dedent(inspect.getsource(solution)).splitlines()
    try:
        node = ast.parse("\n".join(lines)).body[0]
    except SyntaxError:  # a lambda in the middle of an expression
        return "\n".join(lines)
    return "\n".join(lines[node.lineno - 1 :])


def _is_stub(value) -> bool:
    parts = value if isinstance(value, (tuple, list)) else [value]
    return len(parts) > 0 and all(part is ... for part in parts)


def _alike(a: Outcome, b: Outcome) -> bool:
    """Whether two answers behave alike on a case."""
    if a.error is not None or b.error is not None:
        return (a.error_type, a.error_words) == (b.error_type, b.error_words)
    return a.changed == b.changed and equal(a.value, b.value)


def _reads(answer) -> list[str]:
    """Return variables of the notebook that a function reads, such as `data`."""
    try:
        found = inspect.getclosurevars(answer).globals
    except (TypeError, ValueError):
        return []
    # It also names what is only an attribute, as in `F.one_hot`.
    loaded = {
        instruction.argval
        for code in _all_code(answer)
        for instruction in dis.get_instructions(code)
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    return [n for n, value in found.items() if n in loaded and isinstance(value, READS)]


def _all_code(answer) -> list:
    """Return the code of an answer, and that of functions inside it."""
    codes = code_of(answer)
    for code in codes:
        codes += [part for part in code.co_consts if inspect.iscode(part)]
    return codes
