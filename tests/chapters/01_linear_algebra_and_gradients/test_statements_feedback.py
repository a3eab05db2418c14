"""Chapter 1: what an exercise answers to a usual mistake, against what is so.

The mistake is made, and each number and word of the answer that can be computed is.
"""

import json
import re

import pytest
import torch
from torch import tensor

from helpers.chapters.linear_algebra_and_gradients import exercises
from helpers.chapters.linear_algebra_and_gradients.exercises import (
    gradients,
    runs,
    shapes,
)


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def words(text: str) -> str:
    return " ".join(text.split())


def told(pattern: str, *answer, **value) -> tuple[str, ...]:
    """What the groups of a pattern hold in what is said of a wrong answer."""
    feedback = exercises.check(*answer, **value)
    assert feedback.state == "wrong"
    found = re.search(pattern, words(feedback.text))
    assert found, words(feedback.text)
    return found.groups()


# -- shapes and slopes ---------------------------------------------------------------


def test_at_which_end_shapes_are_aligned():
    X, v = torch.zeros(5, 3), torch.zeros(3)
    places = {"right": X.shape[-1], "left": X.shape[0]}
    assert (X - v).shape == X.shape, "they go together"
    (end,) = re.search(r"aligned at the (\w+)\.", shapes.result_shapes.hint).groups()
    assert places[end] == len(v)


def test_how_many_sums_are_left():
    X = torch.zeros(5, 3)
    length, left = told(
        r"Axis 1 has the length (\d), so that (\d) sums are left",
        result_shapes=((5, 3), (3,), (5, 3), (5, 5)),
    )
    assert (int(length), int(left)) == (X.shape[1], len(X.sum(1)))


def test_what_each_use_of_a_weight_brings():
    """The same value, once as the left factor and once as the right one."""
    left, right = (tensor(3.0, requires_grad=True) for _ in range(2))
    (left * right).backward()
    (brought,) = told(
        r"Both ways count, and each brings a (\d)", gradients_add_up=(3.0, 12.0, 2.0)
    )
    assert left.grad == right.grad == float(brought)


# -- vectors and matrices ------------------------------------------------------------


def test_which_angles_a_cosine_without_its_sign_loses():
    def angle(a, b):
        cosine = (a @ b) / (a.norm() * b.norm())
        return cosine.abs().clamp(-1, 1).acos().rad2deg()

    side, border = told(r"a cosine gives no angle (\w+) (\d+)°", angle)
    a, turn = tensor([1.0, 0.0]), torch.arange(1, 360, 7) * torch.pi / 180
    found = [angle(a, b).item() for b in torch.stack([turn.cos(), turn.sin()], 1)]
    sides = {"above": max(found) <= 90.01, "below": min(found) >= 89.99}
    assert sides[side] and int(border) == 90


def test_what_the_signs_of_entries_do_not_tell():
    def definiteness(A):
        if (A > 0).all():
            return "definite"
        return "semidefinite" if (A >= 0).all() else "neither"

    matrix = r"(\[\[-?\d, -?\d\], \[-?\d, -?\d\]\])"
    rows, vector, value, other, kind = told(
        rf"{matrix} gives the vector \((.*?)\) the value (-?\d+), and "
        rf"{matrix} is (\w+)",
        definiteness,
    )
    A, x = tensor(json.loads(rows)).float(), tensor(json.loads(f"[{vector}]")).float()
    assert (A > 0).all() and x @ A @ x == float(value) < 0
    B = tensor(json.loads(other)).float()
    assert kind == "definite" and (B < 0).any()
    assert torch.linalg.eigvalsh(B).min() > 0


def test_which_part_of_a_column_gauss_alone_clears():
    def gauss_jordan(A):
        n = len(A)
        M = torch.cat([A, torch.eye(n)], 1)
        for k in range(n):
            pivot = k + M[k:, k].abs().argmax().item()
            if M[pivot, k] == 0:
                raise ValueError("the matrix has no inverse")
            M[[k, pivot]] = M[[pivot, k]]
            M[k] = M[k] / M[k, k]
            for i in range(k + 1, n):
                M[i] -= M[i, k] * M[k]
            cleared = {"below": M[k + 1 :, k], "above": M[:k, k]}
            parts.append({name: not rest.any() for name, rest in cleared.items()})
        return M[:, n:]

    parts = []
    gauss_jordan(tensor([[4.0, 1, 1], [1, 3, 1], [1, 1, 2]]))
    done = {name: all(part[name] for part in parts) for name in parts[0]}
    alone, as_well = told(
        r"clear the column only (\w+) the pivot\. That is Gauss; Jordan "
        r"clears it (\w+)",
        gauss_jordan,
    )
    assert done[alone] and not done[as_well]


# -- rates ---------------------------------------------------------------------------


def test_the_sign_of_a_product_of_negative_eigenvalues():
    def stationary_point(A, b):
        x, found = torch.linalg.solve(A, b), torch.det(A)
        if found > 0 and A[0, 0] > 0:
            return x, "minimum"
        return x, "maximum" if found > 0 else "saddle"

    (sign,) = told(
        r"a product of three negative eigenvalues is (\w+), too", stationary_point
    )
    product = torch.det(torch.diag(tensor([-2.0, -1.0, -4.0])))
    assert sign == ("negative" if product < 0 else "positive")


def test_how_the_limit_for_a_sum_compares():
    def largest_rate(X):
        return 2 / torch.linalg.eigvalsh(X.T @ X).max()

    (than,) = told(r"The limit for the sum is n times (\w+)\.", largest_rate)
    X = tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    ratio = (largest_rate(X) / gradients.largest_rate.solution(X)).item()
    assert ratio == pytest.approx({"smaller": 1 / 3, "larger": 3}[than])


@pytest.mark.parametrize("asked", ["run_without_zero_grad", "run_with_too_high_rate"])
def test_what_is_wrong_with_the_rate_of_the_slow_run(asked):
    (size,) = told(r"slowly: (?:the|its) rate is too (\w+)", **{asked: "A"})
    slow, healthy = runs.RUNS["A"][0], runs.RUNS["D"][0]
    assert size == ("low" if slow < healthy else "high")
