"""A learning rate that is moved by hand, and the schedule that goes on from it."""

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from helpers import Examples, fit
from helpers.training.history import Step

EXAMPLES = Examples(torch.rand(4, 3), torch.zeros(4, dtype=torch.int64))
SCHEDULES = {
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.5),
    "StepLR": lambda o: lr_scheduler.StepLR(o, 1, 0.5),
    # Computed from the first rate, not from the last one.
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 0.5**epoch),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_kind_of_schedule_goes_on_from_a_moved_rate(name):
    records = fit(
        nn.Linear(3, 2), EXAMPLES, num_epochs=4, lr=0.4, schedule=SCHEDULES[name]
    )
    assert next(records).lr == 0.4
    records.send(0.8)  # answered by the record of the first epoch
    rates = [record.lr for record in records if isinstance(record, Step)]
    assert rates == pytest.approx([0.4, 0.2, 0.1])
