"""fit, train, evaluate: what they compute, what they leave alone, what they refuse."""

import functools
import math
import random

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers import (
    Examples,
    History,
    LeNet,
    SoftmaxRegression,
    accuracy,
    evaluate,
    fit,
    load_checkpoint,
    minibatches,
    save_checkpoint,
    seeded,
    train,
)
from helpers.training.history import Epoch, Step


@pytest.fixture(scope="module")
def examples() -> Examples:
    """100 random images whose label can be read off: the brightest of ten columns."""
    generator = torch.Generator().manual_seed(3)
    X = torch.rand(100, 1, 5, 10, generator=generator)
    return Examples(X, X.sum((1, 2)).argmax(1))


def small_net(seed: int = 0, dropout: float = 0.0) -> nn.Sequential:
    with seeded(seed):
        return nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(50, 10))


def weights(net: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in net.parameters()])


# -- what it computes ---------------------------------------------------------------


def test_fit_is_the_plain_loop(examples):
    net, plain = small_net(), small_net()
    for _ in fit(net, examples, num_epochs=3, lr=0.5, batch_size=32, momentum=0.9):
        pass
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.5, momentum=0.9)
    order = torch.Generator().manual_seed(0)
    for _ in range(3):
        for X, y in minibatches(examples, 32, order):
            optimizer.zero_grad()
            F.cross_entropy(plain(X), y).backward()
            optimizer.step()
    torch.testing.assert_close(weights(net), weights(plain), rtol=0, atol=0)


def test_a_record_after_every_step_and_epoch(examples):
    records = list(fit(small_net(), examples, examples, num_epochs=2, batch_size=32))
    kinds = [type(r) for r in records]
    assert kinds == ([Step] * 4 + [Epoch]) * 2
    steps = [r for r in records if isinstance(r, Step)]
    assert [s.examples for s in steps] == [32, 64, 96, 100, 132, 164, 196, 200]
    assert [s.step for s in steps] == list(range(1, 9))
    assert {s.total for s in records} == {200}
    seconds = [r.seconds for r in records]
    assert seconds == sorted(seconds) and seconds[0] > 0


def test_history_agrees_with_evaluate(examples):
    net = small_net()
    history = train(net, examples, examples, num_epochs=4, lr=0.5)
    after = evaluate(net, examples)
    assert history.num_epochs == 4 and len(history.step_loss) == 4
    assert history.val_loss[-1] == pytest.approx(after.loss, abs=1e-6)
    assert history.val_accuracy[-1] == after.accuracy
    assert history.val_loss[-1] < history.val_loss[0] - 0.05
    with pytest.raises(AttributeError):
        history.val_loss = ()


def test_training_loss_is_the_mean_per_example(examples):
    """The smaller last batch must not weigh as much as a full one."""
    epoch = list(fit(small_net(), examples, num_epochs=1, lr=0.0, batch_size=64))[-1]
    whole = F.cross_entropy(small_net()(examples.X), examples.y).item()
    assert epoch.train.loss == pytest.approx(whole, abs=1e-6)


def test_evaluate_uses_evaluation_mode_and_puts_it_back(examples):
    net = small_net(dropout=0.9).train()
    first, second = evaluate(net, examples), evaluate(net, examples, batch_size=7)
    assert net.training
    assert first.accuracy == second.accuracy
    assert first.loss == pytest.approx(second.loss, abs=1e-6)
    net.eval()
    evaluate(net, examples)
    assert not net.training


def test_accuracy_by_hand():
    y_hat = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    assert accuracy(y_hat, torch.tensor([1, 1, 1])) == pytest.approx(2 / 3)


def test_regression_has_no_accuracy():
    X = torch.linspace(0, 1, 20)[:, None]
    history = train(
        nn.Linear(1, 1), Examples(X, 2 * X), loss=F.mse_loss, num_epochs=2, lr=0.1
    )
    assert history.train_accuracy == () and len(history.train_loss) == 2


# -- the interface ------------------------------------------------------------------


def test_functions_written_by_hand(examples):
    W = torch.zeros(50, 10, requires_grad=True)
    b = torch.zeros(10, requires_grad=True)

    class SGD:
        def __init__(self, parameters, lr):
            self.parameters, self.lr = parameters, lr

        def zero_grad(self):
            for p in self.parameters:
                p.grad = None

        def step(self):
            with torch.no_grad():
                for p in self.parameters:
                    p -= self.lr * p.grad

    by_hand = train(
        lambda X: X.flatten(1) @ W + b,
        examples,
        examples,
        parameters=[W, b],
        optimizer=SGD,
        lr=0.3,
        num_epochs=3,
    )
    net = nn.Sequential(nn.Flatten(), nn.Linear(50, 10))
    nn.init.zeros_(net[1].weight)
    nn.init.zeros_(net[1].bias)
    with_torch = train(net, examples, examples, lr=0.3, num_epochs=3)
    assert by_hand.val_loss == pytest.approx(with_torch.val_loss, abs=1e-5)


OPTIMIZERS = [
    "SGD",
    "Adam",
    "AdamW",
    "RMSprop",
    "Adagrad",
    "Adadelta",
    "NAdam",
    "RAdam",
    "Adamax",
    "ASGD",
    "Rprop",
    "LBFGS",
]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_of_torch_lowers_the_loss(examples, name):
    lr = {"Adadelta": 1.0, "LBFGS": 0.5}.get(name, 0.01)
    history = train(
        small_net(),
        examples,
        optimizer=getattr(torch.optim, name),
        lr=lr,
        num_epochs=5,
    )
    assert history.train_loss[-1] < history.train_loss[0] - 0.005


def test_an_optimizer_that_is_made_brings_its_own_rate(examples):
    net = small_net()
    made = torch.optim.SGD(net.parameters(), lr=0.25)
    assert next(fit(net, examples, optimizer=made)).lr == 0.25
    with pytest.raises(ValueError, match="already made"):
        fit(net, examples, optimizer=made, lr=0.1)


SCHEDULES = {
    "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 4),
    "exponential": lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.5),
    "steps": lambda o: torch.optim.lr_scheduler.StepLR(o, 2, 0.1),
    "plateau": lambda o: torch.optim.lr_scheduler.ReduceLROnPlateau(
        o, patience=0, threshold=10.0
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_those_of_torch(examples, name):
    got = [
        r.lr
        for r in fit(
            small_net(), examples, num_epochs=4, lr=0.4, schedule=SCHEDULES[name]
        )
        if isinstance(r, Epoch)
    ]
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.4)
    scheduler, expected = SCHEDULES[name](optimizer), []
    for _ in range(4):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(*([1.0] if name == "plateau" else []))
    if name == "plateau":
        assert got[0] == 0.4 and got[-1] < 0.01
    else:
        assert got == pytest.approx(expected)


def test_one_cycle_is_stepped_after_every_step(examples):
    cycle = functools.partial(
        torch.optim.lr_scheduler.OneCycleLR, max_lr=1.0, total_steps=20
    )
    records = fit(
        small_net(),
        examples,
        num_epochs=5,
        batch_size=25,
        schedule=cycle,
        schedule_every="step",
    )
    rates = [r.lr for r in records if isinstance(r, Step)]
    assert rates.index(max(rates)) == 5 and max(rates) == pytest.approx(1.0, abs=0.01)


def test_the_rate_can_be_moved_while_it_trains(examples):
    records = fit(small_net(), examples, num_epochs=3, lr=0.1, batch_size=50)
    next(records)
    assert records.send(0.7).lr == 0.7
    assert next(r for r in records if isinstance(r, Step)).lr == 0.7


def test_a_schedule_goes_on_from_a_moved_rate(examples):
    half = functools.partial(torch.optim.lr_scheduler.ExponentialLR, gamma=0.5)
    records = fit(small_net(), examples, num_epochs=3, lr=0.4, schedule=half)
    next(records)
    records.send(0.8)  # the answer is the first epoch's record
    rates = [r.lr for r in records if isinstance(r, Step)]
    assert rates == pytest.approx([0.4, 0.2])


def test_clipping_bounds_the_step(examples):
    net = small_net()
    before = weights(net)
    next(fit(net, examples, lr=1.0, clip_norm=0.01))
    assert (weights(net) - before).norm().item() == pytest.approx(0.01, rel=1e-4)


# -- what it leaves alone -----------------------------------------------------------


def run_with_dropout(examples, meanwhile=lambda: None) -> torch.Tensor:
    net = small_net(dropout=0.5)
    for _ in fit(net, examples, examples, num_epochs=2, batch_size=25, seed=5):
        meanwhile()
    return weights(net)


def test_a_seed_fixes_the_run_and_another_seed_another(examples):
    first = run_with_dropout(examples)
    torch.testing.assert_close(first, run_with_dropout(examples), rtol=0, atol=0)
    net = small_net(dropout=0.5)
    for _ in fit(net, examples, examples, num_epochs=2, batch_size=25, seed=6):
        pass
    assert not torch.equal(first, weights(net))


def test_random_numbers_of_others_do_not_change_the_run(examples):
    quiet = run_with_dropout(examples)
    noisy = run_with_dropout(examples, meanwhile=lambda: torch.rand(3))
    torch.testing.assert_close(quiet, noisy, rtol=0, atol=0)


def test_the_global_random_state_is_left_as_it_was(examples):
    before = torch.get_rng_state()
    run_with_dropout(examples)
    with seeded(3):
        torch.rand(5)
    assert torch.equal(before, torch.get_rng_state())


def test_no_grad_does_not_leak_into_the_consumer_nor_back(examples):
    with torch.no_grad():
        for record in fit(small_net(), examples, examples, num_epochs=1):
            assert not torch.is_grad_enabled()
            assert math.isfinite(record.seconds)
    for _ in fit(small_net(), examples, examples, num_epochs=1):
        assert torch.is_grad_enabled()


def test_a_pause_with_eval_does_not_switch_dropout_off(examples):
    net = small_net(dropout=0.5)
    records = fit(net, examples, num_epochs=1, batch_size=25)
    next(records)
    net.eval()
    next(records)
    assert net.training


def test_a_pause_does_not_count_as_training_time(examples, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    records = fit(small_net(), examples, num_epochs=1, batch_size=25)
    first = next(records)
    now[0] += 1000
    assert next(records).seconds == first.seconds


def test_closing_ends_it(examples):
    records = fit(small_net(), examples, num_epochs=100)
    next(records)
    records.close()
    with pytest.raises(StopIteration):
        next(records)


def test_channels_last_changes_no_result(examples):
    generator = torch.Generator().manual_seed(0)
    X = torch.rand(32, 1, 28, 28, generator=generator)
    with seeded(0):
        net = LeNet()
    before = net(X)
    next(fit(net, Examples(X, torch.zeros(32, dtype=torch.long)), lr=0.0))
    assert net[3].weight.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(net(X), before, rtol=1e-4, atol=1e-5)


# -- what it refuses ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_epochs": 0}, "num_epochs must be a whole number of at least 1, got 0"),
        ({"num_epochs": 2.5}, "num_epochs must be a whole number"),
        ({"batch_size": -1}, "batch_size must be a whole number of at least 1, got -1"),
        ({"lr": -0.1}, "lr must be a finite number of at least 0, got -0.1"),
        ({"lr": math.nan}, "lr must be a finite number of at least 0, got nan"),
        ({"clip_norm": 0.0}, "clip_norm must be greater than 0, got 0.0"),
        ({"schedule_every": "hour"}, "schedule_every must be 'epoch' or 'step'"),
    ],
)
def test_bad_settings_are_named_at_the_call(examples, settings, message):
    with pytest.raises(ValueError, match=message):
        fit(small_net(), examples, **settings)


def test_a_function_needs_its_parameters(examples):
    with pytest.raises(TypeError, match=r"parameters=\[W, b\]"):
        fit(lambda X: X, examples)


# -- checkpoints --------------------------------------------------------------------


def test_checkpoint_round_trip(tmp_path):
    net, other = small_net(0), small_net(1)
    save_checkpoint(tmp_path / "net.pt", net)
    load_checkpoint(tmp_path / "net.pt", other)
    assert torch.equal(weights(net), weights(other))
    assert [p.name for p in tmp_path.iterdir()] == ["net.pt"]


class Bomb:
    def __reduce__(self):
        return (print, ("code ran",))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("code", "net.pt"),
        ("damaged", "net.pt"),
        ("empty", "net.pt"),
        ("other net", r"\w+ is (nothing|\(.*\)) in the file and .* in the network"),
        ("no dict", "net.pt holds a Tensor, not a state_dict"),
    ],
    ids=["code", "damaged", "empty", "other net", "no dict"],
)
def test_a_bad_checkpoint_is_refused_and_changes_nothing(
    tmp_path, capsys, fault, words
):
    path = tmp_path / "net.pt"
    if fault == "code":
        torch.save({"0": Bomb()}, path)
    elif fault == "other net":
        save_checkpoint(path, SoftmaxRegression(5, 3))
    elif fault == "no dict":
        torch.save(torch.zeros(3), path)
    else:
        save_checkpoint(path, small_net(1))
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] if fault == "damaged" else b"")
    net = small_net(0)
    before = weights(net).clone()
    with pytest.raises(ValueError, match=words) as refused:
        load_checkpoint(path, net)
    assert "net.pt" in str(refused.value)
    assert torch.equal(before, weights(net))
    assert "code ran" not in capsys.readouterr().out


def test_any_damage_is_refused_or_changes_no_weight(tmp_path):
    """Bytes that no check sum covers may be others; weights never are."""
    path, saved = tmp_path / "net.pt", small_net(1)
    save_checkpoint(path, saved)
    whole, chance, refused = path.read_bytes(), random.Random(0), 0
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        net = small_net(0)
        before = weights(net).clone()
        try:
            load_checkpoint(path, net)
        except ValueError as error:
            refused += 1
            assert "net.pt" in str(error) and torch.equal(before, weights(net))
        else:
            assert torch.equal(weights(saved), weights(net))
    assert refused > 200


@pytest.mark.filterwarnings("ignore::UserWarning")  # of torch, on such tensors
@pytest.mark.parametrize("kind", ["sparse", "csr", "quantized"])
def test_tensors_that_cannot_be_copied_are_refused(tmp_path, kind):
    path, state = tmp_path / "net.pt", small_net(1).state_dict()
    last = list(state)[-2]
    state[last] = {
        "sparse": lambda w: w.to_sparse(),
        "csr": lambda w: w.to_sparse_csr(),
        "quantized": lambda w: torch.quantize_per_tensor(w, 0.1, 0, torch.qint8),
    }[kind](state[last])
    torch.save(state, path)
    net = small_net(0)
    before = weights(net).clone()
    with pytest.raises(ValueError, match="net.pt"):
        load_checkpoint(path, net)
    assert torch.equal(before, weights(net))


def test_a_missing_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError, match="no checkpoint at"):
        load_checkpoint(tmp_path / "none.pt", small_net())


def test_history_shows_its_last_numbers():
    history = History((), (), (), (0.5,), (0.75,), (), (), 1.0, {})
    assert repr(history) == "History(1 epoch, train_loss 0.500, train_accuracy 0.750)"
