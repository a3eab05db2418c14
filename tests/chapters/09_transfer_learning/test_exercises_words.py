"""Chapter 9: sentences to mistakes, hints and questions, each made from what it tells.

`tests/test_exercises_recorded.py` sees that a sentence has changed; here is computed
whether it belongs to the answer above it.
"""

import copy
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.chapters.transfer_learning.exercises import (
    curves,
    freezing,
    mixing,
    reusing,
    transforms,
    tuning,
)
from tests.taught import holding, text_of

# What stands before the letter in a sentence.
CALLED = {
    "A": r"flip\w*|flip from left to right|flipped ball",
    "B": r"quarter turn|turned ball",
    "C": r"channels|color",
    "D": r"factor of 0\.8|darker \w+",
    "E": r"noise",
    "F": r"Erasing|rectangle",
}


holds = holding("09")


def mistake(exercise, words: str):
    """The one whose sentence holds these words; and the sentence in one line."""
    found = [m for m in exercise.mistakes if words in " ".join(m.says.split())]
    assert len(found) == 1, f"{len(found)} sentences of {exercise.name} say: {words}"
    return found[0]


def answered(exercise, words: str, case: int):
    """What the answer with this sentence gives for a case that is its own."""
    return mistake(exercise, words).wrong(*copy.deepcopy(exercise.cases[case]))


# -- what a transform keeps ----------------------------------------------------------


@pytest.mark.parametrize("k", range(len(transforms.kept.mistakes)))
def test_a_sentence_is_on_the_letter_that_is_wrong_and_on_its_question(k):
    asked = transforms.kept.mistakes[k]
    place, *letter = transforms.first_wrong(asked.wrong)
    says = " ".join(asked.says.split())
    if not isinstance(place, int):
        assert "Three answers are asked for" in says
        return
    (letter,) = letter
    assert re.search(rf"(?i)({CALLED[letter]}) \({letter}\)", says), says
    assert re.findall(r"\(([A-F])\)", says) == [letter]
    subject = {1: "valu|number|pixel", 2: "arrow", 3: "ball|red|color|ball"}[place]
    assert re.search(subject, says), says


def test_the_six_transforms_are_those_that_are_told():
    holds(
        "ex-kept",
        "A flips it from left to right; B turns it by 90 degrees; C moves the channels "
        "round, red to green, green to blue, blue to red; D multiplies all values by "
        "0.8; E adds weak Gaussian noise; F sets a small rectangle to 0.",
    )
    same, arrow, ball = transforms.kept.solution()
    right = torch.zeros(3, 5, 5)
    right[:, 2, 1:] = right[:, 1, 3] = right[:, 3, 3] = 1  # an arrow to the right
    changed = {"A": right.flip(2), "B": right.rot90(1, (1, 2)), "C": right.roll(1, 0)}
    changed |= {"D": 0.8 * right}

    def pointing(X):  # where the ink lies, seen from the middle
        ink = X.sum(0) / X.sum()
        away = torch.arange(5.0) - 2
        return (ink.sum(0) @ away).item(), (ink.sum(1) @ away).item()

    for letter, X in changed.items():
        moved = pointing(X) != pytest.approx(pointing(right), abs=1e-4)
        assert moved == (letter in arrow)
    assert changed["C"].equal(right), "a gray arrow"
    red = torch.tensor([1.0, 0, 0]).view(3, 1, 1).expand(3, 4, 4)
    assert red.roll(1, 0).mean((1, 2)).argmax() == 1 and ball == "C"
    text = text_of("09", "ex-kept")
    questions = ["keep all values", "class of an arrow", "class of a ball"]
    places = [text.index(words) for words in questions]
    assert places == sorted(places)


# -- erasing and averaging -----------------------------------------------------------


def test_what_is_erased_is_what_the_sentence_tells():
    X, top, left, h, w = transforms.erase.cases[1]
    assert h != w
    rows, columns = (
        answered(transforms.erase, f"Whole {side} become 0.", 1) == 0
        for side in ("rows", "columns")
    )
    for i in range(len(X)):
        assert rows[i, 0].sum(1).tolist().count(X.shape[3]) == h
        assert columns[i, 0].sum(0).tolist().count(X.shape[2]) == w
    holds("ex-erase", "is `h` rows high and `w` columns wide")
    whole = answered(transforms.erase, "Every rectangle is erased in all pictures", 1)
    assert (whole == 0).sum() > (
        transforms.erase.solution(X, top, left, h, w) == 0
    ).sum()


def test_probabilities_are_averaged_and_not_logits():
    net, X, ways = transforms.averaged.cases[1]
    p = torch.stack([net(way(X)).softmax(1) for way in ways]).mean(0)
    of_logits = torch.stack([net(way(X)) for way in ways]).mean(0)
    torch.testing.assert_close(transforms.averaged.solution(net, X, ways), p)
    assert not torch.allclose(of_logits.softmax(1), p, atol=1e-3)
    torch.testing.assert_close(
        answered(transforms.averaged, "took the softmax of the average", 1),
        of_logits.softmax(1),
    )
    holds("ex-averaged", "return the average of the probabilities.")
    assert "Make probabilities of them before you average." in transforms.averaged.hint


# -- mixup ---------------------------------------------------------------------------


def test_which_of_picture_and_label_has_the_shares_exchanged():
    _, K, X, y, lam, order = mixing.Mixup.cases[0]
    right_X, right_Y = mixing.Mixup.solution(K).mix(X, y, lam, order)
    for wrong, fine in (("labels", "pictures"), ("pictures", "labels")):
        words = f"The {wrong} have the shares exchanged, the {fine} not"
        given = mistake(mixing.Mixup, words).wrong(K).mix(X, y, lam, order)
        same = {"pictures": given[0].equal(right_X), "labels": given[1].equal(right_Y)}
        assert same == {wrong: False, fine: True}
    one = lam[0] * X[0] + (1 - lam[0]) * X[order[0]]
    torch.testing.assert_close(right_X[0], one)
    holds("ex-mixup", "example i keeps the share `lam[i]`, its partner has the rest.")


class MixupOfAModule(mixing.Mixup.solution):
    def loss(self, y_hat, Y):
        return nn.CrossEntropyLoss()(y_hat, Y)


def test_a_ready_loss_is_no_answer_however_it_is_called():
    feedback = mixing.Mixup.check(MixupOfAModule)
    assert feedback.state == "wrong", feedback
    assert "do without `CrossEntropyLoss`" in feedback.text


def test_the_shares_of_mixup_lie_between_0_and_1():
    shares = torch.distributions.Beta(0.4, 0.4).sample((200,))
    assert 0 <= shares.min() and shares.max() <= 1
    assert torch.randn(200).min() < 0, "those of a normal distribution would not"
    assert "lam is drawn from a Beta distribution." in mixing.Mixup.then


# -- freezing and tuning -------------------------------------------------------------


def frozen_by(words: str):
    net = mistake(freezing.freeze, words).wrong(
        copy.deepcopy(freezing.freeze.cases[0][0]).train()
    )
    grads = {p.requires_grad for p in net.body.parameters()}
    return grads, net.body[1].training, net.classifier.training


def test_what_still_moves_is_what_the_sentence_tells():
    grads, training, _ = frozen_by("The parameters are frozen, but in training mode")
    assert grads == {False} and training
    grads, training, _ = frozen_by(
        "In evaluation mode the statistics stay, but the parameters of the body still"
    )
    assert grads == {True} and not training
    _, _, classifier = frozen_by("The whole network is in evaluation mode. The")
    assert not classifier
    net, X, y = copy.deepcopy(freezing.freeze.cases[0])
    told = freezing.trained_after(freezing.freeze.solution, net, X, y)
    assert told["classifier in training mode"]
    holds("ex-freeze", "while the classifier learns as usual, in training mode.")


def test_gradients_that_are_off_stop_the_parameters_and_not_the_statistics():
    norm = nn.BatchNorm1d(2).requires_grad_(False)
    before = copy.deepcopy(norm.state_dict())
    assert not norm(torch.randn(4, 2) + 3).requires_grad
    assert not norm.running_mean.equal(before["running_mean"])
    hint = freezing.freeze.hint
    assert hint.index("the optimizer its parameters") < hint.index("running statistics")
    assert "Gradients that are switched off stop the first." in hint


def rates_of(answer, case=0):
    """The rates with which body and classifier learn, and whether it raises."""
    seen = []

    class Noting(torch.optim.SGD):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            seen.extend(group["lr"] for group in self.param_groups)

    net, X, y, lr = copy.deepcopy(freezing.tune_gently.cases[case])
    plain, torch.optim.SGD = torch.optim.SGD, Noting
    try:
        answer(net, X, y, lr)
    finally:
        torch.optim.SGD = plain
    return [rate / lr for rate in seen]


def test_the_rates_of_a_gentle_tuning():
    tune = freezing.tune_gently
    assert rates_of(tune.solution) == pytest.approx([0.1, 1])
    for words, expected in (
        ("The body has ten times the rate. It is to learn more slowly", [10, 1]),
        ("Body and classifier have the same rate", [1, 1]),
        ("The classifier has a tenth of the rate, too", [0.1, 0.1]),
    ):
        assert rates_of(mistake(tune, words).wrong) == pytest.approx(expected), words
    holds(
        "ex-tune-gently",
        "`net.body` is to learn with a tenth of the rate `lr`, `net.classifier` with",
    )
    assert "None of the three raises an error." in tune.then  # as the stub shows


def test_the_rates_of_a_preparation():
    wrong = mistake(tuning.prepare, "The two rates are exchanged")
    assert "`lr_head` is that of the new classifier." in " ".join(wrong.says.split())
    case = tuning.prepare.cases[0]
    for answer, head in ((tuning.prepare.solution, case[4]), (wrong.wrong, case[3])):
        told = tuning.prepared(answer, *copy.deepcopy(case))
        assert told["classifier's rate"] == [head]
        body = case[3] if head == case[4] else case[4]
        assert [body] in told["rates of the layers"]
    holds(
        "ex-prepare",
        "trains the body with the rate `lr_body` and the classifier with `lr_head`.",
    )


# -- the four trainings --------------------------------------------------------------

CURVES = {  # what a sentence says of the picture whose letter was given
    "rises slowly on both curves": lambda h: 0.4 < h.train_accuracy[-1] < 0.95,
    "the training pictures are learned well": lambda h: h.train_accuracy[-1] > 0.95,
    "both curves rise quickly and stay high": lambda h: h.val_accuracy[-1] > 0.7,
    "the validation curve rises, if later": lambda h: (
        h.val_accuracy[-1] > h.val_accuracy[0] + 0.15
    ),
    "the validation accuracy is high": lambda h: h.val_accuracy[-1] > 0.7,
    "The last two are exchanged": None,
    "Four letters are asked for": None,
}


def test_a_sentence_on_curves_is_on_the_picture_that_was_given():
    right, found = curves.which_transfer.solution(), curves.histories()
    for words, fits in CURVES.items():
        given = mistake(curves.which_transfer, words).wrong()
        if fits is None:
            assert given == (*right[:2], *right[:1:-1]) or len(given) == 3
            continue
        (first, *_) = (a for a, b in zip(given, right, strict=True) if a != b)
        assert fits(found[first]), f"{first}: {words}"
        others = [h for name, h in found.items() if name in right and name != first]
        assert not all(fits(h) for h in others)
    assert len(curves.which_transfer.mistakes) == len(CURVES)


def test_the_hint_on_curves_leads_to_each_of_them():
    found, (destroyed, other, frozen, scratch) = (
        curves.histories(),
        curves.which_transfer.solution(),
    )
    best = {name: max(h.train_accuracy) for name, h in found.items()}
    assert min(best, key=best.get) == destroyed
    apart = {n: h.train_accuracy[-1] - h.val_accuracy[-1] for n, h in found.items()}
    assert max(apart, key=apart.get) == other
    early = {name: found[name].val_accuracy[1] for name in (frozen, scratch)}
    assert max(early, key=early.get) == frozen
    hint = " ".join(curves.which_transfer.hint.split())
    asked = ("is nothing learned, not even the training", "end farthest apart?",
             "has good features from the first epoch on?")  # fmt: skip
    places = [hint.index(words) for words in asked]
    assert places == sorted(places)
    in_order = ("wanted to train only the", "validation pictures are not preprocessed",
                "frozen and all is well", "begins from scratch")  # fmt: skip
    text = text_of("09", "ex-which-transfer")
    places = [text.index(words) for words in in_order]
    assert places == sorted(places)
    begins, is_frozen, _, how = curves.HOW[other]
    assert (begins, is_frozen, how) == (True, True, "inverted")


# -- rows and pseudo-labels ----------------------------------------------------------


def test_reused_rows_know_their_classes_before_any_training():
    old, old_names, new_names = reusing.reuse_rows.cases[1]
    new = reusing.reuse_rows.solution(old, old_names, new_names)
    fresh = [k for k, name in enumerate(new_names) if name not in old_names]
    assert fresh and (new.weight[fresh] == 0).all() and (new.bias[fresh] == 0).all()
    holds("ex-reuse-rows", "the weights and biases of the others are 0.")
    assert "knows these classes before it has seen one" in " ".join(
        reusing.reuse_rows.then.split()
    )


def test_what_is_kept_is_what_the_sentence_tells():
    net, X, margin = case = reusing.pseudo_label.cases[1]

    def sure(kept):
        return -F.softmax(net(kept), 1).topk(2, 1).values.diff(dim=1)[:, 0]

    kept, _ = answered(reusing.pseudo_label, "of which the network is least sure", 1)
    right, _ = reusing.pseudo_label.solution(*case)
    assert sure(kept).max() < margin < sure(right).min()
    whole, _ = answered(reusing.pseudo_label, "All examples are kept. Only those", 1)
    assert len(whole) == len(X)
    holds("ex-pseudo-label", "exceeds the second largest by more than `margin`")
