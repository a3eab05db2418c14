"""An explorer: sliders at the left, one drawing at the right, redrawn as they move."""

import io
from collections.abc import Callable

import ipywidgets
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from helpers.widgets.controls import Range
from helpers.widgets.still import StillPicture

Update = Callable[..., str]


class Explorer(StillPicture, ipywidgets.VBox):
    """Moves a drawing by named controls.

    Parameters
    ----------
    make : function of an empty Figure that draws everything once and returns
        ``update``. Artists that change are made with ``animated=True``; whatever else
        was drawn stays as it is, so a move costs only the moving artists.
    figsize : inches.
    ranges : the controls, in order; ``update(**values)`` moves the artists and
        returns one sentence that reads the picture.

    Without a front end it works the same: ``explorer.set(temperature=2)``.
    """

    def __init__(
        self,
        make: Callable[[Figure], Update],
        figsize: tuple[float, float] = (6, 3),
        **ranges: Range,
    ):
        self._ranges = ranges
        self._figure = Figure(figsize=figsize)
        self._canvas = FigureCanvasAgg(self._figure)
        self._update = make(self._figure)
        self._moving: list[Artist] = self._figure.findobj(lambda a: a.get_animated())
        self._canvas.draw()
        self._figure.set_layout_engine("none")  # the layout stands; moves leave it
        self._background = self._canvas.copy_from_bbox(self._figure.bbox)

        self.controls = {name: r.control(name) for name, r in ranges.items()}
        width = f"{int(figsize[0] * self._figure.dpi)}px"
        self.image = ipywidgets.Image(
            layout=ipywidgets.Layout(width=width, max_width="100%")
        )
        self.reading = ipywidgets.HTML()
        column = ipywidgets.VBox(
            list(self.controls.values()),
            layout=ipywidgets.Layout(width="300px", margin="0 16px 0 0"),
        )
        body = ipywidgets.Box(
            [column, self.image], layout=ipywidgets.Layout(flex_flow="row wrap")
        )
        super().__init__([body, self.reading])
        for control in self.controls.values():
            control.observe(self._paint, "value")
        self._paint()

    def set(self, **values) -> None:
        """Move controls, as a person would.

        Raises
        ------
        ValueError : an unknown name, or a value outside its range.
        """
        for name, value in values.items():
            if name not in self._ranges:
                raise ValueError(
                    f"no control {name!r}; there are {', '.join(self._ranges)}"
                )
            self.controls[name].value = self._ranges[name].check(name, value)

    def _paint(self, _=None) -> None:
        sentence = self._update(**{n: c.value for n, c in self.controls.items()})
        self._canvas.restore_region(self._background)
        for artist in self._moving:
            (artist.axes or self._figure).draw_artist(artist)
        png = io.BytesIO()
        pixels = np.asarray(self._canvas.buffer_rgba())[..., :3]
        Image.fromarray(pixels).save(png, "png", compress_level=1)
        self.image.value = png.getvalue()
        self.reading.value = f'<p role="status">{sentence}</p>'
        self.sentence = sentence

    def picture(self) -> Figure:
        """The drawing with the controls' values under it."""
        figure = Figure(figsize=self._figure.get_size_inches(), layout="none")
        pixels = np.asarray(Image.open(io.BytesIO(self.image.value)))
        figure.figimage(pixels, resize=True)
        return figure

    def __repr__(self) -> str:
        values = ", ".join(f"{n}={c.value:.3g}" for n, c in self.controls.items())
        return f"Explorer({values})"
