"""Objects of a notebook as text: imported where they can be, else their source."""

import ast
import builtins
import functools
import importlib.util
import inspect
import linecache
import re
import sys
import textwrap
from types import ModuleType

from helpers.data import (
    IMAGE_SETS,
    DataError,
    ImageData,
    PointData,
    load_images,
)


class Quoted:
    """Collects the imports and definitions that some lines of code need.

    What cannot be written down gets a comment that says so, and its name.
    """

    def __init__(self):
        self._modules: dict[str, str] = {}  # the line, by the name that it binds
        self._names: dict[str, set[str]] = {}  # imported names by module
        self._definitions: dict[str, str] = {}
        self._comments: list[str] = []

    def head(self) -> list[str]:
        """Lines to stand above the code."""
        lines = sorted(self._modules.values())
        lines += [
            f"from {module} import {', '.join(sorted(names))}"
            for module, names in sorted(self._names.items())
        ]
        definitions = [f"\n\n{text}\n" for text in self._definitions.values()]
        return [*lines, *definitions, *self._comments, ""]

    def use(self, module: str, *names: str) -> None:
        """Import names from a module."""
        self._names.setdefault(module, set()).update(names)

    def value(self, value, name: str) -> str:
        """An expression for a setting's value; ``name`` is what the setting is called.

        Floats are written so that they are read back exactly.
        """
        if isinstance(value, (tuple, list)):
            inner = ", ".join(self.value(v, name) for v in value)
            comma = "," if len(value) == 1 and isinstance(value, tuple) else ""
            return f"({inner}{comma})" if isinstance(value, tuple) else f"[{inner}]"
        if isinstance(value, dict):
            own = {key: re.sub(r"\W", "_", f"{name}_{key}") for key in value}
            parts = [f"{key!r}: {self.value(v, own[key])}" for key, v in value.items()]
            return f"{{{', '.join(parts)}}}"
        if isinstance(value, (ImageData, PointData)) and (call := loading_of(value)):
            self.use("helpers", "load_images")
            return call
        if isinstance(value, float) and value != value:
            return 'float("nan")'
        if value is None or isinstance(value, (bool, int, float, str)):
            return repr(value)
        return self.name_of(value, name)

    def name_of(self, value, name: str) -> str:
        """A name for a class or function, which the head imports or defines.

        A partial becomes an expression of its function's name.
        """
        if isinstance(value, functools.partial):
            self.use("functools", "partial")
            parts = [self.name_of(value.func, name)]
            parts += [self.value(v, name) for v in value.args]
            parts += [f"{n}={self.value(v, n)}" for n, v in value.keywords.items()]
            return f"partial({', '.join(parts)})"
        own = getattr(value, "__name__", None)
        if own and own != "<lambda>":
            if module := _home(value, own):
                self.use(module, own)
                return own
            if text := _definition(value, own):
                self._definitions.setdefault(own, "")  # recursion ends here
                self._names_in(text, value)
                # What it needs was put above it meanwhile.
                self._definitions.pop(own)
                self._definitions[own] = text
                return own
        elif own and (text := _lambda(value)):
            self._names_in(text, value)
            self._definitions[name] = f"{name} = {text}"
            return name
        self._comments.append(f"# {name}: as in the notebook, {type(value).__name__}")
        return name

    def _names_in(self, text: str, value) -> None:
        """Import or define every global name that a definition reads."""
        space = _namespace(value)
        everything = list(ast.walk(ast.parse(text)))
        nodes = [n for n in everything if isinstance(n, ast.Name)]
        bound = {n.id for n in nodes if isinstance(n.ctx, ast.Store)}
        bound |= {n.arg for n in everything if isinstance(n, ast.arg)}
        for used in dict.fromkeys(n.id for n in nodes):
            if used in bound or used in self._definitions or used not in space:
                continue
            found = space[used]
            if isinstance(found, ModuleType):
                self._modules[used] = _import_line(found.__name__, used)
            elif getattr(builtins, used, None) is found or found is value:
                continue
            elif callable(found) and getattr(found, "__name__", used) == used:
                self.name_of(found, used)
            else:
                text = self.value(found, used)
                if text != used:
                    self._definitions[used] = f"{used} = {text}"


def loading_of(data: ImageData | PointData) -> str | None:
    """The call of load_images that gives the same examples, if there is one."""
    sizes = {
        f"n_{part}": len(examples)
        for part in ("train", "val", "test")
        if (examples := getattr(data, part, None)) is not None
    }
    if data.name not in IMAGE_SETS:
        return None
    try:
        again = load_images(data.name, **sizes)  # it keeps what it gave before
    except (DataError, ValueError):
        return None
    for part in ("train", "val"):
        mine, other = getattr(data, part), getattr(again, part)
        if not (other.X.equal(mine.X) and other.y.equal(mine.y)):
            return None
    usual = {"n_train": 12_000, "n_val": 2_000, "n_test": 2_000}
    more = "".join(f", {n}={v:_}" for n, v in sizes.items() if usual[n] != v)
    return f'load_images("{data.name}"{more})'


def _import_line(module: str, name: str) -> str:
    package, _, last = module.rpartition(".")
    if module == name:
        return f"import {module}"
    if not package:
        return f"import {module} as {name}"
    return f"from {package} import {last}" + ("" if last == name else f" as {name}")


def _home(value, name: str) -> str | None:
    """The shortest module that has this very object under this name."""
    # not imported here: the package is the roof above this floor
    if getattr(sys.modules.get("helpers"), name, None) is value:
        return "helpers"
    module = getattr(value, "__module__", None)
    if not module or module == "__main__" or not _importable(module):
        return None
    parts = module.split(".")
    for k in range(1, len(parts) + 1):
        candidate = sys.modules.get(".".join(parts[:k]))
        if getattr(candidate, name, None) is value:
            return ".".join(parts[:k])
    return None


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _definition(value, name: str) -> str | None:
    """The source of a class or function as it was written."""
    try:
        return textwrap.dedent(inspect.getsource(value)).rstrip()
    except (OSError, TypeError):  # a class of a notebook: Python looks for a file
        return _class_source(value, name)


def _class_source(value, name: str) -> str | None:
    for method in vars(value).values() if isinstance(value, type) else ():
        code = getattr(method, "__code__", None)
        if code is None:
            continue
        for node in _walk(code.co_filename):
            if isinstance(node, ast.ClassDef) and node.name == name:
                if node.lineno <= code.co_firstlineno <= node.end_lineno:
                    return _segment(code.co_filename, node)
    return None


def _lambda(value) -> str | None:
    """The text of a lambda, if it is the only one on its line."""
    code = getattr(value, "__code__", None)
    if code is None:
        return None
    found = [
        node
        for node in _walk(code.co_filename)
        if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno
    ]
    return _segment(code.co_filename, found[0]) if len(found) == 1 else None


def _walk(filename: str):
    try:
        return ast.walk(ast.parse("".join(linecache.getlines(filename))))
    except SyntaxError:
        return iter(())


def _segment(filename: str, node) -> str | None:
    text = "".join(linecache.getlines(filename))
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    if isinstance(node, ast.ClassDef):
        lines = text.splitlines()[first - 1 : node.end_lineno]
        return textwrap.dedent("\n".join(lines))
    return ast.get_source_segment(text, node)


def _namespace(value) -> dict:
    """The globals that a class or function sees, and what it closes over."""
    if isinstance(value, type):
        methods = [m for m in vars(value).values() if hasattr(m, "__globals__")]
        module = sys.modules.get(value.__module__)
        space = dict(vars(module)) if module else {}
        for method in methods:
            space |= _namespace(method)
        return space
    function = inspect.unwrap(value)
    space = dict(getattr(function, "__globals__", {}))
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    for name, cell in zip(
        names, getattr(function, "__closure__", None) or (), strict=False
    ):
        try:
            space[name] = cell.cell_contents
        except ValueError:  # not bound yet
            continue
    return space
