"""A plugin of pytest: what a claim's cell finds is compared with what is stored.

A cell that tests a claim ends in a report, and "A look: digits. ..." in it says what
the live run found. Where nbval runs the notebook on the same data, that is found again.
A cell tagged nbval-ignore-output is left alone: its claim is about times.
"""

import pytest

LOOK = "A look: "


def look_of(outputs: list[dict]) -> tuple[str, str] | None:
    """Return the data and the answer of the first look in a cell's outputs.

    Parameters
    ----------
    outputs : of one cell, in nbformat 4.
    """
    for output in outputs:
        text = "".join(output.get("data", {}).get("text/plain", ""))
        for line in text.splitlines():
            if line.startswith(LOOK):
                data = line.removeprefix(LOOK).partition(". ")[0]
                return data, line.rsplit(": ", 1)[1].removesuffix(".")
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Compare after nbval has run a cell."""
    result = yield
    if type(item).__name__ == "IPyNbCell":
        tags = item.cell["metadata"].get("tags", [])
        stored, found = look_of(item.cell["outputs"]), look_of(item.test_outputs)
        if stored and "nbval-ignore-output" not in tags:
            assert found, "the report of the claim has no look"
            if found[0] == stored[0]:
                assert found == stored, f"{item.name}: another verdict than stored"
    return result
