"""Files that are written whole or not at all."""

import os

import pytest

from helpers.files import replaced


def test_a_file_is_written_or_left_as_it_was(tmp_path):
    path = tmp_path / "kept.txt"
    with replaced(path) as part:
        part.write_text("first")
        assert not path.exists(), "not under its name before it is whole"
    assert path.read_text() == "first"
    with pytest.raises(RuntimeError), replaced(path) as part:
        part.write_text("half")
        raise RuntimeError
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path], "nothing else is left"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_a_new_file_has_the_mode_of_the_umask_and_an_old_one_its_own(tmp_path):
    path = tmp_path / "kept.txt"
    before = os.umask(0o027)
    try:
        with replaced(path) as part:
            part.write_text("")
        assert path.stat().st_mode & 0o777 == 0o640
        path.chmod(0o604)
        with replaced(path) as part:
            part.write_text("")
        assert path.stat().st_mode & 0o777 == 0o604
    finally:
        os.umask(before)


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        with replaced(tmp_path / "no" / "file") as part:
            part.write_text("")


def test_what_a_killed_write_left_is_swept_and_a_living_one_is_not(tmp_path):
    path = tmp_path / "kept [1].txt"
    old, young = (tmp_path / f"kept [1].txt.{name}.part" for name in ("aa", "bb"))
    other = tmp_path / "other.txt.aa.part"
    for left in (old, young, other):
        left.touch()
    for left in (old, other):
        os.utime(left, (0, 0))
    with replaced(path) as part:
        part.write_text("new")
    assert sorted(tmp_path.iterdir()) == sorted([path, young, other])
