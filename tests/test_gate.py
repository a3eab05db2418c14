"""Whatever runs beside a training in a notebook, both have the numbers of alone."""

import json
import threading

import nbformat
from nbclient import NotebookClient

from helpers.tuning.gate import Gate
from tools.waiting import PATIENCE, wait_for


def in_thread(function) -> threading.Thread:
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    return thread


class Steps:
    """A thread that takes steps at a gate until it is told to end."""

    def __init__(self, gate):
        self.gate, self.taken, self.inside, self.ends = gate, 0, False, False
        self.thread = in_thread(self._go)

    def _go(self):
        while not self.ends:
            with self.gate.step():
                self.inside = True
                self.taken += 1
                self.inside = False

    def go_on(self):
        before = self.taken
        wait_for(lambda: self.taken > before)

    def end(self):
        self.ends = True
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


def test_no_step_is_taken_while_it_is_closed():
    gate = Gate()
    steps = Steps(gate)
    for _ in range(20):
        steps.go_on()
        gate.close()
        assert not steps.inside
        before = steps.taken
        with gate.step():  # of the thread that closed it
            pass
        assert steps.taken == before
        gate.open()
    steps.end()


def test_it_is_open_for_who_waits():
    gate = Gate()
    steps = Steps(gate)
    gate.close()
    before = steps.taken
    with gate.opened():
        steps.go_on()
    assert steps.taken > before and not steps.inside
    before = steps.taken
    gate.close()  # once more is no deeper
    assert steps.taken == before
    gate.open()
    steps.go_on()
    gate.open()
    steps.end()


def test_another_thread_cannot_open_it():
    gate = Gate()
    gate.close()
    steps = Steps(gate)
    other = in_thread(gate.open)
    other.join(PATIENCE)

    def waits():
        with gate.opened():
            pass

    other = in_thread(waits)
    other.join(PATIENCE)
    assert not other.is_alive() and steps.taken == 0
    gate.open()
    steps.go_on()
    steps.end()


# Dropout draws at every step, in the panel and in the cell.
NOTEBOOK = """
import json, torch
from helpers import IntSlider, MLP, TuningPanel, load_images, seeded, train
data = load_images("digits", n_train=500, n_val=100)
def build():
    return MLP((32,), dropout=0.5)
def cell():
    with seeded(0):
        net = build()
    torch.manual_seed(3)
    drawn = torch.rand(3).tolist()
    history = train(net, data.train, num_epochs=2, lr=0.1, batch_size=20, seed=1)
    return [drawn, list(history.step_loss), torch.rand(3).tolist()]
panel = TuningPanel(build, data, num_epochs=IntSlider(1, 50, start=12))
alone, of_panel = cell(), list(panel.run().history.step_loss)
===
with seeded(0):
    panel.start()
    rested = panel.session.trial.worker.taken
    panel.wait(0.001)
===
beside = cell()
===
def taken():
    return len(panel.session.trial.recorder.history().step_loss)
before = taken()
beside_too = [cell(), [torch.rand(5) for _ in range(1000)]][0]
still = taken() - before <= 1  # the last step may not have been counted yet
===
panel.wait()
ended = list(panel.runs[-1].history.step_loss)
print(json.dumps([alone == beside == beside_too, of_panel == ended, still, rested]))
===
panel.start()
panel.stop()
panel.session.trial.worker.join()
raise KeyboardInterrupt
===
print(panel.active)
"""


def test_a_cell_and_a_panel_leave_each_others_numbers_alone(tmp_path):
    notebook = nbformat.v4.new_notebook()
    cells = [part.strip() for part in NOTEBOOK.split("===")]
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    client = NotebookClient(notebook, timeout=120, kernel_name="python3")
    client.allow_errors = True
    client.execute(cwd=tmp_path)
    said = [json.loads(cell.outputs[-1].text) for cell in notebook.cells[4:5]]
    assert said == [[True, True, True, 0]]
    assert notebook.cells[-1].outputs[-1].text == "False\n", "it hangs after a stop"
