"""The panel's folded row: settings as text, data set, code and CSV of the runs."""

from collections.abc import Callable
from pathlib import Path

import anywidget
import ipywidgets
import traitlets

_HERE = Path(__file__).parent
COPY = "Click into the text, then copy it with Ctrl+C (Cmd+C on a Mac)."


class TextBox(anywidget.AnyWidget):
    """A read-only text to copy, with a hint above it; nothing while it is empty."""

    _esm = _HERE / "textbox.js"
    _css = _HERE / "panel.css"
    text = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)


class More:
    """The widgets of the row; what they do is the panel's.

    Parameters
    ----------
    chooser : widgets that choose the data set; none for a panel with one set.
    """

    def __init__(self, chooser: list[ipywidgets.Widget]):
        self.toggle = ipywidgets.Button(
            tooltip="Settings as text, data set, code and CSV of the runs"
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
        row = ipywidgets.Box([self.run, self.code, self.csv])
        row.add_class("course-buttons")
        self.box = ipywidgets.VBox([self.settings, *chooser, row, self.text])
        self.box.add_class("course-more")
        self.parts = [self.toggle, self.box]
        self.toggle.add_class("course-toggle")
        self.fold(True)
        self.show_runs([])

    def connect(self, paste: Callable, code: Callable, csv: Callable) -> None:
        """Let clicks and pasted text reach the panel's functions.

        ``paste`` takes a text, ``code`` the id of a run; both and ``csv`` return text.
        """

        def pasted(change):
            # The field follows the controls, too: only another text is a wish.
            if change["new"] != self._own:
                paste(change["new"])

        self.settings.observe(pasted, "value")
        self.toggle.on_click(lambda _: self.fold(not self.folded))
        self.code.on_click(lambda _: self.show_text(code(self.run.value), "Code"))
        self.csv.on_click(lambda _: self.show_text(csv(), "CSV"))

    def fold(self, folded: bool) -> None:
        """Hide the row, or show it."""
        self.folded = folded
        self.box.layout.display = "none" if folded else "flex"
        self.toggle.description = "More" if folded else "Less"
        self.toggle.icon = "caret-right" if folded else "caret-down"

    def follow(self, text: str) -> None:
        """Show the settings that the controls have now."""
        self._own = text
        self.settings.value = text

    def show_runs(self, runs) -> None:
        """Offer the kept runs, the last one chosen."""
        names = [(run.name, run.id) for run in runs]
        if list(self.run.options) != names:
            self.run.options = names
            if names:
                self.run.value = names[-1][1]
        for widget in (self.run, self.code, self.csv):
            widget.disabled = not names

    def show_text(self, text: str, what: str) -> None:
        """Show code or CSV to be copied; the same once more hides it."""
        hint = f"{what}: {COPY}"
        if self.text.text == text:
            text = ""
        with self.text.hold_sync():
            self.text.text, self.text.hint = text, hint
