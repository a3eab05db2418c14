"""The table of the bench: what was measured anew changes, everything else stays."""

import csv

import pytest

from tools import bench
from tools.bench_rows import Row

STORED = [["fit", "1", "1.00", "at least 0.95", "old"],
          ["fit", "2", "1.00", "at least 0.95", "old"],
          ["notebook", "1", "8 s", "at most 45 s", "old"]]  # fmt: skip


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder with a table of three rows and a page around it."""
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    monkeypatch.setattr(bench, "FILE", tmp_path / "bench.csv")
    with bench.FILE.open("w", newline="", encoding="utf8") as file:
        csv.writer(file).writerows(
            [["what", "threads", "result", "target", "machine"], *STORED]
        )
    (tmp_path / "CONTRIBUTING.md").write_text(
        f"before\n{'x'.join(bench.TABLE)}\nafter\n"
    )
    return tmp_path


def test_rows_that_were_not_measured_stay(course):
    bench.write([Row("fit", 2, "0.97", "at least 0.95", True),
                 Row("pad", 1, "1.09", "at most 1.5", True)])  # fmt: skip
    with bench.FILE.open(newline="", encoding="utf8") as file:
        _, *rows = csv.reader(file)
    assert [row[:3] for row in rows] == [
        ["fit", "1", "1.00"],
        ["fit", "2", "0.97"],
        ["pad", "1", "1.09"],  # new: after those of the same run
        ["notebook", "1", "8 s"],
    ]
    assert [row[4] == "old" for row in rows] == [True, False, False, True]
    page = (course / "CONTRIBUTING.md").read_text()
    assert page.startswith("before\n") and page.endswith("\nafter\n")
    assert "| fit | 2 | 0.97 | at least 0.95 |" in page
    assert f"(old; {rows[1][4]})" in page, "rows of two machines name both"


def test_new_rows_alone_come_last():
    new = ["pad", 1, "1.09", "at most 1.5", "new"]
    assert bench.merged(STORED, [new]) == [*STORED, new]
    assert bench.merged([], [new]) == [new]
