"""What later chapters make, shown at the start: their own stored results, unchanged."""

import base64
import io
import json
import re

import numpy as np
from bs4 import BeautifulSoup
from PIL import Image

from helpers.chapters.convolution.explorers import kernels_on_a_photograph
from helpers.chapters.welcome import what_comes
from helpers.chapters.welcome.ahead import RESULTS, SIDE
from helpers.data.photographs import load_photograph
from helpers.models.efficientnet import imagenet_classes
from tests.said import said
from tests.taught import source_of
from tools.stored import ROOT

FOLDER = ROOT / "notebooks"


def page_of(ahead):
    return BeautifulSoup(ahead._repr_html_(), "html.parser")


def stored(chapter):
    """The outputs of a chapter's cells, by their names."""
    (path,) = FOLDER.glob(f"{chapter}-*.ipynb")
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return {cell["id"]: cell.get("outputs", []) for cell in cells}


def pixels(image):
    png = base64.b64decode(image["src"].partition("base64,")[2])
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), float)


def test_the_welcome_shows_what_the_chapters_hold_now():
    """A chapter that was executed again has other results: execute the welcome, too."""
    ((output,),) = [stored("00")["ahead"]]
    assert "".join(output["data"]["text/plain"]) == repr(what_comes())
    page = BeautifulSoup("".join(output["data"]["text/html"]), "html.parser")
    shown, now = page.find_all("img"), page_of(what_comes()).find_all("img")
    for image, fresh in zip(shown, now, strict=True):
        assert image["alt"] == fresh["alt"]
        difference = pixels(image) - pixels(fresh)  # fonts differ between machines
        assert np.abs(difference).mean() < 3
    assert page.text == page_of(what_comes()).text
    links = [
        [a["href"] for a in p.find_all("a")] for p in (page, page_of(what_comes()))
    ]
    assert links[0] == links[1]


def test_there_are_as_many_as_are_promised_each_from_a_later_chapter():
    (number,) = said("00", "title", r"(\w+) things that you will do on the way")
    assert ["one", "two", "three", "four"][len(RESULTS) - 1] == number.lower()
    rows = page_of(what_comes()).find_all("tr")
    assert len(rows) == len(RESULTS)
    for row, result in zip(rows, RESULTS, strict=True):
        link = row.find("a")
        assert (FOLDER / link["href"]).exists() and int(result.chapter) > 0
        assert link["href"].startswith(result.chapter)
        assert link.text == f"Chapter {int(result.chapter)}"
        assert result.says in row.text


def test_pictures_and_words_are_those_of_the_named_cells():
    rows = page_of(what_comes()).find_all("tr")
    for row, result in zip(rows, RESULTS, strict=True):
        outputs = stored(result.chapter)
        kept = [output for name in result.cells for output in outputs[name]]
        data = [output.get("data", {}) for output in kept]
        pictures = [d["image/png"] for d in data if "image/png" in d]
        images = [image["src"].partition("base64,")[2] for image in row.find_all("img")]
        own = images[1:] if result.photographs else images
        assert own == ["".join(p).replace("\n", "") for p in pictures]
        assert all(image["alt"] for image in row.find_all("img"))
        words = ["".join(o["text"]) for o in kept if o["output_type"] == "stream"]
        assert [block.text for block in row.find_all("pre")] == words
        assert images or words


def test_what_the_three_say_is_so():
    """Nine numbers in the kernel, three words each, a line for each pass."""
    (kernel,) = [p for p in kernels_on_a_photograph().scene.panes if p.name == "kernel"]
    kernel_of = {mark["name"]: mark for mark in kernel.marks}
    assert len([name for name in kernel_of if name.startswith("weight ")]) == 9
    signs = [kernel_of[f"weight 1 {column}"]["text"][0] == "−" for column in (0, 2)]
    assert signs == [True, False], "positive, blue, where the right is brighter"
    assert RESULTS[0].says.startswith(
        "Nine numbers find the upright edges in a photograph: blue where it grows "
        "brighter to the right, orange to the left."
    )
    words = "".join(stored("09")["answers-figure"][0]["text"]).splitlines()
    assert len(words) == 3
    for line in words:
        assert len(re.findall(r" 0\.\d\d\b", line)) == 3
    assert "in three others, with a probability for each word" in RESULTS[1].says
    assert list(RESULTS[1].photographs) == [line.split()[0] for line in words]
    known = " ".join(imagenet_classes()).lower()
    assert len(imagenet_classes()) == 1000 and "daisy" in known
    assert "dahlia" not in known and "pagoda" not in known
    assert "Its thousand words lack “dahlia” and “pagoda”." in RESULTS[1].says
    lines = "".join(stored("10")["writes-train"][0]["text"]).splitlines()
    (passes,) = re.findall(r"num_epochs=(\d+)", source_of("10", "writes-train"))
    hesitates = [float(re.match(r"(\d\.\d\d)  the time", line)[1]) for line in lines]
    assert len(lines) == int(passes) and hesitates[-1] < hesitates[0] - 3
    assert "exp(record.val.loss)" in source_of("10", "writes-train")
    assert 'vocab, "the time ", ' in source_of("10", "writes-train")
    assert "continues the words “the time”: a line after each pass." in RESULTS[2].says
    train, val = re.search(
        r"([\d,]+) characters train, ([\d,]+) val", json.dumps(stored("10")["text"])
    ).groups()
    read, kept = (int(number.replace(",", "")) for number in (train, val))
    assert round(10 * read / (read + kept), 2) == 9
    assert "reads nine tenths of a novel" in RESULTS[2].says
    assert "how unsure it is of the last tenth" in RESULTS[2].says


def test_photographs_stand_before_what_is_said_of_them():
    (row,) = [r for r in page_of(what_comes()).find_all("tr") if "Chapter 9" in r.text]
    (image,) = row.find_all("img")
    assert image["alt"] == "3 images: temple; flower; portrait."
    drawn = pixels(image)
    for name in RESULTS[1].photographs:
        photograph = load_photograph(name, SIDE).permute(1, 2, 0).numpy() * 255
        places = [
            np.abs(drawn[y : y + SIDE, x : x + SIDE] - photograph).mean()
            for y in range(drawn.shape[0] - SIDE + 1)
            for x in range(drawn.shape[1] - SIDE + 1)
        ]
        assert min(places) < 8 < np.median(places), name


def test_what_is_not_there_is_left_out(tmp_path):
    """Outputs were cleared, or there is no such notebook: the words remain."""
    (path,) = FOLDER.glob("05-*.ipynb")
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
    (tmp_path / path.name).write_text(json.dumps(notebook), "utf-8")
    page = page_of(what_comes(tmp_path))
    assert not page.find_all("img") and not page.find_all("pre")
    assert [link["href"] for link in page.find_all("a")] == [path.name]
    for result in RESULTS:
        assert result.says in page.text and result.says in repr(what_comes(tmp_path))
