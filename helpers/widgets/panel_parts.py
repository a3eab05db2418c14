"""The parts of the tuning panel: each shows some of a session and drives it."""

import html
from pathlib import Path

import anywidget
import ipywidgets
import traitlets

from helpers.figures import COLORS, DASHES
from helpers.tuning.ranges import label_of
from helpers.tuning.runs import Run
from helpers.tuning.session import Session
from helpers.widgets.script import script, styles

_HERE = Path(__file__).parent
# name: text, icon, tooltip, and the states in which the button can be pressed
BUTTONS = {
    "run": (
        *("Run", "play", "Start a training with these settings"),
        {"ready", "paused", "finished", "stopped", "failed"},
    ),
    "pause": ("Pause", "pause", "Keep the training where it is", {"running"}),
    "step": (
        *("Step", "step-forward", "Train one minibatch, then pause"),
        {"ready", "paused", "finished", "stopped", "failed"},
    ),
    "stop": (
        *("Stop", "stop", "End the training and keep its run"),
        {"starting", "running", "paused"},
    ),
    "reset": (
        *("Reset", "refresh", "Drop the training, reset controls"),
        {"ready", "running", "paused", "finished", "stopped", "failed"},
    ),
}
COPY = "Click into the text, then copy it with Ctrl+C (Cmd+C on a Mac)."


def classed(widget: ipywidgets.DOMWidget, name: str) -> ipywidgets.DOMWidget:
    """The widget with a class of panel.css."""
    widget.add_class(name)
    return widget


class ButtonBar(ipywidgets.Box):
    """Run, Pause, Step, Stop and Reset, and how far the training is."""

    def __init__(self, session: Session):
        self.session = session
        self.buttons: dict[str, ipywidgets.Button] = {}
        actions = {"run": session.start, "step": session.step, "pause": session.pause}
        actions |= {"stop": session.stop, "reset": session.reset}
        for name, (text, icon, tooltip, _) in BUTTONS.items():
            button = ipywidgets.Button(description=text, icon=icon, tooltip=tooltip)
            button.on_click(lambda _, action=actions[name]: action())
            self.buttons[name] = button
        self.progress = ipywidgets.FloatProgress(
            min=0,
            max=1,
            # it gives way where the numbers beside it need the room
            layout=ipywidgets.Layout(
                flex="1 1 40px", width="auto", max_width="130px", margin="2px 8px"
            ),
        )
        self.numbers = classed(ipywidgets.Label(), "course-numbers")
        super().__init__([*self.buttons.values(), self.progress, self.numbers])
        self.add_class("course-buttons")

    def follow(self) -> None:
        """Show the session's state and progress."""
        state, progress = self.session.state, self.session.progress
        for name, button in self.buttons.items():
            button.disabled = state not in BUTTONS[name][-1]
        styles = {"finished": "success", "failed": "danger"}
        self.progress.bar_style = styles.get(state, "")
        self.progress.value, self.numbers.value = progress.share, progress.text


class Lines:
    """The session's sentence and the doctor's, and what the training prints.

    Screen readers announce the sentences.
    """

    def __init__(self, session: Session):
        self.session = session
        self.status = classed(ipywidgets.HTML(), "course-status")
        self.doctor = classed(ipywidgets.HTML(), "course-doctor")
        self.printed = classed(ipywidgets.HTML(), "course-printed")
        self._found: tuple[str, int | None] | None = None

    def follow(self) -> None:
        """Show what the session says.

        The doctor's line changes only with the state that it tells, and with the seed
        that it names. Numbers in it stay as they were: a screen reader would read each
        new one.
        """
        text, error = self.session.message
        kind = ' class="course-error"' if error else ""
        self.status.value = f'<p role="status"{kind}>{html.escape(text)}</p>'
        trial = self.session.trial
        printed = trial.worker.printed.text if trial else ""
        self.printed.value = f"<pre>{html.escape(printed)}</pre>" if printed else ""
        finding = self.session.finding
        found = None if finding is None else (finding.state, finding.seed)
        if found == self._found:
            return
        self._found = found
        self.doctor.value = (
            ""
            if finding is None
            else f'<p role="status"><b>Doctor:</b> {html.escape(finding.sentence)} '
            f"<span>{html.escape(finding.advice)}</span></p>"
        )


class RunTable(anywidget.AnyWidget):
    """The kept runs as a table with buttons; runs.js draws it."""

    _esm = script(_HERE / "runs.js")
    _css = styles(_HERE / "panel.css", _HERE / "full_screen.css")
    columns = traitlets.List().tag(sync=True)
    rows = traitlets.List().tag(sync=True)

    def __init__(self, session: Session):
        super().__init__()
        self.session = session
        self.on_msg(lambda _, content, __: self.press(**content))

    def press(self, action: str, id: str) -> None:
        """Do what a button of a row asks for: "toggle", "load" or "remove"."""
        session = self.session
        actions = {"toggle": session.toggle, "load": session.load}
        actions["remove"] = session.remove
        # A second click on a row that is going away finds nothing to do.
        if any(run.id == id for run in session.runs):
            actions[action](id)

    def follow(self) -> None:
        """Show the session's runs."""
        runs, source = self.session.runs, self.session.source
        metric = runs[-1].metric_name() if runs else source.metric
        names = [name for name in self.session.ranges if name != "seeds"]
        labels = map(label_of, names)
        self.columns = ["run", *labels, metric, "best", "seconds", ""]
        self.rows = [self._row(run, names) for run in runs]

    def _row(self, run: Run, names: list[str]) -> dict:
        note = f" ({run.state})"
        if len(run.seeds) > 1:
            note = f" ({run.state}, {len(run.complete)} of {len(run.seeds)} seeds)"
        return {
            "id": run.id,
            "name": run.name,
            "color": COLORS[run.index % len(COLORS)],
            "dash": list(DASHES[run.index % len(DASHES)]),
            "hidden": run.hidden,
            "values": [run.setting_text(n, self.session.ranges[n]) for n in names],
            "final": run.result().replace(" ", "\u00a0")
            + ("" if run.state == "finished" else note),
            "best": run.text(run.best()),
            "seconds": f"{run.history.seconds:.1f}",
        }


class TextBox(anywidget.AnyWidget):
    """A read-only text to copy, with a hint above it; nothing while it is empty."""

    _esm = _HERE / "textbox.js"
    _css = _HERE / "panel.css"
    text = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)


class More(ipywidgets.VBox):
    """The folded row: settings as text, data set, code and CSV of the runs.

    Parameters
    ----------
    chooser : widgets that choose the data set; none for a panel with one set.
    """

    def __init__(self, session: Session, chooser: list[ipywidgets.Widget]):
        self.session = session
        self.toggle = classed(
            ipywidgets.Button(
                tooltip="Settings as text, data set, code and CSV of the runs"
            ),
            "course-toggle",
        )
        self.settings = ipywidgets.Text(
            description="settings",
            continuous_update=False,  # Enter or leaving the field, not every key
            tooltip="The settings as text; paste others and press Enter",
            style={"description_width": "96px"},
            layout=ipywidgets.Layout(width="100%"),
        )
        self.run = ipywidgets.Dropdown(
            description="run",
            style={"description_width": "96px"},
            layout=ipywidgets.Layout(width="260px"),
        )
        self.code = ipywidgets.Button(
            description="Code", tooltip="Plain code that repeats the chosen run"
        )
        self.csv = ipywidgets.Button(
            description="CSV", tooltip="Every epoch of all kept runs as a table"
        )
        self.text = TextBox()
        row = classed(ipywidgets.Box([self.run, self.code, self.csv]), "course-buttons")
        super().__init__([self.settings, *chooser, row, self.text])
        self.add_class("course-more")
        self._own = ""
        self.fold(True)
        self.settings.observe(lambda change: self._paste(change["new"]), "value")
        self.toggle.on_click(lambda _: self.fold(not self.folded))
        self.code.on_click(lambda _: self.show(session.code(self.run.value), "Code"))
        self.csv.on_click(lambda _: self.show(session.csv(), "CSV"))

    def _paste(self, text: str) -> None:
        # The field follows the settings, too: only another text is a wish.
        if text == self._own:
            return
        try:
            self.session.paste(text)
        except ValueError as error:
            self.session.say(f"Nothing was changed: {error}.", error=True)
            return
        self.follow()
        if self.session.source.problem is None:
            self.session.say("The controls show the pasted settings.")

    def fold(self, folded: bool) -> None:
        """Hide the row, or show it."""
        self.folded = folded
        self.layout.display = "none" if folded else "flex"
        self.toggle.description = "More" if folded else "Less"
        self.toggle.icon = "caret-right" if folded else "caret-down"

    def follow(self) -> None:
        """Show the session's settings, and offer its runs, the last one chosen."""
        self._own = self.session.settings_text  # first: it is no wish of a person
        self.settings.value = self._own
        names = [(run.name, run.id) for run in self.session.runs]
        if list(self.run.options) != names:
            self.run.options = names
            if names:
                self.run.value = names[-1][1]
        for widget in (self.run, self.code, self.csv):
            widget.disabled = not names

    def show(self, text: str, what: str) -> None:
        """Show code or CSV to be copied; the same once more hides it."""
        with self.text.hold_sync():
            self.text.text = "" if self.text.text == text else text
            self.text.hint = f"{what}: {COPY}"
