"""The handout as a page, before it is printed: what is folded goes to the end."""

import nbformat.v4 as v4
import pytest
from bs4 import BeautifulSoup

from tools.classroom import handout
from tools.classroom.chapters import notebooks_of, read

ANSWER = """
<details><summary>Why $e$?</summary>

Because of *growth*.

<details><summary>More</summary>

deep

</details>

</details>"""


@pytest.fixture
def page():
    cells = ["# 2 Softmax", "## Asked", ANSWER, "## Asked again", ANSWER, "the end"]
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(cell) for cell in cells])
    return BeautifulSoup(handout.html_of(notebook), "html.parser")


def test_what_is_folded_stands_at_the_end(page):
    text = page.get_text()
    assert text.count("Because of growth.") == 2
    notes = page.select_one(".notes").extract()
    assert "Because" not in page.get_text() and "the end" in page.get_text()
    assert [h.get_text() for h in notes.select("h1, h3")] == [
        *(handout.NOTES, "Asked", "Asked again")
    ]
    questions = [note.p.get_text() for note in notes.select(".note")]
    assert questions == ["1 Why $e$?", "2 Why $e$?"]
    assert "deep" not in notes.get_text()


def test_from_the_question_to_its_note_and_back(page):
    assert "▸ Why $e$?, at the end: note 1" in page.get_text()
    for number in (1, 2):
        for name in (f"note-{number}", f"to-note-{number}"):
            assert page.select_one(f"#{name}")
            assert page.select_one(f"a[href='#{name}']")


@pytest.mark.parametrize("path", notebooks_of(""), ids=lambda path: path.stem[:2])
def test_nothing_is_folded_or_lost(path):
    notebook = read(path)
    page = BeautifulSoup(handout.html_of(notebook), "html.parser")
    assert not page.select("details, summary")
    titles = [h.get_text().removesuffix("¶") for h in page.select("h1, h2")]
    assert titles[0] == notebook.metadata.title
    for cell in notebook.cells:
        assert page.select_one(f"[id='cell-id={cell.id}']"), cell.id
