"""The house: who may import whom, how long files are, and what none may hold."""

import ast
import graphlib
import re
import subprocess

import pytest

from tests.test_stored_notebooks import MACHINE_PATH
from tools.stored import ROOT

HELPERS = ROOT / "helpers"
# From the cellar to the roof; a module imports from its own floor or from below.
FLOORS = [
    {"compat", "threads", "files", "words", "printed"},
    {"data", "models", "devices", "seeds", "checkpoints"},
    {"training"},
    {"figures", "claims", "exercises"},
    {"tuning"},
    {"widgets"},
    {"chapters"},
    {"__init__", "doctor"},
]
DRAWING = {"matplotlib", "PIL", "mpl_toolkits"}
READERS = dict.fromkeys(("photographs.py", "photo_sets.py", "emoji.py"), {"PIL"})
# ... since what opens a picture does not draw one
WIDGETS = {"ipywidgets", "anywidget"}
WITHOUT_DRAWING = {"data", "models", "training", "exercises"}
WITHOUT_DRAWING |= {"compat", "threads", "devices", "seeds", "checkpoints"}
WITHOUT_DRAWING |= {"files", "words", "printed"}
MOST_LINES = 400  # a longer file is about two subjects
MOST_OF_A_CHAPTER = 1_400  # lines of code in its package, without what is only text
# Names with an underscore that are no secret of a room, and whose they are.
NOT_PRIVATE = {
    *("_repr_html_", "_repr_mimebundle_", "_repr_markdown_"),  # protocol of IPython
    *("_esm", "_css"),  # protocol of anywidget
    *("_replace", "_asdict"),  # of named tuples
    *("_modules", "_forward_hooks", "_version"),  # of torch, where it has nothing else
    "_getframe",  # of sys
    "_unscaled_dash_pattern",  # of matplotlib, which tells the dashes nowhere else
    "_exit",  # of os
}
SOURCES = sorted(HELPERS.rglob("*.py"))
ROOMS = {path.relative_to(HELPERS).with_suffix("").parts[0] for path in SOURCES}


def tracked_files():
    """Return the files that are, or would be, in the repository."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
        ).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git clone")
    return sorted(ROOT / name for name in set(listed.split("\0")) if name)


def room(path):
    """Return the part of helpers that a file belongs to: "data", "training"..."""
    return path.relative_to(HELPERS).with_suffix("").parts[0]


def statements(tree):
    """Yield every node that runs when a file is imported: not those of functions."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield node
            yield from statements(node)


def imported(path, walk=ast.walk):
    """Return what a file imports, as absolute dotted names, anywhere in it."""
    package = ["helpers", *path.relative_to(HELPERS).parts[:-1]]
    names = set()
    for node in walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*base, *([node.module] if node.module else [])])
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def floor(name):
    found = [level for level, rooms in enumerate(FLOORS) if name in rooms]
    assert found, f"helpers/{name} has no floor: give it one in this test"
    return found[0]


def rooms_of(names):
    """Return the rooms of helpers among dotted names; the package is its roof."""
    rooms = set()
    for name in names:
        parts = name.split(".")
        if parts[0] == "helpers":
            rooms.add(parts[1] if len(parts) > 1 and parts[1] in ROOMS else "__init__")
    return rooms


@pytest.fixture(params=SOURCES, ids=lambda path: str(path.relative_to(HELPERS)))
def source(request):
    return request.param


def test_imports_point_downward(source):
    own = floor(room(source))
    above = {name for name in rooms_of(imported(source)) if floor(name) > own}
    assert not above, f"{room(source)} may not import from {above}"


def test_every_floor_is_there():
    listed = {name for rooms in FLOORS for name in rooms}
    assert listed | WITHOUT_DRAWING == ROOMS, "a room that is named and not there"


def file_of(name):
    """Return the file that a dotted name is in: its module, or a package's own file."""
    path = ROOT.joinpath(*name.split("."))
    for tried in (path.with_suffix(".py"), path / "__init__.py"):
        if tried.is_file():
            return tried
    return file_of(name.rpartition(".")[0])


def test_no_circle_of_files():
    """Imports for annotations count, too: whoever reads one file needs the other."""
    needs = {}
    for path in SOURCES:
        names = imported(path, statements)
        needs[path] = {file_of(n) for n in names if n.startswith("helpers")}
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        circle = " -> ".join(str(path.relative_to(ROOT)) for path in error.args[1])
        pytest.fail(f"files that need each other: {circle}")


def private(name):
    return name.startswith("_") and not name.startswith("__")


def reached(tree):
    """Yield the private names that a file reaches into: (line, name).

    Not its own: attributes of self and cls, and what it defines itself.
    """
    nodes = list(ast.walk(tree))
    of_self = {
        node
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("self", "cls")
    }
    own = {node.attr for node in of_self if isinstance(node.ctx, ast.Store)}
    own |= {n.name for n in nodes if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Attribute):
            names = [] if node in of_self else [node.attr]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("attr"):
            # getattr, monkeypatch.setattr: a name in a string
            texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
            names = [t.rpartition(".")[2] for t in texts if isinstance(t, str)]
        else:
            continue
        for name in names:
            if private(name) and name not in own | NOT_PRIVATE:
                yield node.lineno, name


def test_no_private_name_of_another_room():
    folders = (ROOT / "tests", ROOT / "tools", HELPERS / "chapters")
    found = {
        f"{path.relative_to(ROOT)}:{line}": name
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
        for line, name in reached(ast.parse(path.read_text("utf-8")))
    }
    assert not found, f"make them public, or test what is: {found}"


def test_only_widgets_import_ipywidgets(source):
    if room(source) not in {"widgets", "chapters", "doctor"}:
        assert not {name.split(".")[0] for name in imported(source)} & WIDGETS


def test_the_core_draws_nothing(source):
    names = {name.split(".")[0] for name in imported(source)}
    if room(source) in WITHOUT_DRAWING:
        assert not names & DRAWING - READERS.get(source.name, set())
        assert "figures" not in rooms_of(imported(source))


def test_one_chapter_does_not_import_another(source):
    parts = source.relative_to(HELPERS).parts
    if parts[0] == "chapters" and len(parts) > 2:
        others = {n for n in imported(source) if n.startswith("helpers.chapters.")}
        assert {name.split(".")[2] for name in others} <= {parts[1]}


def test_no_star_imports(source):
    assert not [name for name in imported(source) if name.endswith(".*")]


def test_no_file_is_long():
    files = [p for room in ("helpers", "tools") for p in (ROOT / room).rglob("*.*")]
    long = {
        str(path.relative_to(ROOT)): length
        for path in files
        if path.suffix in {".py", ".js", ".css"}
        if (length := len(path.read_text("utf-8").splitlines())) > MOST_LINES
    }
    assert not long, f"more than {MOST_LINES} lines: {long}"


def code_lines(source):
    """Count the lines of a file that hold code: no text of several lines, no comment.

    A text that stands by itself, as a docstring does, counts as none either.
    """
    texts = []
    for node in ast.walk(ast.parse(source)):
        text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        alone = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        long = (
            alone
            or (text or isinstance(node, ast.JoinedStr))
            and (node.end_lineno > node.lineno)
        )
        if long:
            texts.append(node)
    written = {line for n in texts for line in range(n.lineno, n.end_lineno + 1)}
    lines = enumerate((line.strip() for line in source.splitlines()), start=1)
    return sum(k not in written and line[:1] not in ("", "#") for k, line in lines)


def test_code_is_counted_without_texts():
    source = '''"""A module."""

import ast  # counts

# does not
LONG = """a text
of two lines"""
HINT = (
    "one of "
    "two lines"
)


def f(x):
    """One line."""
    return f"{x}"
'''
    assert code_lines(source) == 5  # import, HINT, its bracket, def, return


@pytest.mark.parametrize(
    "package", sorted(p for p in (HELPERS / "chapters").iterdir() if p.is_dir()),
    ids=lambda path: path.name,
)  # fmt: skip
def test_no_chapter_is_large(package):
    count = sum(code_lines(p.read_text("utf-8")) for p in package.rglob("*.py"))
    assert count <= MOST_OF_A_CHAPTER, f"{package.name}: {count:,} lines of code"


def test_no_rag_bag():
    assert not [path for path in tracked_files() if path.name == "utils.py"]


def test_no_machine_paths():
    found = {}
    for path in tracked_files():
        # What notebooks print is held by test_stored_notebooks.
        if not path.is_file() or path.suffix in {".png", ".jpg", ".ipynb"}:
            continue
        if match := MACHINE_PATH.search(path.read_text("utf-8", errors="replace")):
            found[str(path.relative_to(ROOT))] = match.group()
    assert not found


def test_one_list_of_dependencies():
    """environment.yml, make env and CI name no package of their own but Python."""
    text = (ROOT / "environment.yml").read_text()
    entries = set(re.findall(r"^\s+- (.+)$", text, re.MULTILINE))
    own = {entry for entry in entries if not re.match(r"(python[<>=]|pip:?$|-)", entry)}
    assert own <= {"conda-forge"}


def test_everything_listed_is_pinned():
    pins = (ROOT / "constraints.txt").read_text()
    pinned = set(re.findall(r"^([\w.-]+)==", pins.lower(), re.MULTILINE))
    listed = (ROOT / "pyproject.toml").read_text().split("[tool.")[0]
    listed = set(re.findall(r'^    "([\w-]+)', listed.lower(), re.MULTILINE))
    assert len(listed) > 15
    assert listed <= pinned, f"without a version: {listed - pinned}"
