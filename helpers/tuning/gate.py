"""While a cell runs, a training in the background rests between two steps.

Dropout and a cell's own ``torch.rand`` draw from the one generator of the process:
run beside each other, each would change the numbers of the other. So a training takes
its steps at an open gate, and a cell closes it for as long as it runs. The cell has
the whole machine besides.
"""

import contextlib
import threading
from collections.abc import Iterator


class Gate:
    """Open for many steps, one after the other, or closed by one thread."""

    def __init__(self):
        self._free, self._step = threading.Event(), threading.RLock()
        self._free.set()
        self._owner: int | None = None

    @property
    def _mine(self) -> bool:
        return self._owner == threading.get_ident()

    def close(self) -> None:
        """Wait for the step that is being taken, and let no other thread take one."""
        if not self._mine:
            self._free.clear()
            self._step.acquire()
            self._owner = threading.get_ident()

    def open(self) -> None:
        """Let steps be taken again; nothing happens if another thread closed it."""
        if self._mine:
            self._owner = None
            self._step.release()
        if self._owner is None:
            self._free.set()

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Open it while this thread waits for a training, if this thread closed it."""
        closed = self._mine
        if closed:
            self.open()
        try:
            yield
        finally:
            if closed:
                self.close()

    @contextlib.contextmanager
    def step(self) -> Iterator[None]:
        """Take a step, once the gate is open or if this thread closed it."""
        if not self._mine:
            self._free.wait()
        with self._step:
            yield


GATE = Gate()  # of this process, as its generator of random numbers
