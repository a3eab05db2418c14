"""What the panel needs of the kernel: its interrupt, and when which cell runs."""

import signal
import weakref
from collections.abc import Callable

from IPython import get_ipython

from helpers.tuning.gate import GATE
from helpers.tuning.worker import current


def _stop_training(*_) -> None:
    worker = current()
    if worker is not None and worker.active:
        worker.stop()


def _before_cell(_) -> None:
    GATE.close()


def _after_cell(result) -> None:
    GATE.open()
    if isinstance(result.error_in_exec, KeyboardInterrupt):
        _stop_training()


def listen_to_kernel() -> None:
    """Let trainings rest while a cell runs, and JupyterLab's Interrupt stop them.

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
        shell.events.register("pre_run_cell", _before_cell)
        shell.events.register("post_run_cell", _after_cell)
        if _is_in_cell(kernel):
            GATE.close()


def _is_in_cell(kernel) -> bool:
    """Whether a cell runs, not a widget's callback."""
    header = kernel.get_parent("shell").get("header", {})
    return header.get("msg_type") == "execute_request"


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
