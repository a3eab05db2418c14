"""Chapter 10: words on what the claims and the panel found, from what is stored."""

import math
from functools import cache

import pytest
import torch

from helpers import seeded, train
from helpers.chapters.recurrent_networks.claims import memory
from helpers.chapters.recurrent_networks.panel import char_net, text_data
from helpers.chapters.recurrent_networks.tasks import NUM_SYMBOLS
from tests.said import said
from tests.taught import holding
from tests.verdicts import of_chapter

CLAIMS = of_chapter("10")


holds = holding("10")


def stored(name):
    """The table of a claim at full size, and the mean of an entry."""
    (run,) = CLAIMS[name].stored().values()
    return run, lambda row, value: run.table[row][value].mean


# -- convergence ---------------------------------------------------------------------


def test_which_trainings_end_worse_than_they_began():
    run, mean = stored("convergence")
    rates = {
        name: [mean(name, f"diverges at {lr}") for lr in memory.RATES]
        for name in memory.ADDERS
    }
    assert sorted(rates["ReLU"]) == [0, 1, 1, 1], "in all ten seeds"
    assert run.table["ReLU"][memory.DIVERGED].n == 10
    assert sum(rates["ReLU, identity"]) == pytest.approx(2, abs=0.25)
    for name in ("ReLU, clipped", "tanh", "LSTM"):
        assert not any(rates[name]), name
    holds(
        "claim-convergence-read",
        "begin as 1.05 times the identity, three of the four rates end worse than they "
        "began, in all ten seeds; from exactly the identity two of the four do.",
        "With gradients clipped to norm 1 none does; nor does any run with tanh, or the"
        " LSTM, with torch's initial weights.",
    )
    least = {name: f"{mean(name, memory.LEAST):.2f}" for name in memory.ADDERS}
    assert least["tanh"] == least["LSTM"]
    holds(
        "claim-convergence-read",
        f"the ReLU network still has {least['ReLU, clipped']} of the error of guessing,"
        f" as the tanh network and the LSTM have {least['tanh']}:",
    )
    scale, _ = said("10", "claim-convergence-read", r"as ([\d.]+) (times) the identity")
    assert memory.ADDERS["ReLU"][0].keywords["scale"] == float(scale)
    assert memory.ADDERS["ReLU, clipped"][1] == 1.0
    assert memory.STEPS == 30 and len(memory.RATES) == 4
    holds("claim-convergence", "two marked numbers of thirty, by SGD at four rates,")


# -- forget bias ---------------------------------------------------------------------


def test_which_bias_recalls_over_which_distance():
    _, mean = stored("forget-bias")

    def accuracy(bias, T, more=""):
        return f"{mean(f'bias {bias}, T = {T}{more}', memory.ACCURACY):.2f}"

    assert accuracy(0, 30) == accuracy(1, 30)
    assert float(accuracy(1, 30)) == pytest.approx(1 / NUM_SYMBOLS, abs=0.02)
    assert float(accuracy(1, 30, ", three times the steps")) < 0.15
    holds(
        "claim-forget-bias-read",
        f"With thirty symbols a bias of 1 gives {accuracy(1, 30)}, which is guessing "
        "among eight, exactly like a bias of 0, and three times as many steps do not",
        f"A bias of 3 gives {accuracy(3, 30)}.",
        f"With ten symbols a bias of 1 is enough: {accuracy(1, 10)}, where a bias of 0 "
        f"has {accuracy(0, 10)}.",
    )
    kept = 1 / (1 + 2.718281828**-1)
    assert 0.02 < kept**10 < 0.06 and 5e-5 < kept**30 < 2e-4
    holds(
        "claim-forget-bias-read",
        f"a gate with bias 1 keeps {kept:.2f} of the cell in each step. Over ten steps "
        "that leaves a few percent, over thirty about a ten thousandth.",
        "The GRU and the plain network learn the task in some seeds and not in others.",
    )
    assert (memory.NEAR, memory.FAR) == (10, 30)
    holds("claim-forget-bias", "The first of thirty symbols is asked for, or of ten.")


# -- counting ------------------------------------------------------------------------


def test_after_which_pass_the_network_catches_up():
    run, mean = stored("beats-ngram")
    best = mean("best n-gram", "perplexity")
    assert best == mean("5-gram", "perplexity")
    after = {
        n: mean(f"LSTM, {n} pass{'es' * (n > 1)}", "perplexity") for n in (1, 2, 4, 8)
    }
    assert after[8] < best < after[4] < after[2] < after[1]
    ahead = 100 * (1 - run.found["a"].mean)
    holds(
        "claim-beats-ngram-read",
        f"the LSTM has a perplexity of {after[8]:.2f}, the best n-gram, that of five "
        f"characters, {best:.2f}: the network is ahead by {ahead:.1f} %,",
        f"After four passes it is behind, {after[4]:.2f}, after one far behind, "
        f"{after[1]:.2f}.",
    )


# -- time ----------------------------------------------------------------------------


def test_the_gru_takes_longer_and_where_not():
    run, mean = stored("gru-speed")
    ratio = [e.mean for e in run.found.values()]
    large, small, short, plain = ratio
    assert large > 1.5 and small > large and short < 1 and plain < 1
    for found, shape in zip(
        ratio,
        ("T = 64, h = 128", "T = 64, h = 32", "T = 8, h = 128", "written in Python"),
        strict=True,
    ):
        gru, lstm = (mean(f"{k}, {shape}", "milliseconds") for k in ("GRU", "LSTM"))
        assert found == pytest.approx(gru / lstm, rel=0.1), shape
    holds(
        "claim-gru-speed-read",
        "a training step with the GRU takes "
        f"{large:.1f} times as long as one with the LSTM; with 32 units it is "
        f"{small:.1f} times.",
        f"With 128 short windows of 8 characters it takes {short:.2f} of the LSTM's ",
        f"the two take about the same time, {plain:.2f},",
    )
    weights = [
        round(mean(f"{k}, T = 64, h = 128", "weights, thousands"))
        for k in ("GRU", "LSTM")
    ]
    holds(
        "claim-gru-speed-read",
        f"The argument itself is sound: {weights[0]} thousand weights against "
        f"{weights[1]}.",
    )


# -- windows -------------------------------------------------------------------------


def test_how_much_better_longer_windows_are():
    run, mean = stored("more-steps")
    at = {T: mean(f"T = {T}", "perplexity") for T in (8, 32, 128)}
    assert at[32] < at[8] and at[128] < at[32]
    far, near, _, rows = (e.mean for e in run.found.values())
    assert round(100 * (1 - near)) == 3 and near < 1
    holds(
        "claim-more-steps-read",
        f"windows of 32 are three percent better than windows of 8 ({at[32]:.2f} "
        f"against {at[8]:.2f}).",
        f"From 32 to 128 it is {100 * (1 - far):.1f} percent, and may be nothing.",
    )
    by_rows = [mean(f"T = {T}, 16 rows", "perplexity") for T in (128, 32)]
    assert by_rows[0] > by_rows[1] and rows > 1
    holds(
        "claim-more-steps-read",
        "a pass over the text has fewer steps the longer the windows are;",
        f"{by_rows[0]:.2f} against {by_rows[1]:.2f} with a wide spread.",
    )


# -- the panel -----------------------------------------------------------------------


@cache
def reached(cell="lstm", num_hiddens=64, num_layers=1, num_steps=32, **changed):
    """Validation perplexity of a run of the panel, from where it starts, seed 0."""
    data = text_data(num_steps)
    with seeded(0):
        net = char_net(cell, num_hiddens, num_layers)
    settings = {"optimizer": torch.optim.Adam, "lr": 0.01, "clip_norm": 1.0} | changed
    history = train(
        net, data.train, data.val, num_epochs=5, batch_size=32, device="cpu", **settings
    )
    return math.exp(history.val_loss[-1])


def numbers_of(pattern):
    return [float(number) for number in said("10", "panel-answers", pattern)]


def test_the_gru_ends_lower_than_the_lstm_in_the_panel():
    gru, lstm, rnn, _ = numbers_of(
        r"1\. The GRU, with ([\d.]+); the LSTM has ([\d.]+), the RNN ([\d.]+) to "
        r"([\d.]+)\."
    )
    assert gru == pytest.approx(reached("gru"), abs=0.3)
    assert lstm == pytest.approx(reached(), abs=0.3)
    assert reached("gru") < reached() and lstm < rnn


def test_one_wide_layer_ends_lower_than_two():
    low, high, two_low, two_high = numbers_of(
        r"One layer of 128 units: ([\d.]+) to ([\d.]+)\. Two layers of 64 have "
        r"([\d.]+) to ([\d.]+)\."
    )
    assert low - 0.2 < reached(num_hiddens=128) < high + 0.2
    assert two_low - 0.2 < reached(num_layers=2) < two_high + 0.2
    assert high < two_low


def test_short_windows_end_lower_in_the_panel():
    low, high, long = numbers_of(
        r"Shorter ones are better here: ([\d.]+) to ([\d.]+) with 8 characters, about "
        r"(\d+) with 128\."
    )
    assert low - 0.2 < reached(num_steps=8) < high + 0.2
    assert high < reached() < long, "32 characters lie between"
    holds("panel-answers", "windows of 8 make four times as many steps in a pass as")
    sizes = [len(text_data(T).train) for T in (8, 32)]
    assert sizes[0] / sizes[1] == pytest.approx(4, rel=0.01)


def test_without_clipping_a_large_rate_breaks_the_plain_cell_first():
    free = {"lr": 0.1, "clip_norm": None}
    low, high, lstm_low, lstm_high = numbers_of(
        r"a rate of 0\.1 and no clipping the RNN ends at (\d+) to (\d+), the GRU at 8 "
        r"to 12, the LSTM at ([\d.]+) to ([\d.]+)\."
    )
    assert reached("rnn", **free) > 14 and 14 < low < high
    assert lstm_low < lstm_high < 9
