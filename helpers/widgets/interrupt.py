"""What the panel needs of the kernel: its interrupt, and which cell is running."""

import signal
import weakref
from collections.abc import Callable

from IPython import get_ipython

from helpers.tuning.worker import current


def _stop_training(*_) -> None:
    worker = current()
    if worker is not None and worker.active:
        worker.stop()


def _after_cell(result) -> None:
    if isinstance(result.error_in_exec, KeyboardInterrupt):
        _stop_training()


def listen_to_interrupt() -> None:
    """Make JupyterLab's Interrupt stop the current training.

    While a cell runs, an interrupt raises KeyboardInterrupt in it; between cells the
    kernel ignores the signal, and a training in the background would go on. To be
    called in a cell: ipykernel replaces the signal's handler around every message and
    puts the saved one back afterwards, so the handler for the time between cells is
    the saved one.
    """
    shell = get_ipython()
    kernel = getattr(shell, "kernel", None)
    if kernel is None or not hasattr(kernel, "saved_sigint_handler"):
        return
    if signal.getsignal(signal.SIGINT) is not _stop_training:
        kernel.saved_sigint_handler = _stop_training
    if _after_cell not in shell.events.callbacks["post_run_cell"]:
        shell.events.register("post_run_cell", _after_cell)


_in_cell: dict[str, weakref.ref] = {}


def replace_in_cell(new: object, stop: Callable) -> None:
    """Stop what the same cell made before; its output is about to disappear.

    JupyterLab names the cell in the message that asks to run it; elsewhere nothing
    is known and nothing happens.
    """
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return
    cell = kernel.get_parent("shell").get("metadata", {}).get("cellId")
    if cell is None:
        return
    old = _in_cell.get(cell, lambda: None)()
    if old is not None:
        stop(old)
    _in_cell[cell] = weakref.ref(new)
