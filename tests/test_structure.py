"""The house: who may import whom, how long files are, and what none may hold."""

import ast
import re
import subprocess

import pytest

from tests.test_stored_notebooks import MACHINE_PATH
from tools.stored import ROOT

HELPERS = ROOT / "helpers"
# From the cellar to the roof; a module imports from its own floor or from below.
FLOORS = [
    {"compat", "threads", "files", "words"},
    {"data", "models", "devices", "seeds", "checkpoints"},
    {"training"},
    {"figures", "claims", "exercises"},
    {"tuning"},
    {"widgets"},
    {"chapters"},
    {"__init__", "doctor"},
]
DRAWING = {"matplotlib", "PIL", "mpl_toolkits"}
WIDGETS = {"ipywidgets", "anywidget"}
WITHOUT_DRAWING = {"data", "models", "training", "exercises"}
WITHOUT_DRAWING |= {"compat", "threads", "devices", "seeds", "checkpoints"}
MOST_LINES = 300
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


def imported(path):
    """Return what a file imports, as absolute dotted names, anywhere in it."""
    package = ["helpers", *path.relative_to(HELPERS).parts[:-1]]
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
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


def test_only_widgets_import_ipywidgets(source):
    if room(source) not in {"widgets", "chapters", "doctor"}:
        assert not {name.split(".")[0] for name in imported(source)} & WIDGETS


def test_the_core_draws_nothing(source):
    names = {name.split(".")[0] for name in imported(source)}
    if room(source) in WITHOUT_DRAWING:
        assert not names & DRAWING
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
