"""Chapter 3: sentences that read what a cell shows, against what is stored there.

A number beside a cell is held elsewhere; here it is the words: better or worse, first
or last, which start, which set. Each is found out from the stored output, or from a
claim's stored table, and compared with what the sentence says.
"""

import ast
import math
import re

import pytest
from torch import tensor

from helpers.chapters.multilayer_perceptrons import claims
from tests.said import WORDS, said, shown
from tests.taught import notebook_path, source_of, text_of

NUMBER = r"[\d.]+(?:e[-+]\d+)?"


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(NUMBER, text)]


def line_of(cell: str, name: str) -> str:
    """What a cell shows in the line of a name, from its first number on."""
    (found,) = re.findall(rf"(?m)^{re.escape(name)} +(\d.*)$", shown("03", cell))
    return found


def dict_of(cell: str) -> dict:
    return ast.literal_eval(shown("03", cell).strip())


# -- digits ----------------------------------------------------------------------------


def bands() -> dict[str, dict[str, tuple[float, float]]]:
    """The bands of the gate by their names, on_train and on_val."""
    tree = ast.parse(source_of("03", "gate"))
    return {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
    }


def test_descent_sees_the_images_whose_error_is_smaller():
    on_train, on_val = ast.literal_eval(shown("03", "gate").strip())
    (which,) = said("03", "digits-read", r"descent sees only the (\w+) images")
    errors = {"training": 1 - on_train, "validation": 1 - on_val}
    assert which == min(errors, key=errors.get)
    (tenths,) = said("03", "digits-read", r"this network gets (\w+) in ten right")
    assert WORDS.index(tenths) == round(10 * on_val)
    said(
        "03", "digits-read", r"(\*\*generalization error\*\*), the error on images nev"
    )


def test_the_baseline_is_validated_on_val():
    code = text_of("03", "baseline-code")
    assert "train(mlp, data.train, data.val, **settings)" in code
    assert "evaluate(mlp, data.test)" in text_of("03", "test-once-code")
    (part,) = said("03", "test-once", r"Last, the (\w+) images, used once")
    assert part == "test"


def test_only_training_accuracy_betrays_a_missing_activation_on_both_sets():
    """What one matrix reaches on new clothes lies in the band of their validation."""
    (which,) = said("03", "gate-read", r"the (\w+) accuracy falls out of its band on b")
    on = bands()
    reached = {
        data: found.table["none"]["test accuracy"].mean
        for data, found in claims.more_depth.stored().items()
    }
    low, high = on["on_val"]["fashion_mnist"]
    assert low < reached["fashion_mnist"] < high
    assert all(reached[data] < on["on_train"][data][0] for data in reached)
    assert which == "training"


def test_a_band_of_the_gate_is_narrower_than_what_it_must_tell_apart():
    """No accuracy of a network without its hidden layer lies in a band on digits."""
    none = claims.more_depth.stored()["digits"].table["none"]["test accuracy"].mean
    for name, by_data in bands().items():
        low, high = by_data["digits"]
        assert none + 0.1 < low < high < 1 and high - low < 0.05, name


# -- starts ----------------------------------------------------------------------------


def test_what_is_printed_as_validation_accuracy_is_that():
    code = text_of("03", "starts")
    assert "loss, right = history.train_loss[-1], history.val_accuracy[-1]" in code
    assert "train loss {loss:.2f}, val. acc. {right:.2f}" in code


def test_the_first_layers_of_the_deep_sigmoid_network_stay_where_they_were():
    *shares, accuracy = numbers(line_of("learns-run", "sigmoid"))
    assert len(shares) == 7 and shares[0] < 1e-3 < shares[-1]
    (which,) = said("03", "learns-read", r"the (\w+) layers hardly leave their random")
    assert which == ("first" if shares[0] < shares[-1] else "last")
    assert accuracy < 0.15
    said("03", "learns-read", r"(and the network still guesses)\.")
    said("03", "learns-read", r"The (first) layer stands on the left\.")
    *shares, accuracy = numbers(line_of("learns-run", "normalized"))
    assert min(shares) > 0.1 and accuracy > 0.5
    said("03", "learns-read", r"normalized before the sigmoid, (all layers learn)\.")


def test_which_layer_of_the_plain_sigmoid_needs_the_larger_rate():
    _, first, last = numbers(line_of("depth-table-run", "σ(z)"))
    small, large = ("first", "last") if first < last else ("last", "first")
    for_, is_, its = said(
        "03",
        "depth-table-more",
        r"A rate that is large enough for the (\w+) layer of the plain sigmoid is far "
        r"too (\w+) for its (\w+)\.",
    )
    assert (for_, is_, its) == (small, "large", large)


def test_what_a_smooth_unit_loses_in_each_layer():
    arrived = {}
    for name in ("ReLU", "GELU"):
        _, first, last = numbers(line_of("depth-table-run", name))
        arrived[name] = first / last
    loses, keeps = sorted(arrived, key=arrived.get)
    assert arrived[loses] < 0.1 < 1 < arrived[keeps]
    pattern = r"(\w+), with (\w+)'s weights, loses about (a \w+) of it in each layer"
    *units, lost = said("03", "depth-table-more", pattern)
    assert units == [loses, keeps]
    words = {1 / 10: "a tenth", 1 / 5: "a fifth", 1 / 4: "a quarter", 1 / 3: "a third"}
    share = 1 - arrived[loses] ** (
        1 / 9
    )  # nine steps from the tenth layer to the first
    assert lost == words[min(words, key=lambda word: abs(word - share))]


def test_when_the_largest_number_overflows():
    layer, expected = numbers(shown("03", "overflow-code").replace(";", ""))
    when, by, way = said(
        "03", "overflow", r"the largest of the .* overflows (\w+), (a) layer (\w+)\."
    )
    assert by == "a" and abs(math.ceil(expected) - layer) == 1
    sooner = layer < math.ceil(expected)
    assert (when, way) == (("first", "earlier") if sooner else ("last", "later"))


def test_which_start_loses_the_signal_of_plain_layers():
    plain, along = {}, {}
    for line in shown("03", "residual-run").strip().splitlines():
        start, kind, low, high = re.fullmatch(
            rf"(\S+) +(\w+) +({NUMBER}) to ({NUMBER})", line
        ).groups()
        (plain if kind == "plain" else along)[start] = float(low), float(high)
    nothing, few = said(
        "03",
        "residual",
        r"with (\S+)'s practically nothing, with (\S+)'s a few hundredths",
    )
    plain = {start.removesuffix("'s"): ends for start, ends in plain.items()}
    assert plain[nothing][1] < 1e-6
    assert 0.01 < plain[few][0] < plain[few][1] < 0.1
    assert all(low > 1 for low, _ in along.values())
    said("03", "residual", r"nothing is lost from (either) start; the signal even (gr)")


# -- search and depth ------------------------------------------------------------------


def test_sixteen_units_against_none():
    scores = {
        name: sum(both) / len(both) for name, both in dict_of("random-search").items()
    }
    how, least = said(
        "03",
        "search-picture-read",
        r"There sixteen units do (\w+) than none; from (\d+) on one hidden layer pays",
    )
    assert how == ("worse" if scores["16"] < scores["none"] else "better")
    one = {int(name): score for name, score in scores.items() if name.isdigit()}
    pays = min(width for width, score in one.items() if score > scores["none"])
    assert int(least) == pays and all(
        score > scores["none"] for width, score in one.items() if width >= pays
    )


def test_the_best_width_stands_at_the_edge_of_the_grid():
    scores = {name: sum(both) for name, both in dict_of("random-search").items()}
    (best,) = said(
        "03",
        "search-picture-read",
        r"The best, (\d+), is the widest tried: the search should go on\.",
    )
    assert best == max(scores, key=scores.get)
    assert int(best) == max(int(name) for name in scores if name.isdigit())


def test_how_many_rates_get_anywhere():
    rates = dict_of("rates")
    some, at, slow, guess = said(
        "03",
        "search-picture-read",
        r"(\w+) rates pass ([\d.]+) within ten epochs; ([\d.]+) is slow, and the (\w+) "
        r"largest only guess\.",
    )
    passed = sum(accuracy > float(at) for accuracy in rates.values())
    assert passed == WORDS.index(some.lower())
    assert min(rates) == float(slow) and 0.2 < rates[float(slow)] < float(at)
    largest = sorted(rates)[-WORDS.index(guess) :]
    assert all(rates[lr] < 0.15 for lr in largest)
    found = said("03", "drawbacks", r"above, (\w+) of (\w+) rates passed ([\d.]+)")
    assert [WORDS.index(word) for word in found[:2]] == [passed, len(rates)]
    assert found[2] == at


def test_how_many_starts_on_xor_fail():
    """What the table says is what the cell below it counts."""
    lines = re.findall(r"(\d+) hidden units: (\d+) of 100 above", shown("03", "stuck"))
    few, none = said(
        "03",
        "drawbacks",
        r"seldom if wide: on XOR (\d+) of 100 starts with 2 tanh units fail, with 8 "
        r"(\w+) \|",
    )
    assert none == "none" and lines == [("2", few), ("8", "0")]
    said(
        "03", "stuck-read", rf"About half of those ({few}) networks come down with mor"
    )


def test_the_best_rate_is_the_one_that_the_widths_use():
    rates = dict_of("rates")
    (best,) = said("03", "search-picture-read", r"The best, ([\d.]+), is used for all")
    assert float(best) == float(max(rates, key=rates.get))
    settings = r"take\((\d+)\), data\.val, lr=([\w.]+), batch_size=(\d+)"
    (left,) = re.findall(settings, text_of("03", "rates"))
    (right,) = re.findall(settings, text_of("03", "random-search"))
    assert (left[0], left[2]) == (right[0], right[2]) and right[1] == best
    for cell in ("rates", "random-search"):
        assert "init=init_with(nn.init.kaiming_normal_)" in text_of("03", cell)


def test_the_search_compares_what_the_rule_allows():
    """On validation data; each of its two seeds draws the order as well."""
    (part,) = said("03", "widths-rules", r"compare on (\w+) data")
    for cell in ("rates", "random-search"):
        code = text_of("03", cell)
        assert "data.test" not in code and "data.val" in code
    assert part == "validation"
    code = text_of("03", "random-search")
    assert "with seeded(seed): net = models.MLP(" in code
    assert re.search(r"train\( net,[^()]*\(2000\), data\.val,.*?seed=seed \)", code)


def test_as_many_parameters_or_a_quarter():
    def count(*widths):
        sizes = [784, *widths, 10]
        return sum(i * o + o for i, o in zip(sizes, sizes[1:], strict=False))

    same, other, turned, share = said(
        "03",
        "widths-rules",
        r"But (\S+) has as many parameters as (\S+), and is not better; turned round, "
        r"(\S+), it has a (\w+) of them\.",
    )
    size = {name: count(*map(int, name.split("-"))) for name in (same, other, turned)}
    assert size[same] == pytest.approx(size[other], rel=0.01)
    assert {0.5: "half", 0.25: "quarter"}[round(4 * size[turned] / size[same]) / 4] == (
        share
    )
    scores = dict_of("random-search")
    assert sum(scores[same]) <= sum(scores[other])


def test_new_points_are_drawn_anew():
    """With the seed of the training points they would be those it was chosen on."""
    code = text_of("03", "fair-depth-run")
    chosen = re.search(r'spirals = make_points\("spirals"(.*?)\)', code)[1]
    new = re.search(r'new_points = make_points\("spirals"(.*?)\)\.val', code)[1]
    seeds = [
        int((re.findall(r"seed=(\d+)", given) or [0])[0]) for given in (chosen, new)
    ]
    assert seeds[0] != seeds[1]
    size = int(re.search(r"n_val=(\d+)", new)[1])
    (told,) = said("03", "fair-depth", r"measured on ([\d,]+) new ones")
    assert size == int(told.replace(",", ""))


# -- files and memory ------------------------------------------------------------------


def test_a_copy_takes_thousands_of_times_as_long():
    """The stored times are what a learner reads before running the cell."""
    micros = [
        float(line.split()[-2].replace(",", ""))
        for line in shown("03", "shapes-time").strip().splitlines()
    ]
    view, reshape, copied = micros
    times, many = said(
        "03",
        "shapes-read",
        r"both take a (microsecond or two) where nothing is copied; the copy takes "
        r"(\w+) of times as long",
    )
    assert max(view, reshape) < 3, times
    assert {"hundreds": 2, "thousands": 3}[many] == int(math.log10(copied / view))


# -- claims ----------------------------------------------------------------------------


def test_an_undecided_answer_has_its_middle_in_one():
    """So it is the whole interval that must lie between the cuts."""
    question = claims.more_depth.questions["a"]
    found = claims.more_depth.stored()["digits"].found["a"]
    low, high = found.interval
    assert low < question.cuts[-1] < high and found.mean < question.cuts[-1]
    assert len(question.possible(found)) == 2
    (what,) = said(
        "03", "claims", r"an answer counts if the (.*?) 95 % interval suppor"
    )
    assert what == "whole"


def test_which_claims_add_a_look():
    cells = re.findall(
        r'"id": "(claim-\w+)-test"', notebook_path("03").read_text("utf-8")
    )
    order = [
        re.match(r"claims\.(\w+)\.test", text_of("03", f"{c}-test"))[1] for c in cells
    ]
    looks = [getattr(claims, name).live is not None for name in order]
    (which,) = said("03", "claims", r"Only the (\w+) claim adds a look")
    assert looks.count(True) == 1
    assert which == ["first", "second", "third"][looks.index(True)]


def test_what_a_second_layer_adds_at_equal_size():
    added = {
        data: found.found["c"].mean
        for data, found in claims.more_depth.stored().items()
    }
    level, way = said(
        "03",
        "claim-depth-read",
        r"two layers of 112 are (\w+) with one of 128, or a point (\w+)\.",
    )
    far = max(added.values(), key=abs)
    assert abs(far) == pytest.approx(0.01, abs=0.003)
    assert way == ("ahead" if far > 0 else "behind")
    assert level == "level" and min(map(abs, added.values())) < 0.003


def test_what_a_tiny_start_does_to_one_layer_and_to_four():
    for found in claims.more_depth.stored().values():
        right = {name: row["test accuracy"].mean for name, row in found.table.items()}
        assert right["4 of 64, tiny start"] == pytest.approx(0.1, abs=0.01)
        assert right["64, tiny start"] == pytest.approx(right["64"], abs=0.005)
    said(
        "03",
        "claim-depth-read",
        r"From tiny weights the (four) layers only guess, although (one) layer with s",
    )


def test_where_the_window_of_rates_goes():
    moved, narrowed = (
        [
            found.found[letter].mean
            for found in claims.explosion_window.stored().values()
        ]
        for letter in "bc"
    )
    way, tens = said(
        "03",
        "claim-window-read",
        r"On both sets the best rate moves (\w+) by about (\w+) powers of ten",
    )
    assert way == ("down" if max(moved) < 0 else "up")
    assert [round(abs(m)) for m in moved] == [WORDS.index(tens)] * 2
    assert max(narrowed) == 0, "not narrower on both sets: asked, not stated"
    said(
        "03", "claim-window", r"Do exploding gradients (make) training sensitive .*?\?"
    )
    more, less = said("03", "claim-window-read", r"the window (\w+) more than it (\w+)")
    assert min(map(abs, moved)) > max(map(abs, narrowed))
    assert (more, less) == ("moves", "narrows")
    (share,) = said(
        "03", "claim-window-read", r"if it reaches ([\d.]+) of the accuracy"
    )
    right = [float(share) - 1e-3, float(share) + 1e-3, 1.0]
    assert claims.usable(tensor(right)) == 1.0, "two of three rates"
