"""Explorers: controls at the left, a picture at the right that follows them.

An explorer is one function. Its arguments are the controls; it returns the sentence
that reads the picture, and the panes that are drawn::

    @explorer(width=400, height=300)
    def line(slope=Slider(-2, 2, start=1.0)):
        pane = Pane("a line", (-3, 3), (-8, 8))
        pane.line([(x, slope * x) for x in (-3, 3)], name="line")
        return f"At x = 1 the line is at {slope:.2f}.", pane

``line()`` shows it; ``line.scene(slope=2.0)`` are its numbers without a widget.
"""

import functools
import html
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import anywidget
import ipywidgets
import traitlets
from matplotlib.figure import Figure

from helpers.tuning.ranges import Choice, IntSlider, Range, Slider, label_of
from helpers.widgets.picture import StillPicture
from helpers.widgets.scene import Scene
from helpers.widgets.scene_figure import figure_of
from helpers.widgets.script import script, styles
from helpers.widgets.sliders import control_of, number_box

_HERE = Path(__file__).parent
Presets = Mapping[str, Mapping[str, object]]
OWN = "own"  # in the menu of presets: the controls stand as in none of them


class SceneView(anywidget.AnyWidget):
    """The canvas that scene.js draws.

    ``twin`` is the text of a script that computes the same scene in the browser; then
    ``scene`` stays the first one, and the values of the controls arrive as traits.
    """

    _esm = script(_HERE / "scene.js")
    _css = styles(_HERE / "scene.css", _HERE / "full_screen.css")
    scene = traitlets.Dict().tag(sync=True)
    says = traitlets.Unicode().tag(sync=True)
    twin = traitlets.Unicode().tag(sync=True)
    controls = traitlets.Dict().tag(sync=True)  # name -> label, low, high, step


class Explorable:
    """A function of controls that draws a scene; calling it makes an `Explorer`.

    Attributes
    ----------
    function : the controls' values -> sentence, pane, pane, ...
    ranges : name -> the declared range of each control, in order.
    twin : a script that exports ``scene(values)``, the marks that move by name, each
        with the keys of `Scene.sent` that change; None where the kernel draws.
    presets : name -> values of controls that are set together.
    matrix : rows of names of controls that stand as a matrix of numbers.
    handles : names of controls that a handle sets in scenes other than the first.
    columns : in how many columns the controls stand where there is room.
    """

    def __init__(
        self,
        function: Callable,
        width: int,
        height: int,
        twin: Path | None = None,
        presets: Presets = MappingProxyType({}),
        matrix: Sequence[Sequence[str]] = (),
        handles: Sequence[str] = (),
        columns: int = 1,
    ):
        functools.update_wrapper(self, function)
        self.function, self.size, self.twin = function, (width, height), twin
        self.presets, self.matrix = presets, matrix
        self.handles, self.columns = handles, columns
        parameters = inspect.signature(function).parameters.values()
        self.ranges: dict[str, Range] = {p.name: p.default for p in parameters}
        for name, declared in self.ranges.items():
            if not isinstance(declared, Range):
                raise TypeError(
                    f"{function.__name__}: {name} is a control and needs a range as "
                    f"its default, as in {name}=Slider(-2, 2)"
                )

    def __call__(self, **values) -> "Explorer":
        shown = Explorer(self)
        shown.set(**values)
        return shown

    def scene(self, **values) -> Scene:
        """What is drawn and said at these values, the others at their start."""
        starts = {name: r.start for name, r in self.ranges.items()}
        says, *panes = self.function(**starts | values)
        return Scene(says, panes, *self.size)


def explorer(
    width: int,
    height: int,
    twin: str = "",
    presets: Presets = MappingProxyType({}),
    matrix: Sequence[Sequence[str]] = (),
    handles: Sequence[str] = (),
    columns: int = 1,
) -> Callable:
    """Make an explorer of a function from controls to a sentence and panes.

    Parameters
    ----------
    width, height : of the picture in pixels; it shrinks where there is less room.
    twin : a script beside the function's file that computes the same numbers in the
        browser, for pictures that are dragged. It draws nothing.
    presets : name -> values of controls that a menu sets together.
    matrix : rows of names of `IntSlider` controls that stand as a matrix, each with a
        box to type its number in instead of a slider.
    handles : names of controls that a handle sets in scenes other than the first,
        which has none for them.
    columns : in how many columns the controls stand where there is room.
    """

    def decorate(function: Callable) -> Explorable:
        file = Path(inspect.getfile(function)).with_name(twin) if twin else None
        return Explorable(
            function, width, height, file, presets, matrix, handles, columns
        )

    return decorate


def _grid(columns: int) -> ipywidgets.Layout:
    """So many columns of controls, each as wide as where there is one."""
    return ipywidgets.Layout(
        width=f"{316 * columns}px",
        max_width="100%",
        grid_template_columns=f"repeat({columns}, 300px)",
        grid_gap="0 16px",
    )


class Explorer(StillPicture, ipywidgets.VBox):
    """Controls, a picture, and under both the sentence that reads the picture.

    Without a front end it works the same: ``explorer.set(temperature=2)``.

    Attributes
    ----------
    controls : name -> widget.
    preset : the menu of presets, or None; it shows which of them the controls have.
    scene : the numbers of the picture.
    view : the canvas.
    """

    def __init__(self, form: Explorable):
        self._form = form
        boxed = {name for row in form.matrix for name in row}
        self.controls = {
            name: number_box(name, r) if name in boxed else control_of(name, r)
            for name, r in form.ranges.items()
        }
        self.view = SceneView(layout=ipywidgets.Layout(width=f"{form.size[0]}px"))
        self.view.layout.max_width = "100%"
        self.reading = ipywidgets.HTML()
        self.preset = None
        if form.presets:
            self.preset = control_of("preset", Choice(OWN, *form.presets))
        column = ipywidgets.VBox(
            [
                *filter(None, [self.preset]),
                *(
                    ipywidgets.HBox([self.controls[n] for n in row])
                    for row in form.matrix
                ),
                *(c for name, c in self.controls.items() if name not in boxed),
            ],
            layout=ipywidgets.Layout(width="300px", margin="0 16px 0 0"),
        )
        if form.columns > 1:
            column = ipywidgets.GridBox(column.children, layout=_grid(form.columns))
        body = ipywidgets.Box(
            [column, self.view], layout=ipywidgets.Layout(flex_flow="row wrap")
        )
        super().__init__([body, self.reading])
        self.add_class("course-explorer")
        self._move()
        self._link()
        for control in self.controls.values():
            control.observe(lambda _: self._move(), "value")
        if self.preset:
            self.preset.observe(
                lambda c: self.set(**form.presets.get(c.new, {})), "value"
            )

    def _link(self) -> None:
        """Let the browser know the controls that it needs, without the kernel."""
        marks = [mark for pane in self.scene.panes for mark in pane.marks]
        dragged = {m[a] for m in marks if m["kind"] == "handle" for a in "xy" if m[a]}
        dragged |= {*self._form.handles}
        for name in dragged:
            if not isinstance(self._form.ranges.get(name), Slider | IntSlider):
                raise ValueError(
                    f"a handle sets {name!r}, which must be a control and a Slider or "
                    f"IntSlider; the controls are {', '.join(self.controls)}"
                )
        if self._form.twin:
            self.view.twin = self._form.twin.read_text("utf-8")
        linked = [n for n in self.controls if self._form.twin or n in dragged]
        self.view.add_traits(**{n: traitlets.Any().tag(sync=True) for n in linked})
        for name in linked:
            setattr(self.view, name, self.controls[name].value)
            ipywidgets.jslink((self.controls[name], "value"), (self.view, name))
        self.view.controls = {
            name: [label_of(name), *(getattr(self.controls[name], end, None)
                                     for end in ("min", "max", "step"))]
            for name in linked
        }  # fmt: skip

    @property
    def values(self) -> dict[str, object]:
        """The values that the controls show now."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def sentence(self) -> str:
        """The sentence that reads the picture."""
        return self.scene.says

    def described(self) -> str:
        """The picture in words: its sentence."""
        return self.sentence

    def set(self, **values) -> None:
        """Move controls, as a person would.

        Raises
        ------
        ValueError : an unknown name, or a value outside its range.
        """
        for name, value in values.items():
            if name not in self.controls:
                raise ValueError(
                    f"no control {name!r}; there are {', '.join(self.controls)}"
                )
            self.controls[name].value = self._form.ranges[name].check(name, value)

    def _move(self) -> None:
        """Follow the controls."""
        values = self.values
        self.scene = self._form.scene(**values)
        with self.view.hold_sync():
            if not self.view.twin:
                self.view.scene = self.scene.sent()
            self.view.says = self.scene.says
        said = html.escape(self.scene.says, quote=False)
        self.reading.value = f'<p role="status">{said}</p>'
        if self.preset:
            presets = self._form.presets.items()
            fitting = (n for n, preset in presets if preset.items() <= values.items())
            self.preset.value = next(fitting, OWN)

    def picture(self) -> Figure:
        """The scene as it stands, drawn by matplotlib."""
        return figure_of(self.scene)

    def __repr__(self) -> str:
        texts = (
            f"{label_of(name)} {self._form.ranges[name].text(value)}"
            for name, value in self.values.items()
        )
        return f"{self._form.__name__}({', '.join(texts)})"
