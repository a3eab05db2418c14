"""Every widget carries a still picture, for places where no kernel runs."""

import base64

from matplotlib.figure import Figure

from helpers.figures import to_png

VIEW = "application/vnd.jupyter.widget-view+json"


class StillPicture:
    """Mixin for an ipywidgets widget: adds a PNG, its words and one line of text.

    A front end with a kernel shows the live widget; GitHub, nbconvert, print and a
    notebook that was opened again show the picture.
    """

    def picture(self) -> Figure:
        """What the widget shows now, drawn by matplotlib."""
        raise NotImplementedError

    def described(self) -> str:
        """The picture in words, for those who do not see it."""
        raise NotImplementedError

    def _repr_mimebundle_(self, include=None, exclude=None, **_):
        data = {
            "text/plain": repr(self),
            "image/png": base64.b64encode(to_png(self.picture())).decode("ascii"),
            VIEW: {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.model_id,
            },
        }
        return data, {"image/png": {"alt": self.described()}}
