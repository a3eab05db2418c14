"""Explorers: sliders at the left, one drawing at the right that follows them."""

import io
from collections.abc import Callable, Mapping

import ipywidgets
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from helpers.widgets.controls import Range, label_of
from helpers.widgets.still import StillPicture


class _Explorer(StillPicture, ipywidgets.VBox):
    """Controls, a drawing, and under both one sentence that reads the drawing."""

    def __init__(self, drawing: ipywidgets.Widget, ranges: Mapping[str, Range]):
        self._ranges = dict(ranges)
        self.controls = {name: r.control(name) for name, r in ranges.items()}
        self.reading = ipywidgets.HTML()
        self.sentence = ""
        column = ipywidgets.VBox(
            list(self.controls.values()),
            layout=ipywidgets.Layout(width="300px", margin="0 16px 0 0"),
        )
        body = ipywidgets.Box(
            [column, drawing], layout=ipywidgets.Layout(flex_flow="row wrap")
        )
        super().__init__([body, self.reading])
        for control in self.controls.values():
            control.observe(lambda _: self._move(), "value")
        self._move()

    @property
    def values(self) -> dict[str, object]:
        """The values that the controls show now."""
        return {name: control.value for name, control in self.controls.items()}

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

    def _move(self) -> None:
        """Follow the controls."""
        self.sentence = self._redraw(**self.values)
        self.reading.value = f'<p role="status">{self.sentence}</p>'

    def _redraw(self, **values) -> str:
        raise NotImplementedError

    def __repr__(self) -> str:
        texts = (
            f"{label_of(name)} {self._ranges[name].text(value)}"
            for name, value in self.values.items()
        )
        return f"{type(self).__name__}({', '.join(texts)})"


class Explorer(_Explorer):
    """Moves a matplotlib drawing.

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
        make: Callable[[Figure], Callable[..., str]],
        figsize: tuple[float, float] = (6, 3),
        **ranges: Range,
    ):
        self._figure = Figure(figsize=figsize)
        self._canvas = FigureCanvasAgg(self._figure)
        self._update = make(self._figure)
        self._moving: list[Artist] = self._figure.findobj(lambda a: a.get_animated())
        self._canvas.draw()
        self._figure.set_layout_engine("none")  # the layout stands; moves leave it
        self._background = self._canvas.copy_from_bbox(self._figure.bbox)
        width = f"{int(figsize[0] * self._figure.dpi)}px"
        self.image = ipywidgets.Image(
            layout=ipywidgets.Layout(width=width, max_width="100%")
        )
        super().__init__(self.image, ranges)

    def _redraw(self, **values) -> str:
        sentence = self._update(**values)
        self._canvas.restore_region(self._background)
        for artist in self._moving:
            (artist.axes or self._figure).draw_artist(artist)
        png = io.BytesIO()
        pixels = np.asarray(self._canvas.buffer_rgba())[..., :3]
        Image.fromarray(pixels).save(png, "png", compress_level=1)
        self.image.value = png.getvalue()
        return sentence

    def picture(self) -> Figure:
        """The drawing as it stands."""
        figure = Figure(figsize=self._figure.get_size_inches(), layout="none")
        figure.figimage(np.asarray(Image.open(io.BytesIO(self.image.value))))
        return figure


class ClientExplorer(_Explorer):
    """Moves a drawing that the browser makes, without waiting for the kernel.

    Parameters
    ----------
    view : an anywidget with one synchronized trait for every control, of its name;
        its JavaScript computes and draws.
    draw : function (figure, **values) that draws the same with matplotlib, for the
        still picture.
    read : function (**values) -> one sentence that reads the picture.
    ranges : the controls, in order.
    """

    def __init__(
        self,
        view: ipywidgets.DOMWidget,
        draw: Callable[..., None],
        read: Callable[..., str],
        figsize: tuple[float, float] = (6, 3),
        **ranges: Range,
    ):
        self.view, self._draw, self._read, self._size = view, draw, read, figsize
        view.layout.width = f"{int(figsize[0] * 100)}px"
        view.layout.max_width = "100%"
        super().__init__(view, ranges)
        for name, control in self.controls.items():
            # linked in the browser: a slider moves the drawing without the kernel
            ipywidgets.jslink((control, "value"), (view, name))

    def _redraw(self, **values) -> str:
        return self._read(**values)

    def picture(self) -> Figure:
        """The drawing at the present values, made by matplotlib."""
        figure = Figure(figsize=self._size)
        self._draw(figure, **self.values)
        return figure
