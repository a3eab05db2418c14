"""Chapter 9: terms with their meanings, sources with their years, answers to recall."""

import json

import pytest

from tests.taught import notebook_path, source_of, terms_of, text_of

MEANINGS = {  # the Chinese name, and what the line on a term must tell
    "data augmentation": ("数据增强，图像增广", "keep the label"),
    "geometric transform": ("几何变换", "rotate"),
    "flip": ("翻转", "left for right"),
    "crop": ("裁剪", "a part of the picture"),
    "color jitter": ("颜色扰动", "brightness, hue"),
    "Gaussian noise": ("高斯噪声", "normal number"),
    "coarse dropout, cutout": ("随机擦除", "set to 0"),
    "mixup": ("混合", "two pictures and their labels"),
    "test-time augmentation": ("测试时增强", "average"),
    "transfer learning": ("迁移学习", "used for another"),
    "source, target": ("源域，目标域", "learned from"),
    "pretrained network": ("预训练模型", "from the source"),
    "linear probe": ("线性探测", "linear layer on frozen features"),
    "fine-tuning": ("微调", "training pretrained weights further"),
    "freeze": ("冻结", "leave parameters as they are"),
    "negative transfer": ("负迁移", "worse than without"),
    "pseudo-label": ("伪标签", "that a network gave"),
}
YEARS = {
    "EfficientNet": ("Tan", 2019),
    "MobileNetV2": ("Sandler", 2018),
    "How transferable are features": ("Yosinski", 2014),
    "Do better ImageNet models": ("Kornblith", 2019),
    "mixup: beyond": ("Zhang", 2018),
    "Improved regularization of convolutional": ("DeVries", 2017),
    "Explicit inductive bias": ("Grandvalet", 2018),
    "Pseudo-label: the simple": ("Lee", 2013),
    "A survey on image data": ("Shorten", 2019),
    "A survey on transfer": ("Pan", 2010),
    "Transfer learning for computer": ("Chilamkurthy", 2017),
}


@pytest.mark.parametrize("english", MEANINGS)
def test_a_term_has_its_chinese_name_and_its_meaning(english):
    chinese, meaning = MEANINGS[english]
    found = terms_of("09")
    ((_, name, told),) = (row for row in found if row[0] == english)
    assert name == chinese and meaning in told
    assert [row[1] for row in found].count(name) == 1


@pytest.mark.parametrize("title", YEARS)
def test_a_source_has_its_authors_and_its_year(title):
    author, year = YEARS[title]
    lines = source_of("09", "sources").split("\n- ")
    (line,) = (line for line in lines if f"*{title}" in line)
    authors, _, rest = line.partition(f" ({year}), *")
    assert rest and author in authors


@pytest.mark.parametrize(
    "question, answer",
    [
        ("may be used for augmentation", "still give the picture the same label"),
        (
            "augmentation with moved images",
            "Not a better result on images that are not",
        ),
        ("mixup make a label", "in the shares in which it mixes the pictures"),
        ("prepare pictures for a borrowed", "None."),
        ("features of late blocks", "belong to the classes of the source"),
        ("What can still change", "running statistics of batch normalization"),
        ("new layer get a larger rate", "begins at random and has far to go"),
        ("What is negative transfer", "worse than a start from scratch"),
    ],
)
def test_an_answer_stands_under_its_question(question, answer):
    parts = text_of("09", "recall-questions").split("<details>")
    (part,) = (part for part in parts if question in part)
    asked, _, folded = part.partition("</summary>")
    assert question in asked and answer in folded


# -- what stands beside the cells ----------------------------------------------------

PLACES = {  # by the end of a cell's name
    "read": "fragment",
    "more": "notes",
    "saw": "notes",
    "gate": "skip",
    "check": "skip",
    "predict": "fragment",
    "test": "fragment",
}


def test_what_is_read_aloud_is_on_a_slide_and_what_is_checked_is_not():
    cells = json.loads(notebook_path("09").read_text("utf-8"))["cells"]
    for cell in cells:
        place = cell["metadata"]["slideshow"]["slide_type"]
        _, is_part, end = cell["id"].rpartition("-")
        assert not is_part or place == PLACES.get(end, place), cell["id"]


def test_only_a_cell_that_tells_a_time_is_not_compared():
    """All else is drawn with seeds, and so can be compared."""
    cells = json.loads(notebook_path("09").read_text("utf-8"))["cells"]
    for cell in cells:
        timed = "perf_counter" in "".join(cell["source"])
        assert cell["metadata"].get("not_compared") == ("times" if timed else None)
