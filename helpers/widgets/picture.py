"""Every widget carries a still picture, for places where no kernel runs."""

import base64
import contextlib
import time
from collections.abc import Iterable, Iterator
from weakref import WeakValueDictionary

import ipywidgets
from matplotlib.figure import Figure

from helpers.figures import to_png
from helpers.tuning.gate import GATE

VIEW = "application/vnd.jupyter.widget-view+json"
PRESENT = "application/vnd.course.pictures+json"
BEGIN_WITHIN = 1.0  # seconds; whoever saves a notebook waits for the pictures

Bundle = tuple[dict, dict]  # data and metadata, by media type


class StillPicture:
    """Mixin for an ipywidgets widget: adds a PNG, its words and one line of text.

    A front end with a kernel shows the live widget; GitHub, nbconvert, print and a
    notebook that was opened again show the picture.
    """

    _drawn: tuple[str, Bundle] | None = None  # of which state, and the picture

    def picture(self) -> Figure:
        """What the widget shows now, drawn by matplotlib."""
        raise NotImplementedError

    def described(self) -> str:
        """The picture in words, for those who do not see it."""
        raise NotImplementedError

    def still(self) -> Bundle:
        """The present picture; drawn anew if what the page shows has changed since."""
        state = repr(list(_states(self)))
        if self._drawn is None or self._drawn[0] != state:
            data = {
                "text/plain": repr(self),
                "image/png": base64.b64encode(to_png(self.picture())).decode("ascii"),
            }
            self._drawn = state, (data, {"image/png": {"alt": self.described()}})
        return self._drawn[1]

    def _repr_mimebundle_(self, include=None, exclude=None, **_):
        self._drawn = None  # the picture may hang on more than what the page shows
        data, metadata = self.still()
        _shown[self.model_id] = self
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return data | {VIEW: view}, metadata


def _states(widget: ipywidgets.Widget) -> Iterator[dict]:
    """Yield all that the page knows of a widget and of those in it."""
    yield widget.get_state()
    for child in getattr(widget, "children", ()):
        yield from _states(child)


_shown: WeakValueDictionary[str, StillPicture] = WeakValueDictionary()


class Present:
    """The present pictures of widgets that were shown, as an object to display.

    Where a notebook is saved its server asks for it (`tools/present.py`): what the
    page holds are pictures of the moment in which each widget was shown. A widget
    whose picture cannot be drawn, or not begun within a second, is left out. A
    training in the background rests meanwhile.

    Parameters
    ----------
    model_ids : the names under which the page knows the widgets; others are no error.

    Attributes
    ----------
    pictures : model_id -> data and metadata, by media type.
    """

    def __init__(self, model_ids: Iterable[str]):
        self.pictures: dict[str, Bundle] = {}
        begin = time.monotonic()
        GATE.close()  # a training beside would make a drawing three times as long
        try:
            for name in model_ids:
                if name in _shown and time.monotonic() - begin < BEGIN_WITHIN:
                    with contextlib.suppress(Exception):  # a learner's code may raise
                        self.pictures[name] = _shown[name].still()
        finally:
            GATE.open()

    def _repr_mimebundle_(self, include=None, exclude=None, **_):
        return {PRESENT: self.pictures}
