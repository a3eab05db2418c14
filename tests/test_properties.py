"""What holds for whatever a person types, a file holds or an answer returns.

hypothesis looks for the smallest input that breaks a rule. It draws the same inputs in
every run, so that a failure is one of the code and not of the day.
"""

import json
import math
import os
import string
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from helpers.checkpoints import load_checkpoint, save_checkpoint
from helpers.exercises import progress
from helpers.exercises.comparing import equal, fault, show
from helpers.tuning import settings_line
from helpers.tuning.ranges import Choice, IntSlider, LogSlider, Slider

settings.register_profile(
    "course",
    derandomize=True,
    deadline=None,  # nothing here asserts a time
    max_examples=60,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("course")

numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: float(f"{v:.6g}"))
anything = st.recursive(
    st.one_of(
        st.none(),
        st.just(...),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.complex_numbers(),
        st.text(max_size=5),
        st.sampled_from([int, len, object(), {1, 2}, range(3), np.float64(1.5)]),
        st.sampled_from([torch.tensor(2.0), torch.ones(2, 3), torch.zeros(0)]),
        st.sampled_from([torch.ones(2, dtype=torch.cfloat), torch.eye(2).to_sparse()]),
        st.sampled_from([torch.ones(2, device="meta"), np.ones(3), torch.arange(3)]),
    ),
    lambda parts: st.lists(parts, max_size=3) | st.lists(parts, max_size=3).map(tuple),
    max_leaves=5,
)


# -- ranges -------------------------------------------------------------------------


@st.composite
def sliders(draw):
    """A slider of any kind, and a value of its range."""
    kind = draw(st.sampled_from([Slider, LogSlider, IntSlider]))
    if kind is IntSlider:
        low = draw(st.integers(-1000, 1000))
        declared = kind(low, low + draw(st.integers(1, 1000)))
        return declared, draw(st.integers(declared.low, declared.high))
    low = draw(st.floats(1e-6, 1e3) if kind is LogSlider else numbers)
    declared = kind(low, low + max(abs(low), 1.0) * draw(st.floats(0.01, 1e3)))
    return declared, draw(st.floats(declared.low, declared.high))


@given(sliders())
def test_a_value_of_a_range_stays_what_it_is(pair):
    declared, value = pair
    checked = declared.check("p", value)
    assert math.isclose(checked, value) and declared.check("p", checked) == checked
    assert type(checked) is (int if isinstance(declared, IntSlider) else float)
    assert declared.low <= declared.start <= declared.high
    assert -1e-9 <= declared.fraction(value) <= 1 + 1e-9
    assert (
        declared.fraction(declared.low) == 0 and declared.fraction(declared.high) == 1
    )
    by_hand = declared.by_hand("p", value)
    assert declared.low <= by_hand <= declared.high
    assert abs(by_hand - value) <= 0.0051 * abs(value) + 1e-12
    assert declared.by_hand("p", by_hand) == by_hand


@given(sliders(), anything)
def test_a_range_takes_a_value_or_refuses_in_a_sentence(pair, value):
    declared, _ = pair
    try:
        checked = declared.check("p", value)
    except ValueError as error:
        assert str(error).startswith("p ")
    else:
        assert declared.low <= checked <= declared.high


def test_a_slider_starts_in_the_middle_of_its_way():
    """By default; the middle between factors is the geometric mean of the ends."""
    assert Slider(0.01, 1).start == pytest.approx(0.505)
    assert LogSlider(0.01, 1).start == pytest.approx(0.1)
    assert LogSlider(0.01, 1).fraction(LogSlider(0.01, 1).start) == pytest.approx(0.5)
    assert IntSlider(1, 9).start == 5


# -- settings lines -----------------------------------------------------------------

RANGES = {
    "lr": LogSlider(1e-5, 10),
    "momentum": Slider(0, 1),
    "num_hiddens": IntSlider(1, 512),
    "optimizer": Choice("SGD", "Adam W", "it's", start="SGD"),
    "batch_size": Choice(16, 64, 256),
    "seed": IntSlider(0, 99),
    "seeds": IntSlider(1, 9),
}
values = st.fixed_dictionaries(
    {
        "lr": st.floats(1e-5, 10),
        "momentum": st.floats(0, 1),
        "num_hiddens": st.integers(1, 512),
        "optimizer": st.sampled_from(["SGD", "Adam W", "it's"]),
        "batch_size": st.sampled_from([16, 64, 256]),
        "seed": st.integers(0, 99),
        "seeds": st.integers(1, 9),
    }
)


@given(values)
def test_a_settings_line_is_read_as_it_was_written(chosen):
    line = settings_line.render(RANGES, chosen)
    read = settings_line.parse(line, RANGES)
    near = [e for e in (1e-5, 10.0) if math.isclose(chosen["lr"], e)]
    assert read == chosen | {"lr": near[0] if near else chosen["lr"]}


words = st.sampled_from([*RANGES, "lr=", "=", "seed=3..1", "seed=0..2", "lr=nan", "'"])
pairs = st.tuples(st.sampled_from([*RANGES]), st.text("0123456789.-e", max_size=6))
lines = st.one_of(
    st.text(max_size=60),
    st.lists(words | st.text(string.printable, max_size=6), max_size=5).map(" ".join),
    st.lists(pairs.map("=".join), max_size=5).map(" ".join),
)


@given(lines)
def test_a_settings_line_is_read_or_refused_in_a_sentence(line):
    try:
        read = settings_line.parse(line, RANGES)
    except ValueError as error:
        assert str(error) and "\n" not in str(error).replace(line, "")
    else:
        for name, value in read.items():
            assert RANGES[name].check(name, value) == value
        assert ("seed" in read) == ("seeds" in read)


# -- the comparer -------------------------------------------------------------------

shapes = st.lists(st.integers(1, 3), max_size=3)


@st.composite
def tensors(draw):
    shape = draw(shapes)
    many = math.prod(shape)
    flat = draw(st.lists(numbers, min_size=many, max_size=many))
    return torch.tensor(flat, dtype=torch.float64).reshape(shape)


right_answers = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from([torch.tensor(2.0), torch.ones(2, 3), torch.arange(3)]),
    ),
    lambda parts: st.lists(parts, max_size=3) | st.lists(parts, max_size=3).map(tuple),
    max_leaves=4,
)


@given(anything | right_answers, right_answers)
def test_the_comparer_never_raises_and_speaks_in_clauses(value, right):
    for text in (fault(value, right), show(value)):
        assert isinstance(text, str)
    if found := fault(value, right):
        assert found.endswith((".", "?")), found


@given(tensors())
def test_a_right_answer_passes_whatever_its_type(right):
    for answer in (right, right.float(), right * (1 + 1e-6), right.clone()):
        assert fault(answer, right) == ""
    assert fault((right, 3), (right, 3)) == "" and equal(right, right)
    if not right.ndim:
        assert fault(right.item(), right) == ""


@given(tensors(), st.sampled_from([math.nan, math.inf, -math.inf]))
def test_what_is_no_number_is_right_where_it_is_asked_for(right, odd):
    wanted = right.clone()
    wanted.view(-1)[0] = odd
    assert fault(wanted.clone(), wanted) == "" and equal(wanted, wanted)
    assert fault(right, wanted) and fault(wanted, right)


@given(tensors(), st.randoms(use_true_random=False))
def test_one_wrong_entry_fails(right, random):
    wrong = right.clone().flatten()
    place = random.randrange(wrong.numel())
    wrong[place] += random.choice([-1, 1]) * (0.01 + 0.001 * abs(wrong[place]))
    wrong = wrong.reshape(right.shape)
    assert fault(wrong, right) and not equal(wrong, right)
    assert fault((right, wrong), (right, right)).startswith("look at value 2 of 2")
    assert fault(right.unsqueeze(0), right) and fault(right.numpy(), right)
    wrong.view(-1)[place] = math.nan
    assert "nan" in fault(wrong, right)


# -- the progress file --------------------------------------------------------------

names = st.text(string.ascii_lowercase + "-0é", min_size=1, max_size=6)
answers = st.lists(
    st.tuples(
        st.sampled_from(["01", "02"]), names, st.sampled_from(["wrong", "solved"])
    ),
    max_size=8,
)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    return tmp_path / "progress.json"


def forget(file):
    for name in os.listdir(file.parent):
        os.unlink(file.parent / name)


@given(answers)
def test_what_was_solved_stays_solved(file, given_answers):
    forget(file)
    expected = {}
    for chapter, name, state in given_answers:
        assert progress.record(chapter, name, state)
        before = expected.setdefault(chapter, {}).get(name)
        expected[chapter][name] = "solved" if "solved" in (before, state) else state
        assert progress.states() == expected


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(st.sampled_from(["01", "predictions", "a"]), part, max_size=3)
    ),
    max_leaves=6,
)


@given(junk.map(lambda content: json.dumps(content).encode()) | st.binary(max_size=60))
def test_a_damaged_progress_file_loses_nothing_and_stops_nobody(file, content):
    forget(file)
    file.write_bytes(content)
    before = progress.states()
    progress.predictions()
    assert file.read_bytes() == content, "looking changes nothing"
    assert progress.record("77", "new", "solved")
    assert progress.states() == before | {"77": {"new": "solved"}}
    kept = {json.dumps(s) for s in before.values()}
    damaged = file.with_name("progress.json.damaged")
    if damaged.exists():
        assert damaged.read_bytes() == content
    else:
        assert isinstance(json.loads(content), dict) or not kept


# -- checkpoints --------------------------------------------------------------------


def net(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))


def state(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@given(st.integers(0, 10_000))
@settings(max_examples=10)
def test_a_checkpoint_is_read_as_it_was_written(tmp_path, seed):
    saved, other = net(seed), net(seed + 1)
    save_checkpoint(tmp_path / "net.pt", saved)
    load_checkpoint(tmp_path / "net.pt", other)
    assert same(state(saved), state(other))


@given(st.data())
def test_a_damaged_checkpoint_changes_nothing(tmp_path, data):
    path = tmp_path / "net.pt"
    save_checkpoint(path, net(0))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(
            st.integers(1, 255)
        )
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    other = net(1)
    before, right = state(other), state(net(0))
    try:
        load_checkpoint(path, other)
    except ValueError as error:
        assert str(path) in str(error)
        assert same(state(other), before)
    else:  # the damage fell on what says nothing, as a date
        assert same(state(other), right)
        assert zipfile.is_zipfile(path)
