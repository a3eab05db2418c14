"""The slides as a page: what of a notebook is on them, and where; not how they look."""

import base64
import hashlib
import io
import re
import tarfile

import nbformat.v4 as v4
import pytest
from bs4 import BeautifulSoup

from tools.classroom import npm, slides
from tools.classroom.chapters import notebooks_of, read
from tools.stored import ROOT, WIDGET_VIEW

# One transparent pixel.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk"
    "YAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)


def typed(cell, kind):
    cell.metadata["slideshow"] = {"slide_type": kind}
    return cell


def text(source, kind):
    return typed(v4.new_markdown_cell(source), kind)


def code(source, kind, data, **metadata):
    output = v4.new_output("display_data", data, metadata=metadata)
    return typed(v4.new_code_cell(source, outputs=[output], execution_count=1), kind)


def small():
    """Two slides, the second of two, with everything that a cell can be."""
    widget = {
        "image/png": PNG,
        "text/plain": "Panel",
        WIDGET_VIEW: {"model_id": "gone"},
    }
    cells = [
        text("# 2 Softmax & more", "slide"),
        text("first words", "notes"),
        text("seen at a click", "fragment"),
        code("1 + 1", "notes", {"text/plain": "2"}),
        text("never seen", "skip"),
        text("## Probabilities\n\n$e^{x_1} < 2$", "slide"),
        text("below it", "subslide"),
        code("Panel()", "fragment", widget, **{"image/png": {"alt": 'a "panel"'}}),
        text("last words", "notes"),
    ]
    return v4.new_notebook(cells=cells, metadata={"widgets": {}})


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "02-small.ipynb"
    path.write_text(v4.writes(small()))
    return BeautifulSoup(slides.html_of(read(path)), "html.parser")


def test_slides_and_slides_below_them(page):
    stacks = page.select(".slides > section")
    assert [len(stack.select(":scope > section")) for stack in stacks] == [1, 2]
    assert page.title.string == "2 Softmax & more"


def test_skipped_cells_are_left_out(page):
    assert "seen at a click" in page.get_text()
    assert "never seen" not in page.get_text()


def test_the_notes_of_a_slide_are_one_and_outside_of_its_fragments(page):
    found = [
        s.select("aside.notes") for s in page.select(".slides > section > section")
    ]
    assert [len(notes) for notes in found] == [1, 0, 1]
    first = found[0][0].get_text()
    assert first.index("first words") < first.index("1 + 1") < first.index("2")
    assert not page.select(".fragment .notes, .seen .notes, .notes .notes")
    shown = page.select_one(".seen").get_text()
    assert "seen at a click" in shown and "first words" not in shown


def test_a_widget_is_its_picture_with_its_words(page):
    (picture,) = page.select("img")
    assert picture["src"].endswith(PNG)
    assert picture["alt"] == 'a "panel"'
    assert "gone" not in str(page)
    assert picture.find_parent(class_="fragment")


def test_formulas_are_left_to_mathjax(page):
    assert "$e^{x_1} < 2$" in page.get_text()


def test_no_prompts(page):
    assert not re.search(r"(In|Out)\s*\[", page.get_text())


def test_whatever_is_loaded_lies_beside_the_page(page, tmp_path, monkeypatch):
    monkeypatch.setattr(slides, "put", lambda package, folder: None)
    target = slides.write(notebooks_of("00")[0], tmp_path / "slides")
    for made in (page, BeautifulSoup(target.read_text("utf8"), "html.parser")):
        loaded = [tag["src"] for tag in made.select("script[src], img[src], iframe")]
        loaded += [tag["href"] for tag in made.select("link")]
        loaded = [address for address in loaded if not address.startswith("data:")]
        own = [address for address in loaded if "/" not in address]
        assert sorted(own) == ["slides.css", "slides.js"]
        assert all((target.parent / name).is_file() for name in own)
        for address in set(loaded) - set(own):
            package, _, file = address.partition("/")
            (there,) = [p for p in (npm.REVEAL, npm.MATHJAX) if p.name == package]
            assert file.startswith(there.files)
        assert "@import" not in "".join(style.get_text() for style in made("style"))


def test_every_chapter_is_found_by_its_number():
    assert notebooks_of("2") == notebooks_of("02")
    assert [p.name for p in notebooks_of("02")] == ["02-softmax-regression.ipynb"]
    assert notebooks_of("") == sorted((ROOT / "notebooks").glob("*.ipynb"))
    with pytest.raises(SystemExit, match="There is no chapter 77; there are: 00, 01"):
        notebooks_of("77")


# -- packages of npm -----------------------------------------------------------------


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(npm, "cache", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def test_without_a_network_it_says_what_is_missing(empty_cache, monkeypatch, capsys):
    monkeypatch.setattr(npm, "REGISTRY", "http://127.0.0.1:9")
    monkeypatch.setattr("sys.argv", ["slides", "--chapter", "00"])
    monkeypatch.setattr(slides, "BUILD", empty_cache / "slides")
    assert slides.main() == 1
    said = capsys.readouterr().err
    assert "reveal.js 5.2.1 is not here yet and could not be fetched" in said
    assert len(said.splitlines()) == 1


def test_what_was_altered_is_not_kept(empty_cache, monkeypatch, tmp_path):
    archive = tmp_path / "reveal.js" / "-" / npm.REVEAL.archive
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"<html>Sign in to this network</html>")
    monkeypatch.setattr(npm, "REGISTRY", tmp_path.as_uri())
    with pytest.raises(npm.NotFetched, match="is not reveal.js 5.2.1: its SHA-512"):
        npm.archive_of(npm.REVEAL)
    assert not empty_cache.exists()


def test_fetched_once_checked_each_time(empty_cache, monkeypatch, tmp_path):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name in ("package/LICENSE", "package/dist/a.js", "package/src/a.js"):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    sha512 = base64.b64encode(hashlib.sha512(made.getvalue()).digest()).decode()
    package = npm.Package("thing", "1.0.0", sha512, ("LICENSE", "dist/"))
    source = tmp_path / "thing" / "-" / "thing-1.0.0.tgz"
    source.parent.mkdir(parents=True)
    source.write_bytes(made.getvalue())
    monkeypatch.setattr(npm, "REGISTRY", tmp_path.as_uri())
    npm.put(package, tmp_path / "out")
    files = [p for p in (tmp_path / "out/thing").rglob("*") if p.is_file()]
    assert sorted(path.name for path in files) == ["LICENSE", "a.js"]
    source.unlink()
    npm.put(package, tmp_path / "again")
    (empty_cache / "thing-1.0.0.tgz").write_bytes(b"half")
    with pytest.raises(npm.NotFetched, match="could not be fetched"):
        npm.archive_of(package)
