"""The tuning panel: hyperparameters as controls, training live beside them."""

from collections.abc import Callable

import ipywidgets
from matplotlib.figure import Figure

from helpers.tuning.dispatch import Data
from helpers.tuning.ranges import LogSlider, Slider, label_of
from helpers.tuning.session import Session
from helpers.tuning.view import View
from helpers.widgets.curves_view import CurvesView
from helpers.widgets.dataset_menu import DatasetMenu
from helpers.widgets.kernel import listen_to_kernel, replace_in_cell
from helpers.widgets.panel_parts import ButtonBar, Lines, More, RunTable, classed
from helpers.widgets.panel_picture import draw_panel
from helpers.widgets.picture import StillPicture
from helpers.widgets.sliders import control_of


def of_session(name: str) -> property:
    """What the panel's session has under this name."""
    return property(
        lambda panel: getattr(panel.session, name),
        doc=getattr(Session, name, Session).__doc__,
    )


class TuningPanel(StillPicture, ipywidgets.VBox):
    """Train a network while its hyperparameters are in the learner's hands.

    Parameters
    ----------
    view : how a training is shown, with a ``widget``; `CurvesView` by default.
    build, data, more : as for a `Session`.

    In a notebook the buttons drive a training in the background; ``run`` trains in
    the calling thread, in the same way. ``session`` holds all that is not a widget;
    its methods are the panel's, too. ``settings_text`` and ``paste`` write the
    settings as a line and read one, ``csv`` and ``code`` write the runs down.

    Raises
    ------
    ValueError, TypeError : a declared range that cannot be.
    """

    runs, net, active = map(of_session, ("runs", "net", "active"))
    settings, settings_text = map(of_session, ("settings", "settings_text"))
    set, paste, load = map(of_session, ("set", "paste", "load"))
    run, start, pause, step = map(of_session, ("run", "start", "pause", "step"))
    stop, wait, reset = map(of_session, ("stop", "wait", "reset"))
    toggle, remove, csv, code = map(of_session, ("toggle", "remove", "csv", "code"))

    def __init__(
        self,
        build: Callable,
        data: Data | Callable[..., Data],
        *,
        view: View | None = None,
        **more,
    ):
        self.view = view or CurvesView()
        self.session = session = Session(build, data, view=self.view, **more)
        self.controls = {n: control_of(n, r) for n, r in session.ranges.items()}
        for name, control in self.controls.items():
            if isinstance(session.ranges[name], (Slider, LogSlider)):
                # Else the browser answers a value between two stops of the slider,
                # one that was pasted or loaded, with the nearest stop.
                control.continuous_update = False
            control.observe(lambda _, name=name: self._moved(name), "value")
        self.bar, self.lines = ButtonBar(session), Lines(session)
        self.table = RunTable(session)
        choice = self.controls.get("data")
        self.menu = DatasetMenu(session, choice) if choice else None
        self.more = More(session, [self.menu] if self.menu else [])
        column = [c for name, c in self.controls.items() if name != "data"]
        self.view.widget.layout.width = "100%"
        seen = [self.view.widget, self.lines.status, self.lines.doctor]
        body = ipywidgets.Box(
            [
                classed(ipywidgets.VBox(column), "course-controls"),
                classed(ipywidgets.VBox(seen), "course-view"),
            ]
        )
        super().__init__(
            [
                *(self.bar, classed(body, "course-body")),
                *(self.lines.printed, self.table),
                *(self.more.toggle, self.more),
            ]
        )
        self.add_class("course-panel")
        listen_to_kernel()
        replace_in_cell(session, Session.stop)  # the cell's former panel goes unseen
        session.changed.append(self._follow)
        for what in ("settings", "state", "runs"):
            self._follow(what)

    def close(self) -> None:
        """Stop the training and take the panel off the page."""
        if "session" in vars(self):  # not where the panel could not be made
            self.session.stop()
        super().close()

    def _moved(self, name: str) -> None:
        """A control moved: by hand, or because the session's settings changed."""
        value, now = self.controls[name].value, self.session.settings[name]
        if value is now or value == now:
            return
        value = self.session.ranges[name].by_hand(name, value)
        if value is not now and value != now:  # the label of None was not None
            self.set(**{name: value})

    def _follow(self, what: str) -> None:
        """The session changed."""
        if what == "settings":
            for name, value in self.session.settings.items():
                control, declared = self.controls[name], self.session.ranges[name]
                # A slider where a person left it stands for the number beside it.
                if declared.by_hand(name, control.value) != value:
                    control.value = declared.text(value) if value is None else value
        elif what == "runs":
            self.table.follow()
        else:
            self.bar.follow()
            self.lines.follow()
        if what in ("settings", "runs"):
            self.more.follow()
        if what == "message" and self.menu is not None:
            self.menu.follow()

    def described(self) -> str:
        """The panel in words: settings and kept runs."""
        settings = (
            f"{label_of(name)} {declared.text(self.session.settings[name])}"
            for name, declared in self.session.ranges.items()
            if name != "seeds"
        )
        runs = self.session.runs.summary()
        return f"Tuning panel: {', '.join(settings)}. {runs}".strip()

    def picture(self) -> Figure:
        """The panel as it stands: settings, curves of the kept runs, table."""
        return draw_panel(self.session)

    def __repr__(self) -> str:
        names = (label_of(name) for name in self.session.ranges if name != "seeds")
        return f"TuningPanel({', '.join(names)})"
