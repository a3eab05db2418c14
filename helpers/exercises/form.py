"""The form of an exercise: its solution, and the usual mistakes as swaps in it.

    @exercise(
        "The mean",
        cases=[(tensor([1.0, 2.0]),), (tensor([3.0, 0.0, 0.0]),)],
        hint="How many numbers are there?",
        usual='''
            / len(x) =>
                The sum is divided by the number of its terms.
        ''',
    )
    def mean(x):
        return x.sum() / len(x)

``mean`` is now an `Exercise` whose solution is the function below the decorator.
"""

import ast
import inspect
import itertools
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.exercises.checking import Exercise, Mistake, definition

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
ARROW = " =>"


@dataclass(frozen=True)
class Swap:
    """One usual mistake: lines of code, its sentence, and whether a stub has it."""

    code: tuple[str, ...]
    says: str
    planted: bool = False


def exercise(
    title: str,
    *,
    hint: str,
    cases: Sequence[tuple] = ((),),
    usual: str = "",
    others: Mapping[str, Callable] | None = None,
    of: Callable | None = None,
    name: str = "",
    **more,
) -> Callable[[Callable], Exercise]:
    r"""Make an exercise of the function or class below it.

    The name of the exercise is that of the function, in small letters and with
    hyphens; its chapter is the one whose notebook the module's folder is named after.

    Parameters
    ----------
    title, hint, cases : as for `Exercise`. A question that is answered by a value
        (predict, diagnose) is a function without arguments that returns the answer.
    usual : blocks of text, one for each usual mistake. Code comes first: a line
        ``this => that`` for each place where it differs from the solution, where
        ``this`` must stand exactly once, or lines without an arrow, a body of its
        own. Below it, indented, stands the sentence that helps. ``\n`` is a line's
        end, and back quotes around either side keep spaces. In an exercise of kind
        "repair" a block that begins with ``*`` is a bug of the stub.
    others : usual mistakes that are no swap, each a function under its sentence.
    of : another right answer in which the swaps are made, where learners write one
        that is not ours.
    name : if it is not to be the function's.
    more : other parameters of `Exercise`.

    Raises
    ------
    ValueError : a swap whose ``this`` does not stand exactly once, a mistake without
        a sentence, or bugs of a stub in another kind than "repair".
    """

    def make(solution: Callable) -> Exercise:
        base = of or solution
        source = definition(base)
        swaps = list(_blocks(usual))
        planted = [swap for swap in swaps if swap.planted]
        if (more.get("kind") == "repair") != (len(planted) > 1):
            raise ValueError(
                f"{solution.__name__}: a stub to repair, and no other exercise, "
                f"has two bugs or more with a *; found {len(planted)}"
            )
        mistakes = [
            Mistake(_compiled(base, _swapped(source, [swap])), swap.says)
            for swap in swaps
            if not swap.planted
        ]
        mistakes += [Mistake(wrong, says) for says, wrong in (others or {}).items()]
        # What somebody has who mended some of the bugs and not all.
        for count in range(1, len(planted)):
            for some in itertools.combinations(planted, count):
                wrong = _compiled(base, _swapped(source, some))
                left = f"Bugs left: {count} of {len(planted)}."
                mistakes.append(Mistake(wrong, some[0].says, left))
        stub = _swapped(source, planted) if planted else ""
        return Exercise(
            name or solution.__name__.lower().replace("_", "-"),
            chapter_of(solution.__module__),
            title,
            cases,
            solution,
            mistakes,
            hint,
            stub=stub,
            broken=_compiled(base, stub) if stub else None,
            **more,
        )

    return make


def chapter_of(module: str) -> str:
    """Return the two digits of a module's chapter, or its folder's name without one."""
    package = module.removeprefix("helpers.chapters.").split(".")[0]
    found = sorted(NOTEBOOKS.glob(f"[0-9][0-9]-{package.replace('_', '-')}.ipynb"))
    return found[0].name[:2] if found else package


def _blocks(text: str) -> Iterator[Swap]:
    code, says = [], []
    for line in [*textwrap.dedent(text).strip("\n").splitlines(), ""]:
        if line.startswith("    "):
            says.append(line.strip())
            continue
        if says:
            planted = code[0].startswith("* ")
            code[0] = code[0].removeprefix("* ")
            yield Swap(tuple(code), " ".join(says), planted)
            code, says = [], []
        if line.strip():
            code.append(line.rstrip())
    if code:
        raise ValueError(f"a usual mistake without a sentence: {code}")


def _swapped(source: str, swaps: Sequence[Swap]) -> str:
    """Return the source with these mistakes in it."""
    for swap in swaps:
        if not any(ARROW in line for line in swap.code):
            return "\n    ".join([_header(source), *map(_unquoted, swap.code)])
        for line in swap.code:
            before, after = map(_unquoted, line.split(ARROW, 1))
            if source.count(before) != 1:
                raise ValueError(
                    f"{before!r} stands {source.count(before)} times, not once, in\n"
                    f"{source}"
                )
            source = source.replace(before, after)
    return source


def _unquoted(code: str) -> str:
    code = code.strip()
    if len(code) > 1 and code[0] == code[-1] == "`":
        code = code[1:-1]
    return code.replace("\\n", "\n")


def _header(source: str) -> str:
    """Return the lines of a definition above its body."""
    body = ast.parse(source).body[0].body
    return "\n".join(source.splitlines()[: body[0].lineno - 1])


def _compiled(base: Callable, source: str) -> Callable:
    space = dict(vars(inspect.getmodule(base)))
    exec(compile(source, f"<{base.__name__}, with a mistake>", "exec"), space)
    return space[base.__name__]
