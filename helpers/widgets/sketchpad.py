"""Draw your own digit: a square to draw in, and at every stroke a network's answer."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import anywidget
import ipywidgets
import torch
import traitlets
from matplotlib.figure import Figure
from torch import Tensor

from helpers.data import ImageData
from helpers.data.drawings import PEN, frame_of, framed, resampled
from helpers.widgets.asking import output_of
from helpers.widgets.explorer import SceneView
from helpers.widgets.feature_maps import checked, maps_layout, maps_scene
from helpers.widgets.picture import StillPicture
from helpers.widgets.scene import Scene
from helpers.widgets.scene_figure import figure_of
from helpers.widgets.script import script
from helpers.widgets.sketch import (
    FINE,
    MOVES,
    Sketch,
    answer_panes,
    image_pane,
    says_of,
)
from helpers.widgets.sliders import control_of

SIDE = 280  # screen pixels of the square
WIDTH = 470  # of the answer beside it
NONE = "none"
EMPTY = "Draw in the square by mouse, pen or finger, or choose a stored image."
NOISE = 0.15  # in the stored image of a still: what is darker is drawn black
MEASURED = 500  # training images, to see how large and where things are in them
START = {name: declared.start for name, declared in MOVES.items()}
_HERE = Path(__file__).parent


class Square(anywidget.AnyWidget):
    """The square of sketchpad.js, in which the learner draws.

    ``strokes`` are lists x, y, x, y, ... in thousandths of the square, as the pen left
    them; ``stored`` are the bytes of the image under them, row by row. Traits named as
    in `MOVES` move both, and ``chosen`` is the place in the menu of stored images: the
    browser links them with the controls.
    """

    _esm = script(_HERE / "sketchpad.js")
    _css = _HERE / "sketchpad.css"
    # What the browser has drawn need not be sent back to it.
    strokes = traitlets.List().tag(sync=True, echo_update=False)
    stored = traitlets.Bytes().tag(sync=True)
    pixels = traitlets.Int().tag(sync=True)  # along a side of the stored image
    pen = traitlets.Float().tag(sync=True)  # as a share of the square
    side = traitlets.Int(SIDE).tag(sync=True)
    chosen = traitlets.Int(0).tag(sync=True)
    moves = traitlets.Dict().tag(sync=True)  # name -> low, high, start


class SketchPad(StillPicture, ipywidgets.VBox):
    """A square to draw in by mouse, pen or finger, and what a network says to it.

    The network is asked at every stroke. Beside the square stand the image that it
    gets and the probability of each class. A stored image can be chosen instead,
    drawn over, moved, turned and scaled, all by keyboard. Without a front end it works
    the same: ``pad.draw([(0.5, 0.1), (0.5, 0.9)])``, ``pad.predict(image)``.

    Parameters
    ----------
    net : from images (1, 1, size, size) to logits (1, K), on any device. It is asked
        in evaluation mode; its modes and all random states stay what they are.
    data : gives the names of the K classes, the stored images (its test part), and
        the frame that the network is used to.
    center : whether drawings are centered and scaled like the training images; the
        learner can switch it off.
    maps : name -> from the net's images (1, 1, size, size) to feature maps
        (1, c, h, w), such as ``{"first layer": net.features[:3]}``: they are shown
        below, live, and asked as the net is.

    Raises
    ------
    ValueError : the images have several channels or are not square, the net does
        not give one logit for each class, or ``maps`` no feature maps. Other errors of
        both are raised as they are; those that come later stand in the pad.

    Attributes
    ----------
    frame : size and place of things in the training images.
    image : (size, size), what the network sees, values 0..1.
    probabilities : (K,); None where nothing is drawn, or the net failed.
    feature_maps : name -> (c, h, w), those of the image.
    error : what the network or ``maps`` raised at the last drawing, or None.
    controls : name -> widget.

    First used in the welcome notebook. Source: LeCun et al. 1998, who prepared the
    digits of MNIST so.
    """

    def __init__(
        self,
        net: Callable[[Tensor], Tensor],
        data: ImageData,
        *,
        center: bool = True,
        maps: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
    ):
        channels, h, w = data.train.X.shape[1:]
        if channels != 1 or h != w:
            raise ValueError(
                f"the images are {channels} x {h} x {w}: expected square ones with "
                "one channel"
            )
        self.net, self.data, self.maps = net, data, dict(maps or {})
        self.frame = frame_of(data.train.X[:MEASURED].cpu())
        self._ask(torch.zeros(h, w))  # a net that cannot answer fails here
        empty = self._maps_of(torch.zeros(h, w))
        self._empty = {name: torch.zeros_like(m) for name, m in empty.items()}
        self._pen, self._number = PEN * h / 28, 0  # of the class's stored images
        self.square = Square(
            pen=PEN / 28,
            pixels=h,
            moves={name: [r.low, r.high, r.start] for name, r in MOVES.items()},
        )
        self.view = SceneView(layout=ipywidgets.Layout(width=f"{WIDTH}px"))
        self.view.layout.max_width = "100%"
        self.maps_view = SceneView(layout=maps_layout()) if self.maps else None
        self.reading = ipywidgets.HTML().add_class("course-sketch-answer")
        self._make_controls(center)
        body = ipywidgets.Box([*filter(None, [self.square, self.view, self.maps_view])])
        super().__init__(
            [
                body.add_class("course-sketch-body"),
                self.reading,
                self._controls_box().add_class("course-sketch-controls"),
            ]
        )
        self._link()
        self._answer()
        self.square.observe(lambda _: self._answer(), "strokes")
        for name in (*MOVES, "center"):
            self.controls[name].observe(lambda _: self._answer(), "value")
        self.controls["stored"].observe(lambda _: self._choose(0), "value")

    # -- controls -------------------------------------------------------------------

    def _make_controls(self, center: bool) -> None:
        names = [NONE, *self.data.classes]
        self.controls = {
            "stored": ipywidgets.Dropdown(
                options=[(name, k - 1) for k, name in enumerate(names)],
                description="stored image",
                style={"description_width": "96px"},
            )
        }
        self.controls |= {name: control_of(name, r) for name, r in MOVES.items()}
        self.controls["center"] = ipywidgets.Checkbox(
            center,
            description="center and scale like the training images",
            indent=False,
        )
        self.another = ipywidgets.Button(description="Another", disabled=True)
        self.another.on_click(lambda _: self._choose(self._number + 1))

    def _controls_box(self) -> ipywidgets.Widget:
        stored, *moves, center = self.controls.values()
        return ipywidgets.Box([center, ipywidgets.HBox([stored, self.another]), *moves])

    def _link(self) -> None:
        """Let the square and its controls follow each other without the kernel."""
        self.square.add_traits(**{n: traitlets.Any().tag(sync=True) for n in MOVES})
        for name in MOVES:
            setattr(self.square, name, self.controls[name].value)
            ipywidgets.jslink((self.controls[name], "value"), (self.square, name))
        ipywidgets.jslink((self.controls["stored"], "index"), (self.square, "chosen"))

    def _choose(self, number: int) -> None:
        """Put the stored image with this number of the chosen class in the square."""
        self._number, stored = number, self._stored(number)
        self.another.disabled = stored is None
        self.square.stored = b"" if stored is None else _bytes(stored)
        self._answer()

    def _stored(self, number: int) -> Tensor | None:
        return _nth_of(self.data, self.controls["stored"].value, number)

    # -- what a person does ---------------------------------------------------------

    def draw(self, *strokes: Sequence[tuple[float, float]]) -> None:
        """Draw lines through points (n, 2), x to the right, y downward, both 0 to 1.

        Raises
        ------
        ValueError : these are no points of the square.
        """
        sent = list(self.square.strokes)
        for stroke in strokes:
            points = torch.as_tensor(stroke, dtype=torch.float32)
            if points.ndim != 2 or points.shape[1] != 2 or not len(points):
                raise ValueError(
                    f"a stroke has shape {tuple(points.shape)}: expected points (n, 2)"
                )
            if not ((points >= 0) & (points <= 1)).all():
                raise ValueError("a stroke leaves the square: x and y are from 0 to 1")
            sent.append((1000 * points).round().int().flatten().tolist())
        self.square.strokes = sent

    def undo(self) -> None:
        """Take the last line away."""
        self.square.strokes = self.square.strokes[:-1]

    def clear(self) -> None:
        """Empty the square, and put back what moves its content."""
        self.square.strokes = []
        self.set(stored=NONE, **START)

    def set(self, **values) -> None:
        """Move controls, as a person would: ``stored`` takes the name of a class.

        Raises
        ------
        ValueError : an unknown name, or a value outside its range.
        """
        for name, value in values.items():
            if name not in self.controls:
                raise ValueError(
                    f"no control {name!r}; there are {', '.join(self.controls)}"
                )
            if name == "stored":
                names = [NONE, *self.data.classes]
                if value not in names:
                    raise ValueError(
                        f"stored={value!r}: allowed are {', '.join(names)}"
                    )
                value = names.index(value) - 1
            elif name in MOVES:
                value = MOVES[name].check(name, value)
            self.controls[name].value = value

    # -- the network's answer -------------------------------------------------------

    @property
    def sketch(self) -> Sketch:
        """What stands in the square now."""
        values = {name: self.controls[name].value for name in (*MOVES, "center")}
        strokes = tuple(
            torch.tensor(s, dtype=torch.float32).view(-1, 2) / 1000
            for s in self.square.strokes
        )
        return Sketch(
            self.frame, self._pen, strokes, self._stored(self._number), **values
        )

    def predict(self, image) -> Tensor:
        """Probabilities (K,) of the classes for a picture of any size.

        It is centered and scaled first, unless the pad is set to leave it.

        Parameters
        ----------
        image : (h, w) or (1, h, w), a tensor or array, from 0, the background, to 1.

        Raises
        ------
        TypeError : bytes 0..255.
        ValueError : another shape, or values that are no numbers from 0 to 1.
        """
        image = torch.as_tensor(image)
        if image.dtype == torch.uint8:
            raise TypeError("the image holds uint8 values 0..255: divide them by 255")
        shape = tuple(image.shape)
        if image.ndim == 3 and shape[0] == 1:
            image = image[0]
        if image.ndim != 2 or not image.numel():
            raise ValueError(f"the image has shape {shape}: expected (h, w)")
        image = image.detach().cpu().float()
        if not ((image >= 0) & (image <= 1)).all():
            raise ValueError("the image holds values that are not from 0 to 1")
        if self.controls["center"].value:
            return self._ask(framed(image, self.frame))
        h, w = image.shape
        size, middle = self.frame.size, torch.tensor([h / 2, w / 2])
        return self._ask(resampled(image, size, middle, size / max(h, w)))

    def _ask(self, image: Tensor) -> Tensor:
        """Probabilities (K,) for an image (size, size) as the network gets it."""
        logits = output_of(self.net, image)
        shape, num_classes = tuple(logits.shape), len(self.data.classes)
        if shape != (1, num_classes):
            raise ValueError(
                f"the result for one image has shape {shape}: expected "
                f"(1, {num_classes}), a logit for each class"
            )
        return logits[0].float().softmax(0).cpu()

    def _maps_of(self, image: Tensor) -> dict[str, Tensor]:
        """Feature maps (c, h, w) of an image (size, size), by name."""
        return {
            name: checked(name, output_of(function, image, self.net))
            for name, function in self.maps.items()
        }

    def _answer(self) -> None:
        """Ask the network, and show what it says."""
        sketch = self.sketch
        self.image, self.probabilities, self.error = sketch.image(), None, None
        self.feature_maps = self._empty
        if not sketch.is_empty:
            try:
                self.probabilities = self._ask(self.image)
                self.feature_maps = self._maps_of(self.image)
            except Exception as error:  # whatever a learner's network raises
                self.error = error
        says = self._says(sketch)
        panes = answer_panes(self.image, self.probabilities, self.data.classes)
        self.scene = Scene(says, panes, WIDTH, SIDE)
        with self.view.hold_sync():
            self.view.scene, self.view.says = self.scene.sent(), says
        if self.maps_view:
            shown = maps_scene(self.feature_maps)
            with self.maps_view.hold_sync():
                self.maps_view.scene, self.maps_view.says = shown.sent(), shown.says
        look = ' class="course-error"' if self.error else ""
        said = html.escape(says, quote=False)
        self.reading.value = f'<p role="status"{look}>{said}</p>'

    @property
    def answer(self) -> str | None:
        """The most likely class; None where there is no answer."""
        p = self.probabilities
        return None if p is None or p.isnan().any() else self.data.classes[p.argmax()]

    def _says(self, sketch: Sketch) -> str:
        if sketch.is_empty:
            return EMPTY
        if self.error is not None:
            failed = "network" if self.probabilities is None else "feature maps"
            return f"The {failed} failed: {type(self.error).__name__}: {self.error}"
        label = self.controls["stored"].value
        labeled = self.data.classes[label] if sketch.stored is not None else None
        return says_of(self.probabilities, self.data.classes, labeled)

    # -- the still picture ----------------------------------------------------------

    def picture(self) -> Figure:
        """The square, what the network sees of it, and its answer."""
        return figure_of(*self._still())

    def described(self) -> str:
        """The picture in words."""
        return (
            "A square with a drawing, what the network sees of it, and a bar for each "
            f"class. {' '.join(scene.says for scene in self._still())}"
        )

    def _still(self) -> list[Scene]:
        """As it stands; with a stored image in the empty square, small in a corner."""
        sketch, panes, says = self.sketch, self.scene.panes, self.scene.says
        maps, dark = self.feature_maps, 0.0
        if sketch.is_empty and self.error is None:
            dark = NOISE  # the noise of the image would end where the image ends
            label, classes = int(self.data.test.y[0]), self.data.classes
            sketch = replace(
                sketch, stored=self.data.test.X[0, 0].cpu(),
                size=0.6, right=0.15, down=-0.15,
            )  # fmt: skip
            image = sketch.image()
            p, maps = self._ask(image), self._maps_of(image)
            panes = answer_panes(image, p, classes)
            says = says_of(p, classes, classes[label])
        drawing = (sketch.drawing(FINE * self.frame.size) - dark).clamp(min=0)
        square = image_pane("drawing", drawing / (1 - dark))
        still = Scene(says, [square, *panes], SIDE + WIDTH, SIDE)
        return [still, maps_scene(maps)] if self.maps else [still]

    def __repr__(self) -> str:
        return f"SketchPad({self.scene.says})"


def _nth_of(data: ImageData, label: int, number: int) -> Tensor | None:
    """The test image (size, size) with this number of a class, round and round."""
    places = (data.test.y == label).nonzero()[:, 0]
    if not len(places):
        return None
    return data.test.X[places[number % len(places)], 0].cpu()


def _bytes(image: Tensor) -> bytes:
    return (255 * image).round().to(torch.uint8).numpy().tobytes()
