"""Terms with their meanings, sources with their years, answers to recall.

What a chapter must say stands in its terms.py.
"""

from importlib import import_module

import pytest

from tests.taught import source_of, terms_of, text_of
from tests.test_stored_notebooks import PATHS
from tools.stored import ROOT

TOLD = {
    path.parent.name[:2]: import_module(f"tests.chapters.{path.parent.name}.terms")
    for path in sorted(ROOT.glob("tests/chapters/*/terms.py"))
    if path.parent.name[:2] in {notebook.name[:2] for notebook in PATHS}
}


def each(name):
    """Every entry of one of the tables, with its chapter."""
    return pytest.mark.parametrize(
        "chapter, key, expected",
        [
            pytest.param(chapter, *entry, id=f"{chapter}-{entry[0]}")
            for chapter, told in TOLD.items()
            for entry in getattr(told, name).items()
        ],
    )


@pytest.mark.parametrize("chapter", TOLD)
def test_every_term_is_held(chapter):
    rows = terms_of(chapter)
    assert {row[0] for row in rows} - set(TOLD[chapter].MEANINGS) == {"English"}


@each("MEANINGS")
def test_a_term_has_its_chinese_name_and_its_meaning(chapter, key, expected):
    chinese, meaning = expected
    rows = terms_of(chapter)
    ((_, name, told),) = (row for row in rows if row[0] == key)
    assert name == chinese and meaning in told
    assert [row[1] for row in rows].count(name) == 1


@each("YEARS")
def test_a_source_has_its_authors_and_its_year(chapter, key, expected):
    author, year = expected
    lines = source_of(chapter, "sources").split("\n- ")
    (line,) = (line for line in lines if f"*{key}" in line)
    authors, _, rest = line.partition(f" ({year}), *")
    assert rest and author in authors


@each("ANSWERS")
def test_an_answer_stands_under_its_question(chapter, key, expected):
    folded = text_of(chapter, "recall-questions").split("<details><summary>")[1:]
    assert len(folded) == len(TOLD[chapter].ANSWERS)
    (one,) = (part for part in folded if key in part.partition("</summary>")[0])
    assert expected in one.partition("</summary>")[2]
