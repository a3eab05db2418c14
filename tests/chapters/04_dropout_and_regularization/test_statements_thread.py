"""Chapter 4: how its sections follow from each other.

A section begins with what was found before it; the cells before it must have found it.
"""

import itertools
import json
import re

import torch

from tests.said import said, shown
from tests.taught import holding, notebook_path, source_of, taught

own = taught("04", "sample", "fit", "error")
holds = holding("04")


def in_order(*ids):
    cells = json.loads(notebook_path("04").read_text("utf-8"))["cells"]
    place = {cell["id"]: k for k, cell in enumerate(cells)}
    return all(place[a] < place[b] for a, b in itertools.pairwise(ids))


def code_before(cell_id):
    cells = json.loads(notebook_path("04").read_text("utf-8"))["cells"]
    (end,) = (k for k, cell in enumerate(cells) if cell["id"] == cell_id)
    return [c["source"] for c in cells[:end] if c["cell_type"] == "code"]


def test_degree_12_stands_before_the_peak():
    """Medians over 30 sets: the error rises until each point has a weight."""
    degree, weights, points = map(
        int, said("04", "descent-read", r"Degree (\d+) \((\d+) weights, (\d+) points\)")
    )
    assert len(own.fit(*own.sample(points, 0), degree)) == weights < points
    assert f"sample({points}, seed=3)" in source_of("04", "many-test-sets")
    new, medians = own.sample(2_000, seed=1), []
    degrees = (3, degree, 15, points - 1)
    for d in degrees:
        fits = [own.fit(*own.sample(points, seed), d) for seed in range(30)]
        medians.append(torch.tensor([own.error(w, *new) for w in fits]).median().item())
    assert medians == sorted(medians) and medians[-1] > 1e6 * medians[1]
    holds("descent-read", "stood before such a line (with powers of $x$")
    holds("descent", "when degree 12 was so much worse than degree 3?")


def test_what_kept_the_noise_out_before_the_penalties():
    """A smaller degree, as a curve shows, and an earlier epoch, as a run does."""
    assert in_order("sweep-code", "best-epoch", "regularization")
    told = re.findall(
        r"([\d.]+) in epoch|at the end ([\d.]+)", shown("04", "best-epoch")
    )
    (stopped, _), (_, end) = told[-2:]
    assert float(stopped) > float(end) + 0.05
    new = shown("04", "sweep-code").split("; new points ")[1]
    by_degree = dict(re.findall(r"(\d+): ([\d.]+\d)", new))
    assert float(by_degree["3"]) < 0.01 * float(by_degree["12"])
    holds("regularization", "Smaller models or fewer epochs keep the noise out.")


def test_what_the_penalty_charged_and_did():
    holds("regularization", r"\frac\lambda2 \lVert \mathbf w\rVert^2")
    holds("l1l2", "The penalty charged squares. Why not absolute values?")
    rows = [row.split() for row in shown("04", "ridge-sweep").strip().splitlines()[2:]]
    norms = [float(norm) for _, norm, *_ in rows]
    assert len(norms) == 7 and norms == sorted(norms, reverse=True)
    assert in_order("regularization", "ridge-sweep", "l1l2", "decay-curves", "noise")
    holds("noise", "Penalties shrink weights.")


def test_what_holds_a_network_back_before_its_size_is_asked():
    assert in_order("best-epoch-why", "decay-curves-read", "sweep-p-found", "large")
    holds("large", "Penalties, dropout and stopping hold a network back.")


def test_no_remedy_before_smoothing_touches_the_labels():
    assert not [
        code for code in code_before("smoothing") if "smoothing" in "".join(code)
    ]
    holds("smoothing", "No remedy yet touched the labels.")
    assert "label_smoothing" in source_of("04", "panel")
    holds("lab", "Now the doses are yours.")
