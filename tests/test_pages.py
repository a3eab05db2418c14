"""What learners see of stored reports, and what README and CONTRIBUTING promise."""

import csv
import html
import json
import re
from pathlib import Path

import pytest

from helpers.claims import Report
from tests.said import WORDS
from tests.test_stored_notebooks import FOLDER, PATHS
from tests.verdicts import of_chapter
from tools import bench
from tools.stored import ROOT

PAGES = ("README.md", "CONTRIBUTING.md")
CALL = re.compile(r"^claims\.(\w+)\.test\(", re.M)


def cells_of(path):
    """Yield (id, kind, source, outputs) of a notebook's cells."""
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        source = "".join(cell["source"])
        yield cell["id"], cell["cell_type"], source, cell.get("outputs", [])


def page_of(name):
    return (ROOT / name).read_text("utf-8")


def in_backticks(text):
    """The code of a page: its blocks, and what stands in a line."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
    return blocks + re.findall(r"`([^`\n]+)`", re.sub(r"(?ms)^```.*?^```", "", text))


# -- reports of claims, as a notebook shows them ---------------------------------------

REPORTS = [
    pytest.param(path.name[:2], called[1], outputs, id=f"{path.name[:2]}-{called[1]}")
    for path in PATHS
    for _, kind, source, outputs in cells_of(path)
    if kind == "code" and (called := CALL.search(source))
]


def visible(page):
    """What a browser shows of a page, all of it unfolded, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def sentences(lines):
    """Each sentence of some lines; what follows a point and a small letter is none."""
    return [part for line in lines for part in re.split(r"(?<=\.) (?=[A-Z])", line)]


@pytest.mark.parametrize("number, name, outputs", REPORTS)
def test_a_report_is_seen_as_it_is_stored_and_as_it_was_measured(number, name, outputs):
    """The text is compared when a notebook runs; learners see the page beside it."""
    claim = of_chapter(number)[name.replace("_", "-")]
    (found,) = (output["data"] for output in outputs if "data" in output)
    page, text = ("".join(found[kind]) for kind in ("text/html", "text/plain"))
    statement, headline, *lines = text.splitlines()
    assert statement == claim.statement
    full = Report(claim, None, "digits")
    assert full.full, "a report is judged by the full size"
    assert headline == full.headline
    assert re.findall(r"<b>(.*?)</b>", page) == [html.escape(headline)]
    shown = visible(page)
    measured = [
        f"Full size: {data}. {question.sentence(run.found[letter])}"
        for data, run in claim.stored().items()
        for letter, question in claim.questions.items()
    ]
    for sentence in sentences([headline, *lines, *measured]):
        assert " ".join(sentence.split()) in shown, "stored text, and not in the page"
    (alt,) = re.findall(r'<img [^>]*?alt="([^"]*)"', page)
    looked_at = re.sub(r"(?<=: )a look: .*?; (?=full size)", "", html.unescape(alt))
    assert looked_at == full.described


def test_every_notebook_with_claims_has_reports():
    seen = {param.values[0] for param in REPORTS}
    assert seen == {path.name[:2] for path in PATHS if of_chapter(path.name[:2])}


# -- headings that are named -----------------------------------------------------------

HEADED = re.compile(r"\*([^*\n]+)\*\s+in\s+\[[^]]*\]\(([^)#\s]+)\)")


def named_headings():
    """Yield (where, heading, file) of every "*heading* in [name](file)"."""
    for path in PATHS:
        for cell, kind, source, _ in cells_of(path):
            if kind == "markdown":
                for heading, link in HEADED.findall(source):
                    yield f"{path.name}, {cell}", heading, FOLDER / link, link
    for name in (*PAGES, "data/README.md"):
        for heading, link in HEADED.findall(page_of(name)):
            yield name, heading, (ROOT / name).parent / link, link


def headings(file):
    if file.suffix != ".ipynb":
        texts = [file.read_text("utf-8")]
    else:
        texts = [text for _, kind, text, _ in cells_of(file) if kind == "markdown"]
    lines = [re.findall(r"^#+ (.*?) *$", text, re.M) for text in texts]
    return {line for found in lines for line in found}


def test_a_heading_that_is_named_stands_in_its_file():
    for where, heading, file, link in named_headings():
        if not file.is_file():  # of a notebook that lies elsewhere, as committed
            file = ROOT / "notebooks" / link
        assert file.is_file(), f"{where}: there is no {link}"
        assert heading in headings(file), f"{where}: {link} has no {heading}"


@pytest.mark.parametrize("name", PAGES)
def test_a_link_of_a_page_leads_to_a_file(name):
    links = re.findall(r"\]\(([^)#\s]+)\)", page_of(name))
    inside = [link for link in links if not link.startswith("https:")]
    assert inside
    for link in inside:
        assert not Path(link).is_absolute() and (ROOT / link).exists(), link


# -- README and CONTRIBUTING -----------------------------------------------------------


def test_the_readme_says_how_long_the_chapters_take():
    hours = {}
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if "hours" in cell["metadata"]:
                hours[int(path.name[:2])] = cell["metadata"]["hours"]
    last = max(hours)
    assert list(hours) == list(range(last + 1))
    total = sum(hours[k] for k in range(1, last + 1))
    assert f"Chapters 1 to {last} take about {total:.0f} hours" in page_of("README.md")
    assert hours[0] == 0.5
    (row,) = re.findall(r"^\| \[00 .*$", page_of("README.md"), re.M)
    assert "how the course works, in half an hour:" in row


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_what_is_there(name):
    """Variables that code reads, files, and targets and settings of make."""
    code = in_backticks(page_of(name))
    files = [ROOT / "course.py", ROOT / ".github/workflows/test.yml"]
    for folder in ("helpers", "tools", "tests"):
        files += (ROOT / folder).rglob("*.py")
    read = {
        variable
        for file in files
        for variable in re.findall(r"\bCOURSE_[A-Z_]+\b", file.read_text("utf-8"))
    }
    named = set(re.findall(r"\bCOURSE_\w+", page_of(name)))
    assert named and named <= read

    paths = {
        path
        for text in code
        for path in re.findall(
            r"(?<![\w./-])(?:tests|helpers|tools|notebooks|docs)/[\w./-]*", text
        )
    }
    assert {path for path in paths if not (ROOT / path).exists()} == set()
    assert len(paths) > 5 or name == "README.md"

    makefile = page_of("Makefile")
    targets, settings = (
        set(re.search(rf"^{word} = (.*)$", makefile, re.M)[1].split())
        for word in ("COMMANDS", "SETTINGS")
    )
    calls = [call for text in code for call in re.findall(r"\bmake [a-z].*", text)]
    assert len(calls) > 3
    for call in calls:
        assert re.match(r"make ([\w-]+)", call)[1] in targets, call
        given = re.findall(r" ([A-Z_]+)=", call.partition("#")[0])
        assert set(given) <= settings | {"PYTHON"}, call


def test_the_page_names_the_targets_that_are_missed():
    with bench.FILE.open(newline="", encoding="utf8") as file:
        _, *rows = csv.reader(file)
    page = page_of("CONTRIBUTING.md")
    table = page.split(bench.TABLE[0])[1].split(bench.TABLE[1])[0]
    stored = [f"| {' | '.join(row[:4])} |" for row in rows]
    assert [line for line in table.splitlines() if line.startswith("|")][2:] == stored
    missed = [in_words(row[0]) for row in rows if misses(row[2], row[3])]
    assert len(missed) > 1, "written for a list"
    count = WORDS[len(missed)].capitalize()
    said = re.search(rf"\b{count} targets are not met: (.*?)\.(?= |$)", page, re.M)
    assert said, f"{count} targets are not met: {missed}"
    assert set(re.split(r",? and |, ", said[1])) == set(missed)


def misses(measured, target):
    """Whether a row of the bench is not what it must reach, as it is written."""
    if target.startswith("no limit"):
        return False
    end, limits = re.match(r"(at least|at most) ([\d., ]*\d)", target).groups()
    limits = [float(limit) for limit in limits.split(", ")]
    ratio = float(re.match(r"[\d.]+", measured)[0])
    if end == "at least":
        return ratio < limits[0]
    late = re.search(r"95th percentile ([\d.]+)", measured)
    return (
        measured.endswith(", failed")
        or ratio > limits[0]
        or (len(limits) > 1 and float(late[1]) > limits[1])
    )


def in_words(row):
    """What the sentence above the table calls a row."""
    if chapter := re.match(r"notebook (\d\d)-", row):
        return f"the time of chapter {int(chapter[1])}"
    if row.startswith("`make test`"):
        return "the time of `make test`"
    if row.startswith("training with the open panel"):
        return "training beside an open panel"
    return row


@pytest.mark.parametrize(
    "measured, target, missed",
    [
        ("0.95 (1 against 1 examples/s)", "at least 0.95", False),
        ("0.94 (1 against 1 examples/s)", "at least 0.95", True),
        ("1.15, 95th percentile 1.65 (1 ms)", "at most 1.5, 2", False),
        ("1.15, 95th percentile 2.05 (1 ms)", "at most 1.5, 2", True),
        ("46 s (60 s here)", "at most 45 s at 13,000 examples/s", True),
        ("6.19 times (8 against 1 ms)", "no limit: it does not pay", False),
    ],
)
def test_a_row_is_judged_as_the_bench_does(measured, target, missed):
    assert misses(measured, target) == missed
