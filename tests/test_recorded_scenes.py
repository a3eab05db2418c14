"""What every explorer shows at a few places, against what was looked at once."""

import math
import random
import re

import numpy as np
import pytest

from helpers.tuning.ranges import Choice
from tests.recorded import same_as_recorded
from tests.test_explorers import ALL, TESTED
from tools.live_outputs import NUMBER

FEW = 4  # points that are kept of a line
MANY = 10  # marks of a kind in a pane: more, as numbers in cells, are kept as one
SHARES = (0, 0.03, 0.25, 0.5, 0.77, 1)  # of the way of a slider
POWER = re.compile("# × (10|#)[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")  # a number's size is no other form
MOST_PLACES = 400  # where an explorer's sentence is read
# Deep networks that are trained for these end at other weights on another processor (an
# accuracy of 0.88 became 0.73): the chapter's tests compare every mark instead.
TRAINED = {
    "batch_normalization.rates",
    "batch_normalization.signal",
    "recurrent_networks.embeddings",
    "recurrent_networks.gates",
    "recurrent_networks.temperature",
    "residual_networks.loss_surface",
    "residual_networks.remove_block",
    "transfer_learning.feature_space",
}
NAMES = [n for n in ALL if n.split(".")[0] in TESTED and n not in TRAINED]


def kept(points):
    """Return a few points of many, and mean and spread of all that are numbers."""
    points = np.asarray(points, float).reshape(-1, 2)
    whole = points[np.isfinite(points).all(1)]
    if not len(whole):
        return {"n": len(points)}
    few = whole[np.linspace(0, len(whole) - 1, min(FEW, len(whole))).astype(int)]
    middle, spread = whole.mean(0), whole.std(0)
    return {"n": len(points), "gaps": len(points) - len(whole)} | {
        "x": [*few[:, 0], middle[0], spread[0]],
        "y": [*few[:, 1], middle[1], spread[1]],
    }


def coarse(values):
    """Return an image as the means of 3 x 3 parts, in each color."""
    values = np.asarray(values, float)
    h, w = (min(3, side) for side in values.shape[:2])
    rows = [
        [part.mean((0, 1)).round(3) for part in np.array_split(row, w, 1)]
        for row in np.array_split(values, h, 0)
    ]
    return [list(values.shape), *np.array(rows).reshape(h * w, -1).T]


def of_mark(mark):
    look = {
        key: value
        for key, value in mark.items()
        if key not in ("xy", "values") and not (isinstance(value, str) and value == "")
    }
    if "xy" in mark:
        look |= kept(mark["xy"])
    if "values" in mark:
        look["values"] = coarse(mark["values"])
    return look


def of_marks(marks):
    """Return what is kept of the marks of a pane; of many of a kind, them as one."""
    kinds = [mark["kind"] for mark in marks]
    many = [kind for kind in dict.fromkeys(kinds) if kinds.count(kind) > MANY]
    for kind in many:
        group = [mark for mark in marks if mark["kind"] == kind]
        yield {
            "kind": kind,
            **kept(np.concatenate([mark["xy"].reshape(-1, 2) for mark in group])),
            "texts": " ".join(mark.get("text", "") for mark in group),
            "colors": " ".join(dict.fromkeys(mark["color"] for mark in group)),
            "alpha": [mark["alpha"] for mark in group if mark.get("alpha", 1) < 1],
        }
    yield from (of_mark(mark) for mark in marks if mark["kind"] not in many)


def of_scene(scene):
    panes = [
        {
            "title": pane.title,
            "labels": list(pane.labels),
            "x": list(pane.ends[0]),
            "y": list(pane.ends[1]),
            "ticks": [text for axis in pane.ticks for _, text in axis],
            "marks": list(of_marks(pane.marks)),
        }
        for pane in scene.panes
    ]
    return {"says": scene.says, "panes": panes}


def places(form):
    """Yield the start, then each control alone, then every choice with the others.

    Sliders stand at no round value, so that nothing is symmetric.
    """
    odd = {
        name: between(declared, 0.37)
        for name, declared in form.ranges.items()
        if not isinstance(declared, Choice)
    }
    yield {}
    yield from ({name: value} for name, value in odd.items())
    yield {name: between(form.ranges[name], 0.71) for name in odd}
    for name, declared in form.ranges.items():
        if isinstance(declared, Choice):
            yield from (odd | {name: value} for value in declared.options.values())


def between(declared, share):
    """Return a value of a slider at this share of its way."""
    value = declared.low + share * (declared.high - declared.low)
    whole = isinstance(declared.check("start", declared.start), int)
    return round(value) if whole else round(value, 6)


@pytest.mark.parametrize("name", NAMES)
def test_an_explorer_shows_what_it_showed(name):
    form = ALL[name]
    shown = {str(values): of_scene(form.scene(**values)) for values in places(form)}
    same_as_recorded(f"explorer-{name.replace('.', '-')}", shown, fine=5e-3)


def forms(form):
    """Return the first sentence of each form, by its place.

    Sentences have one form if they differ in their numbers only: another is said under
    another condition, and its numbers are computed in another line.
    """
    values = [
        list(declared.options.values())
        if isinstance(declared, Choice)
        else [between(declared, share) for share in SHARES]
        for declared in form.ranges.values()
    ]
    many = math.prod(map(len, values))
    places = range(many)
    if many > MOST_PLACES:  # eleven controls have more than fit into memory
        places = random.Random(0).sample(places, MOST_PLACES)
    found = {}
    for place in places:
        at = {}
        for name, options in reversed(list(zip(form.ranges, values, strict=True))):
            place, which = divmod(place, len(options))
            at[name] = options[which]
        at = {name: at[name] for name in form.ranges}
        says = form.scene(**at).says
        form_of = POWER.sub("#", NUMBER.sub("#", says))
        found.setdefault(form_of, (str(at), says))
    return dict(found.values())


# What float32 or a training leaves is another number on another processor: of these two
# the chapter's tests read each form.
ROUNDED = {"multilayer_perceptrons.depth", "multilayer_perceptrons.approximation"}


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ROUNDED])
def test_an_explorer_says_what_it_said(name):
    same_as_recorded(f"sentences-{name.replace('.', '-')}", forms(ALL[name]))
