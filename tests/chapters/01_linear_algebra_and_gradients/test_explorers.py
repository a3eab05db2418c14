"""Explorers of chapter 1: what they say and draw is what torch computes."""

import math
import re

import numpy as np
import pytest
import torch

from helpers import make_regression
from helpers.chapters.linear_algebra_and_gradients import descent as quadratic
from helpers.chapters.linear_algebra_and_gradients import explorers
from helpers.chapters.linear_algebra_and_gradients.plane_map import eigenlines

ENTRIES = ("a11", "a12", "a21", "a22")


def numbers(text):
    """Return the decimal numbers in a sentence, in their order."""
    return [float(n) for n in re.findall(r"-?\d+\.\d+", text.replace("−", "-"))]


# -- plane_map ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_eigenlines_are_those_of_torch(seed):
    """On matrices of the sliders' entries, real eigenvalues or not."""
    generator = torch.Generator().manual_seed(seed)
    A = torch.randint(-50, 51, (2, 2), generator=generator).double() / 20
    found = eigenlines(A.numpy())
    true = torch.linalg.eigvals(A)
    if true.imag.abs().max() > 1e-6:
        assert found == []
        return
    assert [v for v, _ in found] == pytest.approx(sorted(true.real.tolist())[::-1])
    for value, degrees in found:
        assert 0 <= degrees < 180
        v = torch.tensor(
            [math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]
        )
        torch.testing.assert_close(
            A @ v.double(), value * v.double(), atol=1e-6, rtol=0
        )


def said_of(*entries, angle=15):
    explorer = explorers.plane_map()
    explorer.set(**dict(zip(ENTRIES, entries, strict=True)), angle=angle)
    return explorer.sentence


@pytest.mark.parametrize(
    "entries, angle, words",
    [
        ((2, 1, 1, 2), 45, "x at 45° keeps its direction and becomes 3.00 times"),
        ((2, 1, 1, 2), 135, "λ = 3.000 at 45.0° and λ = 1.000 at 135.0°."),
        ((2, 1, 1, 2), 0, "is turned 26.6° counterclockwise and becomes 2.24 times"),
        (
            (1, 2, 2, 1),
            135,
            "is reversed and becomes 1.00 times as long. Areas are "
            "multiplied by 3.00 and mirrored, det A = −3.000.",
        ),  # fmt: skip
        ((0, -1, 1, 0), 30, "No line is kept: A has no real eigenvalue."),
        ((0, 1, -1, 0), 30, "is turned 90.0° clockwise"),
        ((1, 1, 0, 1), 0, "One line is kept: λ = 1.000 at 0.0°."),
        ((2, 0, 0, 2), 0, "Every line is kept: λ = 2.000 for all vectors."),
        (
            (1, 1, 1, 1),
            135,
            "x at 135° becomes the zero vector. Areas become 0, "
            "det A = 0: A has no inverse.",
        ),  # fmt: skip
        ((1, 1, 1, 1), 0, "λ = 0.000 at 135.0° (sent to the origin)"),
        ((1, 0, 0, 2), 0, "λ = 2.000 at 90.0° and λ = 1.000 at 0.0°"),
    ],
)
def test_plane_map_says_what_the_matrix_does(entries, angle, words):
    assert words in said_of(*entries, angle=angle)


def test_plane_map_draws_the_image():
    """Grid, circle, columns and vectors are those of A; both kept lines lie on it."""
    scene = explorers.plane_map.scene(a11=1.0, a12=-2.0, a21=0.5, a22=1.5, angle=200)
    A = np.array([[1.0, -2.0], [0.5, 1.5]])
    back = np.linalg.solve(A, scene["image"]["xy"].T)
    assert np.hypot(*back) == pytest.approx(np.ones(back.shape[1]))
    grid = np.linalg.solve(A, scene["grid"]["xy"].T).T.reshape(-1, 3, 2)
    assert len(grid) == 18 and np.isnan(grid[:, 2]).all()
    across, upward = grid[::2, :2], grid[1::2, :2]
    assert across[:, :, 0] == pytest.approx(np.tile([-4, 4], (9, 1)))
    assert across[:, :, 1].T == pytest.approx(np.tile(np.arange(-4, 5), (2, 1)))
    assert upward == pytest.approx(across[:, :, ::-1])
    x = np.array([math.cos(math.radians(200)), math.sin(math.radians(200))])
    tips = {"a₁": A[:, 0], "a₂": A[:, 1], "x": x, "Ax": A @ x}
    for name, tip in tips.items():
        assert scene[name]["xy"] == pytest.approx(np.array([(0, 0), tip]))
        assert scene[name]["text"] == name
    assert scene["handle a₂"]["xy"][0] == pytest.approx(A[:, 1])
    assert len(scene["line 1"]["xy"]) == 0 and scene["value 1"]["text"] == ""


def test_plane_map_draws_the_lines_that_it_keeps():
    scene = explorers.plane_map.scene(a11=2.0, a12=1.0, a21=0.0, a22=-0.5)
    A = np.array([[2.0, 1.0], [0.0, -0.5]])
    for k, value in ((1, 2.0), (2, -0.5)):
        ends = scene[f"line {k}"]["xy"]
        assert A @ ends.T == pytest.approx(value * ends.T, abs=1e-6)
        assert scene[f"value {k}"]["text"] == f"λ = {value:.3f}".replace("-", "−")
        (at,) = scene[f"value {k}"]["xy"]
        along = ends[1] / np.hypot(*ends[1])
        # beside its line, so that no dash runs through it
        assert at @ along == pytest.approx(3.3)
        assert along[0] * at[1] - along[1] * at[0] == pytest.approx(0.65)


# -- norm_balls ---------------------------------------------------------------------


@pytest.mark.parametrize("x", [(1.5, -2.0), (0.0, 0.0), (0.0, 2.5), (-2.5, 2.5)])
@pytest.mark.parametrize("p", [0.5, 1.0, 2.0, 3.7, 10.5])
def test_norm_is_that_of_torch(x, p):
    explorer = explorers.norm_balls()
    explorer.set(p=p, x1=x[0], x2=x[1])
    expected = torch.linalg.vector_norm(torch.tensor(x).double(), p).item()
    assert explorers.p_norm(*x, p) == pytest.approx(expected)
    said = numbers(explorer.sentence)
    assert said[3:5] == pytest.approx([expected, max(map(abs, x))], abs=6e-4)
    assert ("is no norm" in explorer.sentence) == (p < 1)
    for name, length in (("unit ball", 1.0), ("same", expected)):
        around = torch.tensor(explorer.scene[name]["xy"])
        lengths = torch.linalg.vector_norm(around, p, dim=1)
        full = torch.full((361,), length, dtype=torch.float64)
        torch.testing.assert_close(lengths, full)
    assert explorer.scene["x"]["xy"].tolist() == [list(x)]


def test_the_sliders_of_norm_balls_meet_one_and_two():
    slider = explorers.norm_balls().controls["p"]
    for p in (1.0, 2.0):
        steps = (p - slider.min) / slider.step
        assert steps == pytest.approx(round(steps))


# -- taylor -------------------------------------------------------------------------


def f_along(t, x, y, radians):
    return torch.exp(x + t * math.cos(radians)) * torch.sin(y + t * math.sin(radians))


@pytest.mark.parametrize("direction", [0, 30, 90, 225])
@pytest.mark.parametrize("x, y", [(0.0, 0.8), (-1.0, 2.0), (1.0, -1.2)])
def test_expansion_is_that_of_autograd(x, y, direction):
    t = torch.zeros((), dtype=torch.float64, requires_grad=True)
    f = f_along(t, x, y, math.radians(direction))
    (slope,) = torch.autograd.grad(f, t, create_graph=True)
    (curvature,) = torch.autograd.grad(slope, t)
    expected = [f.item(), slope.item(), curvature.item()]
    assert explorers.expansion(x, y, direction) == pytest.approx(expected)


def test_taylor_says_values_and_errors():
    explorer = explorers.taylor()
    explorer.set(x=0.5, y=-1.0, direction=120, distance=0.7)
    t = torch.tensor(0.7, dtype=torch.float64)
    true = f_along(t, 0.5, -1.0, math.radians(120)).item()
    f, slope, curvature = explorers.expansion(0.5, -1.0, 120)
    first = f + slope * 0.7
    second = first + curvature * 0.7**2 / 2
    said = numbers(explorer.sentence)
    expected = [0.7, true, first, abs(true - first), second, abs(true - second)]
    assert said[:6] == pytest.approx(expected, abs=6e-4)


def test_taylor_draws_contours_and_orders():
    scene = explorers.taylor.scene(x=0.5, y=-1.0, direction=120, distance=0.7)
    for name, sign in (("contours", 1), ("contours below 0", -1)):
        lines = np.split(scene[name]["xy"], np.flatnonzero(gaps(scene[name])))
        values = [explorers.surface(*line[~np.isnan(line[:, 0])].T) for line in lines]
        for value in values:
            assert value == pytest.approx(np.full(len(value), value[0]), abs=1e-9)
        levels = {round(float(value[0]), 6) + 0.0 for value in values}
        assert levels - {0} == {sign * v for v in (0.5, 1, 2, 4, 8, 12)}
    t, f = scene["f"]["xy"].T
    expected = f_along(torch.tensor(t), 0.5, -1.0, math.radians(120))
    assert f == pytest.approx(expected.numpy())
    at = np.abs(t).argmin()
    rows = [scene[name]["xy"][:, 1] for name in explorers.ORDERS]
    slopes = [np.gradient(row, t)[at] for row in rows]
    assert slopes == pytest.approx([slopes[0]] * 3, rel=2e-3), "tangent at the point"
    bends = [np.gradient(np.gradient(row, t), t)[at] for row in rows]
    assert bends[1] == pytest.approx(0, abs=1e-9)
    assert bends[2] == pytest.approx(bends[0], rel=0.02)
    assert [row[at] for row in rows] == pytest.approx([f[at]] * 3)
    end = scene["end"]["xy"][0] - (0.5, -1.0)
    u = (math.cos(math.radians(120)), math.sin(math.radians(120)))
    assert end == pytest.approx(0.7 * np.array(u))


def gaps(mark):
    return np.isnan(mark["xy"]).any(1)


def test_errors_fall_fourfold_and_eightfold():
    explorer = explorers.taylor()
    explorer.set(distance=0.1)
    assert numbers(explorer.sentence)[-2:] == pytest.approx([4, 8], rel=0.02)
    explorer.set(x=0.0, y=0.0, direction=0)  # along y = 0 the function is 0
    assert "divided" not in explorer.sentence


# -- descent ------------------------------------------------------------------------


@pytest.mark.parametrize("lr, condition", [(0.05, 10), (0.2, 10), (0.21, 10), (1.0, 1)])
def test_descent_path_is_that_of_autograd(lr, condition):
    path, f = quadratic.descent_path(lr, condition)
    curvature = torch.tensor([1.0, condition], dtype=torch.float64)
    x = torch.tensor(quadratic.START, dtype=torch.float64)
    for step in range(quadratic.STEPS + 1):
        x.requires_grad_()
        value = 0.5 * (curvature * x**2).sum()
        assert path[step] == pytest.approx(x.tolist(), abs=1e-9)
        assert f[step] == pytest.approx(value.item(), abs=1e-9)
        (gradient,) = torch.autograd.grad(value, x)
        x = (x - lr * gradient).detach()


@pytest.mark.parametrize("condition", range(1, 21))
def test_descent_names_the_three_cases(condition):
    """Just below, at, and above the limit, as far as the slider reaches."""
    explorer = explorers.descent()
    limit = 2 / condition
    for step in range(101):
        lr = 0.01 + step / 100
        explorer.set(learning_rate=min(lr, 1.01), condition=condition)
        _, f = quadratic.descent_path(min(lr, 1.01), condition)
        rises = bool((np.diff(f) > 1e-9 * f[:-1]).any())
        if lr > limit + 1e-6:
            assert rises and "grows at every step" in explorer.sentence
        elif abs(lr - limit) < 1e-6:
            assert not rises and "neither nearer nor farther" in explorer.sentence
        else:
            assert not rises and "grows" not in explorer.sentence


def test_descent_names_the_step_that_rises():
    explorer = explorers.descent()
    explorer.set(learning_rate=0.21, condition=10)
    # By hand: 8 * 0.79^(2n) + 5 * 1.1^(2n) is 13, 11.04, 10.44, 10.80
    assert explorer.sentence == (
        "A step multiplies x₁ by 0.79 and x₂ by −1.10: x₂ grows at every step. f falls "
        "for 2 steps and rises from step 3 on; step 11 leaves the picture; after 30 "
        "steps it is 1,520. Stable are rates below 2/10 = 0.200."
    )
    scene = explorer.scene
    assert scene["curve"].title == "f rises from step 3 on"
    path, f = quadratic.descent_path(0.21, 10)
    assert scene["path"]["xy"] == pytest.approx(path[:12])  # start, and steps 1 to 11
    assert scene["values"]["xy"] == pytest.approx(np.c_[range(31), f])
    assert scene["path rise"]["xy"] == pytest.approx(path[2:4])
    assert scene["values rise"]["xy"] == pytest.approx(np.c_[[2, 3], f[2:4]])
    assert len(scene["path fallen"]["xy"]) == 3 and len(scene["path risen"]["xy"]) == 9


@pytest.mark.parametrize("condition", [1, 4, 20])
def test_f_is_the_same_along_a_contour(condition):
    scene = explorers.descent.scene(condition=condition)
    _, f = quadratic.descent_path(0.05, condition)
    lines = np.split(scene["contours"]["xy"], np.flatnonzero(gaps(scene["contours"])))
    for line, share in zip(lines, quadratic.LEVELS, strict=True):
        x, y = line[~np.isnan(line[:, 0])].T
        value = (x**2 + condition * y**2) / 2
        assert value == pytest.approx(np.full(73, share * f[0]))


# -- regression ----------------------------------------------------------------------

FEW = make_regression(w=(2.0,), b=1.0, n_train=25, noise=0.8).train


def loss_of(weights):
    X = torch.cat([FEW.X, torch.ones(25, 1)], 1).double()
    return 0.5 * ((X @ weights - FEW.y.squeeze(1).double()) ** 2).mean()


@pytest.mark.parametrize("lr", [0.3, 1.0, 1.95, 1.97, 2.25])
def test_descent_on_a_line_is_that_of_autograd(lr):
    scene = explorers.regression.scene(learning_rate=lr, steps=30)
    weights = torch.zeros(2, dtype=torch.float64)
    for step in range(31):
        assert scene["path"]["xy"][step] == pytest.approx(weights.tolist(), rel=1e-6)
        weights = weights.requires_grad_()
        (gradient,) = torch.autograd.grad(loss_of(weights), weights)
        weights = (weights - lr * gradient).detach()
    w, b = scene["path"]["xy"][-1]
    assert scene["line"]["xy"] == pytest.approx(np.array([(x, w * x + b) for x in
                                                          (-3, 2.5)]))  # fmt: skip
    ends = scene["residuals"]["xy"].reshape(-1, 3, 2)
    assert ends[:, 0] == pytest.approx(torch.cat([FEW.X, FEW.y], 1).numpy())
    assert ends[:, 1, 1] == pytest.approx(w * ends[:, 0, 0] + b)
    assert scene["points"]["xy"] == pytest.approx(scene["path"]["xy"])


def test_the_loss_is_the_same_along_a_ring_and_least_in_its_middle():
    exact = torch.tensor(explorers.EXACT)
    (gradient,) = torch.autograd.grad(loss_of(exact.requires_grad_()), exact)
    assert gradient.abs().max() < 1e-6
    scene = explorers.regression.scene()
    rings = np.split(scene["contours"]["xy"], np.flatnonzero(gaps(scene["contours"])))
    for ring, height in zip(rings, explorers.HEIGHTS, strict=True):
        points = torch.tensor(ring[~np.isnan(ring[:, 0])])
        losses = torch.stack([loss_of(point) for point in points])
        above = (losses - loss_of(exact)).detach().numpy()
        assert above == pytest.approx(np.full(len(points), height), rel=1e-5)
    assert scene["rule"]["xy"].tolist() == [[2, 1]]


def test_a_line_is_lost_above_the_limit():
    limit = 2 / np.linalg.eigvalsh(explorers.HESSIAN).max()
    far = [
        explorers.half_mse(*explorers.regression.scene(
            learning_rate=lr, steps=30)["path"]["xy"][-1])
        for lr in (0.98 * limit, 1.02 * limit, 1.1 * limit)
    ]  # fmt: skip
    assert far[0] < far[1] < far[2] and far[2] > 100 > 1 > far[0]
    assert 0.05 < limit < 2.25, "the slider reaches both sides of it"


def test_the_sentence_of_a_line():
    explorer = explorers.regression()
    explorer.set(learning_rate=1.0, steps=30)
    w, b = explorer.scene["path"]["xy"][-1]
    loss = loss_of(torch.tensor([w, b])).item()
    assert explorer.sentence == (
        f"After 30 steps w = {w:.2f} and b = {b:.2f}: the loss is {loss:.3g}. The "
        f"least that a line can have is {loss_of(torch.tensor(explorers.EXACT)):.3g}, "
        "at the ring."
    )
    explorer.set(steps=1)
    assert explorer.sentence.startswith("After 1 step w = ")


def test_a_ring_marks_the_least_loss_once_descent_is_there():
    for steps, seen in ((0, 0), (19, 0), (20, 1), (30, 1)):
        scene = explorers.regression.scene(steps=steps)
        ring = scene["bottom"]["xy"]
        assert len(ring) == seen and scene.says.endswith(", at the ring.") == bool(seen)
    assert ring[0] == pytest.approx(explorers.EXACT)
    assert scene["path"]["xy"][20] == pytest.approx(explorers.EXACT, abs=0.05)
