"""What the panel says about a training, in one sentence."""

from helpers.widgets.engine import Engine
from helpers.widgets.run import Run


def describe(engine: Engine, run: Run) -> str:
    """The state of a training as a sentence for the line under the chart."""
    name = run.name.capitalize()
    if engine.state == "running":
        return f"{name} is training."
    if engine.state == "paused":
        why = f", because {engine.reason}" if engine.reason else ""
        return (
            f"{name} is paused{why}. Run goes on, Step takes one minibatch, Stop ends "
            "it."
        )
    if engine.state == "failed":
        return f"{name} failed: {type(engine.error).__name__}: {engine.error}"
    final = run.final()
    result = "" if final is None else f": {run.metric_name()} {run.text(final)}"
    if (spread := run.spread()) is not None:
        result += f" ± {run.text(spread)} over {len(run.complete)} seeds"
    return f"{name} {engine.state}{result}."
