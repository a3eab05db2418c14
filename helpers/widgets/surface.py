"""What the tuning panel looks like: its widgets, and how a state is shown on them."""

import html
import math
from pathlib import Path

import anywidget
import ipywidgets
import traitlets

from helpers.figures import COLORS, DASHES
from helpers.widgets.controls import Range, label_of
from helpers.widgets.run import Run

_HERE = Path(__file__).parent
# which buttons can be pressed in which state
_ENABLED = {
    "ready": {"run", "step", "reset"},
    "starting": {"stop"},
    "running": {"pause", "stop", "reset"},
    "paused": {"run", "step", "stop", "reset"},
    "finished": {"run", "step", "reset"},
    "stopped": {"run", "step", "reset"},
    "failed": {"run", "step", "reset"},
}


class RunTable(anywidget.AnyWidget):
    """The kept runs as a table with buttons; runs.js draws it."""

    _esm = _HERE / "runs.js"
    _css = _HERE / "panel.css"
    columns = traitlets.List().tag(sync=True)
    rows = traitlets.List().tag(sync=True)


class Surface:
    """The panel's widgets; it holds no training state of its own."""

    def __init__(
        self,
        panel,
        controls: dict[str, ipywidgets.Widget],
        ranges: dict[str, Range],
        view: ipywidgets.Widget,
    ):
        self._panel, self.controls, self._ranges = panel, controls, ranges
        self.buttons = {
            "run": _button("Run", "play", "Start a training with these settings"),
            "pause": _button("Pause", "pause", "Keep the training where it is"),
            "step": _button("Step", "step-forward", "Train one minibatch, then pause"),
            "stop": _button("Stop", "stop", "End the training and keep its run"),
            "reset": _button("Reset", "refresh", "Drop the training, reset controls"),
        }
        self.bar = ipywidgets.FloatProgress(
            min=0, max=1, layout=ipywidgets.Layout(width="130px", margin="2px 8px")
        )
        self.numbers = ipywidgets.Label("", layout=ipywidgets.Layout(min_width="260px"))
        self.numbers.add_class("course-numbers")
        self.status = ipywidgets.HTML()
        self.status.add_class("course-status")
        self.runs = RunTable(columns=[*(label_of(n) for n in ranges)])
        buttons = _classed(
            ipywidgets.Box([*self.buttons.values(), self.bar, self.numbers]),
            "course-buttons",
        )
        body = _classed(
            ipywidgets.Box(
                [
                    _classed(ipywidgets.VBox([*controls.values()]), "course-controls"),
                    _classed(ipywidgets.Box([view]), "course-view"),
                ]
            ),
            "course-body",
        )
        view.layout.width = "100%"
        self.parts = [buttons, body, self.status, self.runs]

    def connect(self) -> None:
        """Let clicks and moves reach the panel."""
        panel = self._panel
        for name, action in {
            "run": panel.start,
            "pause": panel.pause,
            "step": panel.step,
            "stop": panel.stop,
            "reset": panel.reset,
        }.items():
            self.buttons[name].on_click(lambda _, action=action: action())
        if "lr" in self.controls:
            self.controls["lr"].observe(lambda c: panel.rate_moved(c["new"]), "value")
        actions = {"toggle": panel.toggle, "load": panel.load, "remove": panel.remove}

        def message(_, content, __):
            action = actions.get(content.get("action"))
            # A second click on a row that is going away finds nothing to do.
            if action and any(run.id == content.get("id") for run in panel.runs):
                action(content["id"])

        self.runs.on_msg(message)

    def begin(self, run: Run) -> None:
        """A training is about to start; its first step may take a moment."""
        self.bar.value, self.bar.bar_style, self.numbers.value = 0, "", ""
        self.state("starting", f"{run.name.capitalize()} is starting …")

    def state(self, state: str, sentence: str) -> None:
        """Show a state of the training: buttons, bar, sentence."""
        for name, button in self.buttons.items():
            button.disabled = name not in _ENABLED[state]
        self.bar.bar_style = {"finished": "success", "failed": "danger"}.get(state, "")
        self.say(sentence, error=state == "failed")

    def say(self, sentence: str, error: bool = False) -> None:
        """Write the line under the chart; screen readers announce it."""
        kind = ' class="course-error"' if error else ""
        text = f'<p role="status"{kind}>{html.escape(sentence)}</p>'
        if self.status.value != text:
            self.status.value = text

    def progress(self, record, run: Run) -> None:
        """Show epoch, examples per second and time left."""
        self.bar.value = record.examples / record.total
        rate = record.examples / max(record.seconds, 1e-9)
        left = (record.total - record.examples) / rate
        self.numbers.value = (
            f"epoch {record.epoch} of {run.num_epochs} · {_rounded(rate)} examples/s · "
            + (f"{_time(left)} left" if left else f"{_time(record.seconds)}")
        )

    def table(self, runs: list[Run]) -> None:
        """Show the kept runs."""
        metric = runs[-1].metric_name() if runs else "val accuracy"
        names = [label_of(name) for name in self._ranges]
        self.runs.columns = ["run", *names, metric, "best", "seconds", ""]
        self.runs.rows = [self._row(run) for run in runs]

    def _row(self, run: Run) -> dict:
        return {
            "id": run.id,
            "name": run.name,
            "color": COLORS[run.index % len(COLORS)],
            "dash": list(DASHES[run.index % len(DASHES)]),
            "hidden": run.hidden,
            "values": [self.value_text(run, name) for name in self._ranges],
            "final": _metric(run.final()) + _note(run),
            "best": _metric(run.best()),
            "seconds": f"{run.history.seconds:.1f}",
        }

    def value_text(self, run: Run, name: str) -> str:
        """A run's setting as text; a learning rate that moved shows where it went."""
        if name not in run.settings:
            return "–"
        value = run.settings[name]
        try:
            text = self._ranges[name].text(value)
        except StopIteration:  # a first run with a value that is no option here
            text = str(value)
        if name == "lr" and run.lr_changes:
            text += f" → {self._ranges[name].text(run.lr_changes[-1][1])}"
        return text


def _classed(widget, name: str):
    widget.add_class(name)
    return widget


def _button(text: str, icon: str, tooltip: str) -> ipywidgets.Button:
    return ipywidgets.Button(description=text, icon=icon, tooltip=tooltip)


def _metric(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if math.isfinite(value) else "not a number"


def _note(run: Run) -> str:
    return "" if run.state == "finished" else f" ({run.state})"


def _rounded(rate: float) -> str:
    digits = max(0, 2 - math.ceil(math.log10(max(rate, 1))) + 1)
    step = 10 ** max(0, math.floor(math.log10(max(rate, 1))) - 1)
    return f"{round(rate / step) * step:,.{digits if rate < 10 else 0}f}"


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"
