"""The doctor's line: on made-up curves, and on real trainings, wrong and right."""

import math

import pytest
import torch
from torch import nn

from helpers import (
    MLP,
    Choice,
    History,
    IntSlider,
    LeNet,
    LogSlider,
    SoftmaxRegression,
    TuningPanel,
    load_images,
)
from helpers.tuning.diagnosis import STATES, Finding, dead_relu_share, diagnose, gravest
from helpers.tuning.session import Session

PER_EPOCH = 47  # steps, as in 12,000 images by batches of 256


def made_up(train, val=(), train_acc=None, val_acc=None, start=2.3, steps=None, **kw):
    """A history whose step losses go through the given losses of the epochs."""
    if steps is None:
        levels = [start, *train]
        steps = [start] + [
            a + (b - a) * k / PER_EPOCH
            for a, b in zip(levels[:-1], levels[1:], strict=True)
            for k in range(1, PER_EPOCH + 1)
        ][1:]
    n = len(train)
    return History(
        step_examples=tuple(256 * k for k in range(1, len(steps) + 1)),
        step_loss=tuple(steps),
        epoch_examples=tuple(12_000 * k for k in range(1, n + 1)),
        train_loss=tuple(train),
        train_accuracy=tuple([0.6] * n if train_acc is None else train_acc),
        val_loss=tuple(val or train),
        val_accuracy=tuple([0.6] * n if val_acc is None else val_acc),
        seconds=1.0,
        settings={"lr": 0.1} | kw,
    )


def state(history, **more):
    finding = diagnose(history, **({"num_classes": 10, "ended": True} | more))
    return finding and finding.state


LUCK = [0.11] * 5
CURVES = {
    "nothing yet": (made_up([], steps=[2.3] * 5), {"ended": False}, None),
    "going well": (made_up([1.8, 1.2, 1.0]), {"ended": False}, None),
    "ends well": (made_up([1.8, 1.2, 1.0, 0.95, 0.93, 0.91, 0.9]), {}, None),
    "not a number": (
        made_up([], steps=[2.3, 9.0, math.nan]),
        {"ended": False},
        "not a number",
    ),
    "infinite": (made_up([], steps=[2.3, math.inf]), {"ended": False}, "not a number"),
    "diverging": (
        made_up([], steps=[2.3 * 1.1**k for k in range(30)]),
        {"ended": False},
        "diverging",
    ),
    "one bad batch": (
        made_up([], steps=[2.3] * 20 + [30.0] + [2.2] * 20),
        {"ended": False},
        None,
    ),
    "fine-tuning begins well": (made_up([0.2, 0.15, 0.14], start=0.05), {}, None),
    "regression diverges": (
        made_up([], steps=[1.0 + k for k in range(30)]),
        {"ended": False, "num_classes": None},
        "diverging",
    ),
    "at chance": (made_up([2.3] * 5, train_acc=LUCK, val_acc=LUCK), {}, "chance"),
    "at chance, still early": (
        made_up([2.3] * 3, train_acc=LUCK[:3], val_acc=LUCK[:3]),
        {"ended": False},
        None,
    ),
    "at chance, late": (
        made_up([2.3] * 5, train_acc=LUCK, val_acc=LUCK),
        {"ended": False},
        "chance",
    ),
    "a high accuracy is no chance": (
        made_up([2.2] * 5, train_acc=[0.4] * 5, val_acc=[0.4] * 5),
        {"ended": False},
        None,
    ),
    "slow": (
        made_up([2.29, 2.27, 2.25], train_acc=[0.2] * 3, val_acc=[0.2] * 3),
        {},
        "slow",
    ),
    "dead": (made_up([2.3] * 2), {"dead": 0.8, "ended": False}, "dead"),
    "some dead": (made_up([1.8, 1.2]), {"dead": 0.3, "ended": False}, None),
    "overfitting by the loss": (
        made_up([1.0, 0.7, 0.5, 0.4, 0.3, 0.2], [1.1, 0.9, 1.0, 1.1, 1.2, 1.3]),
        {"ended": False},
        "overfitting",
    ),
    "a restless validation loss": (
        made_up([1.0, 0.8, 0.7, 0.65, 0.6], [1.0, 0.8, 0.9, 0.85, 0.82]),
        {"ended": False},
        None,
    ),
    "rising for two epochs": (
        made_up([1.0, 0.8, 0.7, 0.6, 0.5], [1.0, 0.8, 0.7, 0.75, 0.78]),
        {"ended": False},
        None,
    ),
    "overfitting by the accuracy": (
        made_up([0.5, 0.4, 0.3, 0.2], train_acc=[0.95] * 4, val_acc=[0.7] * 4),
        {},
        "overfitting",
    ),
    "still falling": (made_up([2.0, 1.7, 1.4, 1.1, 0.9]), {}, "falling"),
    "a bad epoch before the end": (
        made_up([0.6, 0.55, 0.54, 0.53, 0.52], [0.6, 0.7, 0.55, 0.56, 0.54]),
        {},
        None,
    ),
    "still falling, not at the end": (
        made_up([2.0, 1.7, 1.4, 1.1, 0.9]),
        {"ended": False},
        None,
    ),
    "flat": (made_up([1.0, 0.502, 0.501, 0.503, 0.5]), {}, "flat"),
    "nearly flat": (made_up([1.0, 0.506, 0.504, 0.502, 0.5]), {}, None),
    "flat but restless": (made_up([1.0, 0.5, 0.53, 0.49, 0.5]), {}, None),
}


@pytest.mark.parametrize("name", CURVES)
def test_made_up_curves(name):
    history, more, expected = CURVES[name]
    assert state(history, **more) == expected


def test_every_state_has_a_curve():
    assert {expected for *_, expected in CURVES.values()} == {None, *STATES}


def test_the_gravest_of_several_comes_first():
    flat, nan = (
        diagnose(CURVES[name][0], num_classes=10, ended=True)
        for name in ("flat", "not a number")
    )
    assert gravest([flat, None, nan]) == 2
    assert gravest([None, None]) is None


def test_the_advice_names_a_rate():
    history = CURVES["diverging"][0]
    assert "try one near 0.01." in diagnose(history).advice
    assert "try one near 0.3." in diagnose(history, lr=3.0).advice


BAD_STEP = [2.3, 2.9, 2.3]  # too large: after it units are dead
ADVICE = {  # for a rate of 0.1
    "not a number": (
        *CURVES["not a number"][:2],
        "Stop, and lower the learning rate: try one near 0.01.",
    ),
    "diverging": (
        *CURVES["diverging"][:2],
        "Lower the learning rate: try one near 0.01.",
    ),
    "dead": (
        made_up([2.3] * 2, steps=BAD_STEP),
        {"dead": 0.8},
        "Begin again with a lower learning rate: try one near 0.01.",
    ),
    "far above chance": (
        made_up([3.0] * 5, train_acc=LUCK, val_acc=LUCK),
        {},
        "Lower the learning rate: try one near 0.01.",
    ),
    "at chance": (
        *CURVES["at chance"][:2],
        "Try a higher learning rate, such as 1; if that changes nothing, look at the "
        "initial weights and the labels.",
    ),
    "slow": (*CURVES["slow"][:2], "Raise the learning rate: try one near 1."),
}


@pytest.mark.parametrize("name", ADVICE)
def test_a_higher_rate_is_above_that_of_the_run_and_a_lower_one_below(name):
    history, more, advice = ADVICE[name]
    finding = diagnose(history, **({"num_classes": 10, "ended": True} | more))
    assert finding.advice == advice


def test_overfitting_names_the_epoch_with_the_lowest_validation_loss():
    history, more, _ = CURVES["overfitting by the loss"]
    assert history.val_loss.index(min(history.val_loss)) == 1  # the second epoch
    assert diagnose(history, num_classes=10, **more).sentence == (
        "Overfitting: the validation loss was lowest after epoch 2 and has risen "
        "since, while the training loss falls."
    )


def test_at_most_one_sentence_each():
    for history, more, _ in CURVES.values():
        finding = diagnose(history, **({"num_classes": 10, "ended": True} | more))
        for text in () if finding is None else (finding.sentence, finding.advice):
            assert text[-1] in ".?" and ". " not in text.replace("1/10, ", "")
        if finding is not None:
            assert len(str(finding)) < 190


def test_the_line_changes_with_the_state_alone(digits):
    lines = TuningPanel(SoftmaxRegression, digits, lr=LogSlider(0.1, 1)).lines

    def told(finding) -> str:
        lines.session.finding = finding
        lines.follow()
        return lines.doctor.value

    line = told(Finding("dead", "60% <dead>.", "Do."))
    assert 'role="status"' in line and "60% &lt;dead&gt;." in line
    assert told(Finding("dead", "70% <dead>.", "Do.")) == line
    assert "Flat." in told(Finding("flat", "Flat.", "Do."))
    assert told(None) == ""


# -- dead units ---------------------------------------------------------------------


def test_dead_units_are_counted():
    net = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2), nn.ReLU())
    with torch.no_grad():
        for layer in (net[0], net[2]):
            layer.weight.zero_()
        net[0].bias.copy_(torch.tensor([1.0, -1.0, -1.0, 0.0]))
        net[2].bias.copy_(torch.tensor([1.0, 1.0]))
    assert dead_relu_share(net, torch.ones(5, 2)) == pytest.approx(3 / 6)
    assert not net[1]._forward_hooks, "the hooks are taken off"


def test_a_channel_is_a_unit():
    net = nn.Sequential(nn.Conv2d(1, 3, 1), nn.ReLU())
    with torch.no_grad():
        net[0].weight.zero_()
        net[0].bias.copy_(torch.tensor([1.0, -1.0, -1.0]))
    share = dead_relu_share(net, torch.ones(2, 1, 5, 5))
    assert share == pytest.approx(2 / 3)


def test_looking_changes_nothing():
    net = nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(inplace=True), nn.Dropout(0.5)
    )
    before = {k: v.clone() for k, v in net.state_dict().items()}
    X = torch.rand(16, 4)
    random = torch.get_rng_state()
    dead_relu_share(net, X)
    assert torch.equal(random, torch.get_rng_state()) and net.training
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    assert dead_relu_share(SoftmaxRegression(4, 2), torch.rand(2, 4)) is None
    assert dead_relu_share(lambda X: X, torch.rand(2, 4)) is None


# -- real trainings -----------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    return load_images("digits")


def told(build, data, **settings):
    """Every state that the doctor told while a network trained, in order."""
    session = Session(
        build,
        data,
        lr=LogSlider(1e-6, 1e9),
        num_epochs=IntSlider(1, 60),
        batch_size=Choice(16, 256, start=256),
    )
    seen = []

    def watch(_):
        state = session.finding and session.finding.state
        if state and (not seen or seen[-1] != state):
            seen.append(state)

    session.changed.append(watch)
    session.run(**settings)
    return seen


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("build", [SoftmaxRegression, MLP])
def test_ordinary_runs_are_not_told_of_a_fault(build, seed, digits):
    seen = told(build, digits, lr=0.1, num_epochs=10, seed=seed)
    # At epoch 10 the MLP has .70 of the .82 that it has at epoch 20.
    assert seen == (["falling"] if build is MLP else [])


def zeros():
    net = MLP()
    for parameter in net.parameters():
        nn.init.zeros_(parameter)
    return net


def guessing():
    net = SoftmaxRegression()
    nn.init.zeros_(net.linear.weight)
    return net


@pytest.mark.parametrize(
    ("build", "settings", "expected"),
    [
        (lambda: MLP((64, 64, 64)), {"lr": 1e6, "num_epochs": 2}, "not a number"),
        (SoftmaxRegression, {"lr": 30.0, "num_epochs": 3}, "diverging"),
        (MLP, {"lr": 10.0, "num_epochs": 3}, "dead"),
        (zeros, {"lr": 0.1, "num_epochs": 2}, "dead"),
        (guessing, {"lr": 1e-6, "num_epochs": 3}, "chance"),
        (MLP, {"lr": 1e-5, "num_epochs": 3}, "chance"),
        (SoftmaxRegression, {"lr": 1e-3, "num_epochs": 6}, "slow"),
        (MLP, {"lr": 0.1, "num_epochs": 3}, None),
    ],
)
def test_real_faults_are_named(build, settings, expected, digits):
    seen = told(build, digits, seed=0, **settings)
    assert (seen or [None])[-1] == expected


@pytest.mark.parametrize("seed", range(3))
def test_overfitting_100_images_is_named(seed, digits):
    class Small:
        name, classes, val = digits.name, digits.classes, digits.val
        train, test = digits.train.take(100), digits.test

    seen = told(MLP, Small, batch_size=16, lr=0.1, num_epochs=60, seed=seed)
    assert seen[-1] == "overfitting"


def test_lenet_leaves_its_plateau_unaccused(digits):
    """It guesses for two to three epochs, and then learns."""
    assert not set(told(LeNet, digits, lr=0.1, num_epochs=5)) - {"falling"}
