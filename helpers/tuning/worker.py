"""One training in one worker thread: run, pause, step, stop.

The generator is touched by its thread alone: closing it from another one would raise
"generator already executing". Everybody else sets wishes that the thread reads
between two records.
"""

import contextlib
import sys
import threading
from collections.abc import Callable, Generator

import torch

from helpers.printed import Printed
from helpers.tuning.gate import GATE

Records = Generator[object, float | None, None]

_turn = threading.Lock()
_current: "Worker | None" = None


class Worker:
    """Drives one generator of training records.

    Parameters
    ----------
    make : builds the generator; called by the thread that will run it.
    take : called with every record, in that thread; says whether it counts as a step.
    changed : called after every change of ``state``.

    ``state`` is "ready", "running", "paused", and at the end "finished", "stopped"
    or "failed"; then ``error`` holds the exception. ``taken`` counts the records, and
    ``thread`` is None as long as nothing trains in the background. ``printed`` is what
    the training printed there: no cell runs that would show it.
    """

    def __init__(
        self,
        make: Callable[[], Records],
        take: Callable[[object], bool],
        changed: Callable[[], None],
    ):
        self._make, self._take, self._changed = make, take, changed
        self._wish = threading.Condition()
        self._allowed: float = 0  # steps that may still be taken before a pause
        self._stopping = False
        self._lr: float | None = None
        self._ended = threading.Event()
        self.thread: threading.Thread | None = None
        # A thread has its own pool of workers, sized anew unless it is told.
        self._num_threads = torch.get_num_threads()
        self.state, self.taken = "ready", 0
        self.reason = ""  # why it paused, if somebody else made it
        self.error: BaseException | None = None
        self.printed = Printed(sys.stdout)

    @property
    def active(self) -> bool:
        """Whether the training may still go on."""
        return self.state in ("ready", "running", "paused")

    def resume(self) -> None:
        """Start, or go on after a pause."""
        self._allow(float("inf"))

    def step(self) -> None:
        """Take records up to the next step, then pause."""
        self._allow(1)

    def pause(self, reason: str = "") -> None:
        """Pause after the record that is being made."""
        with self._wish:
            self._allowed = 0
            self.reason = reason

    def stop(self) -> None:
        """End after the record that is being made; a paused training ends at once."""
        with self._wish:
            self._stopping = True
            self._wish.notify_all()

    def set_learning_rate(self, lr: float) -> None:
        """Use this learning rate from the next step on."""
        with self._wish:
            self._lr = lr

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end; return whether it came, and raise what training raised.

        A paused training is not waited for: nobody could resume it meanwhile.
        """
        with self._wish:
            paused = self.active and self._allowed <= 0 and not self._stopping
        if self.thread is not None and not paused:
            with GATE.opened():
                self._ended.wait(timeout)
        if self.error is not None:
            raise self.error
        return not self.active

    def join(self) -> None:
        """Wait until a training that was stopped has ended."""
        if self.thread is not None:
            with GATE.opened():
                self._ended.wait()

    def run(self) -> None:
        """Run to the end in the calling thread; an interrupt counts as a stop."""
        self._become_current()
        self._allowed = float("inf")
        try:
            self._work()
        finally:
            self._ended.set()
        if self.error is not None:
            raise self.error

    def _allow(self, steps: float) -> None:
        self._become_current()
        with self._wish:
            self._allowed, self.reason = steps, ""
            self._wish.notify_all()
            if self.thread is None:
                self.thread = threading.Thread(
                    target=self._guard, name="training", daemon=True
                )
                self.thread.start()

    def _become_current(self) -> None:
        """One training at a time in a process: whoever was running pauses."""
        global _current
        with _turn:
            before, _current = _current, self
        if before is not None and before is not self and before.active:
            before.pause("another training was started")

    def _guard(self) -> None:
        torch.set_num_threads(self._num_threads)
        # The exception is kept in self.error: shown by the panel, raised by wait().
        with contextlib.suppress(BaseException):
            self._work()
        self._ended.set()

    def _work(self) -> None:
        records, end = None, "failed"
        try:
            self._set("running")
            with self._step():
                records = self._make()
            end = self._consume(records)
        except BaseException as error:
            self.error = error
            end = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
        finally:
            self._end(end, records)

    @contextlib.contextmanager
    def _step(self) -> Generator[None]:
        with GATE.step():
            if self.thread is None:
                yield  # in a cell, which shows what is printed
            else:
                with contextlib.redirect_stdout(self.printed):
                    yield

    def _consume(self, records: Records) -> str:
        """Take records until they end or somebody stops it; return which it was."""
        ask = None  # a generator that has not begun accepts only None
        while self._may_go_on():
            try:
                with self._step():
                    record = records.send(ask)
            except StopIteration:  # of the generator, and of nothing that is called
                return "finished"
            counts = self._take(record)
            self.taken += 1
            with self._wish:
                self._allowed -= counts
            ask = self._next_learning_rate()
        return "stopped"

    def _end(self, state: str, records: Records | None) -> None:
        """Enter the last state; what fails on the way is told as a failure."""
        try:
            if records is not None:
                records.close()
            self._set(state)
        except BaseException as error:
            self.error = self.error or error
            # Whoever shows the state must learn it, whatever cannot be done.
            with contextlib.suppress(BaseException):
                self._set("failed")

    def _may_go_on(self) -> bool:
        with self._wish:
            if self._allowed <= 0 and not self._stopping:
                self._set("paused")
                self._wish.wait_for(lambda: self._allowed > 0 or self._stopping)
                if not self._stopping:
                    self._set("running")
            return not self._stopping

    def _next_learning_rate(self) -> float | None:
        with self._wish:
            lr, self._lr = self._lr, None
            return lr

    def _set(self, state: str) -> None:
        self.state = state
        self._changed()


def current() -> Worker | None:
    """The training that ran last in this process, if any."""
    return _current
