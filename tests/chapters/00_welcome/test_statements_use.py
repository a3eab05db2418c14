"""Chapter 0: what it says of its own use, done with the course's objects."""

import html
import math
import re
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from jupyter_client.manager import start_new_kernel
from jupyterlab.commands import get_app_dir
from matplotlib.backends.backend_agg import FigureCanvasAgg

from helpers import MLP, SketchPad, load_images, show_images
from helpers.chapters.welcome import chapter_map, claims, exercises, explorers, figures
from helpers.claims import Estimate
from helpers.exercises.progress import progress_file
from tests.said import WORDS, said
from tests.taught import holding, notebook_path, source_of
from tools.classroom.chapters import read
from tools.classroom.slides import html_of
from tools.stored import ROOT, WIDGET_VIEW

holds = holding("00")
NUMBERS = WORDS + "eleven twelve thirteen fourteen fifteen".split()
NUMBERS += "sixteen seventeen eighteen nineteen twenty".split()
(EXERCISE,) = exercises.EXERCISES


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


# -- images and pad --------------------------------------------------------------------


def test_twenty_images_stand_below_their_labels():
    number, side = said(
        "00", "run-a-cell-read", r"shows (\w+) of them, each (\w+) its label"
    )
    shown_here = NUMBERS.index(number)
    figure = show_images(np.zeros((shown_here, 28, 28)), ["7"] * shown_here)
    FigureCanvasAgg(figure).draw()
    assert len(re.findall(rf"\[:{shown_here}\]", source_of("00", "images"))) == 2
    for ax in figure.axes:
        label = ax.title.get_window_extent()
        assert side == ("below" if label.y0 >= ax.bbox.y1 else "above")


def test_how_many_test_digits_are_read_is_said_alike_in_both_places():
    (accuracy,) = said("00", "panel-read", r"the network of seed 0 reads (0\.\d+):")
    about, number = said("00", "draw-read", r"it reads ([\w ]+) (\w+) in ten;")
    short = WORDS.index(number) / 10 - float(accuracy)
    assert 0 < abs(short) < 0.05
    assert about == ("nearly" if short > 0 else "more than")


def test_a_small_drawing_in_a_corner_is_centered_until_the_box_is_unticked():
    pad = SketchPad(MLP(), load_images("digits"))
    box = pad.controls["center"]
    ticked = box.value
    verb, name = said(
        "00", "draw-read", r"(\w+) \*([^*]*)\* and draw a small digit in a corner"
    )
    assert box.description.startswith(name)
    pad.draw([(0.1, 0.1), (0.1, 0.25)])
    seen = {}
    for box.value in (True, False):
        across, down = pad.image.sum(0), pad.image.sum(1)
        places = torch.arange(28) + 0.5
        seen[box.value] = [float((s * places).sum() / s.sum()) for s in (across, down)]
    assert seen[True] == pytest.approx([14, 14], abs=1)
    assert max(seen[False]) < 7, "in the corner, as it was drawn"
    assert verb == ("Untick" if ticked else "Tick")


def test_the_picture_of_the_losses_names_its_axes():
    figure = figures.show_steps([2.3, 2.0, 1.5], 10)
    (ax,) = figure.axes
    assert figure.get_label().startswith(f"{ax.get_ylabel()} against".capitalize())
    x = [*ax.lines[0].get_xdata()]
    assert ax.get_xlabel() == "step" and x == [1, 2, 3]
    assert f"against the {ax.get_xlabel()}: " in figure.get_label()
    low, high = ax.get_ylim()
    assert low == 0 and high > math.log(10), "guessing is inside"


# -- cells and menus -------------------------------------------------------------------


def test_the_kernel_runs_nothing_that_waits_behind_an_error():
    manager, client = start_new_kernel()
    try:
        sources = ("import time; time.sleep(0.5); 1 / 0", "made = 1")
        sent = [client.execute(source) for source in sources]
        states, end = {}, time.monotonic() + 60
        while not {*sent} <= {*states} and time.monotonic() < end:
            reply = client.get_shell_msg(timeout=60)
            states[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert [states[message] for message in sent] == ["error", "aborted"]
    (run,) = said(
        "00", "when-wrong-more", r"and one fails, those below it (do not run|run)\b"
    )
    assert run == "do not run"


def test_the_menus_have_the_commands_that_are_named():
    static = (Path(get_app_dir()) / "static").glob("jlab_core*.js")
    labels = "".join(path.read_text("utf-8") for path in static)
    cells = ("when-wrong-more", "reading-again", "lecturers")
    text = " ".join(source_of("00", cell) for cell in cells)
    named = re.findall(r"\*\*(?:Kernel|Run|View) > (.*?)\*\*", text)
    assert len(named) == len(cells)
    for command in named:
        assert re.search(rf'"{command}…?"', labels), command


def test_on_another_day_the_cells_above_are_run():
    """Each cell uses what those above it made, so these are what is wanted again."""
    (uses,) = said("00", "run-a-cell", r"each uses what the cells (\w+) it made")
    (command,) = said("00", "reading-again", r"\*\*Run > Run All (\w+) Selected Cell")
    assert command.lower() == uses == "above"


# -- explorer and exercise -------------------------------------------------------------


def test_why_the_slope_costs_more_is_a_mean_of_squares():
    power, mean = said(
        "00", "explorer-read", r"the mean of \$x(?:\^(\d))?\$ is ([\d.]+)\."
    )
    computed = np.mean(explorers.X ** int(power or 1))
    assert float(mean) == pytest.approx(computed, abs=0.05)
    dearer, costs, cheaper, less = said(
        "00",
        "explorer-read",
        r"From there the (\w+) costs more: it adds ([\d.]+) to the error, the (\w+) "
        r"only (\d)\.",
    )
    least = explorers.mean_squared_error(*explorers.BEST)
    more = {"slope": (1, 0), "intercept": (0, 1)}
    for name, told in ((dearer, costs), (cheaper, less)):
        error = explorers.mean_squared_error(*(explorers.BEST + more[name]))
        assert error - least == pytest.approx(float(told), abs=0.05)
    assert float(costs) > float(less)


def test_the_valley_runs_where_it_is_said_to():
    """As x is 3 in the mean, 1 in the slope is made up for by 3 in the intercept."""
    slope, intercept = said(
        "00",
        "explorer-read",
        r"Along the valley, a (larger|smaller) slope with a (larger|smaller) intercept "
        "costs little; across it, a small change costs much",
    )
    signs = {"larger": 0.3, "smaller": -0.3}
    along = np.array([signs[slope], signs[intercept] * 3])
    across = along * (1, -1)
    least = explorers.mean_squared_error(*explorers.BEST)
    little, much = (
        explorers.mean_squared_error(*(explorers.BEST + step)) - least
        for step in (along, across)
    )
    assert np.mean(explorers.X) == pytest.approx(3)
    assert 5 * little < much


def test_the_check_tries_as_many_inputs_as_are_told():
    (number,) = said("00", "ex-mean-squared-error", r"the solution on (\w+) inputs")
    assert WORDS.index(number) == len(EXERCISE.cases)
    sizes = {len(y) for _, y in EXERCISE.cases}
    assert len(sizes) == len(EXERCISE.cases), "no answer for one size passes"


def test_the_solution_is_folded_once_an_answer_was_tried():
    states = {}
    for name, answer in (
        ("tried", lambda y_hat, y: (y_hat - y).mean()),
        ("solved", EXERCISE.solution),
    ):
        states[name] = EXERCISE.check(answer)._repr_html_()
    empty = EXERCISE.check(lambda y_hat, y: ...)._repr_html_()
    code = html.escape("((y_hat - y) ** 2).mean()")
    assert "Hint" in empty and code not in empty
    assert "Hint" in states["tried"] and code in states["tried"]
    (when,) = said(
        "00",
        "ex-mean-squared-error",
        r"a hint is folded; once you have (tried|solved it), it also holds the solut",
    )
    assert when == "tried"


def test_the_hint_leads_to_an_answer_that_is_accepted():
    """Its operator and its method are written as somebody would type them."""
    operator, method = re.search(
        r"^Subtract, square with (\S+ \d), and call (\.\w+\(\)) on", EXERCISE.hint
    ).groups()
    answer = eval(f"lambda y_hat, y: ((y_hat - y) {operator}){method}")
    assert EXERCISE.check(answer).state == "solved"


def test_a_mistakes_sentence_is_true_of_the_number_that_it_gives():
    """Errors of opposite sign cancel; a sum is divided by their number."""
    (without_square,) = {*mistakes("Without the square")}  # whichever way subtracted
    (sign,) = re.search(
        r"errors of (?:the )?(\w+) sign cancel", without_square
    ).groups()
    pairs = {"opposite": (1.0, -1.0), "same": (1.0, 1.0)}
    error = torch.tensor(pairs[sign])
    assert error.mean() == 0 < EXERCISE.solution(error, torch.zeros(2))
    (added,) = mistakes("You added the squares")
    (verb,) = re.search(r"the mean (\w+) their sum by how many", added).groups()
    y_hat, y = EXERCISE.cases[0]
    total, n = ((y_hat - y) ** 2).sum(), len(y)
    by_word = {"divides": total / n, "multiplies": total * n}
    assert by_word[verb] == EXERCISE.solution(y_hat, y)


def test_two_slips_are_called_what_they_are():
    """The square of the mean, and the root of the mean squared error."""
    y_hat, y = torch.tensor([3.0, -1.0]), torch.tensor([0.0, 2.0])
    right = EXERCISE.solution(y_hat, y)
    slips = {
        "You squared the mean of the errors": (y_hat - y).mean() ** 2,
        "This is the root of the mean squared error": right**0.5,
    }
    assert slips["You squared the mean of the errors"] == 0 < right, "canceled"
    for begin, value in slips.items():
        (mistake,) = [m for m in EXERCISE.mistakes if m.says.startswith(begin)]
        assert mistake.wrong(y_hat, y) == pytest.approx(value)


def mistakes(begin):
    """The sentences of the usual mistakes that begin so."""
    return [m.says for m in EXERCISE.mistakes if m.says.startswith(begin)]


def test_an_exercise_counts_once_its_check_has_accepted_an_answer():
    """A wrong answer that was seen is begun, not solved."""
    counted = {}
    for word, answer in (
        ("seen", lambda y_hat, y: (y_hat - y).mean()),
        ("accepted", EXERCISE.solution),
    ):
        EXERCISE.check(answer)
        row = repr(chapter_map(ROOT / "notebooks")).splitlines()[0]
        counted[word] = f"1 of {len(exercises.EXERCISES)} solved" in row
    (word,) = said("00", "map-read", r"solved once its check has (\w+) an answer")
    assert counted == {"seen": False, "accepted": True} and counted[word]


def test_progress_is_kept_outside_of_the_course(monkeypatch):
    monkeypatch.delenv("COURSE_PROGRESS")
    assert ROOT not in progress_file().resolve().parents
    holds("map-read", "a small file in your own data folder, not in the course:")


# -- claim -----------------------------------------------------------------------------


def test_digits_are_moved_to_the_side_and_as_far_as_is_said():
    side, pixels, width = said(
        "00", "claim-anywhere", r"moved to the (\w+) by (\d+) of (\d+) pixels"
    )
    image = torch.zeros(1, 1, int(width), int(width))
    image[..., 14] = 1
    (at,) = {*claims.moved(image)[0, 0].argmax(1).tolist()}
    assert at - 14 == int(pixels) * {"right": 1, "left": -1}[side]
    assert load_images("digits").test.X.shape[-1] == int(width)
    rows = claims.anywhere.stored()["digits"].table
    moved = [name for name in rows if name.startswith("moved")]
    assert moved == [f"moved by {pixels} pixels"]


def test_a_bar_misses_as_often_as_is_said():
    level, times = said(
        "00",
        "claim-anywhere-read",
        r"Each bar is a (\d+) % confidence interval: bars made in this way miss the "
        r"true mean in one experiment of (\w+)\.",
    )
    share = 1 / NUMBERS.index(times)
    assert share == pytest.approx(1 - int(level) / 100)
    draw = torch.Generator().manual_seed(0)
    values = torch.randn(2000, claims.anywhere.live.num_seeds, generator=draw)
    ends = [Estimate.of(row).interval for row in values]
    missed = sum(not low <= 0 <= high for low, high in ends) / len(ends)
    assert abs(missed - share) < 4 * math.sqrt(share * (1 - share) / len(ends))


def test_more_seeds_reduce_the_chance_in_the_seeds_alone():
    first, second, which = said(
        "00",
        "claim-anywhere-read",
        r"allows for chance in the (\w+) and in the choice of (.*?); more seeds reduce "
        r"only the (first|second)\.",
    )
    chance = {"seeds": (0.02, 0.0), "test images": (0.0, 0.01)}
    shrinks = []
    for name in (first, second):
        sd, test_error = chance[name]
        few, many = (
            np.ptp(Estimate(0.0, sd, n, test_error).interval) for n in (5, 5000)
        )
        shrinks.append(many < 0.1 * few)
    assert shrinks == [which == "first", which == "second"]


def test_a_look_and_the_full_size_are_as_large_as_is_said():
    few, many = said(
        "00",
        "claim-anywhere-read",
        r"just run, with (\d+) seeds; the \*full size\* ran before, with (\d+), and it "
        "decides",
    )
    claim = claims.anywhere
    assert [int(few), int(many)] == [claim.live.num_seeds, claim.full.num_seeds]
    for run in claim.stored().values():
        assert {estimate.n for estimate in run.found.values()} == {int(many)}


def test_a_measured_difference_is_that_of_its_rows():
    """The rows of data/claims.csv agree with each other, and with the experiment."""
    for name, run in claims.anywhere.stored().items():
        moved, still = (
            run.table[row]["test accuracy"].mean
            for row in ("moved by 4 pixels", "as they are")
        )
        assert run.found["a"].mean == pytest.approx(moved - still, abs=1e-5), name


def test_no_answer_but_the_last_makes_the_claim_true():
    """Who reads them anywhere loses none: less than the smallest loss that is named."""
    claim = claims.anywhere
    assert claim.true == claim.question.answers[-1:]
    numbers = [re.findall(r"\d+", answer) for answer in claim.question.answers]
    assert numbers == [["3", "10"], ["1", "3", "10"], ["1", "10"]]
    cuts = [-int(words[-2]) / int(words[-1]) for words in (numbers[0], numbers[2])]
    assert [*claim.question.cuts] == pytest.approx(cuts)


# -- map, reading, slides --------------------------------------------------------------


def test_images_and_text_stand_in_the_chapters_that_are_named():
    first, last, text = said(
        "00", "map", r"(\d+) to (\d+): images\. (\d+(?: and \d+)?): text\."
    )
    of_text = [*map(int, re.findall(r"\d+", text))]
    of_images = range(int(first), int(last) + 1)
    assert [*of_images, *of_text] == [*range(5, of_text[-1] + 1)], "none left out"
    for chapter in (*of_images, *of_text):
        code = notebook_path(f"{chapter:02}").read_text("utf-8")
        reads = bool(re.search(r"\bload_(time_machine|names)\(", code))
        assert reads == (chapter in of_text), chapter


def test_a_guess_that_is_corrected_is_what_helps():
    """As Kornell, Hays and Bjork (2009) found; the chapter asks for guesses."""
    guess, better, read_only = said(
        "00",
        "reading-guess",
        r"after a (\w+) guess the right answer is remembered (\w+) than one that was "
        r"only (\w+) \(Kornell, Hays and Bjork, 2009\)",
    )
    assert (guess, better, read_only) == ("wrong", "better", "read")


def test_explorers_and_panels_stand_still_on_slides():
    page = BeautifulSoup(html_of(read(notebook_path("00"))), "html.parser")
    assert not page.select(f'script[type="{WIDGET_VIEW}"]')
    drawn = [image["alt"] for image in page.select("img[alt]")]
    for begin in ("Mean squared error", "Tuning panel", "A square with a drawing"):
        assert any(alt.startswith(begin) for alt in drawn), begin
    (moves,) = said(
        "00", "lecturers", r"pictures are there, (?:but|and) explorers and panels (\w+)"
    )
    assert moves == "stand"
    holds("lecturers", "one to a screen, as large as it allows; they move and train.")
