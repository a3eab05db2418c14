"""What the tuning panel looks like: its widgets, and how a state is shown on them."""

import html
import math
from pathlib import Path

import anywidget
import ipywidgets
import traitlets

from helpers.figures import COLORS, DASHES
from helpers.tuning.diagnosis import Finding
from helpers.tuning.ranges import Range, label_of
from helpers.tuning.runs import Run

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
        metric: str = "val accuracy",
    ):
        self._metric = metric  # of the table before the first run
        self._panel, self.controls, self._ranges = panel, controls, ranges
        self.buttons = {
            "run": _button("Run", "play", "Start a training with these settings"),
            "pause": _button("Pause", "pause", "Keep the training where it is"),
            "step": _button("Step", "step-forward", "Train one minibatch, then pause"),
            "stop": _button("Stop", "stop", "End the training and keep its run"),
            "reset": _button("Reset", "refresh", "Drop the training, reset controls"),
        }
        self.bar = ipywidgets.FloatProgress(
            min=0,
            max=1,
            # it gives way where the numbers beside it need the room
            layout=ipywidgets.Layout(
                flex="1 1 40px", width="auto", max_width="130px", margin="2px 8px"
            ),
        )
        self.numbers = ipywidgets.Label()
        self.numbers.add_class("course-numbers")
        self.status = ipywidgets.HTML()
        self.status.add_class("course-status")
        self.doctor = ipywidgets.HTML()
        self.doctor.add_class("course-doctor")
        self._finding: str | None = None
        self._names = [name for name in ranges if name != "seeds"]
        self.runs = RunTable(columns=[label_of(n) for n in self._names])
        buttons = _classed(
            ipywidgets.Box([*self.buttons.values(), self.bar, self.numbers]),
            "course-buttons",
        )
        column = [c for name, c in controls.items() if name != "data"]
        body = _classed(
            ipywidgets.Box(
                [
                    _classed(ipywidgets.VBox(column), "course-controls"),
                    _classed(ipywidgets.Box([view]), "course-view"),
                ]
            ),
            "course-body",
        )
        view.layout.width = "100%"
        self.parts = [buttons, body, self.status, self.doctor, self.runs]

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
            self.controls["lr"].observe(lambda _: panel.rate_moved(), "value")
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
        self.diagnosis(None)
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

    def diagnosis(self, finding: Finding | None) -> None:
        """Write the doctor's line; it changes only with the state that it tells.

        Numbers in it stay as they were: a screen reader would read each new one.
        """
        state = None if finding is None else finding.state
        if state == self._finding:
            return
        self._finding = state
        self.doctor.value = (
            ""
            if finding is None
            else f'<p role="status"><b>Doctor:</b> {html.escape(finding.sentence)} '
            f"<span>{html.escape(finding.advice)}</span></p>"
        )

    def progress(self, record, run: Run, seed_number: int = 1) -> None:
        """Show seed, epoch, examples per second and time left."""
        k = len(run.seeds)
        self.bar.value = (seed_number - 1 + record.examples / record.total) / k
        rate = record.examples / max(record.seconds, 1e-9)
        left = ((k - seed_number + 1) * record.total - record.examples) / rate
        seed = f"seed {seed_number}/{k} · " if k > 1 else ""
        self.numbers.value = (
            f"{seed}epoch {record.epoch} of {run.num_epochs} · "
            + f"{_rounded(rate)} examples/s · "
            + (f"{_time(left)} left" if left else f"{_time(record.seconds)}")
        )

    def table(self, runs: list[Run]) -> None:
        """Show the kept runs."""
        metric = runs[-1].metric_name() if runs else self._metric
        names = [label_of(name) for name in self._names]
        self.runs.columns = ["run", *names, metric, "best", "seconds", ""]
        self.runs.rows = [self._row(run) for run in runs]

    def _row(self, run: Run) -> dict:
        return {
            "id": run.id,
            "name": run.name,
            "color": COLORS[run.index % len(COLORS)],
            "dash": list(DASHES[run.index % len(DASHES)]),
            "hidden": run.hidden,
            "values": [self.value_text(run, name) for name in self._names],
            "final": _metric(run, run.final()) + _spread(run) + _note(run),
            "best": _metric(run, run.best()),
            "seconds": f"{run.history.seconds:.1f}",
        }

    def value_text(self, run: Run, name: str) -> str:
        """A run's setting as text; a learning rate that moved shows where it went."""
        if name == "data":
            return run.data
        if name not in run.settings:
            return "–"
        if name == "seed":
            return run.seeds_text()
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


def _metric(run: Run, value: float | None) -> str:
    if value is None:
        return "–"
    return run.text(value) if math.isfinite(value) else "not a number"


def _spread(run: Run) -> str:
    spread = run.spread()
    return (
        ""
        if spread is None or math.isnan(spread)
        else f"\u00a0±\u00a0{run.text(spread)}"
    )


def _note(run: Run) -> str:
    if run.state == "finished":
        return ""
    begun = f", {len(run.complete)} of {len(run.seeds)} seeds"
    return f" ({run.state}{begun if len(run.seeds) > 1 else ''})"


def _rounded(rate: float) -> str:
    digits = max(0, 2 - math.ceil(math.log10(max(rate, 1))) + 1)
    step = 10 ** max(0, math.floor(math.log10(max(rate, 1))) - 1)
    return f"{round(rate / step) * step:,.{digits if rate < 10 else 0}f}"


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"
