"""The rows of the syllabus that each chapter must teach: chapter number -> rows."""

ROWS = {
    "01": 56,
    "02": 18,
    "03": 70,
    "04": 44,
    "05": 81,
    "06": 48,
    "07": 23,
    "08": 17,
    "09": 43,
    "10": 18,
    "11": 34,
    "12": 24,
    "13": 5,
    "14": 2,
}


def ids(chapter: str) -> set[str]:
    """Return the ids of a chapter, as they stand in cell metadata: "2.1", "2.2"..."""
    return {f"{int(chapter)}.{row}" for row in range(1, ROWS.get(chapter, 0) + 1)}
