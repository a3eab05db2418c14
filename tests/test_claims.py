"""Claims: their form, the stored rows, Predict, the report, and `make claims`."""

import ast
import base64
import csv
import dataclasses
import html
import io
import math
import re

import joblib
import numpy as np
import pytest
from PIL import Image

from helpers.claims import (
    STORED,
    Claim,
    Estimate,
    Report,
    Size,
    Table,
    difference,
    level,
)
from helpers.claims import claim as plain_claim
from helpers.exercises import progress
from helpers.figures.intervals import Interval, Scale, plot_intervals, spread
from helpers.widgets.picture import VIEW
from helpers.widgets.predict import Predict
from helpers.widgets.predict import claim as decorated
from tests.verdicts import CLAIMS
from tools import claims as tool
from tools.stored import ROOT

NAMES = [claim.name for _, claim in CLAIMS]
EFFECT = {"no effect": 0.5, "an effect": None}


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def toy(effect=1.0, **more):
    """A claim that takes no time: its effect scatters by a hundredth."""

    @decorated(
        "There is an <effect>.",
        difference("A", "B", EFFECT),
        true="an effect",
        live=(10, 1, 3),
        full=(20, 2, 5),
        **more,
    )
    def toy(data, n_train, num_epochs, seed):
        """Measure nothing."""
        return {"A": effect + seed / 100, "B": 0.0}

    return toy


class Data:
    name = "digits"


# -- the form ------------------------------------------------------------------------


@pytest.mark.parametrize("claim", [claim for _, claim in CLAIMS], ids=NAMES)
def test_claims_are_well_formed(claim):
    assert claim.full.num_seeds >= 5
    if claim.live:
        assert claim.live.num_seeds >= 3
        assert math.prod(claim.live) < math.prod(claim.full)


def test_every_claim_is_tested_by_its_chapter():
    """Its expected verdict stands in a file of its chapter's tests."""
    for number, found in CLAIMS:
        files = ROOT.glob(f"tests/chapters/{number}_*/*.py")
        text = "".join(path.read_text("utf-8") for path in files)
        assert f'"{found.name}": (' in text, found.name


def test_a_claim_is_named_after_its_experiment():
    made = toy()
    assert (made.name, made.chapter) == ("toy", "test_claims")
    assert isinstance(made, Claim) and made.true == ("an effect",)
    assert str(made.live) == "10 examples, 1 epoch, 3 seeds"
    assert CLAIMS[0][1].chapter == "welcome"
    assert list(toy(also=[level("A", "A", EFFECT)]).questions) == ["a", "b"]


@pytest.mark.parametrize("true", ["yes", [], ["no effect", "an effect"]])
def test_the_true_answers_are_some_of_the_answers(true):
    with pytest.raises(ValueError, match="expected some of the answers"):
        plain_claim("x", difference("A", "B", EFFECT), true=true, live=(), full=())


def test_no_question_is_asked_twice():
    with pytest.raises(ValueError, match="the same quantity"):
        toy(also=[difference("A", "B", EFFECT)])


def test_fewer_than_three_seeds_are_refused():
    with pytest.raises(ValueError, match="needs 3 seeds or more, got 2"):
        toy().run(Data, Size(10, 1, 2))


def test_verdict_words():
    words = {effect: toy(effect).judge(toy(effect).run(Data)).word for effect in (0, 1)}
    assert words == {0: "not supported", 1: "supported"}
    between = toy(0.49).judge(toy(0.49).run(Data))
    assert between.word == "undecided"
    assert between.answer == "undecided between “no effect” and “an effect”"
    diverged = {"a": Estimate(float("nan"), float("nan"), 5)}
    assert toy().judge(diverged).word == "undecided"
    two = dataclasses.replace(toy(), true=tuple(EFFECT))
    assert two.judge(diverged).word == "supported"  # true whatever the answer


# -- what is stored ------------------------------------------------------------------

ROWS = tool.read(STORED)


def test_every_claim_is_stored_and_nothing_else():
    found = {(row["chapter"], row["claim"]) for row in ROWS}
    assert found == {(number, claim.name) for number, claim in CLAIMS}
    for _, claim in CLAIMS:
        sets = set(claim.stored())
        images = set(tool.IMAGES if claim.images else ())
        least = {"digits", *claim.sets} if claim.images else set(claim.sets)
        assert least <= sets <= images | set(claim.sets)


@pytest.mark.parametrize("claim", [claim for _, claim in CLAIMS], ids=NAMES)
def test_stored_verdicts_follow_from_stored_numbers(claim):
    rows = [row for row in ROWS if row["claim"] == claim.name]
    for name, run in claim.stored().items():
        of_set = [row for row in rows if row["data"] == name]
        assert {row["verdict"] for row in of_set} == {claim.judge(run.found).word}
        assert {row["threads"] for row in of_set} == {"1"}
        size = Size(*(int(of_set[0][c]) for c in ("n_train", "num_epochs", "seeds")))
        assert size == claim.full
        assert list(run.found) == list(claim.questions)


@pytest.mark.parametrize("claim", [claim for _, claim in CLAIMS], ids=NAMES)
def test_stored_answers_are_those_of_their_questions(claim):
    """What a question makes of the stored means is near the stored mean.

    Equal for a difference, off by about a squared deviation for a ratio: a letter that
    has slipped to another question is noticed.
    """
    for name, run in claim.stored().items():
        means = {c: {m: (e.mean,) for m, e in r.items()} for c, r in run.table.items()}
        for letter, question in claim.questions.items():
            expected = question.measure(Table((0,), means)).item()
            found = run.found[letter]
            assert found.mean == pytest.approx(expected, abs=found.sd + 2e-6), name


def test_a_stored_row_comes_out_again():
    """Full size, run again.

    With one thread on one kind of machine the numbers are the same. Another CPU adds
    in another order; of 10,000 test images a few then change sides, where two logits
    lie close together. 0.005 is far more than that, and an eighth of the effect that
    the row shows.
    """
    (claim,) = (claim for _, claim in CLAIMS if claim.name == "far-positives")
    tolerance, stored = 0.005, claim.stored()["digits"]
    table = claim.run(tool.load(claim, "digits"), claim.full)
    for configuration, row in table.estimates().items():
        for measure, estimate in row.items():
            there = stored.table[configuration][measure]
            assert estimate.mean == pytest.approx(there.mean, abs=tolerance)
            assert estimate.sd == pytest.approx(there.sd, abs=tolerance)
    assert stored.found["a"].mean < -8 * tolerance


# -- predict, test -------------------------------------------------------------------


def test_prediction_and_verdict_side_by_side():
    claim = toy()
    widget = claim.predict()
    assert repr(widget) == "Predict(toy: no prediction)"
    assert widget.status.startswith("Your prediction?")
    widget.answer("no effect")
    assert widget.status == "You predict: no effect. Run the next cell."
    widget.answer("an effect")
    widget.answer("no effect")  # as often as one likes, before the test
    report = claim.test(Data)
    assert report.verdict.word == "supported"
    assert widget.status == (
        "Supported, at a look: an effect. You predicted: no effect; found: an effect."
    )
    assert widget.status in widget.children[-1].value
    assert "You predicted: no effect; found: an effect." in repr(report)
    with pytest.raises(RuntimeError, match="predicted already: 'no effect'"):
        widget.answer("an effect")


def test_a_click_is_an_answer_and_a_right_one_is_said():
    claim = toy()
    widget = claim.predict()
    widget.buttons.value = "an effect"  # what the front end sends
    claim.test(Data)
    assert widget.status.endswith("You predicted: an effect; as found.")


def test_a_prediction_is_kept_across_runs_and_kernels():
    toy().predict().answer("no effect")
    claim = toy()  # another object, as after a restart
    widget = claim.predict()
    assert widget.prediction == "no effect" and widget.buttons.fixed
    with pytest.raises(RuntimeError, match="predicted already"):
        widget.answer("an effect")
    assert claim.test(Data).prediction == "no effect"
    assert toy().test(Data).prediction == "no effect"  # without the cell above


def test_predict_anew():
    claim = toy()
    claim.predict().answer("no effect")
    widget = claim.predict()
    claim.test(Data)
    widget.buttons.value = None  # what the button sends
    assert not widget.buttons.fixed
    assert widget.status == "Your prediction? Choose an answer to see what was found."
    assert progress.predictions() == {"test_claims": {}}
    widget.answer("an effect")
    assert widget.status.endswith("You predicted: an effect; as found.")
    assert progress.predictions() == {"test_claims": {"toy": "an effect"}}


def test_nothing_is_shown_before_a_prediction():
    """Run All: the report is folded, and the question does not give the answer away."""
    claim = toy()
    widget = claim.predict()
    report = claim.test(Data)
    assert widget.status == "Your prediction? Choose an answer to see what was found."
    assert not widget.buttons.fixed
    shown = report._repr_html_()
    assert shown.startswith("<details ") and shown.endswith("</details>")
    assert " open" not in shown.split(">")[0]
    assert '<summary style="cursor:pointer">Show what was found</summary>' in shown
    widget.answer("no effect")  # now it is shown
    assert "found: an effect" in widget.status
    assert " open>" in report._repr_html_().split("<summary")[0]


def test_an_answer_that_was_reworded_is_no_prediction():
    progress.record_prediction("test_claims", "toy", "none at all")
    assert toy().predict().prediction is None


def test_unknown_answers():
    with pytest.raises(ValueError, match="no answer 'yes'; there are no effect, an"):
        toy().predict().answer("yes")


def test_the_front_end_gets_what_it_needs():
    """The state that predict.js reads; its script is native, and keeps its keys."""
    state = Predict(toy()).buttons.get_state()
    shown = {k: state[k] for k in ("statement", "options", "value", "fixed")}
    assert shown == {
        "statement": "There is an <effect>.",
        "options": list(EFFECT),
        "value": None,
        "fixed": False,
    }
    assert "lmSuppressShortcuts" in state["_esm"]
    assert 'type: "radio"' in state["_esm"]


def test_still_picture_changes_with_the_answer():
    widget = Predict(toy())
    pictures = []
    for answer in (None, *EFFECT):
        if answer:
            widget.answer(answer)
        bundle, metadata = widget._repr_mimebundle_()
        words = metadata["image/png"]["alt"]
        assert words.startswith(widget.claim.statement)
        assert words.endswith(f"no effect; an effect. {widget.status}"), words
        assert bundle["text/plain"] == repr(widget)
        assert bundle[VIEW]["model_id"] == widget.model_id
        pictures.append(bundle["image/png"])
        assert Image.open(io.BytesIO(base64.b64decode(pictures[-1]))).width > 300
    assert len(set(pictures)) == 3


@pytest.mark.parametrize("claim", [claim for _, claim in CLAIMS], ids=NAMES)
def test_texts_fit_the_pictures(claim):
    question = Predict(claim).picture()
    found = Report(claim, stand_in(claim), next(iter(claim.stored()))).picture()
    for figure in (question, found):
        figure.canvas.draw()
        boxes = [text.get_window_extent() for ax in figure.axes for text in ax.texts]
        assert max(box.x1 for box in boxes) <= figure.bbox.width
        assert min(box.x0 for box in boxes) >= 0
        assert max(box.y1 for box in boxes) <= figure.bbox.height + 1


# -- the report ----------------------------------------------------------------------


def stand_in(claim):
    """A table in the place of a live one, from what is stored at full size."""
    table = next(iter(claim.stored().values())).table
    return Table(
        (0, 1, 2),
        {c: {m: (e.mean,) * 3 for m, e in row.items()} for c, row in table.items()},
    )


def store(path, claim, name, effect):
    columns = "claim,data,question,configuration,measure,mean,test_error,sd,seeds"
    rows = [
        (claim.name, name, "", "A", "result", effect),
        (claim.name, name, "a", "", "", effect),
    ]
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(columns.split(","))
        writer.writerows([*row, "", 0.01, 5] for row in rows)


@pytest.fixture
def stored_here(tmp_path, monkeypatch):
    path = tmp_path / "claims.csv"
    monkeypatch.setattr(
        Claim, "stored", lambda claim, stored=Claim.stored: stored(claim, path)
    )
    return path


def report(prediction=None, data_name="digits"):
    return Report(toy(), toy().run(Data), data_name, prediction)


def test_no_stored_rows(stored_here):
    assert report().headline == "Supported, at a look: an effect."
    assert report().sizes.endswith(
        "digits, 10 examples, 1 epoch, 3 seeds. No full-size results are stored; "
        "`make claims` makes them."
    )
    assert "not stored yet" in report().beside


def test_the_full_size_comes_first(stored_here):
    store(stored_here, toy(), "digits", 0.0)
    store(stored_here, toy(), "clothes", 1.0)
    store(stored_here, toy(), "letters", 0.0)
    found = report("an effect")
    assert found.headline == (
        "Not supported on digits and letters: no effect; supported on clothes: an "
        "effect."
    )
    assert found.verdict == ("not supported", "no effect")
    assert found.guess == "You predicted: an effect; found: no effect."
    status = found._repr_html_().partition("</div>")[0]
    assert found.guess in status and found.beside in status
    assert found.sizes not in status, "numbers are folded"
    assert found.sizes == (
        "The full size has 20 examples, 2 epochs, 5 seeds. This run was a look: "
        "digits, 10 examples, 1 epoch, 3 seeds."
    )
    assert found.beside == (
        "A look at digits says: supported, an effect; the full size counts."
    )
    assert report(data_name="clothes").beside == "A look at clothes says the same."
    assert report(data_name="animals").beside == (
        "A look at animals says: supported, an effect; it has no full size."
    )
    assert report(data_name="animals").verdict.answer == "an effect"


def test_a_claim_refuted_either_way_is_not_called_undecided(stored_here):
    ends = {"worse": -0.5, "no effect": 0.5, "an effect": None}
    claim = dataclasses.replace(toy(), question=difference("A", "B", ends))
    store(stored_here, claim, "digits", -0.5)
    store(stored_here, claim, "clothes", 0.5)
    assert claim.test(Data).headline == (
        "Not supported on digits: either “worse” or “no effect”; undecided on clothes: "
        "between “no effect” and “an effect”."
    )


def test_without_a_look_the_full_size_speaks_alone(stored_here):
    claim = dataclasses.replace(toy(), live=None)
    nothing = claim.test(Data)
    assert nothing.headline == "Undecided: nothing is stored yet."
    assert nothing.verdict.answer == "nothing is stored yet"
    assert "<details" in nothing._repr_html_()
    store(stored_here, claim, "digits", 0.0)
    store(stored_here, claim, "clothes", 1.0)
    found = claim.test(Data)
    assert found.verdict == ("not supported", "no effect")
    assert found.sizes == "The full size has 20 examples, 2 epochs, 5 seeds."
    assert found.beside == "It takes too long for a look."
    assert "a look: " not in repr(found).lower()
    assert "a look: " not in found._repr_html_()
    (ax,) = found.picture().axes
    assert {line.get_gid() for line in ax.lines if line.get_gid()} == {
        "A minus B, full size: digits",
        "A minus B, full size: clothes",
        "cut",
    }


def test_the_report_in_html(stored_here):
    store(stored_here, toy(), "digits", 0.0)
    shown = report("no effect")._repr_html_()
    assert "<b>Not supported on digits: no effect.</b>" in shown
    (alt,) = re.findall('alt="([^"]+)"', shown)
    assert html.unescape(alt) == (
        "A minus B: a look: digits 1.010, an effect; full size: digits 0.000, no "
        "effect."
    )
    png = re.search('base64,([^"]+)', shown)[1]
    assert Image.open(io.BytesIO(base64.b64decode(png))).width > 600
    summaries = re.findall("<summary[^>]*>([^<]+)<", shown)
    assert summaries == ["Show what was found", "The numbers", "The experiment"]
    source = html.unescape(re.search("<pre[^>]*>(.*)</pre>", shown, re.S)[1])
    assert source.startswith("def toy(data, n_train, num_epochs, seed):")
    assert [type(node) for node in ast.parse(source).body] == [ast.FunctionDef]
    assert "A minus B: 1.010 ± 0.010 over 3 seeds, 95 % interval 0.985" in shown


def test_the_picture_shows_intervals_and_answers(stored_here):
    store(stored_here, toy(), "digits", 0.0)
    (ax,) = report().picture().axes
    lines = {
        line.get_gid(): list(line.get_xdata()) for line in ax.lines if line.get_gid()
    }
    estimates = [Estimate(1.01, 0.01, 3), Estimate(0.0, 0.01, 5)]
    labels = ["a look: digits", "full size: digits"]
    for label, estimate in zip(labels, estimates, strict=True):
        assert lines[f"A minus B, {label}"] == pytest.approx(estimate.interval)
    assert lines["cut"] == [0.5, 0.5]
    texts = {text.get_text() for text in ax.texts}
    assert texts == {"A minus B", *labels, *EFFECT}
    (title,) = (text for text in ax.texts if text.get_text() == "A minus B")
    assert title.get_bbox_patch().get_facecolor() == (1, 1, 1, 1), "on no region"


def test_questions_of_the_same_answers_share_an_axis(stored_here):
    other = {"low": 0.0, "high": None}
    claim = toy(also=[difference("B", "A", EFFECT), level("A itself", "A", other)])
    assert len(Report(claim, claim.run(Data), "digits").picture().axes) == 2


def test_an_axis_says_what_its_numbers_are(stored_here):
    named = difference("B", "A", EFFECT, axis="difference in accuracy")
    claim = toy(also=[named, level("A itself", "A", EFFECT, "accuracy")])
    axes = Report(claim, claim.run(Data), "digits").picture().axes
    labels = [ax.get_xlabel() for ax in axes]
    assert labels == ["", "difference in accuracy", "accuracy"]


def test_an_interval_without_end_is_drawn_to_both_ends():
    endless = Interval("one seed", 0.3, -math.inf, math.inf)
    scale = Scale((0.0, 1.0), ("low", "middle", "high"), {"x": [endless]})
    (ax,) = plot_intervals([scale]).axes
    (line,) = [line for line in ax.lines if line.get_gid() == "x, one seed"]
    assert list(line.get_xdata()) == pytest.approx(ax.get_xlim())


def test_a_look_is_drawn_open_and_what_counts_is_filled():
    rows = {"x": [Interval("look", 0.3, 0.2, 0.4, look=True),
                  Interval("full size", 0.6, 0.5, 0.7)]}  # fmt: skip
    (ax,) = plot_intervals([Scale((0.5,), ("low", "high"), rows)]).axes
    inside = {
        line.get_xdata()[0]: (line.get_markerfacecolor(), line.get_color())
        for line in ax.lines
        if line.get_marker() == "o"
    }
    look, full = inside[0.3], inside[0.6]
    assert look[0] == "white" != look[1]
    assert full[0] == full[1] != "white"


def test_what_stands_under_the_numbers_has_room():
    rows = {"x": [Interval("full size", 0.6, 0.5, 0.7)]}
    figures = []
    for axis in ("", "share of images", "share of images\nof ten seeds"):
        scale = Scale((0.5,), ("low", "high"), rows, axis)
        figures.append(plot_intervals([scale, scale]))
        assert [ax.get_xlabel() for ax in figures[-1].axes] == [axis, axis]
    heights = [figure.get_figheight() for figure in figures]
    assert 0.2 < heights[2] - heights[1] == pytest.approx(heights[1] - heights[0])


def test_questions_share_an_axis_only_if_it_says_the_same(stored_here):
    other = difference("B", "A", EFFECT, axis="points")
    claim = toy(also=[other, difference("A", "B", EFFECT, "Again", "points")])
    first, second = Report(claim, claim.run(Data), "digits").picture().axes
    assert (first.get_xlabel(), second.get_xlabel()) == ("", "points")


@pytest.mark.parametrize("seed", range(20))
def test_answers_keep_their_order_and_do_not_meet(seed):
    random = np.random.default_rng(seed)
    goals, widths = random.uniform(0, 7, 3), random.uniform(0.1, 2.4, 3)
    centers = spread(sorted(goals), widths, 7.2)
    ends = [(c - w / 2, c + w / 2) for c, w in zip(centers, widths, strict=True)]
    assert ends[0][0] >= -1e-9 and ends[-1][1] <= 7.2 + 1e-9
    for (_, right), (left, _) in zip(ends, ends[1:], strict=False):
        assert right <= left + 1e-9


# -- make claims ---------------------------------------------------------------------

TINY = """
from helpers.claims import claim, difference

def own():
    class Data:
        name = "own"
    return Data

def measure(data, n_train, num_epochs, seed):
    import torch
    from helpers import seeded
    torch.rand(1)  # what another run may have drawn before
    with seeded(seed):
        return {"A": 1 + torch.rand(1).item() / 100, "B": 0.0}

EFFECT = {"no effect": 0.5, "an effect": None}

def make(name, **more):
    def experiment(data, n_train, num_epochs, seed):
        return measure(data, n_train, num_epochs, seed)
    experiment.__name__ = name
    question = difference("A", "B", EFFECT)
    return claim("x", question, true="an effect", live=(10, 1, 3), full=(20, 2, 5),
                 sets={"own": own}, **more)(experiment)

toy = make("toy")
another = make("another", alone=True)
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """The command with two tiny claims, and no real data."""
    (tmp_path / "tiny_claims.py").write_text(TINY)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(tool, "chapters", lambda: {"02": "tiny_claims"})
    monkeypatch.setattr(tool, "PATH", tmp_path / "claims.csv")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    return tmp_path / "claims.csv"


def test_make_claims_stores_rows(shop, capsys):
    assert tool.main(["--only", "toy"]) == 0
    said = capsys.readouterr().out
    assert "toy, digits: supported" in said
    assert "toy, fashion_mnist: left out, its rows stay." in said
    rows = tool.read(shop)
    assert [(row["data"], row["question"], row["configuration"]) for row in rows] == [
        (name, *of)
        for name in ("digits", "own")
        for of in (("", "A"), ("", "B"), ("a", ""))
    ]
    assert list(rows[0]) == list(tool.COLUMNS)
    assert rows[0]["seeds"] == "5" and rows[0]["measure"] == "result"
    claim = tool.claims_in("tiny_claims")["toy"]
    found = claim.stored(shop)["own"]
    assert claim.judge(found.found).word == "supported"
    assert found.table["A"]["result"].mean == found.found["a"].mean
    measured = claim.run(claim.sets["own"](), claim.full).estimates()["A"]["result"]
    assert found.table["A"]["result"].sd == pytest.approx(measured.sd, abs=1e-6)
    assert tool.main(["--only", "toy"]) == 0
    assert len(tool.read(shop)) == len(rows)  # in the place of the old ones


def test_rows_that_were_not_run_stay(shop):
    tool.main(["--only", "toy"])
    assert tool.main(["--chapter", "2", "--only", "another"]) == 0
    names = [(row["claim"], row["data"]) for row in tool.read(shop)]
    assert names == sorted(names)
    assert set(names) == {(c, d) for c in ("toy", "another") for d in ("digits", "own")}


def numbers(path):
    """Return the stored rows without what the clock says."""
    return [{k: v for k, v in row.items() if k != "seconds"} for row in tool.read(path)]


def test_side_by_side_gives_the_numbers_of_one_by_one(shop):
    tool.main([])
    one_by_one = numbers(shop)
    shop.unlink()
    assert tool.main(["--jobs", "2"]) == 0
    assert numbers(shop) == one_by_one
    shop.unlink()
    with joblib.parallel_config("loky", n_jobs=2):  # named as a cluster would be
        tool.main([])
    assert numbers(shop) == one_by_one


def test_what_measures_time_runs_with_nothing_beside_it(shop, monkeypatch):
    ran = []
    noted = lambda tasks, jobs=None: ran.append(({t[2] for t in tasks}, jobs))  # noqa: E731
    monkeypatch.setattr(tool, "run_all", noted)
    assert tool.main(["--jobs", "4"]) == 0
    assert ran == [({"toy"}, 4), ({"another"}, 1)]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--only", "joy"], "There is no claim 'joy'; there are: toy"),
        (["--chapter", "99"], "Chapter 99 has no claims; there are: 02"),
    ],
)
def test_what_is_not_there(shop, arguments, words, capsys):
    assert tool.main(arguments) == 1
    assert words in capsys.readouterr().err
    assert not shop.exists()


def test_the_stored_path_is_that_of_the_tool():
    assert tool.PATH == STORED
