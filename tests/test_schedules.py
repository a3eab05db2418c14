"""A learning rate that is moved by hand, and the schedule that goes on from it."""

import math

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from helpers import Examples, fit
from helpers.training.history import Step
from helpers.training.rate import Rate

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


def net() -> nn.Linear:
    return nn.Linear(3, 2)


LR = lr_scheduler
ALL = {  # every scheduler of torch
    "LambdaLR": lambda o: LR.LambdaLR(o, lambda k: 0.9**k),
    "MultiplicativeLR": lambda o: LR.MultiplicativeLR(o, lambda k: 0.9),
    "StepLR": lambda o: LR.StepLR(o, 3),
    "MultiStepLR": lambda o: LR.MultiStepLR(o, [2, 5]),
    "ConstantLR": lambda o: LR.ConstantLR(o, 0.5, 4),
    "LinearLR": lambda o: LR.LinearLR(o, 0.5, total_iters=6),
    "ExponentialLR": lambda o: LR.ExponentialLR(o, 0.8),
    "PolynomialLR": lambda o: LR.PolynomialLR(o, 12),
    "CosineAnnealingLR": lambda o: LR.CosineAnnealingLR(o, 9, eta_min=0.05),
    "CosineAnnealingWarmRestarts": lambda o: LR.CosineAnnealingWarmRestarts(o, 4),
    "CyclicLR": lambda o: LR.CyclicLR(o, 0.05, 0.4, 3),
    "OneCycleLR": lambda o: LR.OneCycleLR(o, 0.4, 20),
    "SequentialLR": lambda o: LR.SequentialLR(
        o, [LR.ConstantLR(o, 0.5, 2), LR.LambdaLR(o, lambda k: 0.9**k)], [3]
    ),
    "ChainedScheduler": lambda o: LR.ChainedScheduler(
        [LR.ConstantLR(o, 0.5, 3), LR.ExponentialLR(o, 0.9)]
    ),
    "ReduceLROnPlateau": lambda o: LR.ReduceLROnPlateau(o, patience=1, factor=0.5),
    "SWALR": lambda o: torch.optim.swa_utils.SWALR(o, 0.05, anneal_epochs=5),
}


def test_all_schedulers_of_torch_are_here():
    of_torch = {
        name
        for name in lr_scheduler.__all__
        if isinstance(getattr(lr_scheduler, name), type)
    }
    assert of_torch - {"LRScheduler"} == set(ALL) - {"SWALR"}


def rates(schedule, moved: dict[int, float]) -> list[list[float]]:
    """The rates of two groups in 12 steps, moved by hand after some of them."""
    made = net()
    groups = [{"params": [made.weight]}, {"params": [made.bias], "lr": 0.02}]
    optimizer, found = torch.optim.SGD(groups, lr=0.2), []
    records = fit(
        *(made, EXAMPLES),
        num_epochs=12,
        batch_size=4,
        optimizer=lambda parameters, lr: optimizer,
        schedule=schedule,
        schedule_every="step",
        loss=lambda y_hat, y: 0 * y_hat.sum() + 1,  # a plateau
    )
    record = next(records)
    while record is not None:
        lr = moved.get(record.step) if isinstance(record, Step) else None
        if isinstance(record, Step):
            found.append([group["lr"] for group in optimizer.param_groups])
        try:
            record = records.send(lr)
        except StopIteration:
            record = None
    return found


@pytest.mark.filterwarnings("ignore::UserWarning")  # of torch, on its own arguments
@pytest.mark.parametrize("name", ALL)
def test_a_moved_rate_is_a_factor_on_every_schedule(name):
    untouched = torch.tensor(rates(ALL[name], {}))
    assert len(untouched) == 12
    sent = 3 * untouched[4, 0].item()
    moved = torch.tensor(rates(ALL[name], {5: sent}))
    assert torch.allclose(moved[:5], untouched[:5])
    assert torch.allclose(moved[5:], 3 * untouched[5:], rtol=1e-4), moved / untouched


def test_groups_keep_their_ratio_over_a_rate_of_0():
    found = rates(None, {3: 0.0, 6: 0.4})
    assert found[5] == [0.0, 0.0]
    assert found[-1] == pytest.approx([0.4, 0.04])


def test_a_rate_that_somebody_writes_is_taken_over():
    made = net()
    optimizer = torch.optim.SGD(made.parameters(), lr=0.2)
    rate = Rate(optimizer, lr_scheduler.ExponentialLR(optimizer, 0.5))
    rate.set(0.4)
    optimizer.param_groups[0]["lr"] = 1.0
    optimizer.step()
    rate.advance(0.0)
    assert rate.get() == pytest.approx(0.5)


def test_a_schedule_from_0_takes_a_rate_against_its_base():
    made = net()
    optimizer = torch.optim.SGD(made.parameters(), lr=0.2)
    warm_up = lr_scheduler.LambdaLR(optimizer, lambda k: k / 4)
    rate = Rate(optimizer, warm_up)
    rate.set(0.1)
    assert rate.get() == 0.1
    optimizer.step()
    rate.advance(0.0)
    assert rate.get() == pytest.approx(0.2 * 0.25 * 0.5)


def test_an_optimizer_written_by_hand_has_its_rate_moved():
    class Own:
        lr = 0.1

    rate = Rate(Own())
    rate.set(0.3)
    assert rate.get() == 0.3
    assert math.isnan(Rate(object()).get())
