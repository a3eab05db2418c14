"""What can be done with a panel's kept runs."""

from helpers.tuning.export import run_code, runs_csv
from helpers.tuning.runs import KeptRuns


class Keeper:
    """Load, hide, remove and export kept runs; mixed into `TuningPanel`."""

    runs: KeptRuns

    def load(self, run_id: str) -> None:
        """Put the settings of a kept run into the controls."""
        if self._engine is not None and self._engine.active:
            self._surface.say("Stop the training first, then load other settings.")
            return
        run = self.runs.find(run_id)
        known = {n: v for n, v in run.settings.items() if n in self._ranges}
        known |= {"seeds": len(run.seeds)} if run.epoch_notes else {}
        known |= {"data": run.data} if self._choice else {}
        try:
            self.set(**known)
        except ValueError as error:
            self._surface.say(f"{run.name} cannot be loaded: {error}.")
        else:
            self._surface.say(f"The controls show the settings of {run.name}.")

    def toggle(self, run_id: str) -> None:
        """Hide a kept run, or show it again."""
        run = self.runs.find(run_id)
        run.hidden = not run.hidden
        self._runs_changed()

    def remove(self, run_id: str) -> None:
        """Forget a kept run."""
        run = self.runs.find(run_id)
        with self.runs.lock:
            self.runs.remove(run)
            self._sets.pop(run_id, None)
        self._runs_changed()

    def csv(self) -> str:
        """All kept runs as CSV: one row for every run, seed and epoch."""
        with self.runs.lock:
            return runs_csv(self.runs)

    def code(self, run_id: str) -> str:
        """Plain code that repeats a kept run without a widget."""
        run, data = self.runs.find(run_id), self._sets[run_id]
        return run_code(run, self._build, data, self._loss, self._source.given)

    def _runs_changed(self) -> None:
        with self.runs.lock:
            self._view.hide(self.runs)
            self._surface.table(self.runs)
            self._more.show_runs(self.runs)
