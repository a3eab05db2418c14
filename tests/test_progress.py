"""The progress file: two notebooks at once, damage, folders that cannot be written."""

import errno
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from helpers.chapters.welcome import chapter_map
from helpers.chapters.welcome.overview import ASKED, TITLES, all_exercises
from helpers.exercises import progress
from tools.waiting import PATIENCE


@pytest.fixture(autouse=True)
def path(tmp_path, monkeypatch):
    path = tmp_path / "deep/progress.json"
    monkeypatch.setenv("COURSE_PROGRESS", str(path))
    return path


def test_solved_stays_solved(path):
    assert progress.states() == {}
    assert progress.record("02", "a", "wrong")
    assert progress.states() == {"02": {"a": "wrong"}}
    assert progress.record("02", "a", "solved")
    assert progress.record("02", "a", "wrong")
    assert progress.record("03", "a", "solved")
    assert progress.states() == {"02": {"a": "solved"}, "03": {"a": "solved"}}
    assert sorted(p.name for p in path.parent.iterdir()) in (
        ["progress.json"],
        ["progress.json", "progress.json.lock"],
    )
    with pytest.raises(ValueError, match="state is 'done'"):
        progress.record("02", "a", "done")


def test_predictions_stand_beside_the_chapters(path):
    assert progress.record("02", "a", "solved")
    assert progress.record_prediction("softmax_regression", "twice", "no")
    assert progress.record_prediction("softmax_regression", "focal", "yes")
    assert progress.record("02", "b", "wrong")
    assert progress.states() == {"02": {"a": "solved", "b": "wrong"}}
    expected = {"softmax_regression": {"twice": "no", "focal": "yes"}}
    assert progress.predictions() == expected
    assert progress.record_prediction("softmax_regression", "focal", None)
    assert progress.predictions() == {"softmax_regression": {"twice": "no"}}
    assert not path.with_name("progress.json.damaged").exists()


def test_a_file_without_predictions_gets_some(path):
    path.parent.mkdir()
    path.write_text('{"02": {"a": "solved"}, "01": ["b"]}')
    assert progress.predictions() == {}
    assert progress.record_prediction("x", "y", "z")
    assert progress.states() == {"02": {"a": "solved"}, "01": {"b": "solved"}}
    assert progress.predictions() == {"x": {"y": "z"}}


@pytest.mark.parametrize("damage", ["3", '{"x": 3}', '{"x": {"y": 3}}'])
def test_damaged_predictions_count_as_none(path, damage):
    path.parent.mkdir()
    path.write_text(f'{{"02": {{"a": "solved"}}, "predictions": {damage}}}')
    assert sum(map(len, progress.predictions().values())) == 0
    assert progress.record_prediction("x", "y", "z")
    assert progress.states() == {"02": {"a": "solved"}}
    assert path.with_name("progress.json.damaged").exists()


WRITER = """
import importlib.util
import pathlib
import sys
import types
# The package without what it imports: the file needs no torch, so the test is fast.
sys.modules["helpers"] = helpers = types.ModuleType("helpers")
helpers.__path__ = [str(pathlib.Path(sys.argv[1]).parents[1])]
spec = importlib.util.spec_from_file_location("progress", sys.argv[1])
progress = importlib.util.module_from_spec(spec)
spec.loader.exec_module(progress)
progress.PATIENCE_SECONDS = float(sys.argv[4])  # a busy machine takes long
print("ready", flush=True)
input()  # until both are
for k in range(150):
    assert progress.record(sys.argv[2], f"{sys.argv[3]}{k}", "solved")
"""


def test_two_notebooks_at_once(path):
    """Two processes write the same chapter; nothing that either wrote is lost."""
    run = [sys.executable, "-c", WRITER, progress.__file__, "02"]
    writers = [
        subprocess.Popen(
            [*run, name, str(PATIENCE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b")
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=PATIENCE)
        assert writer.returncode == 0
    expected = {f"{name}{k}": "solved" for name in "ab" for k in range(150)}
    assert progress.states() == {"02": expected}


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    "text", ["", "[1, 2]", '{"02": 3}', "{", '{"02": {"a": 1}}', DEEP]
)
def test_damage_is_no_record_and_is_set_aside(path, text):
    path.parent.mkdir()
    path.write_text(text)
    assert progress.states().get("02", {}) == {}
    assert progress.record("02", "b", "solved")
    assert progress.states() == {"02": {"b": "solved"}}
    assert (path.parent / "progress.json.damaged").read_text() == text


def test_what_is_sound_beside_damage_is_kept(path):
    path.parent.mkdir()
    path.write_text('{"02": {"a": "solved", "b": 7}, "03": 3}')
    progress.record("02", "c", "wrong")
    assert progress.states() == {"02": {"a": "solved", "c": "wrong"}}


def test_the_first_form_of_the_file_is_read(path):
    path.parent.mkdir()
    path.write_text('{"02": ["log-softmax"]}')
    assert progress.states() == {"02": {"log-softmax": "solved"}}
    progress.record("02", "b", "wrong")
    assert json.loads(path.read_text())["02"]["log-softmax"] == "solved"
    assert not (path.parent / "progress.json.damaged").exists()


def test_a_byte_order_mark_is_no_damage(path):
    path.parent.mkdir()
    path.write_text('{"02": {"a": "solved"}}', encoding="utf-8-sig")
    assert progress.record("02", "b", "wrong")
    assert progress.states() == {"02": {"a": "solved", "b": "wrong"}}
    assert not (path.parent / "progress.json.damaged").exists()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EISDIR])
def test_a_file_that_cannot_be_read_is_not_replaced(path, monkeypatch, number):
    progress.record("02", "a", "solved")
    before = path.read_bytes()
    with monkeypatch.context() as patch:

        def refuse(*_, **__):
            raise OSError(number, os.strerror(number))

        patch.setattr(Path, "read_text", refuse)
        assert progress.states() == progress.predictions() == {}
        assert progress.record("02", "b", "solved") is False
        assert progress.record_prediction("x", "y", "z") is False
        assert "is no file that can be read and written" in progress.not_saved()
    assert path.read_bytes() == before
    assert progress.states() == {"02": {"a": "solved"}}


def test_random_bytes_never_raise_and_are_never_lost(path):
    """What is no record is set aside, byte by byte; what is one stays in the file."""
    chance = random.Random(0)
    sound = json.dumps({"02": {"a": "solved"}, "predictions": {"x": {"y": "z"}}})
    path.parent.mkdir()
    aside = path.with_name("progress.json.damaged")
    for _ in range(150):
        content = bytearray(sound.encode())
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(content))
            content[at : at + chance.randint(0, 3)] = chance.randbytes(
                chance.randint(0, 3)
            )
        path.write_bytes(content)
        aside.unlink(missing_ok=True)
        found = progress.states()
        assert progress.record("02", "new", "solved")
        kept = progress.states()
        assert kept["02"].pop("new") == "solved"
        assert all(kept[chapter].items() >= found[chapter].items() for chapter in found)
        assert aside.exists() or found.get("02") or json.loads(content)
        if aside.exists():
            assert aside.read_bytes() == content


@pytest.mark.skipif(os.name == "nt", reason="Windows allows links to administrators")
def test_a_link_goes_on_leading_to_the_file(path, tmp_path, monkeypatch):
    path.parent.mkdir()
    link = tmp_path / "link.json"
    link.symlink_to(path)
    monkeypatch.setenv("COURSE_PROGRESS", str(link))
    assert progress.record("02", "a", "solved")
    assert link.is_symlink() and json.loads(path.read_text()) == {"02": {"a": "solved"}}
    path.write_text("{")
    assert progress.record("02", "b", "solved")
    assert link.is_symlink() and path.with_name("progress.json.damaged").exists()


def test_a_folder_that_cannot_be_written(path, monkeypatch):
    path.parent.mkdir()
    path.write_text("")
    monkeypatch.setenv("COURSE_PROGRESS", str(path / "no-folder/progress.json"))
    assert progress.record("02", "c", "solved") is False
    assert progress.states() == {}


def test_a_full_disk_leaves_the_file_as_it_was(path, monkeypatch):
    progress.record("02", "a", "solved")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert progress.record("02", "b", "solved") is False
    assert progress.states() == {"02": {"a": "solved"}}
    assert not [p for p in path.parent.iterdir() if p.suffix == ".part"]


def test_a_lock_that_is_never_given_back_ends_the_wait(path, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.1)
    path.parent.mkdir()
    with FileLock(f"{path}.lock"):
        assert progress.record("02", "a", "solved") is False
        assert f"another program holds {path}.lock" in progress.not_saved()
    assert progress.record("02", "a", "solved")


# -- the map of the welcome notebook ------------------------------------------------


def test_the_map_before_the_first_exercise(tmp_path):
    for name in ("00-welcome", "02-softmax-regression"):
        (tmp_path / f"{name}.ipynb").touch()
    lines = repr(chapter_map(tmp_path)).splitlines()
    total = len(all_exercises()["02"])
    assert len(lines) == len(TITLES) == 15
    for k, told in ((1, "planned"), (2, f"0 of {total} solved")):
        row = f"{k:02} {TITLES[k]} {told} {ASKED[TITLES[k]]}"
        assert lines[k].split() == row.split()
    html = chapter_map(tmp_path)._repr_html_()
    assert '<a href="02-softmax-regression.ipynb">02 Softmax regression</a>' in html
    assert html.count("<a ") == 2 and html.count("planned") == 13


def test_the_map_counts_what_is_solved_and_begun(tmp_path):
    (tmp_path / "02-softmax-regression.ipynb").touch()
    first, second, *_ = all_exercises()["02"]
    total = len(all_exercises()["02"])
    progress.record("02", first.name, "solved")
    progress.record("02", second.name, "wrong")
    progress.record("02", "of-an-older-edition", "solved")
    assert f"1 of {total} solved, 1 begun" in repr(chapter_map(tmp_path))
    html = chapter_map(tmp_path)._repr_html_()
    assert f"width:{1 / total:.0%}" in html


def test_the_map_finds_the_notebooks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # holds no chapter: the repository's are shown
    assert 'href="02-softmax-regression.ipynb"' in chapter_map()._repr_html_()
    (tmp_path / "05-convolution.ipynb").touch()
    html = chapter_map()._repr_html_()
    assert 'href="05-convolution.ipynb"' in html and "02-softmax" not in html
