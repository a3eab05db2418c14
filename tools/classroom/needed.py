"""Which statements of a notebook some of its statements need, and no others.

A name is traced to the last statement above that binds it, and what that statement uses
is traced from there. Between the two the name's object may have been changed: by an
assignment to a part of it, or by a call of `CHANGING`, such as ``train(net, data)`` or
``net.apply(init)``. A statement that does so is needed as well.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

# Calls that change what they are handed first or called on, as those in _ do.
CHANGING = {"train", "fit", "apply", "load_state_dict", "run", "set"}
NEVER_CHANGED = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


@dataclass
class Statement:
    """One statement of the notebook's top level, and the names in it.

    Attributes
    ----------
    cell, text : its cell's position, and its source.
    binds : names that it gives a value.
    uses : names whose value it needs when it runs.
    later : names in the bodies of its functions, needed when they are called.
    changes : names whose objects it may change.
    """

    cell: int
    text: str
    node: ast.stmt
    binds: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)

    def __post_init__(self):
        names = Names(self.node)
        self.binds, self.uses, self.later = names.binds, names.uses, names.later
        for node in ast.walk(self.node):
            self.changes |= changed(node)


class Names(ast.NodeVisitor):
    """The names of a scope that some nodes bind, use at once, and use later.

    The module symtable would say it, if it did not differ from Python to Python.
    """

    def __init__(self, *nodes: ast.AST):
        self.binds, self.uses, self.later = set(), set(), set()
        for node in nodes:
            self.visit(node)

    def visit_Name(self, node):
        (self.uses if isinstance(node.ctx, ast.Load) else self.binds).add(node.id)

    def visit_alias(self, node):
        self.binds.add(node.asname or node.name.split(".")[0])

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        if isinstance(node.target, ast.Name):
            self.uses.add(node.target.id)

    def visit_FunctionDef(self, node):
        self.binds.add(node.name)
        self._function(node.args, node.body)
        for outside in [*node.decorator_list, *filter(None, [node.returns])]:
            self.visit(outside)

    def visit_Lambda(self, node):
        self._function(node.args, [node.body])

    def _function(self, arguments, body):
        listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        listed += filter(None, [arguments.vararg, arguments.kwarg])
        self.visit(arguments)  # its defaults and annotations
        inner = Names(*body)
        own = inner.binds | {argument.arg for argument in listed}
        self.later |= (inner.uses | inner.later) - own

    def visit_ClassDef(self, node):
        self.binds.add(node.name)
        for outside in [*node.decorator_list, *node.bases, *node.keywords]:
            self.visit(outside)
        inner = Names(*node.body)
        self.uses |= inner.uses - inner.binds
        self.later |= inner.later

    def _comprehension(self, node):
        inner = Names(*ast.iter_child_nodes(node))
        self.uses |= inner.uses - inner.binds
        self.later |= inner.later - inner.binds

    visit_ListComp = visit_SetComp = visit_DictComp = _comprehension
    visit_GeneratorExp = _comprehension


def root_of(node: ast.expr) -> str:
    """Return the first name of ``a.b[c].d``, "" where it begins with none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def changed(node: ast.AST) -> set[str]:
    """Return the names whose objects this may change."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
        targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
        parts = [
            part for target in targets for part in getattr(target, "elts", [target])
        ]
        return {root_of(p) for p in parts if not isinstance(p, ast.Name)} - {""}
    if not isinstance(node, ast.Call):
        return set()
    last = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if last not in CHANGING and not last.endswith("_"):
        return set()
    handed = {root_of(argument) for argument in node.args[:1]}
    return (handed | {root_of(node.func)}) - {"", last}


def statements_of(sources: Iterable[str]) -> list[Statement]:
    """Return the statements of cells, one after the other."""
    found = []
    for cell, source in enumerate(sources):
        lines = source.splitlines()
        for node in ast.parse(source).body:
            decorators = getattr(node, "decorator_list", [])
            start = min(n.lineno for n in [node, *decorators]) - 1
            text = "\n".join(lines[start : node.end_lineno])
            found.append(Statement(cell, text, node))
    return found


def needed(statements: list[Statement], wanted: Iterable[int]) -> dict[int, set[str]]:
    """Trace what the wanted statements need.

    Parameters
    ----------
    statements : of the whole notebook, in order.
    wanted : positions in it.

    Returns
    -------
    position -> the names for whose sake it is needed; for a wanted one all its names.
    """
    found = {k: set(statements[k].binds) for k in wanted}
    asked: set[tuple[str, int]] = set()
    left = [(name, k) for k in found for name in statements[k].uses]
    while left:
        name, user = left.pop()
        binding = [k for k in range(user) if name in statements[k].binds]
        if (name, user) in asked or not binding:  # it is Python's own
            continue
        asked.add((name, user))
        since = binding[-1]
        chain = [since]
        if not isinstance(statements[since].node, NEVER_CHANGED):
            between = range(since + 1, user)
            chain += [k for k in between if name in statements[k].changes]
        for k in chain:
            found.setdefault(k, set()).add(name)
            left += [(used, k) for used in statements[k].uses]
        # A function looks its names up when it is called.
        left += [(used, user) for used in statements[since].later]
    return found


def text_of(statement: Statement, names: set[str]) -> str:
    """Return the source of a statement; of an import only what is wanted of it."""
    node = statement.node
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return statement.text
    wanted = [a for a in node.names if (a.asname or a.name.split(".")[0]) in names]
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import(wanted))
    return ast.unparse(ast.ImportFrom(node.module, wanted, node.level))
