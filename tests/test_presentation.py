"""What `make present` shows of a chapter: all that moves, and nothing else."""

import ast
import re
import subprocess
import sys

import nbformat
import nbformat.v4 as v4
import pytest
from nbclient import NotebookClient

from tools.classroom import present
from tools.classroom.chapters import notebooks_of, read
from tools.classroom.needed import needed, statements_of, text_of
from tools.classroom.presentation import presentation_of
from tools.env_install import Failed

PATHS = notebooks_of("")
SHOWS = re.compile(r"\b(?:explorers\.\w+|TuningPanel|SketchPad)\(")


def kept(*cells):
    """What the last statement of some cells needs, as source."""
    statements = statements_of(cells)
    found = needed(statements, [len(statements) - 1])
    return [text_of(statements[k], found[k]) for k in sorted(found)]


# -- what a statement needs ----------------------------------------------------------


def test_names_are_traced_to_the_last_that_bound_them():
    cells = ["a = 1\nb = 2", "a = 3\nassert a == b", "c = a + 1\nd = c", "a = 4", "c"]
    assert kept(*cells) == ["a = 3", "c = a + 1", "c"]


def test_of_an_import_only_what_is_used():
    cells = ["import math\nimport os.path\nfrom x import a, b as c, d", "c(os.sep)"]
    assert kept(*cells) == ["import os.path", "from x import b as c", "c(os.sep)"]


def test_a_function_needs_what_its_body_names_when_it_is_called():
    function = "def f(x):\n    return [x + k + n for k in range(x)]"
    cells = ["n = 1\nk = x = 7", function, "n = 2", "f(0)"]
    assert kept(*cells) == [function, "n = 2", "f(0)"]


def test_a_class_and_its_methods():
    model = "@made\nclass Net(Base):\n    size = n\n    def go(self):\n        return m"
    cells = [
        "n = 1\nm = 2\nBase = object\nmade = id\nother = 3",
        model,
        "m = 4",
        "Net()",
    ]
    expected = ["n = 1", "Base = object", "made = id", model, "m = 4", "Net()"]
    assert kept(*cells) == expected


@pytest.mark.parametrize(
    "change",
    [
        "history = train(net, data)",
        "net.apply(start)",
        "net.bias.zero_()",
        "nn.init.zeros_(net.bias)",
        "net.bias = 0",
        "net[0].size = 0",
        "net |= {}",
        "other, net[0] = 1, 2",
        "with quiet():\n    net.load_state_dict({})",
        "for _ in range(3):\n    train(net, 0)",
    ],
)
def test_what_changes_an_object_is_needed_too(change):
    made = "net = 1"
    assert kept(made, change, "net") == [made, change, "net"]


@pytest.mark.parametrize(
    "look",
    ["evaluate(net, 0)", "print(net)", "net.size", "other[net] = 1", "train(a, net)"],
)
def test_what_only_looks_is_not(look):
    assert kept("net = 1", look, "net") == ["net = 1", "net"]


# -- the presentation of a chapter ---------------------------------------------------


@pytest.fixture(params=PATHS, ids=lambda path: path.stem[:2])
def chapter(request):
    return request.param, presentation_of(request.param)


def code_of(notebook):
    return [c.source for c in notebook.cells if c.cell_type == "code"]


def test_every_explorer_panel_and_pad_is_there_once(chapter):
    path, made = chapter
    for_class = [SHOWS.findall(source) for source in code_of(read(path))]
    shown = [SHOWS.findall(source) for source in code_of(made)]
    assert [x for found in shown for x in found] == [x for f in for_class for x in f]
    assert len(sum(shown, [])) >= 3


def test_each_has_a_page_with_its_heading_and_one_line(chapter):
    path, made = chapter
    places = [c.metadata.get("present", {}).get("place", "") for c in made.cells]
    assert places[0] == "first" and places[-1] == "end"
    begins = [k for k, place in enumerate(places) if place == "begin"]
    assert [k + 1 for k in begins] == [k for k, p in enumerate(places) if p == "end"]
    headings = re.findall(r"(?m)^## .*$", "\n".join(c.source for c in read(path).cells))
    for k in begins:
        assert SHOWS.search(made.cells[k + 1].source)
        heading, *text = made.cells[k].source.split("\n\n")
        assert heading in headings
        if text and not text[0].startswith("<details>"):
            line = text.pop(0)
            assert "\n" not in line and len(line.split()) <= 60, line
        assert not text or (text[0], text[-1])[1] == "</details>"
        name = made.cells[k].metadata.present.name
        assert f"(#{name})" in made.cells[0].source


def test_no_exercises_claims_checks_or_bare_values(chapter):
    _, made = chapter
    for source in code_of(made):
        assert not re.search(r"\b(exercises|claims)\b|check_band\(|\bplot_", source)
        *_, last = ast.parse(source).body
        assert not isinstance(last, ast.Assert | ast.Expr) or SHOWS.search(source)


def test_every_name_is_defined_and_every_import_used(chapter, tmp_path):
    path, made = chapter
    target = tmp_path / path.name
    nbformat.write(made, target)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache"]
    command += ["--select", "F401,F821,F822,F823", str(target)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("number", ["00", "01"])
def test_it_runs_and_shows_what_the_chapter_shows(number, tmp_path):
    (path,) = notebooks_of(number)
    made = presentation_of(path)
    NotebookClient(made, timeout=120).execute(cwd=tmp_path)

    def shown(notebook):
        cells = (c for c in notebook.cells if SHOWS.search(c.get("source", "")))
        outputs = (c.outputs for c in cells if c.cell_type == "code")
        return [o[-1].data["text/plain"] for o in outputs]

    assert shown(made) == shown(nbformat.read(path, as_version=4))
    assert [path.name for path in tmp_path.iterdir()] == []


# -- the command ---------------------------------------------------------------------


@pytest.fixture
def called(monkeypatch, tmp_path, capsys):
    """`make present` without Voila: its status, and what it complained of."""
    monkeypatch.setattr(present, "BUILD", tmp_path / "present")
    monkeypatch.setattr(present, "ROOT", tmp_path)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["present", *words])
        status = present.main()
        return status, capsys.readouterr().err

    return call


def test_without_a_chapter_one_line(called):
    status, complaint = called()
    assert status == 1
    assert complaint.startswith("Which chapter? CHAPTER=02, for example; there are: 00")
    assert len(complaint.splitlines()) == 1


def test_a_wrong_chapter_one_line(called):
    with pytest.raises(SystemExit, match="^There is no chapter 77; there are: 00, 01"):
        called("--chapter", "77")


def test_a_chapter_with_nothing_to_show_one_line(called, monkeypatch, tmp_path):
    path = tmp_path / "11-plain.ipynb"
    cells = [v4.new_markdown_cell("# 11"), v4.new_code_cell("from x import explorers")]
    nbformat.write(v4.new_notebook(cells=cells), path)
    monkeypatch.setattr(present, "notebooks_of", lambda _: [path])
    with pytest.raises(SystemExit, match="^11-plain.ipynb has no explorer, panel or"):
        called("--chapter", "11")


def test_where_voila_is_missing_it_is_installed(called, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(present.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(present, "install", lambda env, *words: asked.append(words))
    monkeypatch.setattr(present, "show", lambda notebook, browser: 7)
    assert called("--chapter", "00")[0] == 7
    ((c, pins, e, extra),) = asked
    assert (c, pins.endswith("constraints.txt"), e, extra) == (
        *("-c", True, "-e", ".[present]"),
    )


def test_offline_it_says_what_to_do(called, monkeypatch):
    def offline(*_):
        raise Failed("No network.")

    monkeypatch.setattr(present.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(present, "install", offline)
    status, complaint = called("--chapter", "00")
    assert status == 1 and len(complaint.splitlines()) == 1
    assert "could not be installed. No network." in complaint
    assert "View > Presentation Mode" in complaint and "make slides" in complaint


def test_a_port_that_is_taken_is_passed_over():
    with present.socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(present, "FIRST_PORT", taken.getsockname()[1])
            assert present.free_port() > present.FIRST_PORT
            patch.setattr(present, "PORTS", 1)
            with pytest.raises(Failed, match="^All ports from .* are taken"):
                present.free_port()


@pytest.mark.parametrize(
    "platform, variables, there",
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"BROWSER": "firefox"}, True),
        ("darwin", {}, True),
        ("win32", {}, True),
    ],
)
def test_a_browser_is_opened_where_there_is_a_screen(
    monkeypatch, platform, variables, there
):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(present.sys, "platform", platform)
    assert present.has_screen() == there
