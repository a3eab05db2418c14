"""A plugin of pytest: what a cell shows is compared with what is stored.

nbval compares the cells that are tagged, character by character. Here every other cell
is compared too, as far as it can be the same on another machine: texts word by word,
numbers within a tolerance, pictures after they were made small. A cell that cannot be
compared says why in its metadata, ``"not_compared": "times"``; REASONS holds the words.
A training goes another way on another processor, and the longer, the farther apart: a
cell that shows its results says how much they may differ, ``"tolerance": 0.06``, as a
share of the number, or of 1 if it is smaller. A number with an exponent, ``3.4e-04``,
is a magnitude: it may be half or twice as large. Curves of a long training look
different then, though the numbers in the picture's text agree: ``"picture":
"processor"`` leaves the picture out, and not its text.

What is stored was made from the digits: on other images nothing is compared.
"""

import base64
import io
import os
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools.live_verdicts import LOOK

CONSTRAINTS = Path(__file__).resolve().parents[1] / "constraints.txt"
REASONS = {
    "times": "it shows how long something took",
    "machine": "it shows what stands on this machine",
    "random": "it shows what is drawn anew each time",
    "processor": "it shows a long training, which ends elsewhere on each processor",
}
TOLERANCE = 0.01  # share of a number with a point; whole numbers are compared exactly
ROUNDING = 2e-6  # what is smaller is what rounding left over
NUMBER = re.compile(
    r"(?<![\w.])[-−+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:e[-+]?\d+)?(?![\w])"
)
FOUND = re.compile(
    re.escape(LOOK) + r"(.*?): ([-−]?[\d.]+) ± [\d.]+ over (\d+) seeds,"
    r" 95 % interval ([-−]?[\d.]+) to ([-−]?[\d.]+): .*"
)
SIDE = 32  # a picture is compared as so many cells across and down
# Largest mean difference, and largest difference of one cell, of 255. Measured: 0.02
# and 4 without vector instructions and with two threads; 2.6 and 110 with another
# version of matplotlib, which sets letters elsewhere; at least 2.5 and 47 for a picture
# mirrored or upside down, and 15 in one cell for two colors exchanged.
LIMITS = {"the same": (0.1, 8.0), "another": (3.0, 110.0)}


def texts_of(outputs: list[dict]) -> list[str]:
    """Return what a cell's outputs say: streams, results, and pictures in words.

    Parameters
    ----------
    outputs : of one cell, in nbformat 4.
    """
    texts, written = [], {}
    for output in outputs:
        if output["output_type"] == "stream":
            # In how many pieces a stream comes is chance.
            written[output["name"]] = written.get(output["name"], "") + "".join(
                output["text"]
            )
            continue
        texts.append("".join(output.get("data", {}).get("text/plain", "")))
        texts.append(output.get("metadata", {}).get("image/png", {}).get("alt", ""))
    return [text for text in (*written.values(), *texts) if text.strip()]


def pictures_of(outputs: list[dict]) -> list[np.ndarray]:
    """Return the pictures of a cell's outputs, each made small.

    Parameters
    ----------
    outputs : of one cell, in nbformat 4.

    Returns
    -------
    Red, green and blue from 0 to 255, (SIDE, SIDE, 3), of each picture.
    """
    data = [output.get("data", {}).get("image/png") for output in outputs]
    return [_small(base64.b64decode("".join(png))) for png in data if png]


def _small(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as image:
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        small = white.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, float)


@cache
def _matplotlib() -> str:
    """Say whether the stored pictures were drawn by the matplotlib that is here.

    They are made with the newest one that constraints.txt names.
    """
    pins = CONSTRAINTS.read_text("utf-8")
    newest = re.findall(r"^matplotlib==([\d.]+)", pins, re.MULTILINE)[-1]
    return "the same" if version("matplotlib") == newest else "another"


def told_apart(stored: str, shown: str, tolerance: float = TOLERANCE) -> str:
    """Say how two texts differ; "" if they agree.

    Whole numbers and words must be equal. A number with a point may differ by this
    share of it, and one with two decimals or more by one in its last digit. A wider
    tolerance than the usual one is for what was trained, and holds for all numbers.
    """
    words = [" ".join(NUMBER.sub(" # ", text).split()) for text in (stored, shown)]
    if words[0] != words[1]:
        k = len(os.path.commonprefix(words))
        before, after = (text[max(0, k - 40) : k + 40] for text in words)
        return f"stored is ...{before}..., shown ...{after}..."
    numbers = [NUMBER.findall(text) for text in (stored, shown)]
    for old, new in zip(*numbers, strict=True):
        if not _agree(old, new, tolerance):
            return f"stored is {old}, shown {new}"
    return ""


def _agree(old: str, new: str, tolerance: float) -> bool:
    if old == new:
        return True
    values = [float(text.replace("−", "-").replace(",", "")) for text in (old, new)]
    apart, size = abs(values[0] - values[1]), abs(values[0])
    trained = tolerance > TOLERANCE
    if all(re.fullmatch(r"[-−+]?[\d,]+", text) for text in (old, new)):
        return trained and apart <= max(2, tolerance * size)  # as the best epoch
    if max(map(abs, values)) < ROUNDING:
        return True
    if trained and "e" in old:  # a magnitude, as of a gradient: half or twice as much
        return apart <= max(map(abs, values)) / 2
    if trained:  # a share of the number, or as much of 1, as for an accuracy
        return apart <= tolerance * max(size, 1)
    digit = min(map(_last_digit, (old, new)))
    return apart <= max(1.001 * digit, tolerance * size)


def _last_digit(text: str) -> float:
    """Return what one in the last digit of a number is; 0 if it may be an exact one."""
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - decimals) if decimals >= 2 else 0.0


def pictures_apart(
    stored: np.ndarray, shown: np.ndarray, tolerance: float = TOLERANCE
) -> str:
    """Say how two pictures, as pictures_of returns them, differ; "" if they agree."""
    apart = np.abs(stored - shown).mean(2)
    scale = max(1.0, tolerance / TOLERANCE)
    most_mean, most = (scale * limit for limit in LIMITS[_matplotlib()])
    if apart.mean() <= most_mean and apart.max() <= most:
        return ""
    return (
        f"another picture than stored: of 255, {apart.mean():.2f} apart in the mean"
        f" and {apart.max():.0f} in one place"
    )


def differences(cell: dict, outputs: list[dict]) -> list[str]:
    """Say how what a cell shows differs from what is stored.

    Parameters
    ----------
    cell : as it is stored, with its outputs and metadata.
    outputs : what it shows now.
    """
    metadata = cell["metadata"]
    if "not_compared" in metadata:
        return []
    tolerance = metadata.get("tolerance", TOLERANCE)
    texts = [texts_of(each) for each in (cell["outputs"], outputs)]
    pictures = [pictures_of(each) for each in (cell["outputs"], outputs)]
    if "picture" in metadata:
        pictures = [[], []]
    if list(map(len, texts)) != [len(texts[0])] * 2:
        return [f"stored are {len(texts[0])} texts, shown {len(texts[1])}"]
    if len(pictures[0]) != len(pictures[1]):
        return [f"stored are {len(pictures[0])} pictures, shown {len(pictures[1])}"]
    found = []
    for pair in zip(*texts, strict=True):
        (stored, before), (shown, now) = map(_without_looks, pair)
        found += [told_apart(stored, shown, tolerance), _looks_apart(before, now)]
    found += [pictures_apart(*pair, tolerance) for pair in zip(*pictures, strict=True)]
    return [text for text in found if text]


def _without_looks(text: str) -> tuple[str, list[tuple]]:
    """Return the report of a claim without its live runs, and what those found.

    The numbers of a live run come from short trainings: (what was measured and how
    often, mean, low, high) says all that another machine can be held to. The verdict
    is compared by live_verdicts.
    """
    looks, kept = [], []
    for line in text.splitlines():
        if found := FOUND.fullmatch(line):
            numbers = [float(found[k].replace("−", "-")) for k in (2, 4, 5)]
            looks.append((found[1], found[3], *numbers))
        else:
            kept.append(line)
    return "\n".join(kept), looks


def _looks_apart(stored: list[tuple], shown: list[tuple]) -> str:
    """Say where a live run found what lies far outside of the stored interval."""
    if [look[:2] for look in stored] != [look[:2] for look in shown]:
        return f"stored are {stored}, shown {shown}"
    for (what, _, _, low, high), (_, _, mean, *_) in zip(stored, shown, strict=True):
        width = max(high - low, 0.02)
        if not low - width <= mean <= high + width:
            return f"{what}: found {mean}, stored {low} to {high}"
    return ""


def on_other_images() -> bool:
    """Whether the notebooks run on other images than those they are stored with."""
    return os.environ.get("COURSE_IMAGES", "digits") not in ("", "digits")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Compare after nbval has run a cell."""
    result = yield
    # nbval must not be imported before pytest.
    if type(item).__name__ == "IPyNbCell" and not on_other_images():
        found = differences(item.cell, item.test_outputs)
        assert not found, (
            f"{item.name}: {'; '.join(found)} (what is right is stored by"
            " `make execute`)"
        )
    return result
