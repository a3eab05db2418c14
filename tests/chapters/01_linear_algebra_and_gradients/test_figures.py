"""The drawings of chapter 1 show what they are given, read from their numbers."""

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import tensor

from helpers.chapters.linear_algebra_and_gradients import figures, plane_figures
from helpers.chapters.linear_algebra_and_gradients.exercises import runs
from helpers.figures import COLORS
from helpers.figures.described import described

A = tensor([[2.0, 1.0], [1.0, 2.0]])


def lines(ax):
    return {line.get_label(): line.get_xydata().T for line in ax.lines}


def key(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def words(ax):
    return {text.get_text(): text.get_position() for text in ax.texts}


def arrows(figure: Figure):
    """Where the arrows of the only axes begin and end."""
    texts = figure.axes[0].texts
    return [(t.xyann, t.xy) for t in texts if getattr(t, "arrow_patch", None)]


# -- learning ------------------------------------------------------------------------


def test_each_ring_lies_in_the_one_before():
    figure = figures.show_rings(["a", "b", "c"], ["1", "2", "3"])
    (ax,) = figure.axes
    rings = {ring.get_gid(): ring for ring in ax.patches}
    assert list(rings) == ["a", "b", "c"]
    for name, example in zip("abc", "123", strict=True):
        for word in (name, example):
            inside = [g for g, r in rings.items() if r.get_path().contains_point(
                words(ax)[word], r.get_patch_transform())]  # fmt: skip
            assert inside == list("abc"[: "abc".index(name) + 1])
    for outer, inner in zip("ab", "bc", strict=True):
        path = rings[inner].get_path().transformed(rings[inner].get_patch_transform())
        outside = (
            rings[outer].get_path().transformed(rings[outer].get_patch_transform())
        )
        assert outside.contains_points(path.to_polygons()[0]).all()
    assert described(figure).endswith("a, such as 1; b, such as 2; c, such as 3.")


def test_a_line_through_0_for_each_weight():
    weights = {"a": 0.5, "b": 2.0}
    figure = figures.show_fits([(1.0, 2.0), (4.0, 6.0)], weights, lambda w: w**2 + 1)
    ax, curve = figure.axes
    for name, w in (("a", 0.5), ("b", 2.0)):
        x, y = lines(ax)[name]
        assert np.allclose(y, w * x) and x[0] == 0 and x[-1] > 4
    assert np.array_equal(lines(ax)["examples"], [[1, 4], [2, 6]])
    assert key(ax) == ["a", "b"], "a dot in it would look like an example"
    w, error = lines(curve)["error"]
    assert np.allclose(error, w**2 + 1) and w[0] < 0 and w[-1] > 4
    assert np.array_equal(lines(curve)["b"], [[2.0], [5.0]])
    assert [line.get_color() for line in curve.lines[1:]] == list(COLORS[:2])
    assert described(figure).endswith("a, error 1.25; b, error 5.")


# -- tensors, vectors, matrices ------------------------------------------------------


def squares(ax):
    """Place of the middle -> colour of each square."""
    found = {}
    for patch in ax.patches:
        x, y = patch.get_xy()
        found[round(x + 0.5, 3), round(y + 0.5, 3)] = patch.get_facecolor()
    return found


def test_broadcasting_shows_copies_in_gray():
    column, row = tensor([[0.0], [10.0], [20.0]]), tensor([[1.0, 2.0]])
    figure = figures.show_broadcast(column, row)
    (ax,) = figure.axes
    gray = [c for c in squares(ax).values() if c[0] == c[1] == c[2] != 1]
    white = [c for c in squares(ax).values() if c[:3] == (1, 1, 1)]
    assert len(gray) == 3 + 4 and len(white) == 6 and len(squares(ax)) == 18
    written = [t.get_text() for t in ax.texts]
    for value in (column + row).flatten().tolist():
        assert f"{value:g}" in written
    assert {"(3, 1)", "(1, 2)", "(3, 2)", "+", "="} <= set(written)
    assert "is [[1.0, 2.0], [11.0, 12.0], [21.0, 22.0]]" in described(figure)


def test_an_entry_stands_where_its_row_meets_its_column():
    A, B = tensor([[1.0, 2.0], [3.0, 4.0], [0.0, 5.0]]), tensor([[7.0], [6.0]])
    figure = figures.show_product(A, B, 2, 0)
    (ax,) = figure.axes
    colored = {at: c for at, c in squares(ax).items() if c[:3] != (1, 1, 1)}
    by_color = {}
    for at, color in colored.items():
        by_color.setdefault(color, []).append(at)
    row, column, entry = sorted(by_color.values(), key=lambda at: at[0][0])[0], None, []
    column = next(at for at in by_color.values() if len({x for x, _ in at}) == 1
                  and len(at) == 2)  # fmt: skip
    (entry,) = next(at for at in by_color.values() if len(at) == 1)
    assert len(row) == 2 and len({y for _, y in row}) == 1
    assert entry == (column[0][0], row[0][1])
    texts = {tuple(np.round(t.get_position(), 3)): t.get_text() for t in ax.texts}
    assert texts[entry] == "30" and [texts[at] for at in sorted(row)] == ["0", "5"]
    assert "row 3 · column 1: 0·7 + 5·6 = 30." in described(figure)


def test_arrows_are_added_one_behind_the_other():
    a, b = tensor([3.0, 4.0]), tensor([1.0, -2.0])
    figure = figures.show_sum(a, b)
    assert [(*map(tuple, ends),) for ends in arrows(figure)] == [
        ((0, 0), (3, 4)),
        ((3, 4), (4, 2)),
        ((0, 0), (1, -2)),
        ((1, -2), (4, 2)),
        ((0, 0), (4, 2)),
    ]
    assert "a + b = (4, 2)" in described(figure)


def test_a_matrix_moves_square_and_circle():
    M = tensor([[2.0, 0.5], [0.0, 1.0]])
    before, after = figures.show_moved(M).axes
    for name in ("square", "circle"):
        x, moved = lines(before)[name], lines(after)[name]
        assert np.allclose(M.numpy() @ x, moved, atol=1e-5)
    assert np.allclose(np.linalg.norm(lines(before)["circle"], axis=0), 1, atol=1e-6)
    sides = [lines(ax)["square"][:, [1, 3]] for ax in (before, after)]
    area = [abs(np.linalg.det(side.astype(float))) for side in sides]
    assert area == pytest.approx([1, 2])


# -- derivatives ---------------------------------------------------------------------


def test_secants_come_to_the_tangent():
    (ax,) = figures.show_secants(lambda x: x**3, 1.0, [1.0, 0.5, 0.01]).axes
    found = lines(ax)
    slopes = {}
    for name, (x, y) in found.items():
        if "slope" in name:
            slopes[name] = (y[-1] - y[0]) / (x[-1] - x[0])
            assert np.interp(1.0, x, y) == pytest.approx(1), "all go through the point"
    assert list(slopes) == ["h = 1: slope 7.00", "h = 0.5: slope 4.75",
                            "h = 0.01: slope 3.03", "tangent: slope 3.00"]  # fmt: skip
    assert list(slopes.values()) == pytest.approx([7, 4.75, 3.0301, 3])
    x, y = found["f"]
    assert np.allclose(y, x**3)


def test_a_graph_shows_the_slopes_that_autograd_finds():
    a, b = (tensor(v, requires_grad=True) for v in (2.0, -3.0))
    p = a * b
    q = p + a
    z = q * b
    grads = torch.autograd.grad(z, (a, b, p, q))
    values = {n: v.item() for n, v in {"a": a, "b": b, "p": p, "q": q, "z": z}.items()}
    slopes = {("a", "p"): -3.0, ("b", "p"): 2.0, ("p", "q"): 1.0, ("a", "q"): 1.0}
    slopes |= {("q", "z"): -3.0, ("b", "z"): q.item()}
    figure = figures.show_graph(values, slopes)
    back = dict(zip(values, [*(g.item() for g in grads), 1.0], strict=True))
    said = [f"{n} = {v:g}, slope {back[n]:g}" for n, v in values.items()]
    assert described(figure).endswith("; ".join(said).replace("-", "−") + ".")
    places = words(figure.axes[0])
    at = {name: places[f"{name} = {v:g}".replace("-", "−")]
          for name, v in values.items()}  # fmt: skip
    assert len(arrows(figure)) == len(slopes)
    for (begin, end), (start, stop) in zip(arrows(figure), slopes, strict=True):
        assert tuple(begin) == at[start] and tuple(end) == at[stop]
        assert at[start][0] < at[stop][0], "from left to right"
    for name, g in back.items():
        below = [t.get_text() for t in figure.axes[0].texts
                 if t.get_position()[0] == at[name][0]
                 and 0 < at[name][1] - t.get_position()[1] < 0.6]  # fmt: skip
        assert below == [f"slope {g:g}".replace("-", "−")]


def test_the_orders_of_taylor():
    (ax,) = figures.show_taylor(lambda x: x**3 + x, 1.0, 1.5).axes
    x, first = lines(ax)["first order"]
    _, second = lines(ax)["second order"]
    d = x - 1
    assert np.allclose(first, 2 + 4 * d) and np.allclose(second, 2 + 4 * d + 3 * d**2)
    assert np.allclose(lines(ax)["f"][1], x**3 + x)


def test_contours_of_quadratic_forms():
    """Heights, and lines along which the form is the eigenvalue times |x|^2."""
    trough = tensor([[1.0, 1.0], [1.0, 1.0]])
    forms = {"bowl": A, "trough": trough, "saddle": tensor([[1.0, 2.0], [2.0, 1.0]])}
    figure = figures.show_forms(forms)
    for ax, (title, M) in zip(figure.axes, forms.items(), strict=True):
        assert ax.get_title(loc="left") == title
        words = [text.get_text().removeprefix("λ = ") for text in ax.texts]
        said = [float(word.replace("−", "-")) for word in words]
        assert len(said) == len(ax.lines) == 2
        for line, value, text in zip(ax.lines, said, ax.texts, strict=True):
            end = torch.tensor(line.get_xydata()[1], dtype=M.dtype)
            assert text.get_position() == pytest.approx(tuple(end.tolist()))
            assert (end @ M @ end / (end @ end)).item() == pytest.approx(
                value, abs=1e-5
            )
            torch.testing.assert_close(M @ end, value * end)
        assert (min(said) < 0, min(said) == 0) == (title == "saddle", title == "trough")
    x = torch.tensor([[1.0, 0.5], [-2.0, 3.0]])
    expected = 2 * x[:, 0] ** 2 + 2 * x[:, 0] * x[:, 1] + 2 * x[:, 1] ** 2
    torch.testing.assert_close(plane_figures.form(A.to(x.dtype), x), expected)
    filled = figure.axes[2].collections[0]
    red, blue = filled.cmap(filled.norm(-4.0)), filled.cmap(filled.norm(4.0))
    assert red[0] > red[2] and blue[2] > blue[0]


# -- descent and regression ----------------------------------------------------------


def test_the_path_lies_on_the_map_of_its_function():
    def f(x):
        return x[0] ** 2 + 3 * x[1] ** 2

    path = tensor([[2.0, 1.0], [1.6, 0.4], [1.0, 0.0]], dtype=torch.float64)
    figure = figures.show_path(f, path, torch.diag(tensor([2.0, 6.0])))
    ax = figure.axes[0]
    assert np.array_equal(lines(ax)["path"], path.T)
    assert "a path of 3 points from height 7 to 1." in described(figure)
    assert described(figure).endswith(
        "Its first step shortens the distance to the flattest line from 1 to 0.4."
    )
    filled = ax.collections[0]
    low = filled.get_paths()[0].vertices  # the lowest of the colours
    assert np.abs(low).max() < 2.5 and f(low.T).max() <= filled.levels[1] * 1.01


def test_the_path_beside_the_lines_of_the_eigenvectors():
    """Dashed, named by how the map rises along them, and how far the path is off."""
    M = tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
    path = tensor([[1.0, 2.0], [-0.2, 0.5], [-0.2, 0.25]], dtype=torch.float64)
    figure = figures.show_path(lambda x: x[0] ** 2 + x[0] * x[1] + x[1] ** 2, path, M)
    (ax, _), found = figure.axes, lines(figure.axes[0])
    for name, value, (a, b) in (("flattest", 1, (1, -1)), ("steepest", 3, (1, 1))):
        x, y = found[name]
        assert np.allclose(a * y, b * x) and np.abs(x).max() == pytest.approx(2.5)
        ends = torch.from_numpy(found[name])
        torch.testing.assert_close(M @ ends, value * ends)
        at = words(ax)[name]
        assert a * at[1] == pytest.approx(b * at[0]), "written on its line"
        (line,) = (line for line in ax.lines if line.get_label() == name)
        assert line.get_linestyle() == "--"
    assert described(figure).endswith(
        "Its first step shortens the distance to the flattest line from 2.12 to 0.212."
    )


def test_far_points_and_the_middle_in_an_inset():
    x = tensor([-2.0, -1.0, 0.5, 2.0, 30.0])
    y = tensor([0.0, 0, 1, 1, 1])
    given = {"near": tensor([0.5, 0.5]), "far": tensor([0.1, 0.4])}
    figure = figures.show_thresholds(x, y, given)
    (ax,) = figure.axes
    (inset,) = ax.child_axes
    for part in (ax, inset):
        for name, (slope, intercept) in given.items():
            at, line = lines(part)[name]
            assert np.allclose(line, slope.item() * at + intercept.item())
        diamonds = [d.get_xydata()[0] for d in part.lines if d.get_marker() == "D"]
        assert np.allclose(diamonds, [(0, 0.5), (1, 0.5)])
        assert len({d.get_color() for d in part.lines if d.get_marker() == "D"}) == 2
    assert inset.get_xlim() == (-2.2, 2.2) and ax.get_xlim()[1] > 30
    assert np.array_equal(lines(inset)["wrong"], [[0.5], [1]]), "between the borders"
    (wrong,) = [line for line in inset.lines if line.get_label() == "wrong"]
    assert wrong.get_color() == COLORS[1]  # orange
    says = (
        "(near: 0.00; far: 1.00). Inset, the middle: 1 point of it on the wrong side."
    )
    assert says in described(figure)


def test_what_is_said_of_contours_and_axes():
    assert described(figures.show_axes(A)) == (
        "Ellipses, and arrows with curvatures: 1 along (−1, 1) and 3 along (1, 1)."
    )
    (ax,) = figures.show_axes(A).axes
    for name, (x, y) in words(ax).items():
        if name:
            assert -2 < x < 2 and y < 2, "inside of the axes"
    says = described(figures.show_gradient(A, tensor([1.0, 2.0])))
    assert says.startswith("Contours around 0. At (1, 2) the gradient points outward")
    says = described(figures.show_taylor(torch.exp, 0.0, 1.6, "eˣ"))
    assert says.startswith("The curve eˣ, its tangent at 0 (first order), and the para")
    assert says.endswith("At the right: eˣ 4.95, first order 2.6, second order 3.88.")
    (ax,) = figures.show_taylor(torch.exp, 0.0, 1.6, "eˣ").axes
    assert key(ax)[0] == "eˣ"


def test_the_bars_of_the_noise_are_densities():
    x, y = tensor([0.0, 2.0]), tensor([1.3, 7.0])
    figure = figures.show_noise(x, y, 2.0, 1.0, 0.8)
    (ax,) = figure.axes
    normal = torch.distributions.Normal(2 * x + 1, 0.8)
    densities = normal.log_prob(y).exp()
    peak = normal.log_prob(2 * x + 1).exp()[0]
    found = lines(ax)
    for k, name in enumerate(("density", "_density 1")):
        across, up = found[name]
        expected = (torch.distributions.Normal(2 * x[k] + 1, 0.8).log_prob(
            tensor(up)).exp() / peak)  # fmt: skip
        assert np.allclose(across - x[k].item(), expected, atol=1e-5)
        bar = found[f"_bar {k}"]
        assert np.allclose(bar[1], y[k])
        assert bar[0][1] - bar[0][0] == pytest.approx((densities[k] / peak).item())
    said = ", ".join(f"{d:.2f} at x = {v:g}" for d, v in zip(densities, x, strict=True))
    assert described(figure).endswith(said + ".")
    assert np.array_equal(found["examples"], [x.tolist(), y.tolist()])
    assert key(ax) == ["line", "density"], "a dot in it would look like an example"


# -- the four curves of the exercises ------------------------------------------------


def test_the_curves_show_what_the_exercises_ask_for():
    found = {name: np.array(values) for name, values in runs.losses().items()}
    floor = found["D"][-1]
    assert floor < 0.14 and (np.diff(found["D"]) <= 1e-9).all()
    assert (np.diff(found["A"]) < 0).all() and found["A"][-1] > 0.4 * found["A"][0]
    assert (np.diff(found["C"])[5:] > 0).all() and found["C"][-1] > 1e3 * found["C"][0]
    inner = found["B"][1:-1]
    turns = (inner > found["B"][:-2]) & (inner > found["B"][2:])
    assert turns.sum() >= 3, "it comes back up again and again"
    assert found["B"][-15:].max() > 0.7 * found["B"][0]
    assert found["B"].min() < 0.1 * found["B"][0]


def test_the_picture_of_the_curves():
    figure = runs.four_curves()
    for ax, (name, values) in zip(figure.axes, runs.losses().items(), strict=True):
        assert ax.get_title(loc="left") == name
        steps, loss = lines(ax)["loss"]
        assert np.array_equal(steps, range(len(values))) and np.allclose(loss, values)
        assert ax.get_ylim()[0] == 0 and ax.get_ylim()[1] >= max(values)
    low = {name: f"{min(values):.3g}" for name, values in runs.losses().items()}
    says = described(figure)
    assert f"A falls slowly all the way, to {low['A']}." in says
    assert f"B falls to {low['B']} and climbs back to where it began, again and" in says
    assert f"C falls to {low['C']}, then rises faster and faster, to 6.49" in says
    assert f"D falls quickly to {low['D']} and stays there." in says


def test_a_thin_line_parts_uphill_from_downhill():
    """Only the saddle has one: there the form is 0, and beside it of both signs."""
    saddle = tensor([[1.0, 2.0], [2.0, 1.0]])
    figure = figures.show_forms({"bowl": A, "saddle": saddle})
    bowl, drawn = figure.axes
    assert len(bowl.collections) == 1 and len(drawn.collections) == 2
    paths = drawn.collections[1].get_paths()
    points = torch.tensor(np.concatenate([path.vertices for path in paths]))
    assert len(points) > 20
    assert plane_figures.form(saddle.double(), points).abs().max() < 0.02
    assert [text.get_text() for text in drawn.texts] == ["λ = −1", "λ = 3"]


def test_a_negative_factor_stands_in_brackets():
    slopes = {("a", "z"): -3.0, ("b", "z"): 2.0}
    (ax,) = figures.show_graph({"a": 2.0, "b": 1.0, "z": -4.0}, slopes).axes
    factors = [text.get_text() for text in ax.texts if text.get_text()[:1] == "×"]
    assert factors == ["×(−3)", "×2"]


def test_the_name_of_the_gradient_stands_inside_of_the_axes():
    (ax,) = figures.show_gradient(A, tensor([1.0, 2.0])).axes
    assert words(ax)["∇f"][0] < ax.get_xlim()[1] - 0.5
