"""Chapter 2: what exercises, claims and pictures tell is what they compute."""

import math
import re

import pytest
import torch
from torch import tensor
from torch.nn import functional as F

from helpers import evaluate, load_images
from helpers.chapters.softmax_regression import claims, figures
from helpers.chapters.softmax_regression.exercises import (
    confidence,
    probabilities,
    runs,
    training,
)
from helpers.claims import claims_of
from tests.said import said, shown
from tests.taught import holding

holds = holding("02")
ALL = claims_of(claims)


def feedback(exercise, answer):
    """What a learner is told who gives this answer."""
    return exercise.check(answer).means


# -- exercises -------------------------------------------------------------------------


def test_hint_and_feedback_of_the_temperature():
    """The logits differ by gap / T, and a larger gap needs a larger T."""
    gap, p = tensor([1.0, 2.0]), tensor([0.9, 0.9])
    T = probabilities.temperature_for.solution(gap, p)
    ways = {"/": gap / T, "*": gap * T}
    (way,) = [w for w in ways if torch.allclose(ways[w], (p / (1 - p)).log())]
    hint = probabilities.temperature_for.hint
    assert f"With T, the two logits differ by gap {way} T." in hint
    word = "higher" if T[1] > T[0] else "lower"
    told = feedback(
        probabilities.temperature_for, lambda gap, p: (p / (1 - p)).log() / gap
    )
    assert f"The larger the gap, the {word} the temperature must be" in told


def test_the_axis_that_the_hint_of_log_softmax_names():
    logits = tensor([[1.0, 2.0, 3.0], [0.0, 5.0, 0.0]])
    ours = probabilities.log_softmax.solution(logits)
    names = {"row": logits.logsumexp(1, True), "column": logits.logsumexp(0, True)}
    (name,) = [n for n in names if torch.allclose(logits - names[n], ours)]
    hint = probabilities.log_softmax.hint
    assert hint.endswith(f"what is subtracted is the LogSumExp of the {name}.")


def test_the_best_confidence_that_is_told_is_the_accuracy():
    confidence = torch.linspace(0.11, 0.99, 89)
    for share in (0.3, 0.6, 0.9):
        loss = probabilities.expected_loss.solution(
            torch.full((89,), share), confidence, 10
        )
        assert confidence[loss.argmin()].item() == pytest.approx(share, abs=0.006)
    assert (
        "the loss is smallest where the two are equal. Cross-entropy rewards being as "
        "sure as one is right."
    ) in probabilities.expected_loss.then


def test_how_much_harder_the_true_logit_is_pushed():
    pushes = [-g for g in probabilities.gradient_by_eye.solution()]
    words = {2: "twice", 3: "three times", 4: "four times"}
    true, others = max(pushes), [-p for p in pushes if p < 0]
    word = words[round(true / others[0])]
    assert (
        f"is pushed up {word} as hard as each other is pushed down: the four sum "
        in (probabilities.gradient_by_eye.then)
    )
    assert sum(pushes) == 0 and len(set(others)) == 1


def test_the_steps_of_an_epoch_that_are_told():
    n, size, steps = re.findall(r"[\d,]*\d", training.num_steps.then)
    found = training.num_steps.solution(int(n.replace(",", "")), int(size), 1, False)
    assert found == int(steps) == math.ceil(12_000 / 256)


def test_what_doubling_the_weights_does():
    losses, y, weight = tensor([1.0, 2, 4]), tensor([0, 1, 1]), tensor([1.0, 3])
    once, twice = (
        training.weighted_mean.solution(losses, y, factor * weight) for factor in (1, 2)
    )
    what = "changes nothing" if torch.equal(once, twice) else "doubles the mean"
    assert f"doubling all of them {what}." in training.weighted_mean.then


def test_the_sign_of_the_true_entry_in_the_gradient_of_a_batch():
    logits, y = tensor([[1.0, 2.0, 3.0]]), tensor([1])
    ours = training.cross_entropy_gradient.solution(logits, y)
    word = "negative" if ours[0, 1] < 0 else "positive"
    told = feedback(
        training.cross_entropy_gradient,
        lambda logits, y: -training.cross_entropy_gradient.solution(logits, y),
    )
    assert f"so the true class needs the {word} entry" in told


def test_with_which_of_the_three_bugs_the_loop_still_learns():
    """Loss after training, with each bug alone, against that of weights of 0."""
    X, y = training.clouds()

    def loss_of(bug):
        W = torch.zeros(2, 3, requires_grad=True)
        for _ in range(20):
            logits = X @ W
            F.cross_entropy(
                logits.softmax(1) if bug == "twice" else logits, y
            ).backward()
            with torch.no_grad():
                W -= 0.02 * W.grad
                if bug != "kept":
                    W.grad.zero_()
        return F.cross_entropy(X @ W, y).item()

    assert max(loss_of("twice"), loss_of("kept")) < math.log(3) - 0.01
    assert "with either of the first two the loop still learns" in runs.descend.then
    order = [mistake.says for mistake in runs.descend.mistakes]
    first = min(i for i, says in enumerate(order) if "takes logits" in says)
    second = min(i for i, says in enumerate(order) if "adds to the gradient" in says)
    assert first < second, "the hint asks in the same order"


@pytest.mark.parametrize(
    ("question", "right"),
    [(runs.run_with_two_softmaxes, "B"), (runs.run_with_too_high_rate, "A")],
    ids=("two softmaxes", "too high a rate"),
)
def test_what_is_told_of_a_run_is_what_its_curve_does(question, right):
    """Where it begins, jumps and ends, in the feedback on each answer."""
    assert question.solution() == right
    level = math.log(10)
    for name, history in runs.histories().items():
        if name == right:
            continue
        told, loss = feedback(question, name), history.step_loss
        far = loss[0] > 1.5 * level
        if "begins far" in told:
            assert far and ("above" in told or "too high" in told)
        if "jumps far above" in told:
            assert max(loss) > 10 * level and not far
        if "begins at ln 10" in told:
            assert not far and abs(loss[0] - level) < 0.1
        if "falls below 1.46" in told:
            assert min(loss) < 1.46
        assert any(w in told for w in ("begins", "jumps", "falls", "scatters"))


def test_what_is_told_of_the_run_that_was_looked_for():
    found = runs.histories()["B"]
    share = "more" if found.val_accuracy[-1] > 0.5 else "less"
    assert min(found.step_loss) > 1.46
    then = runs.run_with_two_softmaxes.then
    assert (
        f"It never gets below 1.46, although {share} than half of its answers are"
        in (then)
    )
    rates = {name: made[0].get("lr", 0.1) for name, made in runs.RUNS.items()}
    assert rates["B"] == pytest.approx(10 * rates["C"]) == 10 * rates["D"]
    assert rates["A"] > rates["B"]
    assert "Its rate is ten times that of C and D" in then
    assert "It begins at ln 10" in runs.run_with_too_high_rate.then


def test_the_confidence_of_the_exercise_and_its_bins():
    """Counted over single answers, as the exercise tells them."""
    told = said(
        "02",
        "ex-confidence-gap",
        r"Of (\d+) answers with a confidence of ([\d.]+), (\d+) are right; of (\d+) "
        r"with ([\d.]+), (\d+)\. What is mean confidence minus accuracy\?",
    )
    n, high, right, m, low, others = map(float, told)
    sure = tensor([high] * int(n) + [low] * int(m))
    hits = tensor([1.0] * int(right) + [0.0] * int(n - right))
    hits = torch.cat([hits, tensor([1.0] * int(others) + [0.0] * int(m - others))])
    assert f"all {len(sure)} answers" in confidence.confidence_gap.hint
    gap = (sure - hits).mean().item()
    assert confidence.confidence_gap.solution() == pytest.approx(gap, abs=1e-6)
    bins = [(sure - hits)[sure == level].mean().item() for level in sure.unique()]
    then = confidence.confidence_gap.then
    assert "too sure on average, by six points" in then and round(100 * gap) == 6
    assert f"by {bins[1]:+.2f} at 0.9 and by {bins[0]:+.2f} at 0.6" in then


# -- claims ----------------------------------------------------------------------------

# What names a distance in words, and the cut that it must stand for.
NAMED = {"two points": 0.02, "a percentage point": 0.01}


@pytest.mark.parametrize("claim", ALL, ids=lambda claim: claim.name)
def test_the_cuts_are_those_that_the_answers_name(claim):
    for question in claim.questions.values():
        if len(question.answers) != 3 or "as a share" in question.quantity:
            continue
        (cut,) = [c for words, c in NAMED.items() if words in question.answers[1]]
        assert question.cuts == (-cut, cut)


def by_means(table):
    """A stored table as one of single numbers: by configuration, and by measure."""
    flat = {}
    for name, measures in table.items():
        flat[name] = next(iter(measures.values())).mean
        flat |= {(name, measure): e.mean for measure, e in measures.items()}
    return flat


@pytest.mark.parametrize("claim", ALL, ids=lambda claim: claim.name)
def test_what_is_stored_of_a_question_follows_from_its_configurations(claim):
    """The mean of differences is the difference of the means beside it."""
    for run in claim.stored().values():
        table = by_means(run.table)
        for letter, question in claim.questions.items():
            found = run.found[letter].mean
            assert question.measure(table) == pytest.approx(found, abs=2e-3), letter


CALLED = {  # what a quantity calls otherwise than the table does
    "twice at ten times the rate": "twice, ten times the rate",
}
MEASURES = r"^(Average precision|Recall|Precision), "


class OnlyOne(dict):
    """A table in which what has one name is 1, and all else is 0."""

    def __init__(self, name):
        self.name = CALLED.get(name.lower(), name.lower())

    def __missing__(self, key):
        parts = key if isinstance(key, tuple) else (key,)
        return float(any(f"{part}, ".startswith(f"{self.name}, ") for part in parts))


@pytest.mark.parametrize("claim", ALL, ids=lambda claim: claim.name)
def test_a_minus_b_takes_b_from_a(claim):
    """What stands before "minus" counts up, and what stands behind it down."""
    for question in claim.questions.values():
        words = re.sub(MEASURES, "", question.quantity)
        first, minus, second = words.partition(" minus ")
        if minus:
            assert question.measure(OnlyOne(first)) == 1.0
            assert question.measure(OnlyOne(second.split(",")[0])) == -1.0


def settings_seen(monkeypatch, experiment, data, *size):
    """The number of images and the settings of every training of an experiment."""
    seen, plain = [], claims.train

    def watched(net, examples, **settings):
        seen.append((len(examples), settings))
        return plain(net, examples, **settings | {"num_epochs": 1})

    monkeypatch.setattr(claims, "train", watched)
    experiment(data, *size)
    return seen


def test_the_three_trainings_of_the_claim_on_confidence(monkeypatch):
    """As its questions name them: 500 images for 100 epochs; ten times the rate."""
    data = load_images("digits")
    claim = claims.calibration
    base, faster, few = settings_seen(monkeypatch, claim.experiment, data, 1000, 2, 0)
    assert faster[1]["lr"] == pytest.approx(10 * base[1]["lr"])
    assert base[0] == faster[0] == 1000
    epochs = few[1]["num_epochs"]
    assert f"{few[0]} images for {epochs} epochs" in claim.question.quantity
    assert f"After {epochs} epochs on {few[0]} images" in claim.statement
    holds(
        "claim-calibration",
        f"*After {epochs} epochs on {few[0]} images, the classifier is right as often "
        "as its probabilities say.*",
    )


def test_the_wrong_start_is_that_of_both_losses(monkeypatch):
    """Large weights before the first step, for each of them and for no small start."""
    spreads, plain = {}, claims.train

    def watched(net, examples, **settings):
        loss = settings["loss"]
        spreads.setdefault(loss, set()).add(round(net.linear.weight.std().item(), 1))
        return plain(net, examples, **settings)

    monkeypatch.setattr(claims, "train", watched)
    claims.squared_error.experiment(load_images("digits"), 300, 1, 0)
    assert set(spreads) == {F.cross_entropy, claims.squared_distance}
    assert all(found == {0.0, 1.0} for found in spreads.values())
    holds("claim-squared-read", "normal distribution with standard deviation 1")


def test_each_loss_of_the_rare_class_chooses_its_rate_by_itself(monkeypatch):
    """The rate is the one that brings *this* loss down furthest."""
    asked, plain = [], claims.evaluate

    def watched(net, examples, loss):
        asked.append(loss)
        return plain(net, examples, loss)

    monkeypatch.setattr(claims, "evaluate", watched)
    claims.focal_loss.experiment(claims.clouds(), 2_000, 1, 0)
    assert set(asked) == set(claims.LOSSES.values())


def test_the_words_on_confidence_follow_from_what_is_stored():
    """Below 0: right more often than it says. Above: surer than it should be."""
    for run in claims.calibration.stored().values():
        few, faster, baseline = (run.found[letter].interval for letter in "abc")
        assert baseline[1] < 0 < min(few[0], faster[0])
    holds(
        "claim-calibration-read",
        "After a long training on few images, or at a higher rate, it is surer than it "
        "should be; the baseline is right more often than it says.",
    )


def test_larger_weights_and_surer_answers(monkeypatch):
    """The norms after each of the claim's trainings, and what the long one learned."""
    data, nets = load_images("digits"), []
    plain = claims.train

    def watched(net, examples, **settings):
        plain(net, examples, **settings)
        nets.append(net)

    monkeypatch.setattr(claims, "train", watched)
    found = claims.calibration.experiment(data, 12_000, 10, 0)
    norms = [net.linear.weight.norm().item() for net in nets]
    told = said(
        "02",
        "claim-calibration-read",
        r"norm of (\S+) in the baseline, (\S+) at the higher rate and (\S+) after the "
        r"long training",
    )
    assert norms == pytest.approx([float(norm) for norm in told], abs=0.15)
    assert norms == sorted(norms)
    sure = [row["mean confidence"].mean() for row in found.values()]
    assert sure[0] < min(sure[1:])
    (share, new) = said(
        "02",
        "claim-calibration-read",
        r"names (\d+) % of its own images correctly, and (\d+) % of new ones",
    )
    own = evaluate(nets[2], data.train.take(500)).accuracy
    assert 100 * own == pytest.approx(int(share), abs=1.0)
    assert 100 * found["few images"]["accuracy"].mean() == pytest.approx(
        int(new), abs=2.0
    )


def test_the_words_on_focal_loss_follow_from_what_is_stored():
    """Recall rises everywhere; precision falls on the digits, elsewhere it is open."""
    found = {name: run.found for name, run in claims.focal_loss.stored().items()}
    assert all(run["b"].mean > 0 for run in found.values())
    meant = {name: claims.focal_loss.questions["c"].meaning(run["c"])
             for name, run in found.items()}  # fmt: skip
    assert meant["digits"] == "focal loss is worse"
    assert all("undecided" in meant[name] for name in ("clouds", "fashion_mnist"))
    holds(
        "claim-focal-read",
        "it finds more of the positives (second row); in this look, and on the digits "
        "at full size, fewer of its finds are right, while clouds and clothes leave "
        "that open (third row)",
    )


def test_the_claim_says_which_focal_loss_it_measures():
    """The factor with its power, on an easy and on a hard example."""
    (power,) = said("02", "claim-focal", r"Focal loss has \$\\gamma=(\d)\$ here")
    shares = []
    for p in (0.9, 0.2):
        logits, y = tensor([[p, 1 - p]]).log(), tensor([0])
        shares.append((claims.focal(logits, y) / F.cross_entropy(logits, y)).item())
        assert shares[-1] == pytest.approx((1 - p) ** int(power), rel=1e-4)
    word = "less" if shares[0] < shares[1] else "more"
    holds("focal", f"## Focal loss makes easy examples count {word}")


def test_the_words_on_two_softmaxes_follow_from_what_is_stored():
    """Lower in every set, by about three points; one point lies in the intervals."""
    for run in claims.softmax_twice.stored().values():
        low, high = run.found["b"].interval
        assert low < -0.01 < high < 0 and round(100 * run.found["b"].mean) == -3
        table = by_means(run.table)
        gap = table["once"] - table["twice"]
        assert -run.found["b"].mean < gap / 3, "most of the gap is closed"
    holds(
        "claim-twice-read",
        "ten times the rate closes most of the gap. It stays lower, by about three "
        "points; whether by more than one is open.",
    )


def test_the_mistakes_shown_had_high_probabilities():
    guesses = re.findall(r"\d: (0\.\d\d)", shown("02", "mistakes-code"))
    assert len(guesses) == 3 and min(map(float, guesses)) >= 0.9
    holds("mistakes-read", "above each template the guess and its probability")
    holds("reliability", "The mistakes above had high probabilities.")


def test_how_many_of_ten_unseen_digits_are_named():
    (right, _) = re.findall(r"right ([\d.]+)", shown("02", "test-once-code"))
    words = {6: "six", 7: "seven", 8: "eight"}
    holds(
        "test-luck-read",
        "So ten templates, learned from their mistakes, name "
        f"{words[round(10 * float(right))]} of ten unseen digits.",
    )


CELLS = {
    "calibration": "claim-calibration-test",
    "squared-error": "claim-squared-test",
    "softmax-twice": "claim-twice-test",
    "focal-loss": "claim-focal-test",
    "test-set": "claim-test-set-test",
}


def reached(ends, low, high):
    """The answer in which an interval lies, or how a report begins if in several."""
    cut, found = -math.inf, []
    for answer, end in ends.items():
        end = math.inf if end is None else end
        if low < end and high > cut:
            found.append(answer)
        cut = end
    return found[0] if len(found) == 1 else "undecided between"


@pytest.mark.parametrize("claim", ALL, ids=lambda claim: claim.name)
def test_every_row_of_a_stored_report_means_what_its_interval_says(claim):
    answers = {q.quantity: q.ends for q in claim.questions.values()}
    row = (
        r"(?:A look|Full size): \w+\. ([^:\n]+): [^:\n]+, "
        r"95 % interval (\S+) to (\S+): ([^\n]*)\."
    )
    rows = re.findall(row, shown("02", CELLS[claim.name]))
    assert rows or claim.live is None
    for quantity, *ends, meaning in rows:
        low, high = (float(end.replace("−", "-")) for end in ends)
        # The ends are rounded: by half a last digit they may lie on a cut's other side.
        meant = [
            reached(answers[quantity], low - slack, high + slack)
            for slack in (-5e-4, 0.0, 5e-4)
        ]
        assert any(meaning.startswith(words) for words in meant), quantity


# -- pictures --------------------------------------------------------------------------


def test_the_axes_say_what_is_drawn_along_them():
    (ax,) = figures.show_log_loss([0.1]).axes
    named = (ax.get_xlabel(), ax.get_ylabel())
    assert named == ("p, probability given to the true class", "loss")
    confidence = torch.linspace(0.05, 0.95, 50)
    above, below = figures.show_reliability(confidence, confidence > 0.5).axes
    assert above.get_ylabel() == "share right"
    assert (below.get_xlabel(), below.get_ylabel()) == ("confidence", "images")
    (ax,) = figures.show_many_intervals(torch.ones(2), torch.ones(2), truth=1.0).axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("experiment", "accuracy")
    left, right = figures.show_gradients({"a": lambda z: z**2}).axes
    assert (left.get_ylabel(), right.get_ylabel()) == ("loss", "gradient")


def test_the_stored_picture_of_the_runs_is_that_of_the_runs():
    """Their words; where one diverges, another processor may end at half or twice."""
    words = shown("02", "four-runs")
    for name, history in runs.histories().items():
        (most,) = re.findall(rf"{name}: [^:]*?at most ([\d.]+\d)", words)
        assert 0.5 < float(most) / max(history.step_loss) < 2
